"""Everything a report prints, counted once and frozen: dataclasses, their JSON, and its hash.

A figure never changes after the report is built; when the records change, a new revision counts anew.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields
from functools import cache
from typing import Any, Self

from django.db.models import Count, F, Q

from accounts.models import Institution
from referrals.models import Referral, Result, StatementDifference
from reports import counting, indicators, periods, status_table
from reports.indicators import DATA, Rate
from reports.periods import Period
from supervision.models import Finding
from vendors.models import Contract, Credential, Laboratory, PeriodQuerySet

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


# --- Counting ---


def of(institution: Institution, period: Period) -> Figures:
    """Count everything for one institution and period, from the records as they are now."""
    trend = [period.before(steps) for steps in range(TREND - 1, -1, -1)]
    first = min(*trend, period.before(), period.year_before(), periods.containing(period.start, "year"))
    sources = status_table.Sources(
        institution.pk,
        counting.by_month(institution.pk, first, period),
        indicators.monthly(Referral.objects.all(), [institution.pk], first, period),
    )
    table = status_table.rows(sources, period)
    return Figures(
        institution=institution.code,
        institution_name=institution.name,
        period=period.code,
        previous=period.before().code,
        status_table=table,
        indicators=_indicators(sources, period, trend),
        trend=[_volume(sources.counts, one) for one in trend],
        months=[_volume(sources.counts, Period(month, "month")) for month in period.months()],
        departments=_departments(institution, period),
        laboratories=_laboratories(institution, period),
        results=_results(institution, period),
        findings=_findings(institution, period),
        differences=_differences(institution, period),
        year_before=_year_before(sources.counts, period),
        checks=_checks(institution, sources.counts, period, table),
        not_outsourcing=status_table.states_not_outsourcing(institution.pk, period.end),
    )


def _volume(counts: counting.Counts, period: Period) -> Volume:
    months = period.months()
    label = f"{period.start.month}月" if period.kind == "month" else period.short_label
    return Volume(period.code, label, counts.over("in_house", months), counts.over("outsourced", months))


def _year_before(counts: counting.Counts, period: Period) -> dict[str, int]:
    months = period.year_before().months()
    return {name: counts.over(name, months) for name in ("requests", "in_house", "outsourced", "findings")}


def _indicators(sources: status_table.Sources, period: Period, trend: list[Period]) -> list[IndicatorLine]:
    def over(months: list) -> dict[str, Rate]:
        return indicators.total(sources.rates, sources.institution, months)

    now, before, year = over(period.months()), over(period.before().months()), over(period.to_date())
    history = [over(one.months()) for one in trend]
    mine = Referral.objects.filter(institution=sources.institution)
    return [
        IndicatorLine(
            code=one.code,
            current=now[one.code],
            previous=before[one.code],
            year=year[one.code],
            trend=[rates[one.code] for rates in history],
            missing=[]
            if now[one.code].is_whole
            else list(one.cases(mine, period, "missing").order_by("number").values_list("number", flat=True)),
        )
        for one in indicators.recorded()
    ]


def _during(stamp: str, period: Period) -> dict[str, Any]:
    return {f"{stamp}__gte": period.opens, f"{stamp}__lt": period.closes}


def _departments(institution: Institution, period: Period) -> list[DepartmentLine]:
    rows = (
        Referral.objects.filter(institution=institution, **_during("requested_at", period))
        .order_by()
        .values(name=F("department__name"))
        .annotate(requests=Count("pk"), outside=Count("pk", filter=counting.OUTSIDE_CATALOG))
    )
    lines = [DepartmentLine(row["name"] or "（科室未记录）", row["requests"], row["outside"]) for row in rows]
    return sorted(lines, key=lambda line: (-line.requests, line.name))


def _laboratories(institution: Institution, period: Period) -> list[LaboratoryLine]:
    on = period.end
    shipped = Referral.objects.filter(
        institution=institution, laboratory__isnull=False, **_during("shipped_at", period)
    )
    sent = dict(shipped.order_by().values_list("laboratory").annotate(n=Count("pk")))
    lapsed = Finding.objects.filter(
        institution=institution, gate="X06", status=Finding.Status.OPEN, **_during("judged_as_of", period)
    )
    broken = dict(lapsed.order_by().values_list("referral__laboratory").annotate(n=Count("pk")))
    contracts: dict[int, list[Contract]] = {}
    for contract in Contract.objects.filter(institution=institution).in_force(on):  # type: ignore[attr-defined]
        contracts.setdefault(contract.laboratory_id, []).append(contract)
    lines = []
    for laboratory in Laboratory.objects.filter(Q(pk__in=sent) | Q(pk__in=contracts)):
        mine = contracts.get(laboratory.pk, [])
        papers: PeriodQuerySet = Credential.objects.filter(laboratory=laboratory, kind__in=Credential.REQUIRED)
        ends = [one.valid_to for one in papers.in_force(on) if one.valid_to]
        lines.append(
            LaboratoryLine(
                code=laboratory.code,
                name=laboratory.name,
                shipments=sent.get(laboratory.pk, 0),
                contracts=sorted(one.number for one in mine),
                contract_ends=_iso(max((one.valid_to for one in mine if one.valid_to), default=None)),
                credential_ends=_iso(min(ends, default=None)),
                lapsed_shipments=broken.get(laboratory.pk, 0),
            )
        )
    return lines


def _iso(day: Any) -> str | None:
    return day.isoformat() if day else None


def _results(institution: Institution, period: Period) -> list[ResultLine]:
    """The ten tests most often reported, with how many were positive."""
    rows = (
        Result.objects.filter(referral__institution=institution, **_during("reported_at", period))
        .order_by()
        .values(test=F("referral__test__name"))
        .annotate(
            reported=Count("referral", distinct=True),
            positive=Count("referral", distinct=True, filter=Q(outcome=Result.Outcome.POSITIVE)),
        )
        .order_by("-reported", "test")[:10]
    )
    return [ResultLine(**row) for row in rows]


def _findings(institution: Institution, period: Period) -> list[FindingGroup]:
    mine = Finding.objects.filter(institution=institution, status=Finding.Status.OPEN)
    before = dict(
        mine.filter(**_during("judged_as_of", period.before())).order_by().values_list("gate").annotate(n=Count("pk"))
    )
    groups: dict[str, FindingGroup] = {}
    found = mine.filter(**_during("judged_as_of", period)).select_related("referral", "department")
    for one in found.order_by("gate", "judged_as_of", "referral__number"):
        group = groups.setdefault(
            one.gate,
            FindingGroup(
                one.gate, block_names().get(one.gate, one.gate), list(one.clauses), [], before.get(one.gate, 0)
            ),
        )
        group.cases.append(
            FindingCase(
                number=one.referral.number,
                department=one.department.name if one.department else "",
                on=counting.local_day(one.judged_as_of).isoformat(),
                message=one.message,
            )
        )
    return list(groups.values())


def _differences(institution: Institution, period: Period) -> list[DifferenceLine]:
    found = StatementDifference.objects.filter(
        institution=institution, occurred_on__gte=period.start, occurred_on__lte=period.end
    ).select_related("laboratory", "line__statement")
    order = {kind: place for place, kind in enumerate(StatementDifference.Kind.values)}
    lines = [
        DifferenceLine(
            kind=one.kind,
            sample_no=one.sample_no,
            laboratory=one.laboratory.name,
            on=_iso(one.occurred_on),
            expected=None if one.expected_amount is None else f"{one.expected_amount:.2f}",
            billed=None if one.billed_amount is None else f"{one.billed_amount:.2f}",
            line=f"{one.line.statement.month}账单第{one.line.line_no}行" if one.line else "",
        )
        for one in found
    ]
    return sorted(lines, key=lambda line: (order[line.kind], line.on or "", line.sample_no, line.line))


def _checks(
    institution: Institution, counts: counting.Counts, period: Period, table: dict[str, dict[str, Any]]
) -> list[Check]:
    months = period.months()
    opening = counting.waiting(institution.pk, period.opens)
    closing = counting.waiting(institution.pk, period.closes)
    requests, stopped = counts.over("requests", months), counts.over("stopped", months)
    in_house, outsourced = table["10"]["current"], table["11"]["current"]
    # Counted anew in one go, not from the months.
    year = Referral.objects.filter(
        institution=institution,
        requested_at__gte=periods.containing(period.end, "year").opens,
        requested_at__lt=period.closes,
    ).count()
    mdt = table["8"]["current"]
    return [
        Check(
            f"期初待检{opening}＋本期申请{requests}＝院内{in_house}＋外送{outsourced}＋未检终止{stopped}＋期末待检{closing}",
            opening + requests,
            in_house + outsourced + stopped + closing,
        ),
        Check(
            f"MDT讨论{mdt['discussed']}≥同意{mdt['agreed']}＋不同意{mdt['disagreed']}",
            max(mdt["discussed"], mdt["agreed"] + mdt["disagreed"]),
            mdt["discussed"],
        ),
        Check("本年累计申请＝各月之和", table["7"]["year"]["requests"], year),
    ]
