"""A case whose way out shuts before the fee is charged goes to another place by the rule that chose the first (A24, A25,
B8, X16).

A signed consent names the laboratory (A11, B17), so it lapses in the same transaction and the patient is told anew.
Once the fee is charged the patient has paid for what they signed to: the case waits until the way opens again, or until
the fee is refunded.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction

from audit import declaring
from referrals import pathway
from referrals.actions.onward import onward, place, record
from referrals.models import Referral, Status

MOVED = "laboratory.moved"
MAY_MOVE = {Status.AWAITING_CONSENT, *pathway.LAPSE_CONSENT.sources}
# Given by consent: what a change of the place does to what was signed. (case, moment) → None.
AFTERWARDS: list[Callable[[Referral, datetime], Any]] = []


def elsewhere(referral: Referral, at: datetime, shut_by: list[str]) -> tuple[bool, list[dict[str, Any]]]:
    """Whether the rule finds another place today and the case went there; and who was looked at. The case is held by the
    caller, and its way is shut by what is given."""
    with transaction.atomic():
        route, best, looked_at = place(referral, at)
        considered = [one.kept(best) for one in looked_at]
        if route == Referral.Route.OUTSOURCED and (best is None or best.laboratory.pk == referral.laboratory_id):
            return False, considered
        item = best.item if best else None
        with declaring.step(MOVED, reason=" ".join(shut_by)[:200], clause="A24,A25,B8"):
            record(referral, at, route, best, looked_at)
            referral.route, referral.laboratory = route, best.laboratory if best else None
            referral.contract = item.contract if item else None
            referral.save(update_fields=["route", "laboratory", "contract"])
        for follow in AFTERWARDS:
            follow(referral, at)
        onward(referral, at=at)
    return True, considered
