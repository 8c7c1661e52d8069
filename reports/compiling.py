"""Counting everything a report prints, for one institution and period, from the records as they are now."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, F, Q

from accounts.models import Institution
from referrals.models import Referral, Result, StatementDifference
from reports import counting, indicators, periods, status_table
from reports.figures import (
    TREND,
    Check,
    DepartmentLine,
    DifferenceLine,
    Figures,
    FindingCase,
    FindingGroup,
    IndicatorLine,
    LaboratoryLine,
    ResultLine,
    Volume,
    block_names,
)
from reports.indicators import Rate
from reports.periods import Period
from supervision.models import Finding
from vendors.models import Contract, Credential, Laboratory, PeriodQuerySet


def figures_of(institution: Institution, period: Period) -> Figures:
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
