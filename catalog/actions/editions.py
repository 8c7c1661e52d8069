"""An edition begins and ends. An edition in force is not edited; it is followed by another."""

from datetime import date, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit import declaring
from audit.gates import Refused
from audit.steps import move
from catalog import announcing, readiness
from catalog.models import Edition
from catalog.pathway import LOAD, PUT_IN_FORCE, SUPERSEDE


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
    if not edition.indications.exists():
        missing.append(readiness.refusal("catalog", _("The edition lists no indication yet.")))
    if missing:
        raise Refused(missing)
    others = Edition.objects.binding().filter(institution=edition.institution)
    # Whoever has ended already keeps its day; one that still runs ends the day before.
    for former in others.filter(status=Edition.Status.IN_FORCE).in_force(starts_on).select_for_update():
        _end(former, starts_on - timedelta(days=1), by)
    for former in others.filter(status=Edition.Status.SUPERSEDED).in_force(starts_on).select_for_update():
        with declaring.step(SUPERSEDE.name, clause="B3"):
            Edition.objects.filter(pk=former.pk).update(in_force_to=starts_on - timedelta(days=1))
    changes: dict[str, Any] = {"in_force_from": starts_on, "basis_for_history": basis_for_history}
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
