"""The demo's laboratory bills: of the busiest laboratory one month closed and the one after it half worked off, taken
through the same actions as real files. Everything is invented."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

from django.db.models import Count

from accounts.models import User
from audit import declaring
from desk.demo_pathway import HOSPITAL, staff
from documents.spreadsheets import check_table
from referrals.actions import bill_running, bills, month_closing, settling
from referrals.models import Reconciliation, StatementDifference
from vendors.models import Statement, StatementUpload

FINANCE, AFFAIRS = ("LXZ905", "R12"), ("LXZ030", "R10")
HEADINGS = {
    "sample_no": "样本条码", "test_code": "项目代码", "received_on": "收样日期", "amount": "结算金额（元）",
}  # fmt: skip
REASON = "机构补发电子账单，替换台账所录"
Kind = StatementDifference.Kind
How = StatementDifference.Resolution
# How the closed month's differences were settled, and why.
SETTLED = {
    Kind.NO_REFERRAL: (How.REFUSED, "本院无此申请，不予支付，已函告机构"),
    Kind.NOT_SENT: (How.REFUSED, "本院未向该机构送检，不予支付"),
    Kind.BILLED_TWICE: (How.REFUSED, "同一样本重复计费，只付一次"),
    Kind.BEFORE_RECEIPT: (How.NEXT_BILL, "接收日期与交接记录不符，核实后再付"),
    Kind.TEST_DIFFERS: (How.DISPUTED, "项目与申请不符，请机构说明"),
    Kind.AMOUNT_DIFFERS: (How.CONTRACT_PRICE, "按合同结算价支付"),
    Kind.NOT_IN_CONTRACT: (How.DISPUTED, "合同未列该项目，请机构说明"),
    Kind.RESULT_MISSING: (How.NEXT_BILL, "报告返回后再付"),
    Kind.CHARGE_MISSING: (How.DISPUTED, "患者已退费，核实是否完成检测"),
    Kind.NOT_BILLED: (How.NEXT_BILL, "机构漏计，列入以后账期"),
}


def load(*, say: Callable[[str], None] = lambda line: None) -> None:
    """Load what is missing; a second call changes nothing."""
    with declaring.acting(User.objects.machine(), step="demo.looked_up"):
        if StatementUpload.objects.filter(institution__code=HOSPITAL).exists():
            return
        busiest = (
            Statement.objects.filter(institution__code=HOSPITAL)
            .standing()
            .values("laboratory")
            .annotate(n=Count("lines"))
            .order_by("-n")
            .first()
        )
        if busiest is None:
            return
        last = Statement.objects.filter(institution__code=HOSPITAL, laboratory=busiest["laboratory"]).standing()
        months = list(last.select_related("laboratory").order_by("-month")[:2])
        files = [(one, _as_file(one, slips=one == months[0])) for one in reversed(months)]
    say(f"办理演示账单{len(files)}份……")
    for place, (statement, content) in enumerate(files):
        _given_in(statement, content)
        _settled(statement, closes=place == 0)
    say("演示账单已办理")


def _as_file(statement: Statement, *, slips: bool) -> bytes:
    """The lines of the ledger's statement as a laboratory would send them, in the encoding its office writes; with
    `slips` the first is a hundred yuan too dear and one sample is not this hospital's."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["序号", *HEADINGS.values()])
    for one in statement.lines.order_by("line_no"):
        amount = one.amount + 100 if slips and one.line_no == 1 else one.amount
        writer.writerow([one.line_no, one.sample_no, one.test_code, one.received_on or "", amount])
    if slips:
        writer.writerow(["", f"WL{statement.month.replace('-', '')}0099", "", f"{statement.month}-15", "900.00"])
    return out.getvalue().encode("gbk")


def _given_in(statement: Statement, content: bytes) -> None:
    by = staff(*FINANCE)
    with declaring.acting(by, step="demo.loaded"):
        upload = check_table(content, name=f"{statement.laboratory.name}{statement.month}对账单.csv")
        job = bills.give_in(upload=upload, laboratory=statement.laboratory, month=statement.month, reason=REASON, by=by)
        if job.status == StatementUpload.Status.MAPPING:
            bills.name_columns(upload=job, columns=HEADINGS, by=by)
    bill_running.run_next()
    with declaring.acting(by, step="demo.loaded"):
        bills.confirm(upload=StatementUpload.objects.get(pk=job.pk), by=by)
    bill_running.run_next()


def _settled(statement: Statement, *, closes: bool) -> None:
    """The month that closes is settled whole; of the other one kind waits for the second person."""
    finance, affairs = staff(*FINANCE), staff(*AFFAIRS)
    month = Reconciliation.objects.filter(
        institution=statement.institution_id, laboratory=statement.laboratory_id, month=statement.month
    )
    with declaring.acting(finance, step="demo.loaded"):
        one = month.get()
        kinds = sorted(set(one.differences.open().values_list("kind", flat=True)))
        for kind in kinds if closes else kinds[:1]:
            resolution, reason = SETTLED[Kind(kind)]
            found = one.differences.open().filter(kind=kind)
            settling.settle(differences=found, resolution=resolution, reason=reason, by=finance)
    if not closes:
        return
    with declaring.acting(affairs, step="demo.loaded"):
        if waiting := list(one.differences.awaiting_second()):
            settling.confirm(differences=waiting, by=affairs)
    with declaring.acting(finance, step="demo.loaded"):
        month_closing.sign(month=month.get(), by=finance)
    with declaring.acting(affairs, step="demo.loaded"):
        month_closing.close(month=month.get(), by=affairs)
