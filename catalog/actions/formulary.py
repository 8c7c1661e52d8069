"""The hospital's drug list: what is in the formulary, what insurance pays, and under which restriction (A33)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from audit import declaring
from catalog.models import FormularyEntry
from documents.spreadsheets import open_workbook

EDIT = "catalog.edit_formulary"
SHEET = "药品目录"
HEADINGS = ("通用名", "院内目录", "医保类别", "基本药物", "医保限定", "生效日期")
OPTIONAL = ("截止日期",)
INSURANCE = {
    "甲": "a", "甲类": "a", "乙": "b", "乙类": "b", "国谈": "negotiated", "谈判": "negotiated", "国谈药": "negotiated",
    "自费": "self_paid", "丙": "self_paid", "未录": "unknown", "": "unknown",
}  # fmt: skip
YES = {"是": True, "有": True, "√": True, "否": False, "无": False, "": False}


def _may(by: Any) -> Any:
    if not by.may(EDIT) or by.post is None:
        raise PermissionDenied(EDIT)
    return by.post.institution


@transaction.atomic
def put(
    *, by: Any, drug: str, in_formulary: bool, insurance: str, is_essential: bool, valid_from: date,
    restriction: str = "", valid_to: date | None = None,
) -> tuple[FormularyEntry, bool]:  # fmt: skip
    """(the row, whether it is new). The row in force until then ends the day before; the same again changes nothing."""
    institution = _may(by)
    drug = drug.strip()
    if not drug:
        raise ValidationError({"drug": _("This has to be filled in.")})
    if insurance not in FormularyEntry.Insurance.values:
        raise ValidationError({"insurance": _("This insurance class is not known.")})
    if valid_to and valid_to < valid_from:
        raise ValidationError({"valid_to": _("The last day lies before the first.")})
    values = {
        "in_formulary": in_formulary, "insurance": insurance, "is_essential": is_essential,
        "restriction": restriction.strip(), "valid_to": valid_to,
    }  # fmt: skip
    known = FormularyEntry.objects.select_for_update().filter(institution=institution, drug=drug)
    open_now = known.filter(Q(valid_to__isnull=True) | Q(valid_to__gte=valid_from)).order_by("valid_from")
    with declaring.step("formulary.put", clause="A33"):
        for former in open_now:
            if former.valid_from == valid_from:
                if all(getattr(former, name) == value for name, value in values.items()):
                    return former, False
                for name, value in values.items():
                    setattr(former, name, value)
                former.recorded_by = by
                former.save()
                return former, False
            if former.valid_from > valid_from:
                raise ValidationError({"valid_from": _("A later row of this drug exists already.")})
            same = all(getattr(former, name) == value for name, value in values.items())
            if same:
                return former, False
            former.valid_to = valid_from - timedelta(days=1)
            former.save(update_fields=["valid_to"])
        made = FormularyEntry.objects.create(
            institution=institution, drug=drug, valid_from=valid_from, recorded_by=by, **values
        )
    return made, True


@transaction.atomic
def take_in(*, by: Any, content: bytes) -> dict[str, int]:
    """A workbook of the drug list. Raises with every fault by row and column, and then changes nothing."""
    _may(by)
    counts = {"rows": 0, "new": 0}
    with open_workbook(content) as book:
        sheet = book.sheet(SHEET, HEADINGS, OPTIONAL)
        read: list[tuple[Any, ...]] = []
        seen: dict[str, int] = {}
        for row in sheet.rows() if sheet else ():
            drug = row.text("通用名")
            insurance = INSURANCE.get(row.text("医保类别"))
            yes = {name: YES.get(row.text(name)) for name in ("院内目录", "基本药物")}
            begins = row.day("生效日期")
            ends = row.day("截止日期") if sheet and "截止日期" in sheet.columns else None
            if not drug:
                row.fault("通用名", _("the generic name is missing"))
            if drug in seen:
                row.fault("通用名", _("this drug stands in row %(row)s already") % {"row": seen[drug]})
            if insurance is None:
                row.fault("医保类别", _("one of 甲, 乙, 国谈, 自费"))
            for name, value in yes.items():
                if value is None:
                    row.fault(name, _("是 or 否"))
            if begins is None and not row.text("生效日期"):
                row.fault("生效日期", _("the first day is missing"))
            if begins and ends and ends < begins:
                row.fault("截止日期", _("lies before the first day"))
            seen.setdefault(drug, row.number)
            read.append((drug, insurance, yes, row.text("医保限定"), begins, ends))
        book.stop_on_faults()
    for drug, insurance, yes, restriction, begins, ends in read:
        _row, new = put(
            by=by, drug=drug, insurance=str(insurance), in_formulary=bool(yes["院内目录"]),
            is_essential=bool(yes["基本药物"]), restriction=restriction, valid_from=begins, valid_to=ends,
        )  # fmt: skip
        counts["rows"] += 1
        counts["new"] += new
    return counts
