"""What the actions of the stations share: the case held while it is moved, and how they refuse."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from audit.gates import Act, Refusal, Refused
from audit.steps import Step, in_turn
from referrals.gates.words import link
from referrals.models import Referral

RELATED = ("test", "indication__edition", "patient", "study", "institution", "requester", "laboratory", "contract")


def hold(referral: Referral) -> Referral:
    """The case as it stands now, held until the end of the transaction. Whoever comes second waits here."""
    return Referral.objects.select_for_update(of=("self",)).select_related(*RELATED).get(pk=referral.pk)


def hold_for(
    referral: Referral, step: Step, *, by: User, at: datetime | None = None, data: Mapping[str, Any] | None = None
) -> Referral:
    """The case held, at the place this step starts from (`audit.steps.in_turn`). `data` is what the step brings to its
    gates."""
    now = hold(referral)
    in_turn(now, step, by=by, was=referral.status, at=at, act=Act(by=by, step=step.name, data=data or {}))
    return now


def as_drawn(referral: Referral, drawn: str) -> None:
    """A page, or a program's screen, drawn for another status than the case has now is stale; one that does not say
    is judged by the step."""
    if not drawn or drawn == referral.status:
        return
    message = _(
        "The case has moved on since this page was opened: it now stands at “%(status)s”. Nothing was saved."
    ) % {"status": referral.get_status_display()}
    raise Refused(Refusal("stale", message, (), link("referrals:case", referral.pk), _("To the case")))


def refuse(code: str, message: Any, referral: Referral, *, anchor: str = "", clauses: tuple[str, ...] = ()) -> Refused:
    mend = link("referrals:case", referral.pk, anchor=anchor)
    return Refused(Refusal(code, message, clauses, mend, _("To the case")))


def not_in_future(at: datetime | None, field: str, *, since: datetime | None = None) -> datetime:
    """The time something happened: now when not given, not later, and not before what it follows. Typed to the minute,
    it is not before what happened in that same minute."""
    now = timezone.now()
    at = at or now
    if at > now:
        raise ValidationError({field: _("This time lies in the future.")})
    if since and at < since < at + timedelta(minutes=1):
        return since
    if since and at < since:
        message = _("This time lies before the step it follows (%(since)s).")
        raise ValidationError({field: message % {"since": f"{timezone.localtime(since):%Y-%m-%d %H:%M}"}})
    return at


def newest(rows: Any) -> Any:
    """The last record made: by its own number, whatever its time says."""
    return rows.order_by(F("pk").desc()).first()
