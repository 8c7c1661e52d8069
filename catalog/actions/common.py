"""What the acts on an edition in the making share."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django.utils.translation import gettext as _

from audit import declaring
from audit.gates import Refusal, Refused
from catalog.models import Edition, EditionSignOff

DRAFT = "catalog.draft_edition"
REVIEW = "catalog.review_edition"
LONGEST_REASON = 300


def held(edition: Edition, permission: str, by: Any, *statuses: str) -> Edition:
    """The edition, locked, for somebody who may do this to it at this station. Two acts never cross."""
    if not by.may(permission, edition):
        raise PermissionDenied(permission)
    edition = Edition.objects.select_for_update(of=("self",)).select_related("institution").get(pk=edition.pk)
    if statuses and edition.status not in statuses:
        raise refused("stale", elsewhere(edition), mend=edition.get_absolute_url())
    return edition


def elsewhere(edition: Edition) -> str:
    """Why this cannot be done to the edition where it stands now."""
    if edition.is_binding:
        return _("An edition in force is not edited: begin the next edition from it.")
    said = _("The edition now stands at “%(status)s”; this cannot be done there.")
    return said % {"status": edition.get_status_display()}


def refused(code: str, message: Any, clause: str = "B3", mend: str = "", label: Any = "") -> Refused:
    return Refused(Refusal(code, message, (clause,), mend, label))


def reason_of(text: str) -> str:
    """A reason, which nothing here is done without."""
    text = text.strip()
    if not text:
        raise refused("reason", _("Give the reason."), "A40")
    return text[:LONGEST_REASON]


def member(edition: Edition, by: Any) -> Any:
    """The seat of somebody named to this edition's expert group."""
    seat = edition.experts.filter(user_id=by.pk).first()
    if seat is None:
        raise PermissionDenied(REVIEW)
    return seat


def lapse_sign_offs(edition: Edition, by: Any) -> int:
    """The list is no longer the one the experts signed."""
    standing = EditionSignOff.objects.filter(edition=edition, lapsed_at__isnull=True)
    return standing.update(lapsed_at=timezone.now(), lapsed_by=by)


step = declaring.step
