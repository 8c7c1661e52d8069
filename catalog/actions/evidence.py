"""Sources are registered, completed and superseded; rows in force are reviewed under the newer edition; bureau and
hospital say what counts as evidence; the two elements of A22 are recorded for a row (clauses B2, B3, A22)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import notices
from accounts.models import Institution, User
from accounts.queries import holders
from catalog import citing, evidence, queries
from catalog.actions.common import DRAFT, held, lapse_sign_offs, reason_of, refused, step
from catalog.models import (
    ConsensusSupport,
    Edition,
    EvidenceRule,
    EvidenceSource,
    Indication,
    LevelSystem,
    RowChange,
    SourceReview,
)
from documents import files
from policy import calendar
from policy.models import HospitalRule

REGISTER = "catalog.register_source"
REVIEW = "catalog.review_source"
RULE = "catalog.set_evidence_rule"
Accepts = EvidenceRule.Accepts
Outcome = SourceReview.Outcome


def _place(by: Any) -> Institution:
    """The hospital somebody works at; sources and rules of another are none of theirs."""
    post = getattr(by, "post", None)
    if post is None:
        raise PermissionDenied(REGISTER)
    return post.institution


@transaction.atomic
def register_source(
    *, title: str, issuer: str, kind: str, system: LevelSystem, year: int | None = None, edition: str = "",
    doc_no: str = "", in_force_from: date | None = None, file: files.Upload | None = None, unsettled: bool = False,
    supersedes: EvidenceSource | None = None, owner: User | None = None, by: Any,
) -> EvidenceSource:  # fmt: skip
    """A source of the hospital's register. With `supersedes` it is a newer edition: every row in force that cites the
    former is put up for review, by `owner` or whoever keeps the catalog."""
    if not by.may(REGISTER):
        raise PermissionDenied(REGISTER)
    here = _place(by)
    title, issuer = title.strip().strip("《》").strip(), issuer.strip()
    if not title or not issuer:
        raise refused("source", _("A source has a title and an issuer."), "B2")
    if kind not in EvidenceSource.Kind.values:
        raise refused("source", _("A source is of one of the kinds kept here."), "B2")
    if year is None and not unsettled:
        raise refused("source", _("Name the year, or mark the source as still to be checked (待核)."), "B2")
    if year is not None and not 1990 <= year <= timezone.localdate().year:
        raise refused("source", _("The year %(year)d lies in the future or too far back.") % {"year": year}, "B2")
    # Two at once would register one title twice.
    Institution.objects.select_for_update().get(pk=here.pk)
    if citing.key(title) in citing.register_of(here.pk):
        raise refused("source", _("《%(title)s》 stands in the register already.") % {"title": title}, "B2")
    with step("catalog.source_registered", clause="B2"):
        made = EvidenceSource.objects.create(
            institution=here, title=title[:120], issuer=issuer[:80], year=year, edition=edition.strip()[:40],
            doc_no=doc_no.strip()[:80], kind=kind, system=system, in_force_from=in_force_from, unsettled=unsettled,
            file=files.store(file, by=by, institution=here) if file else None, registered_by=by,
        )  # fmt: skip
    if supersedes is not None:
        supersede(source=supersedes, newer=made, owner=owner, by=by)
        made.refresh_from_db()
    return made


@transaction.atomic
def complete_source(
    *, source: EvidenceSource, reason: str, by: Any, file: files.Upload | None = None, year: int | None = None,
    edition: str = "", doc_no: str = "", in_force_from: date | None = None, settled: bool = False,
) -> EvidenceSource:  # fmt: skip
    """What was still to be looked up is written in against the original: file, year, number; the mark 待核 goes."""
    source = _own(source, by)
    reason = reason_of(reason)
    with step("catalog.source_completed", reason=reason, clause="B2"):
        if file:
            source.file = files.store(file, by=by, institution=source.institution)
        source.year = year or source.year
        source.edition = edition.strip()[:40] or source.edition
        source.doc_no = doc_no.strip()[:80] or source.doc_no
        source.in_force_from = in_force_from or source.in_force_from
        source.unsettled = source.unsettled and not settled
        if source.year is None and not source.unsettled:
            raise refused("source", _("Name the year, or mark the source as still to be checked (待核)."), "B2")
        source.save()
    return source


def _own(source: EvidenceSource, by: Any) -> EvidenceSource:
    """A source of one's own hospital, locked. The county's library is nobody's to edit."""
    if not by.may(REGISTER, source) or source.institution_id is None:
        raise PermissionDenied(REGISTER)
    return EvidenceSource.objects.select_for_update(of=("self",)).select_related("system").get(pk=source.pk)


