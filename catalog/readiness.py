"""What still stands in the way of an edition's next step. Pages show it, actions ask it again."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.gates import Refusal
from catalog import evidence, grading, rows
from catalog.models import Edition, EditionSignOff, Grade, Indication, RowComment

Status = Edition.Status
NAMED = 12  # so many codes are named in a sentence


def refusal(code: str, message: Any, mend: str = "", label: Any = "", clause: str = "B3") -> Refusal:
    return Refusal(code, message, (clause,), mend, label)


def authors(edition: Edition) -> set[int]:
    """Who wrote this edition: they neither review, check nor approve it (X14)."""
    wrote = set(edition.changes.order_by().values_list("made_by", flat=True).distinct())
    return wrote | ({edition.drafted_by_id} if edition.drafted_by_id else set())


def before_review(edition: Edition) -> list[Refusal]:
    """To open the review: rows that say what B2 asks, and a group of experts large enough."""
    missing = []
    lines = list(Indication.objects.filter(edition=edition).order_by("code"))
    page = reverse("catalog:edition", args=[edition.pk])
    if not lines:
        missing.append(refusal("catalog", _("The edition lists no indication yet."), page, _("Add rows")))
    bare = [line.code for line in lines if rows.lacking(line)]
    if bare:
        said = _("These rows lack what a row has to say (source, issuer, year, recommendation, purpose …): %(codes)s.")
        missing.append(refusal("catalog", said % {"codes": few(bare)}, page, _("Mend the rows"), "B2"))
    rules = grading.rules_on(edition.institution, timezone.now())
    if rules and rules.criteria_needed:
        open_still = [line.code for line in lines if len(grading.criteria_of(line)) < len(grading.CRITERIA)]
        if open_still:
            said = _("The hospital grades every row by risk, cost and evidence; not recorded yet: %(codes)s.")
            mend = f"{page}?which=ungraded"
            missing.append(refusal("catalog", said % {"codes": few(open_still)}, mend, _("Record the criteria"), "A23"))
    named = edition.experts.count()
    if named < settings.CATALOG_EXPERTS:
        said = _("The expert group has %(n)d members; at least %(least)d people of the hospital are needed.")
        values = {"n": named, "least": settings.CATALOG_EXPERTS}
        missing.append(
            refusal("experts", said % values, reverse("catalog:experts", args=[edition.pk]), _("Name experts"))
        )
    return missing


def before_check(edition: Edition) -> list[Refusal]:
    """To close the review: no open objection, and enough experts signed the list as it stands now."""
    missing = before_review(edition) + of_evidence(edition)
    page = reverse("catalog:comments", args=[edition.pk])
    objections = edition.comments.filter(kind=RowComment.Kind.OBJECTION, status=RowComment.Status.OPEN)
    if open_now := list(objections.values_list("code", flat=True)):
        said = _(
            "%(n)d objections are open: %(codes)s. Each is accepted with a change, rejected with the reason, or withdrawn."
        )
        values = {"n": len(open_now), "codes": few([code or _("whole edition") for code in open_now])}
        missing.append(refusal("objections", said % values, page, _("Resolve the objections")))
    signed, agreed, share = tally(edition)
    if signed < settings.CATALOG_QUORUM:
        said = _("%(n)d experts have signed the list as it stands; %(least)d are needed.")
        values = {"n": signed, "least": settings.CATALOG_QUORUM}
        missing.append(refusal("quorum", said % values, reverse("catalog:experts", args=[edition.pk]), _("See who")))
    elif share < settings.CATALOG_AGREEMENT_PERCENT:
        said = _("Of %(signed)d experts who signed, %(agreed)d agree; at least %(percent)d%% have to.")
        values = {"signed": signed, "agreed": agreed, "percent": settings.CATALOG_AGREEMENT_PERCENT}
        missing.append(refusal("quorum", said % values, reverse("catalog:experts", args=[edition.pk]), _("See who")))
    return missing


def of_evidence(edition: Edition) -> list[Refusal]:
    """What its rows rest on: the newest edition of each source (B2, B3), evidence that counts here (`clauses.md` §0.2),
    and A22's two elements for a row that no guideline speaks for."""
    lines = list(Indication.objects.filter(edition=edition).select_related("support").order_by("code"))
    kinds, rule = evidence.kinds_of(lines), evidence.rule_for(edition.institution_id)
    standing = {line.pk: evidence.standing_of(kinds[line.pk]) for line in lines}
    page, missing = reverse("catalog:evidence_check", args=[edition.pk]), []
    label = _("See what the rows rest on")
    found = [
        (
            [one.code for one in lines if standing[one.pk] == evidence.Standing.UNKNOWN],
            _("These rows cite no source of the register: %(codes)s."),
            "B2",
        ),
        (
            sorted(evidence.outdated(edition)),
            _("These rows cite a source of which a newer edition is registered: %(codes)s. Cite the newer one."),
            "B3",
        ),
        (
            [one.code for one in lines if not rule.admits(standing[one.pk])],
            _("What these rows cite does not count as evidence here: %(codes)s."),
            "B2",
        ),
        (
            [one.code for one in lines if _is_weak(standing[one.pk]) and not hasattr(one, "support")],
            _("No guideline speaks for these rows, and evidence and departmental discussion are not recorded: %(codes)s."),
            "A22",
        ),
        (
            [one.code for one in lines if _is_weak(standing[one.pk]) and one.grade == Grade.ROUTINE],
            _("No guideline speaks for these rows; they are graded “needs departmental discussion” or higher: %(codes)s."),
            "A22",
        ),
    ]  # fmt: skip
    for codes, said, clause in found:
        if codes:
            missing.append(refusal("evidence", said % {"codes": few(codes)}, page, label, clause))
    return missing


def _is_weak(standing: evidence.Standing) -> bool:
    return standing in (evidence.Standing.CONSENSUS, evidence.Standing.OTHER)


def tally(edition: Edition) -> tuple[int, int, float]:
    """Of the sign-offs that stand: how many signed, how many agreed, and the percentage."""
    stands = list(
        EditionSignOff.objects.filter(edition=edition, lapsed_at__isnull=True).values_list("agreed", flat=True)
    )
    return len(stands), sum(stands), 100 * sum(stands) / len(stands) if stands else 0


def apart(edition: Edition, by: Any) -> list[Refusal]:
    """Nobody reviews, checks or approves what they wrote; nobody approves what they checked (X14)."""
    if by.pk in authors(edition):
        said = _("You drafted this edition or changed rows of it; somebody else has to decide on it.")
        return [Refusal("X14", said, ("A40",))]
    return []


def may_start_on(edition: Edition, starts_on: Any, today: Any) -> list[Refusal]:
    """An edition begins today or later, after every other edition of the hospital."""
    missing = []
    if starts_on < today:
        said = _("An edition cannot begin in the past: cases of those days were judged by the edition of those days.")
        missing.append(refusal("catalog", said))
    others = Edition.objects.binding().filter(institution=edition.institution_id).filter(~Q(pk=edition.pk))
    if others.filter(in_force_from__gte=starts_on).exists():
        missing.append(refusal("catalog", _("Another edition already begins on or after that day.")))
    return missing


def few(codes: list[str]) -> str:
    found = "、".join(dict.fromkeys(str(code) for code in codes[:NAMED]))
    return f"{found}…" if len(codes) > NAMED else found
