"""What a row rests on, and whether that still holds: the kinds of its sources, reviews after a newer edition, and the
rule of bureau and hospital on what counts as evidence.

Clauses B2, B3, A22; `clauses.md` §0.2. A row that only a consensus speaks for is allowed by B2 and needs A22's two
elements; a row that neither speaks for lies outside the list unless bureau and hospital opened A22's route.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.models import Citation, EvidenceRule, EvidenceSource, Indication, SourceReview
from documents import together

Accepts = EvidenceRule.Accepts
CLOSED = _(
    "A newer edition of what this row rests on has come (%(newer)s). Until the catalog is reviewed the row is not "
    "used; please ask medical affairs."
)
NARROWER = _(
    "This row rests on %(kinds)s alone; what counts as evidence of an indication here: %(accepts)s. It is not used; "
    "please ask medical affairs."
)


class Standing(StrEnum):
    """The best that speaks for a row."""

    GUIDELINE = "guideline"
    CONSENSUS = "consensus"
    OTHER = "other"
    UNKNOWN = "unknown"


def standing_of(kinds: Collection[str]) -> Standing:
    """A row without a registered source says in words what it rests on: nobody can tell its kind."""
    if not kinds:
        return Standing.UNKNOWN
    if any(one in EvidenceSource.GUIDELINES for one in kinds):
        return Standing.GUIDELINE
    return Standing.CONSENSUS if EvidenceSource.Kind.CONSENSUS in kinds else Standing.OTHER


def kinds_of(lines: Iterable[Indication]) -> dict[int, set[str]]:
    """The kinds of the sources that each row cites; one query."""
    found: dict[int, set[str]] = {one.pk: set() for one in lines}
    cited = Citation.objects.filter(indication__in=list(found)).order_by()
    for key, kind in cited.values_list("indication", "source__kind"):
        found[key].add(kind)
    return found


# What counts as evidence


@dataclass(frozen=True)
class Rule:
    """The rule in force for a hospital, and the records it came of."""

    accepts: EvidenceRule.Accepts
    grace_days: int
    review_days: int
    own: EvidenceRule | None = None
    bureaus: EvidenceRule | None = None

    def admits(self, standing: Standing) -> bool:
        if standing in (Standing.GUIDELINE, Standing.UNKNOWN):
            return True
        if standing == Standing.CONSENSUS:
            return self.accepts != Accepts.GUIDELINES
        return self.accepts == Accepts.A22


def rule_among(own: Iterable[EvidenceRule], bureaus: Iterable[EvidenceRule], at: datetime) -> Rule:
    """The narrower of both holds: each side is B2 until it says otherwise, so A22's route is open only by both."""
    mine = next((one for one in own if one.set_at <= at), None)
    theirs = next((one for one in bureaus if one.set_at <= at), None)
    accepts = min((Accepts(one.accepts) if one else Accepts.B2 for one in (mine, theirs)), key=lambda one: one.rank)
    told = mine or theirs
    return Rule(
        accepts,
        told.grace_days if told else settings.SOURCE_GRACE_DAYS,
        told.review_days if told else settings.SOURCE_REVIEW_WORKING_DAYS,
        mine,
        theirs,
    )


def rules_of(institutions: Collection[int]) -> QuerySet[EvidenceRule]:
    """Every rule of these institutions and of those above them, latest first."""
    here = Q(institution__in=institutions) | Q(institution__supervises__in=institutions)
    return EvidenceRule.objects.filter(here).distinct()


def rule_for(institution: Any, at: datetime | None = None) -> Rule:
    """What counts as evidence at this institution at a moment; one query."""
    key = getattr(institution, "pk", institution)
    return _rule(list(rules_of([key])) if key else [], key, at)


def _rule(found: Iterable[EvidenceRule], key: int | None, at: datetime | None = None) -> Rule:
    found = list(found)
    own, bureaus = ([one for one in found if (one.institution_id == key) is mine] for mine in (True, False))
    return rule_among(own, bureaus, at or timezone.now())


# Newer editions


def superseded(sources: Iterable[EvidenceSource | int], institution_id: int | None) -> dict[int, EvidenceSource]:
    """Of these sources those with a newer edition known at the institution, with it; the hospital's own word first."""
    keys = [getattr(one, "pk", one) for one in sources]
    newer = EvidenceSource.objects.known_to(institution_id).filter(supersedes__in=keys)
    return {one.supersedes_id: one for one in sorted(newer, key=lambda one: one.institution_id is not None)}


