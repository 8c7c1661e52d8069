"""What stands behind each clause: gates cite it, records prove it, indicators measure it, forms and pages serve it.

Gates are read from their own registry, with the steps of the chart they guard; tests from the list that
`manage.py list_clause_tests` draws from the tests themselves. Whatever else carries out a clause claims it here when
its app starts: `coverage.claim("B12", "record", _("Filing"), "referrals:list", rows=..., at="filed_at")`. A record
that names its rows is counted for the hospital that is looked at.

How a clause stands in a hospital beyond its records (open findings, an indicator's figure) is told by the floors above,
which register a function with `standing`. A clause that nobody claims is shown as such; nothing is hidden.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from django.db.models import QuerySet
from django.urls import NoReverseMatch, reverse

from audit.gates import GATES
from audit.steps import STEPS

Kind = Literal["gate", "record", "indicator", "form", "page"]
KINDS: tuple[Kind, ...] = ("gate", "record", "indicator", "form", "page")
# Of a hospital (its id): the rows that prove the clause.
Rows = Callable[[int], QuerySet]
DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Claim:
    """One thing that carries out a clause. `url` is an address, a URL name without arguments, or empty; `rows` are
    its records in a hospital, and `at` the field that says when each was made, if any does."""

    kind: Kind
    label: Any
    url: str = ""
    rows: Rows | None = None
    at: str = ""
    steps: tuple[Any, ...] = ()

    @property
    def href(self) -> str:
        if not self.url or self.url.startswith("/"):
            return self.url
        try:
            return reverse(self.url)
        except NoReverseMatch:
            return ""


@dataclass(frozen=True)
class Standing:
    """How a clause stands in a hospital, in one line: what is counted, the figure, the list behind it."""

    label: Any
    value: str
    href: str = ""
    is_bad: bool = False


# Of a user and a hospital: what there is to say, by clause.
Stands = Callable[[Any, Any], dict[str, list[Standing]]]

_claims: dict[str, list[Claim]] = defaultdict(list)
_standings: dict[str, Stands] = {}


def claim(
    clauses: str | Iterable[str], kind: Kind, label: Any, url: str = "", *, rows: Rows | None = None, at: str = ""
) -> None:
    """Say that `label` carries out these clauses. Saying it twice does no harm."""
    if kind not in KINDS:
        raise ValueError(f"A clause is covered by one of {KINDS}, not by {kind!r}")
    if at and rows is None:
        raise ValueError(f"{label}: a field of time without rows")
    for clause in [clauses] if isinstance(clauses, str) else clauses:
        known = _claims[clause]
        if not any((one.kind, str(one.label), one.url) == (kind, str(label), url) for one in known):
            known.append(Claim(kind, label, url, rows, at))


def standing(name: str) -> Callable[[Stands], Stands]:
    """Register a function that tells how clauses stand in a hospital."""

    def register(function: Stands) -> Stands:
        _standings[name] = function
        return function

    return register


def standings(user: Any, institution: Any) -> dict[str, list[Standing]]:
    """What every floor has to say of each clause in this hospital."""
    found: dict[str, list[Standing]] = defaultdict(list)
    for function in _standings.values():
        for clause, lines in function(user, institution).items():
            found[clause] += lines
    return found


def of(clause: str) -> dict[Kind, list[Claim]]:
    """Everything that carries out this clause, by kind; every kind is there, perhaps empty."""
    found: dict[Kind, list[Claim]] = {kind: [] for kind in KINDS}
    for gate in GATES.values():
        if clause in gate.clauses:
            steps = tuple(step.label for step in STEPS.values() if gate.code in step.gates)
            found["gate"].append(Claim("gate", f"{gate.code} {gate.title}", steps=steps))
    for one in _claims.get(clause, []):
        found[one.kind].append(one)
    return found


def is_covered(clause: str) -> bool:
    return any(of(clause).values())


def claimed() -> set[str]:
    """Every clause code that a gate or a claim names, whether it exists or not."""
    return {code for gate in GATES.values() for code in gate.clauses} | {c for c, ones in _claims.items() if ones}


@cache
def by_hand() -> dict[str, str]:
    """The clauses that the system does not carry out itself, each with the reason: there a hospital (or the county)
    says what it does, and the page asks for it."""
    return json.loads((DATA / "by_hand.json").read_text("utf-8"))


@cache
def tests() -> dict[str, list[str]]:
    """The tests that name each clause, `file::function`, as `manage.py list_clause_tests` last found them."""
    return json.loads((DATA / "clause_tests.json").read_text("utf-8"))
