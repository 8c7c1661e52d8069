"""A laboratory's bill, a file of charges, a purchase and a contract in the making, each of LXZ and of LXY, for the tests
that open every address."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.models import Institution
from documents.spreadsheets import check_table
from referrals.actions import bills, charge_imports
from tests.factories import staff
from tests.fixtures.laboratories import paper
from vendors.actions import procurements
from vendors.models import Laboratory

UPLOADS = tuple(f"bills:{name}" for name in ("upload", "progress", "upload_act", "errors"))
UPLOAD_DOORS = tuple(f"bills_api:{name}" for name in ("upload", "columns", "upload_step"))
IMPORTS = (
    "referrals:charge_import", "referrals:charge_import_progress",
    *(f"referrals_api:charge_import{act}" for act in ("", "_rows", "_confirm", "_discard")),
)  # fmt: skip
PURCHASES = ("vendors:procurement", "vendors_api:procurement_answer")
DRAFTS = ("vendors:contract_draft", "vendors_api:contract_step")


def made() -> dict[str, list[Any]]:
    """Per address the object of LXZ and that of LXY."""
    pairs = [_of(Institution.objects.get(code=code)) for code in ("LXZ", "LXY")]
    return {
        name: [pair[place] for pair in pairs]
        for place, names in enumerate((UPLOADS + UPLOAD_DOORS, IMPORTS, PURCHASES, DRAFTS))
        for name in names
    }


def _of(hospital: Institution) -> tuple[Any, Any, Any, Any]:
    laboratory, today = Laboratory.objects.order_by("code")[0], timezone.localdate()
    finance, buyer = staff("R12", hospital), staff("R13", hospital)
    lines = f"样本条码,结算金额（元）\n{hospital.code}-1,600.00\n".encode()
    upload = bills.give_in(
        upload=check_table(lines, name="账单.csv"), laboratory=laboratory, month=f"{today:%Y-%m}", by=finance,
        reason="补发",
    )  # fmt: skip
    rows = f"申请号,结算号,项目编码,金额\n{hospital.code}-1,JS1,S1,100.00\n".encode()
    charges, _new = charge_imports.give_in(upload=check_table(rows, name="收费.csv"), by=finance)
    while charge_imports.work_next():
        pass
    charges.refresh_from_db()
    bought = procurements.record_procurement(
        laboratory=laboratory, number=f"{hospital.code}-CG", subject="外送检测", method="consultation", notice="公告",
        noticed_on=today - timedelta(days=40), award_no="ZB", awarded_on=today - timedelta(days=10), file=paper(),
        budget=Decimal(9000), amount=Decimal(6000), bids=["甲 6000", "乙 6500"], by=buyer,
    )  # fmt: skip
    name = laboratory.name
    draft = procurements.draft_contract(
        laboratory=laboratory, number=f"{hospital.code}-HT", party=name, invoice_issuer=name, payee=name,
        valid_from=today, valid_to=today + timedelta(days=300), file=paper(), procurement=bought, by=buyer,
    )  # fmt: skip
    return upload, charges, bought, draft
