"""What the pages of reports show, put together once for the page and the API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Institution, User
from documents.templatetags.formats import percent
from referrals.models import Referral
from reports import drill, figures, indicators, periods, status_table, wording
from reports.compiling import figures_of
from reports.figures import Figures
from reports.indicators import Indicator, Rate
from reports.models import Report, Status
from reports.periods import Period

CHOICES = 8


@dataclass(frozen=True)
class RateLine:
    """One indicator of one institution and period, each figure with the address of its cases."""

    one: Indicator
    current: Rate
    previous: Rate | None
    year: Rate | None
    url: str
    met_url: str
    missing_url: str
    previous_url: str = ""
    year_url: str = ""

    @property
    def percent(self) -> str:
        return percent(self.current.numerator, self.current.denominator)

    @property
    def kind(self) -> str:
        """As a figure is coloured: nothing to judge, all met, or some missing."""
        if not self.current.denominator:
            return ""
        return "ok" if self.current.is_whole else "bad"


def rate_line(
    code: str, institution: str, period: str, current: Rate, previous: Rate | None = None, year: Rate | None = None
) -> RateLine:
    def url(part: str, was: int, when: str = "") -> str:
        return drill.url(institution, period, indicator=code, part=part, when=when, was=was) if was else ""

    return RateLine(
        indicators.registry()[code],
        current,
        previous,
        year,
        url("denominator", current.denominator),
        url("numerator", current.numerator),
        url("missing", current.missing),
        url("denominator", previous.denominator, "previous") if previous else "",
        url("denominator", year.denominator, "year") if year else "",
    )


def rate_lines(figures: Figures) -> list[RateLine]:
    return [
        rate_line(one.code, figures.institution, figures.period, one.current, one.previous, one.year)
        for one in figures.indicators
    ]


def not_recorded() -> list[Indicator]:
    return [one for one in indicators.registry().values() if not one.is_recorded]


def table_rows(figures: Figures) -> list[dict[str, Any]]:
    """The 28 rows for a page: every counted number leads to its cases."""
    found = []
    for form in status_table.forms():
        values = figures.status_table[str(form.number)]
        cells = {
            when: drill.row_cells(form.number, values[when], figures.institution, figures.period, when)
            for when in ("current", "previous", "year")
        }
        found.append({"form": form, "remark": status_table.remark(form.number), **cells})
    return found


def department_lines(figures: Figures) -> list[dict[str, Any]]:
    def url(name: str, part: str, was: int) -> str:
        return drill.url(figures.institution, figures.period, department=name, part=part, was=was) if was else ""

    return [
        {
            "line": line,
            "url": url(line.name, "", line.requests),
            "outside_url": url(line.name, "outside_catalog", line.outside_catalog),
        }
        for line in figures.departments
    ]


def laboratory_lines(figures: Figures) -> list[dict[str, Any]]:
    def url(code: str, part: str, was: int) -> str:
        return drill.url(figures.institution, figures.period, laboratory=code, part=part, was=was) if was else ""

    return [
        {
            "line": line,
            "url": url(line.code, "", line.shipments),
            "lapsed_url": url(line.code, "lapsed", line.lapsed_shipments),
        }
        for line in figures.laboratories
    ]


def finding_groups(figures: Figures) -> list[dict[str, Any]]:
    return [
        {
            "group": group,
            "url": drill.url(figures.institution, figures.period, gate=group.gate, was=len(group.cases)),
            "previous_url": drill.url(
                figures.institution, figures.period, gate=group.gate, when="previous", was=group.previous
            )
            if group.previous
            else "",
        }
        for group in figures.findings
    ]


def difference_groups(figures: Figures) -> list[tuple[str, str, list[Any]]]:
    return [
        (kind, name, [one for one in figures.differences if one.kind == kind])
        for kind, name in wording.DIFFERENCES.items()
    ]


# --- Which report, which period ---


def hospitals_of(user: User) -> QuerySet[Institution]:
    return Institution.objects.filter(pk__in=user.institution_ids, kind=Institution.Kind.HOSPITAL).order_by("-code")


def last_periods(kind: str | None = None) -> list[Period]:
    """The closed periods to choose from, newest first."""
    last = periods.last_closed(kind)
    return [last.before(steps) for steps in range(CHOICES)]


def period_or_last(text: str) -> Period:
    """The period an address names; what is none, or has not begun, is the last closed one."""
    try:
        period = periods.parse(text) if text else periods.last_closed()
    except periods.NotAPeriod:
        return periods.last_closed()
    return min(period, periods.containing(timezone.localdate(), period.kind))


def newest_of_each(reports: QuerySet[Report]) -> dict[tuple[int, str], Report]:
    """The latest revision by institution and period."""
    found: dict[tuple[int, str], Report] = {}
    for report in reports.order_by("revision").select_related("institution"):
        found[(report.institution_id, report.period)] = report
    return found


def visible_rates(
    user: User, institution: Institution, last: Period, *, how_many: int = figures.TREND
) -> tuple[list[Period], dict[str, list[Rate]]]:
    """Each indicator over the last periods, over the cases this person may see."""
    spans = [last.before(steps) for steps in range(how_many - 1, -1, -1)]
    counts = indicators.monthly(Referral.objects.visible_to(user), [institution.pk], spans[0], last)
    totals = [indicators.total(counts, institution.pk, span.months()) for span in spans]
    return spans, {one.code: [total[one.code] for total in totals] for one in indicators.recorded()}


# --- The bureau's one screen ---


@dataclass(frozen=True)
class CountyLine:
    """One hospital: how far its report is, and its figures as delivered, else as the records stand."""

    institution: Institution
    report: Report | None
    state: str
    figures: Figures
    frozen: bool
    rates: list[RateLine]
    documents: list[Report]

    @property
    def colour(self) -> str:
        """Red, amber, green of the report due: none or returned, on its way, received."""
        if self.report is None or self.state in (Status.FAILED, Status.RETURNED):
            return "blocked"
        return "done" if self.state == Status.RECEIVED else "waiting"

    @property
    def finding_groups(self) -> list[dict[str, Any]]:
        return finding_groups(self.figures)

    @property
    def difference_groups(self) -> list[tuple[str, str, list[Any]]]:
        return difference_groups(self.figures)


VOLUMES = (7, 8, 9, 10, 11, 12, 15, 3, 4, 5)


def side_by_side(lines: list[CountyLine]) -> dict[str, list[dict[str, Any]]]:
    """The hospitals' indicators and volumes as rows, one hospital a column."""
    if not lines:
        return {"by_indicator": [], "volumes": []}
    by_indicator = [
        {"one": rate.one, "cells": [line.rates[place] for line in lines]} for place, rate in enumerate(lines[0].rates)
    ]
    volumes = [
        {
            "name": status_table.forms()[number - 1].name,
            "cells": [
                drill.row_cells(
                    number, line.figures.of_row(number), line.figures.institution, line.figures.period, "current"
                )
                for line in lines
            ],
        }
        for number in VOLUMES
    ]
    return {"by_indicator": by_indicator, "volumes": volumes}


