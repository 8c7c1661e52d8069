"""A file of charges as HIS writes it: rows by their Chinese headings, in a workbook or a CSV. Asks no database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from documents.files import BadUpload
from documents.spreadsheets import Fault, Row, open_csv, open_workbook
from referrals.models import Charge, ChargeRow

ROWS_MAX = 20_000
NEEDED = ("结算号", "项目编码", "金额")
TEXTS = {
    "申请号": "case_no", "病案号": "record_no", "结算号": "number", "住院号": "inpatient_no", "票据代码": "invoice_code",
    "票据号码": "invoice_no", "项目编码": "item_code", "退费号": "reversal_no", "退费原因": "reason",
}  # fmt: skip
OPTIONAL = (
    "申请号", "病案号", "住院号", "明细行号", "票据代码", "票据号码", "数量", "时间", "类别", "退费标志", "退费号", "退费原因",
)  # fmt: skip
KINDS = {
    "门诊": Charge.Kind.RECEIPT, "住院": Charge.Kind.INPATIENT, "住院记账": Charge.Kind.INPATIENT,
    "欠费": Charge.Kind.ARREARS, "绿色通道": Charge.Kind.GREEN_CHANNEL,
}  # fmt: skip
BACK = {"是": True, "否": False, "退费": True, "收费": False, "1": True, "0": False, "退": True, "收": False}


def read(content: bytes) -> list[ChargeRow]:
    """Every row of the first sheet, unsaved; one with a fault says so in place of an answer. BadUpload for what is no
    table of charges at all."""
    book = open_workbook(content) if content[:2] == b"PK" else open_csv(content)
    with book:
        title = next(iter(book.titles), "")
        sheet = book.sheet(title, NEEDED, OPTIONAL)
        if sheet is None:
            raise BadUpload("；".join(str(one) for one in book.faults)[:300], code="headings")
        found: list[ChargeRow] = []
        for row in sheet.rows():
            if len(found) >= ROWS_MAX:
                raise BadUpload(_("The file has more than %(n)d rows.") % {"n": ROWS_MAX}, code="too_large")
            found.append(_row(row, set(sheet.columns), book.faults))
    if not found:
        raise BadUpload(_("The file holds no rows."), code="empty")
    return found


def _row(row: Row, there: set[str], faults: list[Fault]) -> ChargeRow:
    before = len(faults)
    made = ChargeRow(line=row.number, **dict(_values(row, there)))
    if made.amount is None:
        row.fault("金额", _("is empty"))
    wrong = faults[before:]
    if wrong:
        made.verdict = ChargeRow.Verdict.FAULT
        made.says = "；".join(f"{one.heading}：{one.message}" for one in wrong)[:500]
    return made


def _values(row: Row, there: set[str]) -> Iterator[tuple[str, Any]]:
    for heading, name in TEXTS.items():
        if heading in there:
            column: Any = ChargeRow._meta.get_field(name)
            longest = column.max_length
            yield name, row.text(heading, longest=longest)[:longest]
    is_minus = _text(row.raw("金额")).startswith("-")
    yield "amount", _amount(row)
    if "明细行号" in there:
        yield "settlement_line", row.integer("明细行号", low=1, high=9999)
    if "数量" in there:
        yield "quantity", row.integer("数量", low=1, high=999) or 1
    if "时间" in there:
        yield "happened_at", row.moment("时间")
    if "类别" in there:
        yield "kind", row.choice("类别", KINDS) or Charge.Kind.RECEIPT
    marked = row.choice("退费标志", BACK) if "退费标志" in there else None
    yield "is_refund", is_minus if marked is None else bool(marked)


def _amount(row: Row) -> Any:
    """In yuan; a refund may be written with a minus."""
    text = _text(row.raw("金额"))
    if text.startswith("-"):
        cells = list(row.cells)
        cells[row.sheet.columns["金额"]] = text[1:]
        row.cells = cells
    return row.money("金额")


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()
