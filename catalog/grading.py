"""The grade that follows from a row's three criteria, and what a grade asks for on a day (clauses A22, A23)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from catalog.models import Grade, GradeRules, Indication
from catalog.models.grading import CRITERIA, FLOORS, PROPOSALS, Requirement, Risk

FIELDS = (*CRITERIA, *(basis for _choices, basis in CRITERIA.values()), "grade_reason")


def rules_on(institution: Any, at: datetime) -> GradeRules | None:
    """The hospital's table as it stood at a moment; None: it has decided none, and the clauses' floors hold."""
    return GradeRules.objects.filter(institution=institution).known(at).first() if institution else None


def rules_among(known: Iterable[GradeRules], at: datetime, on: Any) -> GradeRules | None:
    """The same from rows read already; `on` is the hospital's own day of `at`."""
    begun = [one for one in known if one.starts_on <= on and one.decided_at <= at]
    return max(begun, key=lambda one: (one.starts_on, one.pk), default=None)


def requirement(rules: GradeRules | None, grade: str) -> Requirement:
    return rules.requirement(grade) if rules else FLOORS[Grade(grade)]


def asked_of(line: Indication, rules: GradeRules | None) -> Requirement:
    """What the row's grade asks for; a risky test asks for A22's two elements whatever its grade."""
    asked = requirement(rules, line.grade)
    if line.needs_evidence_and_discussion:
        asked = replace(asked, discussion=True, papers=max(asked.papers, 1))
    return asked


def criteria_of(row: Mapping[str, Any] | Indication) -> dict[str, str]:
    """The criteria a row records, without those left open."""
    given = {name: _value(row, name) for name in CRITERIA}
    return {name: value for name, value in given.items() if value}


def proposed(criteria: Mapping[str, str], rules: GradeRules | None) -> Grade | None:
    """The heaviest grade that any of the three asks for; None while one is not recorded."""
    if set(criteria) != set(CRITERIA):
        return None
    table = rules.proposals if rules else PROPOSALS
    found = [Grade(table.get(name, {}).get(value) or PROPOSALS[name][value]) for name, value in criteria.items()]
    return max(found, key=lambda one: one.rank)


def problems(row: Mapping[str, Any] | Indication, rules: GradeRules | None) -> Iterator[tuple[str, str]]:
    """(field, what is wrong) with a row's criteria and grade: each recorded with its reasoning, a grade other than the
    proposed one with its reason, and a high risk marked as risky (A22)."""
    criteria = criteria_of(row)
    for name, (choices, basis) in CRITERIA.items():
        value, why = criteria.get(name, ""), _value(row, basis)
        label = label_of(name)
        if value and value not in choices.values:
            yield name, _("“%(value)s” is not one of: %(choices)s") % {"value": value, "choices": _named(choices)}
            return
        if value and not why:
            yield (
                basis,
                _("Say why for “%(criterion)s”: each criterion is recorded with its reasoning.") % {"criterion": label},
            )
        if why and not value:
            yield name, _("Choose a value for “%(criterion)s”: its reasoning is written.") % {"criterion": label}
    if criteria and len(criteria) < len(CRITERIA):
        missing = "、".join(label_of(name) for name in CRITERIA if name not in criteria)
        yield (
            next(name for name in CRITERIA if name not in criteria),
            _("Risk, cost and evidence are recorded together; missing: %(criteria)s.") % {"criteria": missing},
        )
    risky = _value(row, "is_risky")
    if criteria.get("risk_level") == Risk.HIGH and not risky:
        yield "is_risky", _("A test of high risk is marked “risky test”: it needs evidence and a discussion (A22).")
    if risky and criteria.get("risk_level") in (Risk.LOW, Risk.MEDIUM):
        yield "risk_level", _("A test marked “risky test” has a high risk.")
    grade, should = _value(row, "grade"), proposed(criteria, rules)
    if should and grade in Grade.values and grade != should and not _value(row, "grade_reason"):
        yield (
            "grade_reason",
            _("The three criteria make “%(proposed)s”, the row says “%(grade)s”: give the reason for the other grade.")
            % {"proposed": should.label, "grade": Grade(grade).label},
        )


def _value(row: Any, name: str) -> Any:
    value = row.get(name, "") if isinstance(row, Mapping) else getattr(row, name)
    return value.strip() if isinstance(value, str) else value


def label_of(name: str) -> str:
    return str(Indication._meta.get_field(name).verbose_name)  # type: ignore[union-attr]


def _named(choices: Any) -> str:
    return "、".join(str(one.label) for one in choices)
