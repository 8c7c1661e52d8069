"""What still stands against a step of an admission, in sentences: shown on its page, asked again by the action."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.gates import Refusal
from vendors import checks
from vendors.admitting import Admissions, holds
from vendors.models import Admission, AdmissionPaper, Laboratory

BY_SLIDE = re.compile(r"IHC|FISH|免疫组化|免疫组织|原位杂交|病理", re.IGNORECASE)


def subjects_needed(tests: Any) -> set[str]:
    """The subjects of diagnosis and treatment that these tests need of whoever does them (A41)."""
    return {
        Laboratory.Subject.PATHOLOGY if BY_SLIDE.search(one.method) else Laboratory.Subject.MOLECULAR for one in tests
    }


def latest_papers(admission: Admission) -> dict[str, AdmissionPaper]:
    """The finding that counts for each check."""
    found: dict[str, AdmissionPaper] = {}
    for one in admission.papers.select_related("file", "recorded_by").order_by("pk"):
        found[one.check_code] = one
    return found


def next_check(admission: Admission) -> str:
    """The first check without a finding; empty when each has one."""
    known = set(admission.papers.values_list("check_code", flat=True))
    return next((code for code in checks.all_checks() if code not in known), "")


def _says(admission: Admission, code: str, message: Any, *clauses: str, anchor: str = "") -> Refusal:
    return Refusal(code, message, clauses or ("A25", "B8"), admission.get_absolute_url() + anchor)


def against_opening(admission: Admission) -> list[Refusal]:
    """An assessment begins when every check has a finding and the panel is named."""
    return [*_unanswered(admission, latest_papers(admission)), *_panel_small(admission)]


def against_admitting(admission: Admission, tests: list[Any]) -> list[Refusal]:
    """Everything that stands against admitting the laboratory for these tests."""
    papers = latest_papers(admission)
    return [
        *_unanswered(admission, papers),
        *_identity(admission),
        *_institution(admission, tests),
        *_vetoes(admission, papers),
        *_rounds(admission, tests),
        *_panel(admission),
        *_visit(admission),
    ]


def _unanswered(admission: Admission, papers: dict[str, AdmissionPaper]) -> Iterator[Refusal]:
    if lacking := [code for code in checks.all_checks() if code not in papers]:
        said = _("These checks have no finding yet: %(codes)s.") % {"codes": "、".join(lacking)}
        yield _says(admission, "checks", said, anchor="#checks")


def _identity(admission: Admission) -> Iterator[Refusal]:
    if not admission.is_one:
        said = _(
            "Holder of the licence, party to the contract, issuer of the invoices and payee have to be one: here they are"
            " %(names)s."
        )
        names = [admission.licence_holder, admission.contract_party, admission.invoice_issuer, admission.payee]
        yield _says(admission, "Q01", said % {"names": "、".join(dict.fromkeys(names))}, "A25", "A28", "B8")


def _institution(admission: Admission, tests: list[Any]) -> Iterator[Refusal]:
    """A4, A41: a licensed medical institution, with the subjects the tests need."""
    laboratory = admission.laboratory
    mend = laboratory.get_absolute_url()
    if not laboratory.kind or not checks.LICENCE_NO.fullmatch(laboratory.licence_no):
        said = _("%(name)s is not on record as a licensed medical institution: its type and 22-digit licence number.")
        yield Refusal("A4", said % {"name": laboratory.name}, ("A4", "A25"), mend)
    if checks.COMPANIES.search(admission.licence_holder):
        said = _("“%(name)s” is the name of a company, not of a medical institution (Q02).")
        yield Refusal("Q02", said % {"name": admission.licence_holder}, ("A4", "B8"), mend)
    if not checks.is_credit_code(laboratory.uscc):
        said = _("The unified social credit code “%(code)s” fails its own check character (Q02).")
        yield Refusal("Q02", said % {"code": laboratory.uscc}, ("B8",), mend)
    lacking = subjects_needed(tests) - set(laboratory.subjects)
    if lacking:
        names = "、".join(str(Laboratory.Subject(one).label) for one in sorted(lacking))
        said = _("The licence of %(name)s lacks the subject these tests need: %(subjects)s.")
        yield Refusal("A41", said % {"name": laboratory.name, "subjects": names}, ("A41",), mend)
    if laboratory.foreign_controlled is not False or laboratory.in_mainland is not True:
        said = _(
            "It has to be on record that the laboratory is not foreign-controlled and tests on the mainland (Q13)."
        )
        yield Refusal("Q13", said, ("B8",), mend)


def _vetoes(admission: Admission, papers: dict[str, AdmissionPaper]) -> Iterator[Refusal]:
    today = timezone.localdate()
    for check in checks.all_checks().values():
        paper = papers.get(check.code)
        if paper is None or not check.is_veto or holds(paper, today):
            continue
        said = _("%(code)s %(title)s vetoes: %(finding)s.")
        lapsed = paper.valid_to is not None and paper.valid_to < today and paper.verdict == paper.Verdict.MET
        finding = _("lapsed") if lapsed else paper.get_verdict_display()
        values = {"code": check.code, "title": check.title, "finding": finding}
        yield _says(admission, check.code, said % values, "B8", anchor=f"#{check.code}")


def _rounds(admission: Admission, tests: list[Any]) -> Iterator[Refusal]:
    """Q05: the latest round of the test was not passed."""
    register = Admissions.of([], [one.pk for one in tests])
    for test in tests:
        last = register.latest_round(admission.laboratory_id, test.pk, timezone.localdate())
        if last is not None and not last.passed:
            said = _("The latest quality assessment of “%(test)s” was not passed (%(round)s): leave this test out.")
            yield _says(
                admission, "Q05", said % {"test": test.name, "round": str(last)}, "A15", "B8", anchor="#quality"
            )


def _panel_small(admission: Admission) -> Iterator[Refusal]:
    here = admission.panel.filter(released_at__isnull=True).exclude(is_tied=True).count()
    if here < settings.ADMISSION_PANEL:
        said = _("The panel has %(here)d members without a tie; at least %(least)d are needed.")
        yield _says(admission, "panel", said % {"here": here, "least": settings.ADMISSION_PANEL}, "B8", anchor="#panel")


def _panel(admission: Admission) -> Iterator[Refusal]:
    """Everybody has declared; whoever is not tied has scored; the mean reaches the mark."""
    yield from _panel_small(admission)
    members = list(admission.panel.filter(released_at__isnull=True).select_related("user"))
    if silent := [one.user.name for one in members if one.is_tied is None]:
        said = _("Interests have not been declared by %(names)s.")
        yield _says(admission, "panel", said % {"names": "、".join(silent)}, "B9", anchor="#panel")
    if waiting := [one.user.name for one in members if one.is_tied is False and one.score is None]:
        said = _("No score was given yet by %(names)s.")
        yield _says(admission, "panel", said % {"names": "、".join(waiting)}, "B8", anchor="#panel")
    mean = mean_score(members)
    if mean is not None and mean < settings.ADMISSION_PASS_MARK:
        said = _("The panel's mean score is %(mean).1f; %(mark)d are needed.")
        yield _says(
            admission, "score", said % {"mean": mean, "mark": settings.ADMISSION_PASS_MARK}, "B8", anchor="#panel"
        )


def mean_score(members: Any) -> float | None:
    """The mean of those who scored; None: nobody has."""
    given = [one.score for one in members if one.score is not None]
    return sum(given) / len(given) if given else None


def _visit(admission: Admission) -> Iterator[Refusal]:
    last = admission.visits.first()
    if last is None:
        yield _says(admission, "visit", _("No site visit is on record."), "A25", anchor="#visits")
    elif not last.passed:
        yield _says(
            admission, "visit", _("The latest site visit found the laboratory not fit."), "A25", anchor="#visits"
        )
