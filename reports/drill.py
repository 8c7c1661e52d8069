"""The list behind every figure: a figure's address names what was counted, and this finds those cases.

The conditions are those of `reports.counting` and `reports.indicators`; a figure frozen earlier may differ from
today's list, and then the page says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Institution
from documents.templatetags.formats import NONE
from referrals.models import MDTReview, Referral, Result
from reports import counting, indicators, periods, status_table
from reports.figures import block_names
from reports.periods import Period
from supervision.models import Finding

AGREE, DISAGREE = MDTReview.Conclusion.AGREE, MDTReview.Conclusion.DISAGREE


@dataclass(frozen=True)
class Window:
    """From `opens` up to, not including, `closes`: a period, or the year up to its end."""

    opens: datetime
    closes: datetime

    def during(self, stamp: str) -> Q:
        return Q(**{f"{stamp}__gte": self.opens, f"{stamp}__lt": self.closes})


def window(period: Period, when: str) -> Window:
    if when == "previous":
        period = period.before()
    start = periods.containing(period.end, "year") if when == "year" else period
    return Window(start.opens, period.closes)


def _of(related: str, stamp: str, **values: Any) -> Callable[[QuerySet, Window], QuerySet]:
    """Cases with a record of that kind in the window."""

    def found(cases: QuerySet, span: Window) -> QuerySet:
        records: Any = Referral._meta.get_field(related).related_model
        inside = records.objects.filter(span.during(stamp), **values)
        return cases.filter(pk__in=inside.values("referral"))

    return found


def _at(stamp: str, condition: Q = Q()) -> Callable[[QuerySet, Window], QuerySet]:
    return lambda cases, span: cases.filter(span.during(stamp), condition)


# Row of the table and part of it → the cases. Rates are answered by their indicator.
ROWS: dict[tuple[int, str], Callable[[QuerySet, Window], QuerySet]] = {
    (1, "treats_tumours"): _at("requested_at"),
    (1, "outsources"): _at("shipped_at", ~counting.IN_HOUSE),
    (7, "requests"): _at("requested_at"),
    (7, "first_visits"): _at("requested_at", Q(first_visit=True)),
    (8, "discussed"): _of("mdt_reviews", "concluded_at"),
    (8, "agreed"): _of("mdt_reviews", "concluded_at", conclusion=AGREE),
    (8, "disagreed"): _of("mdt_reviews", "concluded_at", conclusion=DISAGREE),
    (9, ""): _of("discussions", "held_at"),
    (10, ""): _at("collected_at", counting.IN_HOUSE),
    (11, ""): _at("shipped_at", ~counting.IN_HOUSE),
    (15, "cases"): _of("charges", "charged_at", reversed_at__isnull=True),
    (19, "findings"): _of("findings", "judged_as_of", status=Finding.Status.OPEN),
    (19, "cases"): _of("findings", "judged_as_of", status=Finding.Status.OPEN),
}
BY_INDICATOR = {
    (12, "research"): ("K13", "denominator"),
    (12, "not_charged"): ("K13", "numerator"),
    (13, "numerator"): ("K06", "numerator"),
    (13, "denominator"): ("K06", "denominator"),
    (14, "numerator"): ("K07", "numerator"),
    (14, "denominator"): ("K07", "denominator"),
    (16, "numerator"): ("K09", "numerator"),
    (16, "denominator"): ("K09", "denominator"),
}
PART_WORDS = {
    "requests": "申请",
    "first_visits": "其中初诊",
    "discussed": "MDT讨论",
    "agreed": "同意检测",
    "disagreed": "不同意检测",
    "cases": "病例",
    "findings": "有自查问题的病例",
    "treats_tumours": "申请",
    "outsources": "外送",
}
# The numbers of a row as its heading names them; frozen figures come back from the database in no order.
IN_ORDER = {
    7: ("requests", "first_visits"),
    8: ("discussed", "agreed", "disagreed"),
    12: ("research", "not_charged"),
}
INDICATOR_PARTS = {"denominator": _("All counted"), "numerator": _("Met"), "missing": _("Not met")}


@dataclass(frozen=True)
class Drilled:
    """The cases, what they are, and the rule they were counted by."""

    title: str
    cases: QuerySet
    rule: str = ""
    clauses: tuple[str, ...] = ()
    indicator: indicators.Indicator | None = None
    part: str = ""


class NoSuchFigure(LookupError):
    """The address names no figure we count."""


def cases(visible: QuerySet, institution: Institution, period: Period, query: Mapping[str, str]) -> Drilled:
    """What the query names, among the cases of `institution` that are `visible`. Raises NoSuchFigure."""
    mine = visible.filter(institution=institution)
    span = window(period, query.get("when", ""))
    part = query.get("part", "")
    if code := query.get("indicator"):
        return _by_indicator(mine, span, code, part or "denominator")
    if row := query.get("row"):
        return _by_row(mine, span, row, part)
    if name := query.get("department"):
        found = mine.filter(span.during("requested_at"), department__name=name)
        if part == "outside_catalog":
            return Drilled(f"{name} · 目录外申请", found.filter(counting.OUTSIDE_CATALOG), "按申请时间", ("B2",))
        return Drilled(f"{name} · 申请", found, "按申请时间")
    if code := query.get("laboratory"):
        found = mine.filter(span.during("shipped_at"), laboratory__code=code)
        if part == "lapsed":
            found = _of("findings", "judged_as_of", gate="X06", status=Finding.Status.OPEN)(
                mine.filter(laboratory__code=code), span
            )
            return Drilled(f"{code} · {block_names()['X06']}", found, "按外送时间", ("A25",))
        return Drilled(f"{code} · 外送", found, "按外送时间")
    if code := query.get("gate"):
        if code not in block_names():
            raise NoSuchFigure(code)
        found = _of("findings", "judged_as_of", gate=code, status=Finding.Status.OPEN)(mine, span)
        return Drilled(block_names()[code], found, "按问题发生步骤的时间", ("B21",))
    if name := query.get("test"):
        found = _of("results", "reported_at", **_outcome(part))(mine, span).filter(test__name=name)
        return Drilled(f"{name} · {'阳性' if part == 'positive' else '报告'}", found, "按报告时间")
    raise NoSuchFigure("")


def _outcome(part: str) -> dict[str, Any]:
    return {"outcome": Result.Outcome.POSITIVE} if part == "positive" else {}


def _by_indicator(mine: QuerySet, span: Window, code: str, part: str) -> Drilled:
    one = indicators.registry().get(code)
    if one is None or not one.is_recorded or part not in indicators.PARTS:
        raise NoSuchFigure(code)
    title = f"{one.name} · {INDICATOR_PARTS[part]}"
    return Drilled(title, one.cases(mine, span, part), one.rule, one.clauses, one, part)


def _by_row(mine: QuerySet, span: Window, row: str, part: str) -> Drilled:
    number = int(row) if row.isdecimal() else 0
    if found := BY_INDICATOR.get((number, part)):
        return _by_indicator(mine, span, *found)
    select = ROWS.get((number, part))
    if select is None:
        raise NoSuchFigure(row)
    form = status_table.forms()[number - 1]
    title = form.name if number in (9, 10, 11) else f"{form.name} · {PART_WORDS[part]}"
    return Drilled(title, select(mine, span), status_table.remark(number), form.clauses)


# --- Addresses ---


def url(institution: str, period: str, **query: Any) -> str:
    """The address of the list behind a figure; `was` is the figure as it stands on the page."""
    named = {"institution": institution, "period": period, **query}
    return f"{reverse('reports:cases')}?{urlencode({key: value for key, value in named.items() if value != ''})}"


def row_cells(number: int, value: status_table.Value, institution: str, period: str, when: str) -> list[Any]:
    """A value of the table as (text, address or "") pieces: each counted number leads to its cases."""
    if value is None or number in status_table.STOCKS or number == 1:
        return [(status_table.text(number, value), "")]

    def link(part: str, count: int) -> str:
        keep = "" if when == "current" else when
        return url(institution, period, row=number, part=part, when=keep, was=count)

    if not isinstance(value, dict):
        return [(f"{value:,}", link("", value))]
    if set(value) == {"numerator", "denominator"}:
        text = status_table.text(number, value)
        return [(text, link("denominator", value["denominator"]) if value["denominator"] else "")]
    if number == 15:
        return [(status_table.text(number, value), link("cases", value["cases"]))]
    if number == 19:
        # How often they looked, and what is mended, is not recorded yet.
        return [(NONE, ""), (f"{value['findings']:,}", link("findings", value["cases"])), (NONE, "")]
    return [(f"{value[part]:,}", link(part, value[part])) for part in IN_ORDER[number]]
