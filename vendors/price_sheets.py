"""The workbook of prices: written from what stands, filled in, read back with every fault by sheet, row and column
(B13). Reading changes nothing: `vendors.actions.price_sheets` keeps what was read until somebody confirms it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from catalog.models import GeneTest
from documents import files
from documents.spreadsheets import Column, Row, SheetOut, open_workbook, workbook
from vendors import pricing
from vendors.models import DraftItem, InsuranceClass, PriceChange

ITEMS, CHARGES = "价格项目", "检测收费"
MOST_ROWS = 2000
APART = re.compile(r"[\s、,，;；]+")
LINE = re.compile(r"(?P<code>[^\s×xX*]\S*?)(?:\s*[×xX*]\s*(?P<quantity>\d{1,3}))?$")
HEAD = {
    "code": "项目编码", "name": "项目名称", "content": "项目内涵", "excludes": "除外内容", "unit": "计价单位", "amount": "价格（元）",
    "insurance_class": "医保类别", "own_percent": "先行自付比例（%）", "most": "单次检测数量上限", "cap": "同一标本封顶（元）", "not_with": "不得同时收取的项目",
    "replaces": "替代的原项目", "basis": "文件依据",
}  # fmt: skip
ENDS = "停用"
TEST, TEST_NAME, PARTS = "检测项目编码", "检测项目名称", "收费项目及数量"
NEEDED = [HEAD[name] for name in ("code", "name", "unit", "amount", "insurance_class", "own_percent")]


@dataclass
class Read:
    """What the workbook says, ready to be kept as JSON."""

    items: list[dict[str, Any]] = field(default_factory=list)
    charges: list[dict[str, Any]] = field(default_factory=list)
    problems: list[dict[str, Any]] = field(default_factory=list)


def write(change: PriceChange) -> bytes:
    """What stands on the change's day with what the draft says so far, as the workbook to fill in."""
    on = change.effective_from
    drafts = {one.code: one for one in change.draft_items.all()}
    items: dict[str, Any] = {**pricing.standing_items(change.institution_id, on), **drafts}
    charges: dict[str, tuple[str, list, bool]] = {}
    for price in pricing.standing_prices(change.institution_id, on):
        charges[price.test.code] = (price.test.name, pricing.parts_of(price), False)
        if not price.parts.all() and price.item_code not in items:
            items[price.item_code] = DraftItem(
                code=price.item_code, name=price.item_name, amount=price.amount, basis=price.basis,
                insurance_class=price.insurance_class, own_percent=_unknown(),
            )  # fmt: skip
    for one in change.draft_charges.select_related("test"):
        charges[one.test.code] = (one.test.name, [(code, n) for code, n in one.parts], one.ends)
    columns = [Column(HEAD[name], 24 if name in ("name", "content", "excludes") else 16, _kind(name)) for name in HEAD]
    return workbook(
        [
            SheetOut(
                ITEMS,
                [*columns, Column(ENDS, 8)],
                [[*(_cell(one, name) for name in HEAD), "是" if getattr(one, "ends", False) else ""]
                 for _code, one in sorted(items.items())],
            ),
            SheetOut(
                CHARGES,
                [Column(TEST, 18), Column(TEST_NAME, 30), Column(PARTS, 40), Column(ENDS, 8)],
                [[code, name, "；".join(f"{item}×{n}" for item, n in parts), "是" if ends else ""]
                 for code, (name, parts, ends) in sorted(charges.items())],
            ),
        ],
        title=str(change),
    )  # fmt: skip


def _unknown() -> Any:
    """A cell left to be filled in."""
    return None


def _kind(name: str) -> str:
    return {"amount": "money", "own_percent": "money", "most": "integer", "cap": "money"}.get(name, "text")


def _cell(item: Any, name: str) -> Any:
    value = getattr(item, name)
    return "、".join(value) if isinstance(value, list) else value


def read(content: bytes, change: PriceChange) -> Read:
    """Every row of both sheets. Raises BadUpload for what is no workbook or has neither sheet."""
    found = Read()
    with open_workbook(content) as book:
        before = {title.strip() for title in book.titles}
        if not before & {ITEMS, CHARGES}:
            said = _("The workbook has neither a sheet “%(items)s” nor a sheet “%(charges)s”.")
            raise files.BadUpload(said % {"items": ITEMS, "charges": CHARGES}, code="headings")
        codes: dict[str, int] = {}
        if ITEMS in before:
            optional = [*(head for head in HEAD.values() if head not in NEEDED), ENDS]
            sheet = book.sheet(ITEMS, NEEDED, optional=optional)
            for row in sheet.rows() if sheet else ():
                _item(row, change, found, codes)
        if CHARGES in before:
            sheet = book.sheet(CHARGES, [TEST, PARTS], optional=[TEST_NAME, ENDS])
            tests = {one.code: one for one in GeneTest.objects.all()} if sheet else {}
            seen: dict[str, int] = {}
            for row in sheet.rows() if sheet else ():
                _charge(row, tests, found, seen)
        if len(found.items) + len(found.charges) > MOST_ROWS:
            raise files.BadUpload(_("The workbook has more than %(n)d rows.") % {"n": MOST_ROWS}, code="too_many")
        found.problems = [
            {
                "sheet": one.sheet,
                "row": one.row,
                "column": f"{one.column} {one.heading}".strip(),
                "message": one.message,
            }
            for one in book.faults
        ]
    if not found.items and not found.charges and not found.problems:
        raise files.BadUpload(_("The workbook has no rows."), code="empty")
    return found


