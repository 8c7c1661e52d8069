"""How every clause stands in one hospital: what carries it out, the last evidence, what is open, what it says itself.

As many queries for one clause as for 112: the records are counted in one statement.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from django.db.models import CharField, Count, DateTimeField, Max, QuerySet, Value
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import pgettext_lazy

from policy import coverage
from policy.coverage import Claim, Kind, Standing
from policy.models import Clause, Fulfilment, HospitalRule, PolicyDocument
from policy.models.rules import REQUIRED


class Stand(StrEnum):
    """Where a clause stands in a hospital, worst first."""

    OPEN = "open"
    DUE = "due"
    NO_RECORD = "no_record"
    STATED = "stated"
    IN_ORDER = "in_order"

    @property
    def label(self) -> Any:
        return _LABELS[self]

    @property
    def chip(self) -> str:
        return _CHIPS[self]


_LABELS = {
    Stand.OPEN: pgettext_lazy("clause", "Problems open"),
    Stand.DUE: pgettext_lazy("clause", "Statement due"),
    Stand.NO_RECORD: pgettext_lazy("clause", "No record yet"),
    Stand.STATED: pgettext_lazy("clause", "Carried out by the hospital itself"),
    Stand.IN_ORDER: pgettext_lazy("clause", "Carried out, on record"),
}
_CHIPS = {
    Stand.OPEN: "blocked",
    Stand.DUE: "overdue",
    Stand.NO_RECORD: "waiting",
    Stand.STATED: "info",
    Stand.IN_ORDER: "done",
}


@dataclass(frozen=True)
class Evidence:
    """The records of one claim in a hospital."""

    claim: Claim
    count: int
    last: datetime | None


@dataclass(frozen=True)
class Row:
    """One clause in one hospital."""

    clause: Clause
    claims: dict[Kind, list[Claim]]
    evidence: list[Evidence] = field(default_factory=list)
    standings: list[Standing] = field(default_factory=list)
    fulfilment: Fulfilment | None = None
    rules: list[HospitalRule] = field(default_factory=list)
    tests: list[str] = field(default_factory=list)

    @property
    def is_covered(self) -> bool:
        return any(self.claims.values())

    @property
    def count(self) -> int:
        return sum(one.count for one in self.evidence)

    @property
    def last(self) -> datetime | None:
        return max((one.last for one in self.evidence if one.last), default=None)

    def stand(self, on: date) -> Stand:
        if any(one.is_bad for one in self.standings):
            return Stand.OPEN
        if self.is_covered:
            known = self.count or any(rule.is_in_force(on) for rule in self.rules) or self.standings
            # What has no rows of its own (a page, a form) is in order by being there.
            return Stand.IN_ORDER if known or not self.evidence else Stand.NO_RECORD
        if self.fulfilment and self.fulfilment.review_by >= on:
            return Stand.STATED
        return Stand.DUE


def rows(user: Any, institution: Any, clauses: Iterable[Clause]) -> list[Row]:
    """The clauses as they stand in this hospital."""
    clauses = list(clauses)
    claims = {clause.code: coverage.of(clause.code) for clause in clauses}
    counted = _evidence(institution, claims)
    told = coverage.standings(user, institution)
    stated = {
        one.clause_id: one
        for one in Fulfilment.objects.standing().filter(institution=institution).select_related("file", "stated_by")
    }
    rules: dict[int, list[HospitalRule]] = {}
    for rule in (
        HospitalRule.objects.filter(institution=institution)
        .exclude(status=HospitalRule.Status.DISCARDED)
        .prefetch_related("basis")
    ):
        for clause in rule.basis.all():
            rules.setdefault(clause.pk, []).append(rule)
    return [
        Row(
            clause,
            claims[clause.code],
            [counted[id(one)] for ones in claims[clause.code].values() for one in ones if one.rows],
            told.get(clause.code, []),
            stated.get(clause.pk),
            rules.get(clause.pk, []),
            coverage.tests().get(clause.code, []),
        )
        for clause in clauses
    ]


def _evidence(institution: Any, claims: dict[str, dict[Kind, list[Claim]]]) -> dict[int, Evidence]:
    """Number and last time of the rows of each claim, all in one statement."""
    asked = {id(one): one for by_kind in claims.values() for ones in by_kind.values() for one in ones if one.rows}
    parts: list[QuerySet] = []
    for key, one in asked.items():
        found = one.rows(institution.pk).order_by()  # type: ignore[misc]  # only those with rows are asked
        named = Value(str(key), output_field=CharField())
        last = Max(Cast(one.at, DateTimeField())) if one.at else Value(None, output_field=DateTimeField())
        parts.append(found.annotate(claim_key=named).values("claim_key").annotate(n=Count("pk"), last=last))
    known = {row["claim_key"]: row for row in (parts[0].union(*parts[1:], all=True) if parts else [])}
    return {
        key: Evidence(one, known.get(str(key), {}).get("n", 0), known.get(str(key), {}).get("last"))
        for key, one in asked.items()
    }


def rules_due(institution: Any, on: date | None = None) -> list[tuple[str, tuple[str, ...], HospitalRule | None]]:
    """The rules a hospital has to have (A53, B33): each kind, its clauses, and the one in force, if any."""
    on = on or timezone.localdate()
    in_force = {rule.kind: rule for rule in HospitalRule.objects.in_force(on).filter(institution=institution)}
    return [(HospitalRule.Kind(kind), clauses, in_force.get(kind)) for kind, clauses in REQUIRED.items()]


def reviews_due(user: Any, on: date | None = None) -> QuerySet[HospitalRule]:
    """The rules in force whose day of review has come."""
    on = on or timezone.localdate()
    issued = HospitalRule.objects.visible_to(user).filter(status=HospitalRule.Status.ISSUED)
    return issued.filter(review_by__lte=on)


def resting_on(document: PolicyDocument) -> list[str]:
    """The gates that cite a clause of this document: what has to be looked at when it ends."""
    from audit.gates import GATES

    codes = set(document.clauses.values_list("code", flat=True))
    return [f"{gate.code} {gate.title}" for gate in GATES.values() if codes & set(gate.clauses)]