def county(user: User, period: Period) -> list[CountyLine]:
    states = Report.objects.states_for(user).filter(period=period.code)
    newest = newest_of_each(states)
    delivered = list(
        Report.objects.visible_to(user)
        .filter(period=period.code)
        .select_related("institution", "pdf", "received_by", "returned_by")
        .order_by("-revision")
    )
    lines = []
    for hospital in hospitals_of(user):
        mine = [one for one in delivered if one.institution_id == hospital.pk]
        held = next((one for one in mine if one.status != Status.RETURNED), None)
        counted = Figures.from_json(held.figures) if held else figures_of(hospital, period)
        report = newest.get((hospital.pk, period.code))
        lines.append(
            CountyLine(
                hospital, report, report.status if report else "", counted, held is not None, rate_lines(counted), mine
            )
        )
    return lines


def changes_between(before: Figures, after: Figures) -> list[tuple[str, str, str]]:
    """What a revision changed: (name, before, after) of the table's current column and the indicators."""
    found = []
    for form in status_table.forms():
        old, new = before.of_row(form.number), after.of_row(form.number)
        if old != new:
            found.append((form.name, status_table.text(form.number, old), status_table.text(form.number, new)))
    old_rates = {one.code: one.current for one in before.indicators}
    for one in after.indicators:
        old = old_rates.get(one.code, Rate())
        if old != one.current:
            found.append((indicators.registry()[one.code].name, str(old), str(one.current)))
    return found
