"""An edition begins and ends, or its approval is called back in time. One in force is not edited but followed."""

from datetime import date, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit import declaring
from audit.gates import Refused
from audit.steps import move
from catalog import announcing, overview, readiness
from catalog.actions.common import reason_of
from catalog.models import Edition
from catalog.pathway import CALL_BACK, LOAD, PUT_IN_FORCE, REINSTATE, SUPERSEDE


@transaction.atomic
def put_in_force(
    *,
    edition: Edition,
    starts_on: date,
    by: Any,
    basis_for_history: bool = False,
    document_number: str = "",
) -> Edition:
    """Approve an edition and put it in force from a day; the one in force until then ends the day before.

    A hospital's edition comes from the approval's table, begins today or later, and is approved by somebody who
    neither wrote nor checked it (X14). The starter, which the system loads, may begin on any day. From its day on
    every question to the catalog is answered by it: nothing has to be switched.
    """
    if not by.may(PUT_IN_FORCE.permission, edition):
        raise PermissionDenied(PUT_IN_FORCE.permission)
    edition = Edition.objects.select_for_update(of=("self",)).get(pk=edition.pk)
    loading = edition.status == Edition.Status.DRAFT and by.is_machine
    step = LOAD if loading else PUT_IN_FORCE
    if edition.status not in step.sources:
        raise Refused.stale(edition, step)
    missing = [] if loading else _not_by(edition, by)
    # A draft loaded by the system may begin in the past; nothing may begin before another.
    missing += readiness.may_start_on(edition, starts_on, starts_on if loading else timezone.localdate())
    missing += [] if loading else readiness.of_evidence(edition)
    if not edition.indications.exists():
        missing.append(readiness.refusal("catalog", _("The edition lists no indication yet.")))
    if missing:
        raise Refused(missing)
    others = Edition.objects.binding().filter(institution=edition.institution)
    # Whoever has ended already keeps its day; one that still runs ends the day before.
    former = others.in_force(starts_on).select_for_update(of=("self",)).first()
    changes: dict[str, Any] = {"in_force_from": starts_on, "basis_for_history": basis_for_history}
    if former:
        changes |= {"follows": former, "follows_ended": former.in_force_to}
        _end_before(former, starts_on, by)
    if not loading:
        changes |= {
            "approved_at": timezone.now(),
            "approved_by": by,
            "document_number": document_number.strip(),
            "back_reason": "",
        }
    edition = move(edition, step, by=by, clause="A40,B3", **changes)
    if not loading:
        announcing.approved(edition)
    return edition


def _end_before(former: Edition, starts_on: date, by: Any) -> None:
    ends_on = starts_on - timedelta(days=1)
    if former.status == Edition.Status.IN_FORCE:
        _end(former, ends_on, by)
        return
    with declaring.step(SUPERSEDE.name, clause="B3"):
        Edition.objects.filter(pk=former.pk).update(in_force_to=ends_on)


@transaction.atomic
def call_back(*, edition: Edition, reason: str, by: Any) -> Edition:
    """Take back an approval whose first day has not come, with the reason: the edition waits for approval again, where
    it is given another day or returned to the draft, and the one it would have followed goes on as before.

    By whoever may approve it (X14). From its first day on requests are judged by it, and it is followed by another
    edition instead (B3).
    """
    if not by.may(CALL_BACK.permission, edition):
        raise PermissionDenied(CALL_BACK.permission)
    edition = Edition.objects.select_for_update(of=("self",)).select_related("follows").get(pk=edition.pk)
    if edition.status not in CALL_BACK.sources:
        raise Refused.stale(edition, CALL_BACK)
    missing = _not_by(edition, by)
    if not overview.has_not_begun(edition):
        said = _("The edition has begun; requests are judged by it. Begin the next edition from it instead.")
        missing.append(readiness.refusal("catalog", said))
    if missing:
        raise Refused(missing)
    reason = reason_of(reason)
    former, was = edition.follows, edition.follows_ended
    began = edition.in_force_from
    edition = move(
        edition, CALL_BACK, by=by, reason=reason, clause="A40,B3", in_force_from=None, basis_for_history=False,
        approved_at=None, approved_by=None, document_number="", follows=None, follows_ended=None, back_reason=reason,
    )  # fmt: skip
    if former:
        _go_on(former, was, by)
    announcing.called_back(edition, began, reason)
    return edition


def _go_on(former: Edition, ends_on: date | None, by: Any) -> None:
    """The edition that was to be followed keeps the end it had: none, or a day set before."""
    if ends_on is None:
        move(former, REINSTATE, by=by, clause="A40,B3", in_force_to=None)
        return
    with declaring.step(REINSTATE.name, clause="A40,B3"):
        Edition.objects.filter(pk=former.pk).update(in_force_to=ends_on)


def _not_by(edition: Edition, by: Any) -> list:
    missing = readiness.apart(edition, by)
    if edition.checked_by_id == by.pk:
        said = _("You checked this edition; somebody else has to approve it.")
        missing.append(readiness.Refusal("X14", said, ("A40",)))
    return missing


@transaction.atomic
def retire(*, edition: Edition, ends_on: date, by: Any) -> Edition:
    """End an edition on a day without another in its place. Cases of its time go on being read against it."""
    return _end(edition, ends_on, by)


def _end(edition: Edition, ends_on: date, by: Any) -> Edition:
    return move(edition, SUPERSEDE, by=by, clause="A40,B3", in_force_to=ends_on)