def is_closed(review: SourceReview, on: date) -> bool:
    """Whether this review closes its row on a day: closed by its conclusion, or left past the grace period."""
    concluded = timezone.localdate(review.concluded_at) if review.concluded_at else None
    if concluded and concluded <= on:
        if review.outcome == SourceReview.Outcome.CONFIRMED:
            return False
        if review.outcome == SourceReview.Outcome.CLOSED:
            return True
    return review.closes_on < on and timezone.localdate(review.opened_at) <= on


def reviews_of(lines: Iterable[int], institution_id: int | None) -> dict[int, list[SourceReview]]:
    """The reviews of these rows at the institution, by row; one query."""
    found: dict[int, list[SourceReview]] = {}
    reviews = SourceReview.objects.filter(institution=institution_id, indication__in=list(lines))
    for one in reviews.select_related("newer"):
        found.setdefault(one.indication_id, []).append(one)
    return found


def why_closed(kinds: Collection[str], reviews: Iterable[SourceReview], rule: Rule, on: date) -> tuple[str, str] | None:
    """(clause, sentence) why a row of the edition in force takes no new request; None while it does."""
    for one in reviews:
        if is_closed(one, on):
            return "B3", str(CLOSED % {"newer": one.newer})
    if not rule.admits(standing_of(kinds)):
        named = "、".join(str(EvidenceSource.Kind(kind).label) for kind in sorted(kinds))
        return "B2", str(NARROWER % {"kinds": named, "accepts": rule.accepts.label})
    return None


def querysets(lines: Collection[int], institutions: Collection[int]) -> dict[str, QuerySet]:
    """What `why_closed` is judged by, of many rows and institutions: to be read in one trip (`documents.together`)."""
    citations = Citation.objects.filter(indication__in=lines)
    reviews = SourceReview.objects.filter(institution__in=institutions, indication__in=lines)
    cited, newer = citations.order_by().values("source"), reviews.order_by().values("newer")
    return {
        "citations": citations.order_by("pk"),
        "source_reviews": reviews.order_by("pk"),
        "sources": EvidenceSource.objects.filter(Q(pk__in=cited) | Q(pk__in=newer)).order_by("pk"),
        "evidence_rules": rules_of(institutions),
    }


def closed(lines: Collection[Indication], institution: Any, on: date | None = None) -> dict[int, str]:
    """The rows that take no new request that day, each with its sentence; one query."""
    on, key = on or timezone.localdate(), getattr(institution, "pk", institution)
    if not lines or key is None:
        return {}
    read = together.rows(querysets([one.pk for one in lines], [key]))
    sources = {one.pk: one for one in read["sources"]}
    kinds: dict[int, set[str]] = {}
    for cited in read["citations"]:
        kinds.setdefault(cited.indication_id, set()).add(sources[cited.source_id].kind)
    reviews: dict[int, list[SourceReview]] = {}
    for review in read["source_reviews"]:
        review.newer = sources[review.newer_id]
        reviews.setdefault(review.indication_id, []).append(review)
    rule = _rule(read["evidence_rules"], key)
    found = {one.pk: why_closed(kinds.get(one.pk, ()), reviews.get(one.pk, ()), rule, on) for one in lines}
    return {pk: said[1] for pk, said in found.items() if said}


def outdated(edition: Any) -> dict[str, list[EvidenceSource]]:
    """The codes of an edition's rows that cite a source with a newer edition, with the newer ones."""
    cited = Citation.objects.filter(indication__edition=edition).order_by("indication__code")
    pairs = list(cited.values_list("indication__code", "source_id"))
    newer = superseded({source for _code, source in pairs}, edition.institution_id)
    found: dict[str, list[EvidenceSource]] = {}
    for code, source in pairs:
        if source in newer:
            found.setdefault(code, []).append(newer[source])
    return found


def reviews_waiting(user: Any) -> Any:
    """The reviews that wait for this post: one's own, and all of the hospital's for whoever keeps the catalog."""
    here = SourceReview.objects.visible_to(user).open()
    if user.may("catalog.draft_edition"):
        return here
    return here.filter(owner=user.pk)
