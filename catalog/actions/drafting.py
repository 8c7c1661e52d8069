"""A draft is begun, given its head and its expert group, or discarded (clauses A40, B3)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Post, User
from audit.steps import move
from catalog import queries, rows
from catalog.actions.common import DRAFT, REVIEW, held, reason_of, refused, step
from catalog.models import Edition, EditionExpert, Indication
from catalog.pathway import DISCARD

IN_FORCE, STARTER, EMPTY = "in_force", "starter", "empty"
Status = Edition.Status


@transaction.atomic
def start_draft(
    *,
    by: Any,
    source: str = IN_FORCE,
    tumours: Iterable[str] | None = None,
    codes: Iterable[str] | None = None,
    number: str = "",
    title: str = "",
    note: str = "",
) -> Edition:
    """Begin a draft of one's own hospital: from the edition in force, from the starter library, or empty.

    With `tumours` or `codes` only those rows are taken. Rows come as they are, with their marks: what nobody has
    confirmed stays 待复核. One draft at a time: the next waits until this one is in force or discarded.
    """
    institution = by.post.institution if getattr(by, "post", None) else None
    if institution is None or institution.is_bureau or not by.may(DRAFT, institution):
        raise PermissionDenied(DRAFT)
    # Two at once would begin two drafts.
    type(institution)._default_manager.select_for_update().get(pk=institution.pk)
    own = Edition.objects.filter(institution=institution)
    if under_way := own.filter(status__in=Edition.UNDER_WAY).first():
        said = _("%(edition)s is being made already; go on with it, or discard it first.")
        raise refused("catalog", said % {"edition": under_way}, mend=under_way.get_absolute_url(), label=_("Open it"))
    number = number.strip() or next_number(institution)
    if own.filter(number=number).exists():
        raise refused("number", _("The hospital has an edition %(number)s already.") % {"number": number})
    from_edition = library(source, institution)
    with step("catalog.drafted", clause="A40"):
        edition = Edition.objects.create(
            institution=institution,
            number=number,
            title=title.strip() or f"{institution.name}肿瘤基因检测适应症及对应检测项目目录",
            note=note.strip(),
            based_on=from_edition,
            drafted_at=timezone.now(),
            drafted_by=by,
        )
        if from_edition:
            lines = Indication.objects.filter(edition=from_edition).order_by("pk")
            if tumours is not None:
                lines = lines.filter(tumour__in=list(tumours))
            if codes is not None:
                lines = lines.filter(code__in=list(codes))
            rows.copy(lines, edition)
    return edition


def library(source: str, institution: Any) -> Edition | None:
    """The edition a draft begins from."""
    today = timezone.localdate()
    if source == IN_FORCE:
        return queries.edition_in_force(institution, today)
    return queries.edition_in_force(None, today) if source == STARTER else None


def next_number(institution: Any) -> str:
    """2026-2 after 2026-1."""
    year = timezone.localdate().year
    known = set(Edition.objects.filter(institution=institution).values_list("number", flat=True))
    return next(f"{year}-{n}" for n in range(1, len(known) + 2) if f"{year}-{n}" not in known)


@transaction.atomic
def set_head(*, edition: Edition, number: str, title: str, note: str = "", by: Any) -> Edition:
    """The draft's number, title and note."""
    edition = held(edition, DRAFT, by, Status.DRAFT)
    number, title = number.strip(), title.strip()
    if not number or not title:
        raise refused("number", _("An edition has a number and a title."))
    if Edition.objects.filter(institution=edition.institution, number=number).exclude(pk=edition.pk).exists():
        raise refused("number", _("The hospital has an edition %(number)s already.") % {"number": number})
    with step("catalog.titled"):
        Edition.objects.filter(pk=edition.pk).update(number=number, title=title, note=note.strip())
    edition.refresh_from_db()
    return edition


@transaction.atomic
def name_expert(*, edition: Edition, user: User, discipline: str = "", by: Any) -> EditionExpert:
    """Name a person of the hospital to the group that reviews this edition; not its authors (X14)."""
    edition = held(edition, DRAFT, by, *Edition.WRITABLE)
    wrote = set(edition.changes.values_list("made_by", flat=True)) | {edition.drafted_by_id}
    if user.pk in wrote or user.pk == by.pk:
        raise refused("X14", _("Who drafts an edition or changes its rows does not review it as an expert."), "A40")
    if user not in experts_to_name(edition):
        said = _("%(name)s has no post at this hospital that takes part in catalog reviews.")
        raise refused("experts", said % {"name": user.name})
    with step("catalog.expert_named", clause="B3"):
        seat, _made = EditionExpert.objects.get_or_create(
            edition=edition, user=user, defaults={"discipline": discipline.strip()[:40], "named_by": by}
        )
    return seat


def experts_to_name(edition: Edition) -> list[User]:
    """The people of the hospital whose post takes part in reviews, by staff number."""
    posts = Post.objects.in_force(timezone.localdate()).filter(institution_id=edition.institution_id)
    able = [post.pk for post in posts.select_related("role") if REVIEW in post.role.permissions]
    return list(User.objects.filter(is_active=True, posts__in=able).distinct().order_by("username"))


@transaction.atomic
def release_expert(*, expert: EditionExpert, by: Any) -> None:
    """Take somebody out of the group. Who has spoken or signed stays: what they said belongs to the record."""
    edition = held(expert.edition, DRAFT, by, *Edition.WRITABLE)
    spoke = edition.comments.filter(made_by=expert.user_id).exists() or expert.sign_offs.exists()
    spoke = spoke or edition.indications.filter(reviewed_by=expert.user_id).exists()
    if spoke:
        said = _("%(name)s has already commented, confirmed a row or signed, and stays in the group.")
        raise refused("experts", said % {"name": expert.user.name})
    with step("catalog.expert_released"):
        expert.delete()


@transaction.atomic
def discard(*, edition: Edition, reason: str, by: Any) -> Edition:
    """Give a draft up. It stays readable for those who made it, and is never edited again."""
    edition = held(edition, DRAFT, by)
    reason = reason_of(reason)
    return move(edition, DISCARD, by=by, reason=reason, clause="A40", back_reason=reason)


def due_day(text: date | None) -> date | None:
    """The last day for comments is today or later."""
    if text is not None and text < timezone.localdate():
        raise refused("due", _("The last day for comments lies in the past."))
    return text
