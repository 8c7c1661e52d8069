"""The numbers by which HIS and the fiscal e-invoice system know a fee, and what is checked of them (practice.md 2).

Mingjian prints no receipt: it keeps the numbers, each in its own field, and lets one entry serve one case.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from audit.refusing import needed
from referrals.models import Charge, Referral

Kind = Charge.Kind


@dataclass(frozen=True)
class Entry:
    """An outpatient's settlement (结算号, its line where HIS bundles items, 票据代码 and 票据号码) or an entry on an
    inpatient's account (住院号, 记账流水号)."""

    kind: str
    number: str
    line: int | None = None
    invoice_code: str = ""
    invoice_no: str = ""
    inpatient_no: str = ""

    @property
    def values(self) -> dict[str, Any]:
        """By the columns of `Charge`."""
        return {
            "kind": self.kind,
            "receipt_no": self.number,
            "settlement_line": self.line,
            "invoice_code": self.invoice_code,
            "invoice_no": self.invoice_no,
            "inpatient_no": self.inpatient_no,
        }


def checked(
    *,
    kind: str,
    receipt_no: str,
    settlement_line: int | None = None,
    invoice_code: str = "",
    invoice_no: str = "",
    inpatient_no: str = "",
) -> Entry:
    """The entry in its shape; ValidationError by field otherwise."""
    if kind not in Kind.values:
        raise ValidationError({"kind": _("Choose the kind of entry.")})
    wanted = {"receipt_no": receipt_no}
    if kind == Kind.INPATIENT:
        wanted["inpatient_no"] = inpatient_no
    texts = {"invoice_code": invoice_code, "invoice_no": invoice_no, "inpatient_no": inpatient_no}
    texts = {name: (text or "").strip() for name, text in texts.items()} | needed(**wanted)
    if kind == Kind.INPATIENT:
        texts["invoice_code"] = texts["invoice_no"] = ""
    else:
        texts["inpatient_no"] = ""
    wrong: dict[str, str] = {}
    for name, pattern, said in (
        ("receipt_no", settings.HIS_NUMBER_SHAPE, _("A number of HIS has letters, digits and - _ / . only.")),
        ("inpatient_no", settings.HIS_NUMBER_SHAPE, _("A number of HIS has letters, digits and - _ / . only.")),
        ("invoice_code", settings.RECEIPT_CODE_SHAPE, _("This is not the shape of a receipt code (票据代码).")),
        ("invoice_no", settings.RECEIPT_NUMBER_SHAPE, _("This is not the shape of a receipt number (票据号码).")),
    ):
        if texts[name] and not re.fullmatch(pattern, texts[name]):
            wrong[name] = said
    if bool(texts["invoice_code"]) != bool(texts["invoice_no"]):
        missing = "invoice_no" if texts["invoice_code"] else "invoice_code"
        wrong.setdefault(missing, _("Receipt code and receipt number go together."))
    if settlement_line is not None and not 1 <= settlement_line <= 9999:
        wrong["settlement_line"] = _("A whole number from %(least)s to %(most)s.") % {"least": 1, "most": 9999}
    if wrong:
        raise ValidationError(wrong)
    return Entry(
        kind, texts["receipt_no"], settlement_line, texts["invoice_code"], texts["invoice_no"], texts["inpatient_no"]
    )


def standing(referral: Referral) -> QuerySet[Charge]:
    """The hospital's entries that stand for other cases of this hospital."""
    here = Charge.objects.filter(referral__institution_id=referral.institution_id, reversed_at__isnull=True)
    return here.exclude(referral_id=referral.pk).select_related("referral")


def serve_this_case_alone(entry: Entry, referral: Referral) -> None:
    """ValidationError where the entry, or its line, serves another case already. The database holds the same."""
    others = standing(referral).filter(kind=entry.kind, receipt_no=entry.number)
    if entry.kind == Kind.INPATIENT:
        others = others.filter(inpatient_no=entry.inpatient_no)
    if entry.line is not None:
        others = others.filter(Q(settlement_line=entry.line) | Q(settlement_line__isnull=True))
    if found := others.first():
        message = _(
            "This entry stands for request %(number)s already. Where HIS settled several items at once, each case "
            "names its own line of the settlement."
        )
        raise ValidationError({"receipt_no": message % {"number": found.referral.number}})
    if entry.invoice_no:
        same = standing(referral).filter(invoice_code=entry.invoice_code, invoice_no=entry.invoice_no)
        if found := same.exclude(receipt_no=entry.number).first():
            message = _("This receipt belongs to settlement %(settlement)s of request %(number)s.")
            values = {"settlement": found.receipt_no, "number": found.referral.number}
            raise ValidationError({"invoice_no": message % values})
