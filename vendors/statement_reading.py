"""A laboratory's bill as a table: which of its columns is which, and its lines one by one.

Laboratories write what they like: a title above the headings, a total below the lines, columns of their own. What is
not needed is not read: a name, a telephone or an identity number in a bill stays in the file (practice.md 4).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from documents.files import BadUpload
from documents.spreadsheets import Fault, Row, Sheet, as_text, open_table
from documents.spreadsheets.streaming import ROWS_MAX

HEAD_ROWS = 30
PREVIEW_ROWS = 6
TOTALS = ("合计", "总计", "共计", "总金额", "本页小计", "小计")
PARTIAL = ("小计", "本页小计")
# What a laboratory has no business holding (practice.md 4), and what a preview does not show.
NOT_THEIRS = re.compile(r"身份证|证件号|电话|手机|联系方式|住址|地址|医师|医生|银行")
HIDDEN = re.compile(r"姓名|患者|受检|病人|身份证|证件|电话|手机|联系|住址|地址|医师|医生|银行")
# A number in a cell keeps fifteen places; a longer one has been written over with noughts.
PLACES_KEPT = 15


@dataclass(frozen=True)
class Field:
    name: str
    label: Any
    required: bool
    headings: tuple[str, ...]


FIELDS = (
    Field(
        "sample_no", gettext_lazy("Sample number"), True,
        ("样本号", "样本编号", "样本条码", "标本号", "标本编号", "标本条码", "条码号", "条形码", "条码", "对方样本号", "送检样本号",
         "送检单号", "申请单号", "申请号", "检测申请号", "医院条码", "院方编号"),
    ),
    Field(
        "test_code", gettext_lazy("Test code"), False,
        ("检测项目代码", "检测项目编码", "项目代码", "项目编码", "项目编号", "产品编码", "产品代码"),
    ),
    Field(
        "test_name", gettext_lazy("Test name"), False,
        ("检测项目", "检测项目名称", "项目名称", "检验项目", "产品名称", "套餐名称", "项目"),
    ),
    Field(
        "received_on", gettext_lazy("Received on"), False,
        ("接收日期", "接收时间", "收样日期", "收样时间", "到样日期", "到样时间", "签收日期", "签收时间", "样本接收日期"),
    ),
    Field(
        "reported_on", gettext_lazy("Reported on"), False,
        ("报告日期", "报告时间", "出报告日期", "发报告日期", "报告发放日期", "审核日期"),
    ),
    Field(
        "amount", gettext_lazy("Amount (yuan)"), True,
        ("结算金额", "结算价", "结算价格", "应付金额", "应结金额", "实收金额", "金额", "费用", "价格"),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Preview:
    """The first sheet that looks like a bill: its headings, our guess for each field, and a few rows to look at."""

    sheet: str = ""
    heading_row: int = 0
    headings: tuple[str, ...] = ()
    guesses: Mapping[str, str] = field(default_factory=dict)
    rows: tuple[tuple[str, ...], ...] = ()
    not_theirs: tuple[str, ...] = ()


@dataclass(slots=True)
class BillLine:
    row: int
    sample_no: str
    test_code: str
    test_name: str
    received_on: date | None
    reported_on: date | None
    amount: Decimal


def plain(heading: str) -> str:
    """结算金额（元） as 结算金额: without brackets, blanks, marks, width."""
    text = re.sub(r"\s+", "", unicodedata.normalize("NFKC", heading))
    return re.sub(r"\(.*?\)|[*:：]", "", text)


def guess(headings: list[str]) -> dict[str, str]:
    """Our fields among these headings: as they are called first, then as something that contains the name."""
    found: dict[str, str] = {}
    left = [heading for heading in headings if heading]
    for exact in (True, False):
        for one in FIELDS:
            if one.name in found:
                continue
            for name in one.headings:
                hit = next(
                    (h for h in left if (plain(h) == name if exact else len(name) > 2 and name in plain(h))), None
                )
                if hit:
                    found[one.name] = hit
                    left.remove(hit)
                    break
    return found


def preview(content: bytes) -> Preview:
    """Look at the head of each sheet; the row with the most headings that we know is taken for the headings."""
    best, most = Preview(), 0.0
    with open_table(content) as sheets:
        for sheet in sheets:
            rows = [
                tuple(as_text(cell) for cell in cells)
                for cells in sheet.iter_rows(min_row=1, max_row=HEAD_ROWS + PREVIEW_ROWS, values_only=True)
            ]
            for place, cells in enumerate(rows[:HEAD_ROWS], 1):
                guesses = guess(list(cells))
                known = len(guesses) or (sum(map(bool, cells)) > 2) / 10
                if known > most:
                    headings = _headings(cells)
                    hidden = [bool(HIDDEN.search(one)) for one in headings]
                    shown = tuple(
                        tuple("＊" if hidden[n] and cell else cell for n, cell in enumerate(row[: len(headings)]))
                        for row in rows[place : place + PREVIEW_ROWS]
                    )
                    refused = tuple(one for one in headings if NOT_THEIRS.search(one))
                    best = Preview(sheet.title, place, headings, guesses, shown, refused)
                    most = known
    return best


def _headings(cells: tuple[str, ...]) -> tuple[str, ...]:
    last = max((n for n, cell in enumerate(cells) if cell), default=-1)
    return cells[: last + 1]


def fits(content: bytes, columns: Mapping[str, str]) -> bool:
    """Whether a sheet has a row with every heading that was named."""
    with open_table(content) as sheets:
        return any(_places(sheet, columns) for sheet in sheets)


def _places(sheet: Any, columns: Mapping[str, str]) -> tuple[int, dict[str, int]] | None:
    """(row of the headings, heading -> place) in this sheet, where all named headings stand in one row."""
    wanted = {plain(heading): heading for heading in columns.values()}
    for number, cells in enumerate(sheet.iter_rows(min_row=1, max_row=HEAD_ROWS, values_only=True), 1):
        there: dict[str, int] = {}
        for place, cell in enumerate(cells):
            there.setdefault(plain(as_text(cell)), place)
        if all(one in there for one in wanted):
            return number, {heading: there[one] for one, heading in wanted.items()}
    return None


class Bill:
    """Reads the lines of a checked file by its named columns; faults are collected, and the sum held against a total
    that the laboratory wrote below."""

    def __init__(self, content: bytes, columns: Mapping[str, str]):
        self.content, self.columns = content, dict(columns)
        self.faults: list[Fault] = []
        self.count = 0
        self.total = Decimal(0)

    def lines(self) -> Iterator[BillLine]:
        with open_table(self.content) as sheets:
            found = next(((sheet, at) for sheet in sheets if (at := _places(sheet, self.columns))), None)
            if found is None:
                named = "、".join(self.columns.values())
                self.faults.append(Fault(sheets[0].title, 0, "", "", _("no row with the headings %s") % named))
                return
            source, (heading_row, places) = found
            sheet = Sheet(source.title, places, self.faults, source, heading_row)
            stated: tuple[int, Decimal] | None = None
            for row in sheet.rows():
                if row.number > ROWS_MAX:
                    raise BadUpload(_("The file has more than %(n)d rows.") % {"n": ROWS_MAX}, code="too_large")
                if word := _total(row):
                    amount = row.money(self.columns["amount"], signed=True) if word not in PARTIAL else None
                    stated = (row.number, amount) if amount is not None else stated
                    continue
                before = len(self.faults)
                line = self._line(row)
                self.count += 1
                if len(self.faults) == before and line is not None:
                    self.total += line.amount
                    yield line
            if not self.count:
                self.faults.append(Fault(source.title, 0, "", "", _("there is no line below the headings")))
            if stated and not self.faults and stated[1] != self.total:
                message = _("the total says %(stated)s, the lines add up to %(total)s")
                sheet.fault(stated[0], self.columns["amount"], message % {"stated": stated[1], "total": self.total})

    def _line(self, row: Row) -> BillLine | None:
        named = self.columns
        raw = row.raw(named["sample_no"])
        if isinstance(raw, int | float) and not isinstance(raw, bool) and abs(raw) >= 10**PLACES_KEPT:
            row.fault(named["sample_no"], _("is stored as a number and has lost digits; format the column as text"))
            return None
        sample = re.sub(r"\s+", "", row.text(named["sample_no"], required=True, longest=40)).upper()
        amount = row.money(named["amount"], required=True, signed=True)
        code = row.text(named["test_code"], longest=40) if "test_code" in named else ""
        name = row.text(named["test_name"], longest=120) if "test_name" in named else ""
        received = row.day(named["received_on"]) if "received_on" in named else None
        reported = row.day(named["reported_on"]) if "reported_on" in named else None
        if amount is None:
            return None
        return BillLine(row.number, sample, code, name, received, reported, amount)


def _total(row: Row) -> str:
    """The word by which a row says that it is a sum and no line."""
    for cell in row.cells:
        if isinstance(cell, str) and (text := plain(cell)):
            return next((word for word in TOTALS if text.startswith(word)), "")
    return ""
