"""What the pages of an edition show: which there are, whose turn it is, its rows with their marks and comments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog import queries
from catalog.models import Edition, EditionSignOff, GeneTest, Indication, RowChange, RowComment
from catalog.models.editions import UNSETTLED

Status = Edition.Status
PAGE = 60
OBJECTION = Q(comments__kind=RowComment.Kind.OBJECTION, comments__status=RowComment.Status.OPEN)

# Whose permission the station waits for.
TURN = {
    Status.DRAFT: "catalog.draft_edition",
    Status.EXPERT_REVIEW: "catalog.review_edition",
    Status.MEDICAL_CHECK: "catalog.check_edition",
    Status.APPROVAL: "catalog.decide_edition",
}


def editions_of(user: Any) -> QuerySet[Edition]:
    """The editions the post may see, newest first, with the number of rows and of open objections."""
    return (
        Edition.objects.visible_to(user)
        .select_related("institution")
        .annotate(
            row_count=Count("indications", distinct=True), objections=Count("comments", filter=OBJECTION, distinct=True)
        )
        .order_by("-pk")
    )


def waiting_for(user: Any) -> QuerySet[Edition]:
    """The editions that wait for this post: drafts for medical affairs, reviews for the experts named who have not
    signed the list as it stands, checks for those who did not write it, approvals for the vice-president."""
    seen = Edition.objects.visible_to(user)
    mine: Any = Q(pk__in=[])
    if user.may("catalog.draft_edition"):
        mine |= Q(status__in=[Status.DRAFT, Status.EXPERT_REVIEW])
    if user.may("catalog.check_edition"):
        mine |= Q(status=Status.MEDICAL_CHECK) & ~Q(drafted_by=user.pk)
    if user.may("catalog.decide_edition"):
        mine |= Q(status=Status.APPROVAL) & ~Q(drafted_by=user.pk)
    if user.may("catalog.review_edition"):
        signed = EditionSignOff.objects.filter(edition=OuterRef("pk"), signed_by=user.pk, lapsed_at__isnull=True)
        mine |= Q(status=Status.EXPERT_REVIEW, experts__user=user.pk) & ~Exists(signed)
    return seen.filter(mine).distinct()


def reviews_for(user: Any) -> QuerySet[Edition]:
    """The editions whose review this person was named to and that are still open."""
    return Edition.objects.filter(status=Status.EXPERT_REVIEW, experts__user=user.pk)


def standing(edition: Edition, on: date | None = None) -> tuple[str, str]:
    """(kind of chip, words): an approved edition that has not begun, and a superseded one that still runs, say so."""
    on = on or timezone.localdate()
    begins, ends = edition.in_force_from, edition.in_force_to
    if edition.is_binding and begins and begins > on:
        return "ahead", _("Approved, in force from %(day)s") % {"day": begins.isoformat()}
    if edition.is_binding and ends and ends >= on:
        return "passed", _("In force until %(day)s") % {"day": ends.isoformat()}
    kind = {Status.IN_FORCE: "passed", Status.SUPERSEDED: "na", Status.DISCARDED: "na", Status.DRAFT: "plain"}
    return kind.get(Status(edition.status), "waiting"), str(edition.get_status_display())


def has_not_begun(edition: Edition, on: date | None = None) -> bool:
    """Approved for a day that has not come."""
    begins = edition.in_force_from
    return edition.status == Status.IN_FORCE and begins is not None and begins > (on or timezone.localdate())


def rows_of(edition: Edition) -> Any:
    """The rows by code, each with how many comments and open objections it has and whether this draft changed it."""
    of_row = RowComment.objects.filter(edition=OuterRef("edition"), code=OuterRef("code"))
    changed = RowChange.objects.filter(edition=OuterRef("edition"), code=OuterRef("code"))
    return (
        Indication.objects.filter(edition=edition)
        .select_related("test", "edition", "reviewed_by")
        .annotate(
            has_comments=Exists(of_row),
            has_objection=Exists(of_row.filter(kind="objection", status="open")),
            was_changed=Exists(changed),
        )
        .order_by("code")
    )


def only(rows: Any, which: str) -> Any:
    """The rows that ask for something."""
    if which == "to_review":
        return rows.filter(reviewed_on__isnull=True)
    if which == "unsettled":
        asked = Q()
        for name in ("guideline", "doc_no", "second_source", "recommendation", "evidence_class"):
            for word in UNSETTLED:
                asked |= Q(**{f"{name}__contains": word})
        return rows.filter(asked)
    if which == "ungraded":
        return rows.filter(risk_level="")
    if which == "commented":
        return rows.filter(has_comments=True)
    if which == "objections":
        return rows.filter(has_objection=True)
    return rows.filter(was_changed=True) if which == "changed" else rows


@dataclass(frozen=True)
class Progress:
    """How far a review is."""

    rows: int
    reviewed: int
    unsettled: int
    objections: int
    signed: int
    agreed: int
    experts: int


def progress(edition: Edition) -> Progress:
    rows = Indication.objects.filter(edition=edition)
    counted = rows.aggregate(n=Count("pk"), reviewed=Count("pk", filter=Q(reviewed_on__isnull=False)))
    standing_now = EditionSignOff.objects.filter(edition=edition, lapsed_at__isnull=True)
    signed = standing_now.aggregate(n=Count("pk"), agreed=Count("pk", filter=Q(agreed=True)))
    objections = edition.comments.filter(kind="objection", status="open").count()
    unsettled = only(rows, "unsettled").count()
    return Progress(
        counted["n"], counted["reviewed"], unsettled, objections, signed["n"], signed["agreed"], edition.experts.count()
    )


def tumours_of(edition: Edition | None) -> list[tuple[str, int]]:
    """The tumours of an edition with their rows, in the order of its list."""
    lines = Indication.objects.filter(edition=edition).order_by("pk").values_list("tumour", flat=True)
    found: dict[str, int] = {}
    for tumour in lines:
        found[tumour] = found.get(tumour, 0) + 1
    return list(found.items())


def basis_of(edition: Edition) -> Edition | None:
    """What an edition is compared with: while it is made the edition in force, later the one it was begun from."""
    if edition.is_binding or edition.status == Status.DISCARDED:
        return edition.based_on
    return queries.edition_in_force(edition.institution_id, timezone.localdate())


def tests_offered() -> list[tuple[int, str]]:
    return [(one.pk, f"{one.code} {one.name}") for one in GeneTest.objects.order_by("code")]
