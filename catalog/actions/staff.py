"""Training and qualification, put on record by medical affairs (A3, A42)."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Post
from audit import declaring
from catalog.actions.authority import may_keep, not_oneself
from catalog.actions.common import reason_of, refused
from catalog.models import Qualification, Training
from documents import files
from documents.files import Upload


def _of_the_hospital(user: Any, institution: Any) -> dict[str, Any]:
    today = timezone.localdate()
    if Post.objects.in_force(today).filter(user=user, institution=institution).exists():
        return {}
    return {"user": _("This person holds no post here.")}


@transaction.atomic
def record_training(
    *, user: Any, title: str, held_on: date, passed: bool, by: Any, score: str = "", file: Upload | None = None
) -> Training:
    """A training that was held, with its result. What is on record already is not recorded twice."""
    institution = may_keep(by)
    not_oneself(user, by)
    wrong = _of_the_hospital(user, institution)
    title = title.strip()[:120]
    if not title:
        wrong["title"] = _("This has to be filled in.")
    if held_on > timezone.localdate():
        wrong["held_on"] = _("A training still to be held has no result.")
    if Training.objects.filter(institution=institution, user=user, title=title, held_on=held_on).exists():
        wrong["title"] = _("This training is on record already.")
    if wrong:
        raise ValidationError(wrong)
    with declaring.step("training.recorded", clause="A42"):
        return Training.objects.create(
            institution=institution, user=user, title=title, held_on=held_on, passed=passed, score=score.strip()[:60],
            file=files.store(file, by=by, institution=institution) if file else None, recorded_by=by,
        )  # fmt: skip


@transaction.atomic
def record_qualification(
    *, user: Any, kind: str, number: str, valid_from: date, by: Any, valid_to: date | None = None,
    file: Upload | None = None,
) -> Qualification:  # fmt: skip
    """A certificate that registers somebody as pathologist or technician here (A3)."""
    institution = may_keep(by)
    not_oneself(user, by)
    wrong = _of_the_hospital(user, institution)
    number = number.strip()[:60]
    if kind not in Qualification.Kind.values:
        wrong["kind"] = _("This qualification is not known.")
    if not number:
        wrong["number"] = _("This has to be filled in.")
    if valid_to and valid_to < valid_from:
        wrong["valid_to"] = _("The last day lies before the first.")
    known = Qualification.objects.select_for_update().filter(institution=institution, user=user, kind=kind)
    if any((valid_to is None or one.valid_from <= valid_to) and
           (one.valid_to is None or one.valid_to >= valid_from) for one in known):  # fmt: skip
        wrong["valid_from"] = _("A certificate of this kind is on record for some of these days already.")
    if wrong:
        raise ValidationError(wrong)
    with declaring.step("qualification.recorded", clause="A3"):
        return Qualification.objects.create(
            institution=institution, user=user, kind=kind, number=number, valid_from=valid_from, valid_to=valid_to,
            file=files.store(file, by=by, institution=institution) if file else None, recorded_by=by,
        )  # fmt: skip


@transaction.atomic
def end_qualification(*, qualification: Qualification, reason: str, by: Any) -> Qualification:
    """A certificate that was cancelled ends today: from tomorrow nothing is signed on it."""
    may_keep(by, qualification)
    reason = reason_of(reason)
    found = Qualification.objects.select_for_update().get(pk=qualification.pk)
    today = timezone.localdate()
    if not found.in_force(today):
        raise refused("stale", _("This certificate is not in force."), "A3")
    with declaring.step("qualification.ended", reason=reason, clause="A3"):
        found.valid_to = today
        found.save(update_fields=["valid_to"])
    return found