@transaction.atomic
def supersede(
    *, source: EvidenceSource, newer: EvidenceSource, by: Any, owner: User | None = None
) -> list[SourceReview]:
    """`newer` is the newer edition of `source`: the rows in force that cite the former are put up for review."""
    newer = _own(newer, by)
    here = newer.institution
    if here is None or source.institution_id not in (None, here.pk):
        raise PermissionDenied(REGISTER)
    if newer.supersedes_id or newer.pk == source.pk:
        raise refused("source", _("This source already follows another, or is the same."), "B3")
    known = evidence.superseded([source], here.pk).get(source.pk)
    if known:
        said = _("%(source)s has a newer edition already: %(newer)s.")
        raise refused("source", said % {"source": source, "newer": known}, "B3", known.get_absolute_url())
    if _follows(source, newer):
        raise refused("source", _("%(source)s follows %(newer)s: editions cannot run in a ring.") % {
            "source": source, "newer": newer}, "B3")  # fmt: skip
    with step("catalog.source_superseded", clause="B3"):
        EvidenceSource.objects.filter(pk=newer.pk).update(supersedes=source)
        newer.supersedes = source
        return _put_up(source, newer, here, owner, by)


def _follows(source: EvidenceSource, other: EvidenceSource) -> bool:
    at: EvidenceSource | None = source
    while at is not None:
        if at.pk == other.pk:
            return True
        at = at.supersedes
    return False


def _put_up(
    source: EvidenceSource, newer: EvidenceSource, here: Institution, owner: User | None, by: Any
) -> list[SourceReview]:
    """The rows that bind this hospital now or from a day to come, each with an owner and its days."""
    today = timezone.localdate()
    editions = set(
        Edition.objects.filter(institution=here, status=Edition.Status.IN_FORCE)
        .filter(Q(in_force_to__isnull=True) | Q(in_force_to__gte=today))
        .values_list("pk", flat=True)
    )
    if now := queries.edition_in_force(here, today):
        editions.add(now.pk)
    lines = list(Indication.objects.filter(edition__in=editions, citations__source=source).order_by("code"))
    if not lines:
        return []
    rule = evidence.rule_for(here)
    begins = max(today, newer.in_force_from or today)
    due = calendar.load().after(begins, rule.review_days)
    closes = max(due, begins + timedelta(days=rule.grace_days))
    keeper = _owner(here, owner, by)
    made = SourceReview.objects.bulk_create(
        SourceReview(
            institution=here, indication=line, source=source, newer=newer, owner=keeper, due_on=due,
            closes_on=closes, opened_by=by,
        )
        for line in lines
    )  # fmt: skip
    said = _("%(newer)s follows %(source)s: %(n)d rows of the catalog wait for review until %(day)s.")
    values = {"newer": newer, "source": source, "n": len(made), "day": f"{due:%Y-%m-%d}"}
    notices.tell([keeper, *holders(here.pk, DRAFT)], said % values, newer.get_absolute_url())
    return made


def _owner(here: Institution, owner: User | None, by: Any) -> User:
    """The one named, who must be able to review there; else whoever registered the edition, or keeps the catalog."""
    able = holders(here.pk, REVIEW)
    if owner is None:
        return by if able.filter(pk=by.pk).exists() else (able.order_by("pk").first() or by)
    if not able.filter(pk=owner.pk).exists():
        said = _("%(name)s has no post at this hospital that reviews sources.")
        raise refused("owner", said % {"name": owner.name})
    return owner


@transaction.atomic
def hand_over(*, review: SourceReview, owner: User, by: Any) -> SourceReview:
    """Somebody else reviews the row."""
    if not by.may(DRAFT, review):
        raise PermissionDenied(DRAFT)
    review = _locked(review)
    with step("catalog.review_handed_over", clause="B3"):
        review.owner = _owner(review.institution, owner, by)
        review.save(update_fields=["owner"])
    notices.tell(review.owner, _("%(row)s waits for your review under %(newer)s.") % {
        "row": review.indication.code, "newer": review.newer}, review.get_absolute_url())  # fmt: skip
    return review


@transaction.atomic
def conclude_review(
    *, review: SourceReview, outcome: str, reason: str, by: Any, recommendation: str = "", evidence_class: str = "",
    place: str = "",
) -> SourceReview:  # fmt: skip
    """What came of it: confirmed at a place of the newer edition, to be changed in the next edition (until then the
    grace period runs), or closed at once. By its owner, or whoever keeps the catalog."""
    review = _locked(review)
    if not by.may(REVIEW, review) or not (review.owner_id == by.pk or by.may(DRAFT, review)):
        raise PermissionDenied(REVIEW)
    reason = reason_of(reason)
    if outcome not in Outcome.values:
        raise refused("outcome", _("A review is confirmed, to be changed, or closed."))
    if review.outcome == Outcome.CONFIRMED:
        raise refused("stale", _("This row was confirmed already."))
    cited = citing.Cited(review.newer, recommendation.strip(), evidence_class.strip(), place.strip()[:80])
    if outcome == Outcome.CONFIRMED:
        if not cited.place:
            raise refused("place", _("Name the page or section of the newer edition that says so."), "B2")
        if wrong := citing.level_faults(cited):
            raise refused("level", " ".join(wrong), "B2")
    else:
        cited = citing.Cited(review.newer)
    with step(f"catalog.source_review_{outcome}", reason=reason, clause="B3"):
        review.outcome, review.reason = outcome, reason
        review.recommendation, review.evidence_class = cited.recommendation, cited.evidence_class
        review.place = cited.place
        review.concluded_at, review.concluded_by = timezone.now(), by
        review.save()
    return review