def _item(row: Row, change: PriceChange, found: Read, codes: dict[str, int]) -> None:
    def text(name: str, longest: int, required: bool = False) -> str:
        head = HEAD[name]
        return row.text(head, required=required, longest=longest) if head in row.sheet.columns else ""

    code = text("code", 40, required=True)
    ends = bool(row.yes_no(ENDS)) if ENDS in row.sheet.columns else False
    if code in codes:
        row.fault(HEAD["code"], _("Item %(code)s stands in row %(row)d already.") % {"code": code, "row": codes[code]})
    codes.setdefault(code, row.number)
    if ends:
        found.items.append({"code": code, "ends": True})
        return
    own = row.money(HEAD["own_percent"], required=True)
    most = row.integer(HEAD["most"], low=1, high=200) if HEAD["most"] in row.sheet.columns else None
    amount = row.money(HEAD["amount"], required=True)
    cap = row.money(HEAD["cap"]) if HEAD["cap"] in row.sheet.columns else None
    values: dict[str, Any] = {
        "code": code,
        "name": text("name", 120, required=True),
        "content": text("content", 500),
        "excludes": text("excludes", 500),
        "unit": text("unit", 20, required=True),
        "amount": None if amount is None else str(amount),
        "insurance_class": row.choice(
            HEAD["insurance_class"], {one: one for one in InsuranceClass.values}, required=True
        ),
        "own_percent": None if own is None else str(own),
        "most": most or 1,
        "cap": None if cap is None else str(cap),
        "not_with": read_codes(text("not_with", 400)),
        "replaces": read_codes(text("replaces", 400)),
        "basis": text("basis", 120) or change.basis,
    }
    if cap is not None and amount is not None and cap < amount:
        row.fault(HEAD["cap"], _("The cap lies below the price of one: nothing could be charged at its price."))
    if own is not None and own > 100:
        row.fault(HEAD["own_percent"], _("A share is at most 100%."))
    elif own is not None and values["insurance_class"]:
        facts = DraftItem(insurance_class=values["insurance_class"], own_percent=own)
        for said in pricing.own_share(facts):
            row.fault(HEAD["own_percent"], said)
    if code in values["not_with"] or code in values["replaces"]:
        row.fault(HEAD["code"], _("An item neither excludes nor replaces itself."))
    found.items.append(values)


def read_codes(text: str) -> list[str]:
    """Item codes, apart by commas, blanks or 、; each once."""
    return list(dict.fromkeys(one for one in APART.split(text) if one))


def read_parts(text: str) -> list[tuple[str, int]]:
    """The items of a test as typed; ValidationError names the line that cannot be read."""
    parts = []
    for line in (one.strip() for one in re.split(r"[\n;；、]+", text)):
        if not line:
            continue
        found = LINE.match(line)
        if found is None:
            raise ValidationError(
                _("“%(line)s” is not an item code with its quantity, such as 270700003 × 2."), params={"line": line}
            )
        parts.append((found["code"], int(found["quantity"] or 1)))
    return parts


def _charge(row: Row, tests: dict[str, GeneTest], found: Read, seen: dict[str, int]) -> None:
    code = row.text(TEST, required=True, longest=20)
    ends = bool(row.yes_no(ENDS)) if ENDS in row.sheet.columns else False
    if code and code not in tests:
        row.fault(TEST, _("There is no test %(code)s in the catalog.") % {"code": code})
    if code in seen:
        row.fault(TEST, _("Test %(code)s stands in row %(row)d already.") % {"code": code, "row": seen[code]})
    seen.setdefault(code, row.number)
    parts: list = []
    if not ends:
        try:
            parts = [list(one) for one in read_parts(row.text(PARTS, required=True))]
        except ValidationError as wrong:
            row.fault(PARTS, " ".join(wrong.messages))
    found.charges.append({"test": code, "parts": parts, "ends": ends, "row": row.number})


def differs(kept: dict[str, Any], standing: Any) -> bool:
    """Whether an item as read says anything otherwise than the item that stands."""
    if standing is None or getattr(standing, "ends", False):
        return True
    for name in DraftItem.FACTS:
        now, then = getattr(standing, name), kept.get(name)
        if name in ("amount", "own_percent", "cap"):
            then = None if then is None else Decimal(then)
        if name == "replaces" and not then:
            continue  # what an item replaced is history once it stands
        if now != then:
            return True
    return False
