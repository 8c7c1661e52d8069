"""What the actions of the stations share: the case held while it is moved, and how they refuse."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from audit.gates import Refusal, Refused
from audit.steps import Step
from referrals.gates.words import link
from referrals.models import Referral

RELATED = ("test", "indication__edition", "patient", "study", "institution", "requester", "laboratory", "contract")


def hold(referral: Referral, *steps: Step) -> Referral:
    """The case as it stands now, held until the end of the transaction. Whoever comes second waits here, and is told
    that the case has moved on."""
    now = Referral.objects.select_for_update(of=("self",)).select_related(*RELATED).get(pk=referral.pk)
    if steps and (now.status != referral.status or not any(now.status in step.sources for step in steps)):
        raise Refused.stale(now, steps[0])
    return now


def may(by: User, permission: str, obj: Any) -> None:
    """For acts that move no status: the permission that a step would ask."""
    if not by.may(permission, obj):
        raise PermissionDenied(permission)


def refuse(code: str, message: Any, referral: Referral, *, anchor: str = "", clauses: tuple[str, ...] = ()) -> Refused:
    mend = link("referrals:case", referral.pk, anchor=anchor)
    return Refused(Refusal(code, message, clauses, mend, _("To the case")))


def needed(**texts: str) -> dict[str, str]:
    """The texts stripped; ValidationError by field for each that is empty."""
    stripped = {name: (text or "").strip() for name, text in texts.items()}
    if empty := [name for name, text in stripped.items() if not text]:
        raise ValidationError({name: _("This has to be filled in.") for name in empty})
    return stripped


def not_in_future(at: datetime | None, field: str, *, since: datetime | None = None) -> datetime:
    """The time something happened: now when not given, not later, and not before what it follows."""
    now = timezone.now()
    at = at or now
    if at > now:
        raise ValidationError({field: _("This time lies in the future.")})
    if since and at < since:
        message = _("This time lies before the step it follows (%(since)s).")
        raise ValidationError({field: message % {"since": f"{timezone.localtime(since):%Y-%m-%d %H:%M}"}})
    return at


def newest(rows: Any) -> Any:
    """The last record made: by its own number, whatever its time says."""
    return rows.order_by(F("pk").desc()).first()