def _locked(review: SourceReview) -> SourceReview:
    related = ("indication", "newer__system", "source", "institution", "owner")
    return SourceReview.objects.select_for_update(of=("self",)).select_related(*related).get(pk=review.pk)


@transaction.atomic
def set_rule(
    *, institution: Institution, accepts: str, grace_days: int, review_days: int, reason: str, by: Any
) -> EvidenceRule:
    """What counts as evidence from now on, at the bureau for its hospitals or at one hospital (`clauses.md` §0.2).

    A hospital opens A22's route only with its own measure on outsourced testing in force; the bureau's consent is the
    bureau's own rule. The narrower holds."""
    if not by.may(RULE, EvidenceRule(institution=institution)):
        raise PermissionDenied(RULE)
    reason = reason_of(reason)
    if accepts not in Accepts.values:
        raise refused("rule", _("Choose what counts as evidence."), "B2")
    if not (0 <= grace_days <= 365 and 1 <= review_days <= 90):
        raise refused("rule", _("The grace period has 0 to 365 days, a review 1 to 90 working days."), "B3")
    measures = HospitalRule.objects.in_force(timezone.localdate()).filter(
        institution=institution, kind=HospitalRule.Kind.OUTSOURCING
    )
    if accepts == Accepts.A22 and not institution.is_bureau and not measures.exists():
        said = _("The hospital's measure on outsourced gene testing has to be in force before A22's route is opened.")
        raise refused("rule", said, "A22")
    with step("catalog.evidence_rule_set", reason=reason, clause="B2"):
        made = EvidenceRule.objects.create(
            institution=institution, accepts=accepts, grace_days=grace_days, review_days=review_days, reason=reason,
            set_by=by,
        )  # fmt: skip
    for one in [institution, *institution.supervises.all()]:
        said = _("What counts as evidence of an indication: %(accepts)s (%(who)s).")
        text = said % {"accepts": made.get_accepts_display(), "who": institution}
        notices.tell(holders(one.pk, DRAFT, "referrals.submit_referral"), text)
    return made


@transaction.atomic
def record_support(
    *, edition: Edition, codes: Iterable[str], evidence_text: str, department: str, discussed_on: date, present: str,
    conclusion: str, by: Any, file: files.Upload | None = None,
) -> int:  # fmt: skip
    """The two elements of A22 for these rows of a draft: the evidence, and the departmental discussion; how many."""
    edition = held(edition, DRAFT, by, *Edition.WRITABLE)
    texts = [one.strip() for one in (evidence_text, department, present, conclusion)]
    if not all(texts):
        said = _("Evidence, department, who was present and the conclusion are all recorded.")
        raise refused("support", said, "A22")
    if discussed_on > timezone.localdate():
        raise refused("support", _("The discussion lies in the future."), "A22")
    wanted = {one.strip().upper() for one in codes}
    lines = list(Indication.objects.filter(edition=edition, code__in=wanted))
    if missing := wanted - {one.code for one in lines} or (not wanted and {"—"}):
        raise refused("support", _("The edition has no row %(codes)s.") % {"codes": "、".join(sorted(missing))}, "A22")
    former = {one.indication_id: one for one in ConsensusSupport.objects.filter(indication__in=lines)}
    stored = files.store(file, by=by, institution=edition.institution) if file else None
    with step("catalog.support_recorded", clause="A22"):
        lapse_sign_offs(edition, by)
        for line in lines:
            one = former.get(line.pk) or ConsensusSupport(indication=line)
            before = {"support": one.as_text} if one.pk else {}
            one.evidence, one.department, one.present, one.conclusion = (
                texts[0],
                texts[1][:60],
                texts[2][:300],
                texts[3],
            )
            one.discussed_on, one.file = discussed_on, stored or one.file
            one.recorded_at, one.recorded_by = timezone.now(), by
            one.save()
            RowChange.objects.create(
                edition=edition, code=line.code, kind=RowChange.Kind.CHANGED, before=before,
                after={"support": one.as_text}, reason=_("Evidence and discussion recorded (clause A22)"), made_by=by,
                made_at=timezone.now(),
            )  # fmt: skip
    return len(lines)
