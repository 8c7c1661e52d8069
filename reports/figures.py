"""Everything a report prints, counted once and frozen: dataclasses, their JSON, and its hash.

A figure never changes after the report is built; when the records change, a new revision counts anew.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields
from functools import cache
from typing import Any, Self

from reports import periods
from reports.indicators import DATA, Rate
from reports.periods import Period

FORM = 1  # of the frozen JSON; raise it when its shape changes
TREND = 8


@dataclass(frozen=True)
class Volume:
    """Tests of one period, in-house and sent out."""

    period: str
    label: str
    in_house: int
    outsourced: int


@dataclass(frozen=True)
class DepartmentLine:
    name: str
    requests: int
    outside_catalog: int


@dataclass(frozen=True)
class LaboratoryLine:
    """One laboratory in the period: how many specimens, and how long its papers run, as of the period's end."""

    code: str
    name: str
    shipments: int
    contracts: list[str]
    contract_ends: str | None
    credential_ends: str | None
    lapsed_shipments: int


@dataclass(frozen=True)
class ResultLine:
    test: str
    reported: int
    positive: int


@dataclass(frozen=True)
class IndicatorLine:
    """One indicator: now, before, the year, and over the last periods; and the cases missing from it."""

    code: str
    current: Rate
    previous: Rate
    year: Rate
    trend: list[Rate]
    missing: list[str]


@dataclass(frozen=True)
class FindingCase:
    number: str
    department: str
    on: str
    message: str


@dataclass(frozen=True)
class FindingGroup:
    gate: str
    name: str
    clauses: list[str]
    cases: list[FindingCase]
    previous: int


@dataclass(frozen=True)
class DifferenceLine:
    kind: str
    sample_no: str
    laboratory: str
    on: str | None
    expected: str | None
    billed: str | None
    line: str


@dataclass(frozen=True)
class Check:
    """A sum that has to come out (填表逻辑校验)."""

    name: str
    left: int
    right: int

    @property
    def holds(self) -> bool:
        return self.left == self.right


@dataclass(frozen=True)
class Figures:
    institution: str
    institution_name: str
    period: str
    previous: str
    status_table: dict[str, dict[str, Any]]
    indicators: list[IndicatorLine]
    trend: list[Volume]
    months: list[Volume]
    departments: list[DepartmentLine]
    laboratories: list[LaboratoryLine]
    results: list[ResultLine]
    findings: list[FindingGroup]
    differences: list[DifferenceLine]
    year_before: dict[str, int]
    checks: list[Check] = field(default_factory=list)
    not_outsourcing: bool = False

    def to_json(self) -> dict[str, Any]:
        return {"form": FORM, **asdict(self)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        values = {one.name: data[one.name] for one in fields(cls)}
        for name, kind in LISTS.items():
            values[name] = [kind(**row) for row in values[name]]
        values["indicators"] = [_indicator_line(row) for row in values["indicators"]]
        values["findings"] = [
            FindingGroup(**{**row, "cases": [FindingCase(**one) for one in row["cases"]]}) for row in values["findings"]
        ]
        return cls(**values)

    @property
    def span(self) -> Period:
        return periods.parse(self.period)

    @property
    def previous_label(self) -> str:
        return periods.parse(self.previous).label

    def rate(self, code: str) -> Rate:
        return next(one.current for one in self.indicators if one.code == code)

    def of_row(self, number: int, when: str = "current") -> Any:
        return self.status_table[str(number)][when]


LISTS: dict[str, type] = {
    "trend": Volume,
    "months": Volume,
    "departments": DepartmentLine,
    "laboratories": LaboratoryLine,
    "results": ResultLine,
    "differences": DifferenceLine,
    "checks": Check,
}


def _indicator_line(row: dict[str, Any]) -> IndicatorLine:
    rates = {name: Rate(**row[name]) for name in ("current", "previous", "year")}
    return IndicatorLine(row["code"], trend=[Rate(**one) for one in row["trend"]], missing=row["missing"], **rates)


def canonical(data: Any) -> bytes:
    """JSON with sorted keys and no spaces: the same figures are always the same bytes."""
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def sha256(data: Any) -> str:
    return hashlib.sha256(canonical(data)).hexdigest()


@cache
def block_names() -> dict[str, str]:
    """What breaking X01–X16 is called in a report."""
    return json.loads((DATA / "blocks.json").read_text("utf-8"))
