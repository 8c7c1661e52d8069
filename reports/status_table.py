"""The 28 rows of the work status table (B45): this period, the one before, the year so far.

A value is a number, a set of named numbers, a rate {"numerator", "denominator"}, or null where the records are not
kept here yet. 0/0 prints a dash.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Any

from catalog.models import Edition
from documents.templatetags.formats import NONE, money, rate
from reports import counting, indicators
from reports.indicators import DATA
from reports.periods import Period
from vendors.models import Contract, ContractItem, NotOutsourcingStatement

Value = int | dict[str, Any] | None
NOT_KEPT = "尚未启用记录"


@dataclass(frozen=True)
class RowForm:
    """One row of the form as printed."""

    number: int
    name: str
    unit: str
    clauses: tuple[str, ...]


@dataclass(frozen=True)
class Sources:
    """All that the rows are made from."""

    institution: int
    counts: counting.Counts
    rates: indicators.Monthly

    def rate(self, code: str, months: Iterable[date]) -> dict[str, int]:
        found = indicators.total(self.rates, self.institution, months)[code]
        return {"numerator": found.numerator, "denominator": found.denominator}


@cache
def forms() -> list[RowForm]:
    rows = json.loads((DATA / "status_table.json").read_text("utf-8"))
    return [RowForm(row["number"], row["name"], row["unit"], tuple(row["clauses"])) for row in rows]


# --- Rows counted over months ---


def _trade(sources: Sources, months: list[date]) -> Value:
    counts = sources.counts
    return {
        "treats_tumours": counts.over("requests", months) > 0,
        "outsources": counts.over("outsourced", months) > 0,
    }


def _named(**names: str) -> Callable[[Sources, list[date]], Value]:
    return lambda sources, months: {key: sources.counts.over(name, months) for key, name in names.items()}


def _number(name: str) -> Callable[[Sources, list[date]], Value]:
    return lambda sources, months: sources.counts.over(name, months)


def _rate(code: str) -> Callable[[Sources, list[date]], Value]:
    return lambda sources, months: sources.rate(code, months)


def _research(sources: Sources, months: list[date]) -> Value:
    found = sources.rate("K13", months)
    return {"research": found["denominator"], "not_charged": found["numerator"]}


def _fees(sources: Sources, months: list[date]) -> Value:
    amount, cases = sources.counts.money("charged_amount", months), sources.counts.over("charged_cases", months)
    per_case = (amount / cases).quantize(Decimal("0.01"), ROUND_HALF_UP) if cases else None
    return {
        "amount": f"{amount:.2f}",
        "cases": cases,
        "per_case": None if per_case is None else f"{per_case:.2f}",
    }


FLOWS: dict[int, Callable[[Sources, list[date]], Value]] = {
    1: _trade,
    7: _named(requests="requests", first_visits="first_visits"),
    8: _named(discussed="mdt", agreed="mdt_agreed", disagreed="mdt_disagreed"),
    9: _number("discussed"),
    10: _number("in_house"),
    11: _number("outsourced"),
    12: _research,
    13: _rate("K06"),
    14: _rate("K07"),
    15: _fees,
    16: _rate("K09"),
    19: _named(findings="findings", cases="finding_cases"),
}


# --- Rows as of a day: the period's last ---


def edition_on(institution: int, on: date) -> Edition | None:
    """The hospital's own catalog that day, else the county's, else the one that serves as history's basis."""
    found = list(Edition.objects.in_force(on).filter(institution=institution)) or list(
        Edition.objects.in_force(on).filter(institution__isnull=True)
    )
    if not found:
        found = list(Edition.objects.filter(basis_for_history=True, institution__isnull=True))
    return found[0] if found else None


def _catalog(institution: int, on: date) -> Value:
    edition = edition_on(institution, on)
    if edition is None:
        return None
    lines = edition.indications.order_by()
    return {
        "edition": edition.number,
        "title": edition.title,
        "tumours": lines.values("tumour").distinct().count(),
        "indications": lines.count(),
        "tests": lines.values("test").distinct().count(),
    }


def _outsourced_items(institution: int, on: date) -> Value:
    listed = ContractItem.objects.filter(institution=institution).in_force(on)  # type: ignore[attr-defined]
    return listed.order_by().values("test").distinct().count()


def _contracts(institution: int, on: date) -> Value:
    contracts = list(Contract.objects.filter(institution=institution).in_force(on))  # type: ignore[attr-defined]
    return {
        "laboratories": len({one.laboratory_id for one in contracts}),
        "contracts": len(contracts),
        "methods": sorted({one.procurement_method for one in contracts if one.procurement_method}),
    }


STOCKS: dict[int, Callable[[int, date], Value]] = {3: _catalog, 4: _outsourced_items, 5: _contracts}


def rows(sources: Sources, period: Period) -> dict[str, dict[str, Value]]:
    """The table's values by row number, as text. What is a state of one day has no total of the year."""
    before = period.before()
    table: dict[str, dict[str, Value]] = {}
    for form in forms():
        values: dict[str, Value] = {"current": None, "previous": None, "year": None}
        if flow := FLOWS.get(form.number):
            values = {
                "current": flow(sources, period.months()),
                "previous": flow(sources, before.months()),
                "year": flow(sources, period.to_date()),
            }
        elif stock := STOCKS.get(form.number):
            values["current"] = stock(sources.institution, period.end)
            values["previous"] = stock(sources.institution, before.end)
        table[str(form.number)] = values
    return table


def states_not_outsourcing(institution: int, on: date) -> bool:
    told = NotOutsourcingStatement.objects.filter(institution=institution, valid_from__lte=on)
    return any(one.valid_to is None or one.valid_to >= on for one in told)


# --- As printed ---


def is_kept(number: int) -> bool:
    return number in FLOWS or number in STOCKS


def text(number: int, value: Value) -> str:
    """A value as it stands in the table."""
    if value is None:
        return NONE
    if not isinstance(value, dict):
        return f"{value:,}"
    return PRINTED[number](value) if number in PRINTED else rate(value["numerator"], value["denominator"])


def _yes(answer: bool) -> str:
    return "是" if answer else "否"


PRINTED: dict[int, Callable[[dict[str, Any]], str]] = {
    1: lambda v: f"{_yes(v['treats_tumours'])} / {_yes(v['outsources'])}",
    3: lambda v: f"{v['edition']}；{v['tumours']}种 / {v['tests']}项",
    5: lambda v: f"{v['laboratories']}家 / {v['contracts']}份 / {'、'.join(v['methods']) or NONE}",
    7: lambda v: f"{v['requests']:,}（初诊{v['first_visits']:,}）",
    8: lambda v: f"{v['discussed']:,} / {v['agreed']:,} / {v['disagreed']:,}",
    12: lambda v: f"{v['research']:,} / {v['not_charged']:,}",
    15: lambda v: f"{money(v['amount'])} / {money(v['per_case'])}",
    19: lambda v: f"{NONE} / {v['findings']:,} / {NONE}",
}

REMARKS = {
    1: "按本期有无检测申请、有无外送登记",
    3: "期末在用版本",
    4: "期末有效合同所列项目",
    5: "期末有效",
    7: "按申请时间",
    8: "按结论时间",
    9: "按讨论时间",
    10: "按采样时间",
    11: "按外送时间",
    12: "按采样时间",
    13: "按采样时间；指标K06",
    14: "按外送时间；指标K07",
    15: "按收费时间；次均为每例",
    16: "按归档时间；指标K09",
    19: "按步骤时间；次数、整改尚未启用",
}


def remark(number: int) -> str:
    return REMARKS.get(number, NOT_KEPT)
