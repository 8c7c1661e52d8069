"""The hospital's table of grades is set anew: from a day on, with its reason, never back (clause A23)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.notices import tell
from audit import declaring
from catalog import grading
from catalog.actions.common import reason_of, refused
from catalog.announcing import DOCTORS, holders
from catalog.models import Grade, GradeRules
from catalog.models.grading import CRITERIA, FLOORS, PROPOSALS, Title
from documents.templatetags.formats import day

KEEP = "catalog.set_grade_rules"
MOST_PAPERS = 10


@transaction.atomic
def set_rules(
    *, starts_on: date, proposals: Mapping[str, Mapping[str, str]], requirements: Mapping[str, Mapping[str, Any]],
    criteria_needed: bool, reason: str, by: Any,
) -> GradeRules:  # fmt: skip
    """A new version of the post's hospital's table. It binds requests made from its first day on; those made before
    keep the one of their day. Less than the clauses ask for is refused."""
    if not by.may(KEEP) or by.post is None or by.post.institution.is_bureau:
        raise PermissionDenied(KEEP)
    institution = by.post.institution
    if starts_on < timezone.localdate():
        raise ValidationError({"starts_on": _("The first day is today or later: no request is judged backwards.")})
    made = GradeRules(
        institution=institution, starts_on=starts_on, proposals=_proposals(proposals),
        requirements=_requirements(requirements), criteria_needed=criteria_needed, reason=reason_of(reason),
        decided_by=by,
    )  # fmt: skip
    former = GradeRules.objects.filter(institution=institution).order_by("-starts_on", "-pk").first()
    if former and former.starts_on <= starts_on and _same(former, made):
        raise refused("same", _("The table says just this already: nothing was changed."), "A23")
    with declaring.step("grading.set", reason=made.reason, clause="A23"):
        made.save(force_insert=True)
    said = _(
        "What the grades of tests ask for changes from %(day)s: see the requirements per grade. Reason: %(reason)s"
    )
    tell(
        holders(institution.pk, DOCTORS), said % {"day": day(starts_on), "reason": made.reason[:100]},
        "/catalog/grades/",
    )  # fmt: skip
    return made


def _same(former: GradeRules, made: GradeRules) -> bool:
    return (former.proposals, former.requirements, former.criteria_needed) == (
        made.proposals, made.requirements, made.criteria_needed,
    )  # fmt: skip


def _proposals(given: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    wrong: dict[str, Any] = {}
    for name, (choices, _basis) in CRITERIA.items():
        found[name] = {}
        for value in choices.values:
            grade = given.get(name, {}).get(value) or PROPOSALS[name][value]
            if grade not in Grade.values:
                wrong[f"{name}-{value}"] = _("This grade is not known.")
            found[name][value] = grade
    # A22: a risky test, and one without guideline support, is never routine.
    for name, value in (("risk_level", "high"), ("evidence_support", "none")):
        if found[name][value] == Grade.ROUTINE:
            wrong[f"{name}-{value}"] = _("Clause A22: this asks for evidence and a discussion, so it is never routine.")
    if wrong:
        raise ValidationError(wrong)
    return found


def _requirements(given: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    wrong: dict[str, Any] = {}
    for grade in Grade:
        asked, floor = given.get(grade.value, {}), FLOORS[grade]
        papers = asked.get("papers") or 0
        titles = {name: asked.get(name) or "" for name in ("title", "chair_title")}
        for name, title in titles.items():
            if title not in Title.values:
                wrong[f"{grade.value}-{name}"] = _("This title is not known.")
        if not isinstance(papers, int) or not 0 <= papers <= MOST_PAPERS:
            wrong[f"{grade.value}-papers"] = _("At most %(n)s papers.") % {"n": MOST_PAPERS}
            continue
        asks = {"discussion": bool(asked.get("discussion")), "mdt": bool(asked.get("mdt")), "papers": papers, **titles}
        below = [name for name in ("discussion", "mdt") if getattr(floor, name) and not asks[name]]
        below += ["papers"] if papers < floor.papers else []
        for name in below:
            wrong[f"{grade.value}-{name}"] = _(
                "The clauses (A22, B5) ask for this at this grade; a hospital only adds."
            )
        if asks["chair_title"] and not asks["discussion"]:
            wrong[f"{grade.value}-chair_title"] = _(
                "Only a grade with a departmental discussion has one to conclude it."
            )
        found[grade.value] = asks
    if wrong:
        raise ValidationError(wrong)
    return found


def current(institution: Any) -> GradeRules | None:
    return grading.rules_on(institution, timezone.now())
