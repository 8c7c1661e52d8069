"""A workbook of prices given in for a draft: looked through first, taken in on a second click (B13)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from audit import declaring
from catalog.models import GeneTest
from documents import files
from vendors import price_sheets, pricing
from vendors.actions import price_changes as actions
from vendors.actions.held import refused
from vendors.models import DraftItem, PriceChange, PriceSheet

SHOWN = 500


@transaction.atomic
def give_sheet(*, change: PriceChange, upload: files.Upload, by: Any) -> PriceSheet:
    """Read the workbook and keep what it would change and what is wrong with it. Nothing of the draft is changed."""
    change = actions._writable(change, by)
    found = price_sheets.read(upload.content, change)
    standing: dict[str, Any] = {**pricing.standing_items(change.institution_id, change.effective_from)}
    standing |= {one.code: one for one in change.draft_items.all()}
    prices = {
        one.test.code: pricing.parts_of(one)
        for one in pricing.standing_prices(change.institution_id, change.effective_from)
    }
    drafted = {one.test.code: one for one in change.draft_charges.select_related("test")}

    def news(charge: dict[str, Any]) -> bool:
        now = drafted.get(charge["test"])
        parts = [(code, n) for code, n in charge["parts"]]
        if now is not None:
            return (now.ends, [(code, n) for code, n in now.parts]) != (charge["ends"], parts)
        return charge["ends"] or prices.get(charge["test"]) != parts

    items = [one for one in found.items if one.get("ends") or price_sheets.differs(one, standing.get(one["code"]))]
    with declaring.step("prices.sheet_given", clause="B13"):
        return PriceSheet.objects.create(
            change=change,
            file_name=upload.name[:120],
            file_sha256=upload.sha256,
            items=items,
            charges=[one for one in found.charges if news(one)],
            problems=found.problems[:SHOWN],
            problem_count=len(found.problems),
            given_by=by,
        )


@transaction.atomic
def confirm_sheet(*, sheet: PriceSheet, by: Any) -> int:
    """Take the sheet into the draft; how many rows were taken. Refused while one row is wrong, or once taken."""
    change = actions._writable(sheet.change, by)
    sheet = PriceSheet.objects.select_for_update(of=("self",)).get(pk=sheet.pk)
    mend, label = change.get_absolute_url(), _("To the price change")
    if sheet.confirmed_at:
        raise refused("sheet", _("This sheet was taken in already."), ("B13",), mend, label)
    if sheet.problem_count:
        said = _("%(n)d problems stand in the sheet: mend them and give it in again; nothing was changed.")
        raise refused("sheet", said % {"n": sheet.problem_count}, ("B13",), mend, label)
    if not sheet.items and not sheet.charges:
        message = _("The sheet says what stands already; there is nothing to take in.")
        raise refused("sheet", message, ("B13",), mend, label)
    for kept in sheet.items:
        if kept.get("ends"):
            actions.end_item(change=change, code=kept["code"], by=by)
        else:
            # A sheet given in before there were caps has none.
            facts = {name: kept.get(name) for name in DraftItem.FACTS}
            numbers = {
                name: Decimal(facts[name]) for name in ("amount", "own_percent", "cap") if facts[name] is not None
            }
            actions.put_item(change=change, by=by, **facts | numbers)
    tests = {one.code: one for one in GeneTest.objects.filter(code__in=[one["test"] for one in sheet.charges])}
    for kept in sheet.charges:
        parts = [(code, n) for code, n in kept["parts"]]
        try:
            actions.put_charge(change=change, test=tests[kept["test"]], parts=parts, ends=kept["ends"], by=by)
        except ValidationError as wrong:
            said = _("Row %(row)s, %(test)s: %(what)s") % {
                "row": kept["row"], "test": kept["test"], "what": " ".join(wrong.messages),
            }  # fmt: skip
            raise refused("sheet", said, ("B13",), mend, label) from wrong
    with declaring.step("prices.sheet_taken", clause="B13", reason=sheet.file_name):
        sheet.confirmed_at, sheet.confirmed_by = timezone.now(), by
        sheet.save(update_fields=["confirmed_at", "confirmed_by"])
    return len(sheet.items) + len(sheet.charges)
