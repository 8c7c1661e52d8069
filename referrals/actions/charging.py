"""The fee: the hospital's own entry of the published price, and its refund (A13, A28, B13, B14; practice.md 1 and 2).

Mingjian prints no receipt: it keeps the number of the entry in the hospital's own ledger.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from audit import declaring
from audit.gates import Act
from audit.refusing import may, needed
from audit.steps import move
from referrals import pathway
from referrals.actions.held import hold, hold_for, refuse
from referrals.actions.onward import onward
from referrals.gates import local_day
from referrals.models import Charge, Referral, Status
from referrals.models.referral import ENDED_EARLY
from vendors.models import Price


def price_today(referral: Referral, at: datetime | None = None) -> Price | None:
    """The price to charge: in force and published on the day."""
    on = local_day(at or timezone.now())
    prices = Price.objects.filter(institution_id=referral.institution_id, test_id=referral.test_id)
    return prices.in_force(on).published(on).order_by("-effective_from").first()


def standing(referral: Referral) -> Charge | None:
    """The charge not reversed."""
    return referral.charges.filter(reversed_at__isnull=True).order_by("-charged_at", "-pk").first()


@transaction.atomic
def charge(
    *,
    referral: Referral,
    by: User,
    kind: str,
    receipt_no: str,
    amount: Decimal | None = None,
    lines: list[tuple[str, int, Decimal | None]] | None = None,
    at: datetime | None = None,
) -> Referral:
    """The fee is entered: at the published price of the day, which has to be the price consented to (X05, X07), and
    never for research (X09). `receipt_no` is the hospital's own number (HIS 结算号, 票据号); `amount` is what another
    system says it charged, and `lines` the items it charged (code, quantity, amount), which X07 holds against the price
    and its items (B13)."""
    at = at or timezone.now()
    price = price_today(referral, at)
    asked = amount if amount is not None else price and price.amount
    data: dict[str, Any] = {"amount": asked} if asked is not None else {}
    if lines:
        data["lines"] = lines
    referral = hold_for(referral, pathway.CHARGE, by=by, at=at, data=data)
    receipt_no = needed(receipt_no=receipt_no)["receipt_no"]
    if kind not in Charge.Kind.values:
        raise ValidationError({"kind": _("Choose the kind of entry.")})
    move(referral, pathway.CHARGE, by=by, act=Act(by, pathway.CHARGE.name, data), at=at, charged_at=at)
    Charge.objects.create(
        referral=referral,
        charged_at=at,
        amount=price.amount,  # type: ignore[union-attr]  # X07 has passed, so there is a price
        price=price,
        kind=kind,
        receipt_no=receipt_no[:60],
        consent=_consent(referral),
        charged_by=by,
    )
    return onward(referral, at=at)


def _consent(referral: Referral):
    """The consent the fee stands on; the floor above keeps consents, so it is asked for by its relation."""
    return referral.consents.filter(withdrawn_at__isnull=True, lapsed_at__isnull=True).order_by("-signed_at").first()


@transaction.atomic
def refund(*, referral: Referral, by: User, reversal_no: str, reason: str, at: datetime | None = None) -> Referral:
    """The fee is given back: before sampling, after a specimen that failed, or after the case ended without a test.

    The charge stays with its reversal. Unless the case has ended, it awaits the fee again.
    """
    at = at or timezone.now()
    referral = hold(referral)
    may(by, pathway.REFUND.permission, referral)
    texts = needed(reversal_no=reversal_no, reason=reason)
    made = standing(referral)
    if made is None:
        raise refuse("refund", _("There is no charge to refund."), referral, anchor="charge")
    ended = referral.status in ENDED_EARLY
    if not ended and referral.status not in pathway.REFUND.sources:
        message = _("The fee is refunded before sampling, after an unfit specimen, or after the case has ended.")
        raise refuse("refund", message, referral, anchor="charge")
    with declaring.step(pathway.REFUND.name, reason=texts["reason"]):
        made.reversed_at, made.reversed_by = at, by
        made.reversal_no, made.reversal_reason = texts["reversal_no"][:60], texts["reason"][:200]
        made.save(update_fields=["reversed_at", "reversed_by", "reversal_no", "reversal_reason"])
    if ended:
        return referral
    # A specimen that came back unfit is no longer on the road.
    away = {"shipped_at": None, "received_at": None} if referral.status == Status.RECOLLECT else {}
    move(referral, pathway.REFUND, by=by, at=at, reason=texts["reason"], charged_at=None, **away)  # type: ignore[arg-type]
    return onward(referral, at=at)
