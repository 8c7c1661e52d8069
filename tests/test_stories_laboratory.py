"""A laboratory in a real browser: from its application to its first shipment and its closed month. Every post acts with
its own demo login; nothing is prepared but the demo county. The month is closed when it is over: the calendar, and
nothing else, is turned to the first of the next. Clauses A25, A26, A28, A13, B8–B10, B13, B14, B29, B31, X14."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts.models import User
from audit import declaring
from desk.demo_pathway import Patient, Walk
from referrals.actions import bill_running
from referrals.models import Reconciliation, Referral, Status
from tests import stories
from tests.browsing import PDF, Desk
from vendors import checks, contracting
from vendors.models import Contract, Price
from vendors.models import Laboratory as Register

pytestmark = [pytest.mark.slow, pytest.mark.browser]

AFFAIRS, BUYER, LAWYER, LEADER = ("LXZ030", "医务科"), ("LXZ906", ""), ("LXZ918", ""), ("LXZ910", "")
PRICES, FINANCE, CARRIER = ("LXZ904", ""), ("LXZ905", "收费处"), ("LXZ029", "外送管理员")
PANEL = (("LXZ028", "病理医师"), ("LXZ901", "科主任"), ("LXZ903", "临床药师"))
NAME, USCC, TEST, LINE = "辛医学检验实验室", "91350100M000100Y43", "GT-BIL-01", "BIL-01"
PAPER = {"name": "材料.pdf", "mimeType": "application/pdf", "buffer": PDF}
SETTLED, CHARGED = "1200.00", "3680.00"


def day(days: int = 0) -> str:
    return (timezone.localdate() + timedelta(days=days)).isoformat()


def fill_in(desk: Desk, form: Any, prefix: str = "", **fields: Any) -> None:
    """Each field as it is: typed, chosen, ticked, or a file."""
    for name, value in fields.items():
        found = form.locator(f"[name='{prefix}{name}']")
        kind = found.first.evaluate("one => one.tagName === 'SELECT' ? 'select' : one.type")
        if kind == "select":
            found.select_option(label=value) if not str(value).isascii() else found.select_option(value)
        elif kind in ("checkbox", "radio"):
            for one in value if isinstance(value, (list, tuple)) else [value]:
                form.locator(f"[name='{prefix}{name}'][value='{one}']").check()
        elif kind == "file":
            found.set_input_files(value)
        else:
            found.fill(value)


def do(desk: Desk, act: str, **fields: Any) -> None:
    """One of the acts below a page, opened if it is shut, filled in and sent."""
    box = desk.main.locator(f"#do-{act}")
    if box.get_attribute("open") is None:
        box.locator("summary").click()
    fill_in(desk, box, f"{act}-", **fields)
    with desk.page.expect_navigation():
        box.locator(f"button[name=do][value={act}]").click()
    desk.shows("已保存")


def send(desk: Desk, button: str, **fields: Any) -> None:
    """The form of a page."""
    form = desk.main.locator("form[method=post]").last
    if not form.is_visible():
        desk.main.locator("details.disclosure > summary").last.click()
    fill_in(desk, form, **fields)
    with desk.page.expect_navigation():
        form.get_by_role("button", name=button, exact=True).click()


def both(desk: Desk, name: str) -> None:
    """The page as at a desk and as in a hand."""
    desk.look(name)
    if desk.page.viewport_size:
        before = desk.page.viewport_size
        desk.page.set_viewport_size({"width": 390, "height": 844})
        desk.look(f"{name}-390")
        desk.page.set_viewport_size(before)


def here(desk: Desk) -> str:
    return re.sub(r"https?://[^/]+|[?#].*", "", desk.page.url)


def walked(name: str, number: str, goes_to: str) -> Referral:
    """A case of an outsourced test, taken through request, MDT and consent by the posts whose steps they are, now."""
    with declaring.acting(User.objects.machine(), step="test"):
        walk = Walk(Patient(name, "male", 1958, LINE, "C22.1", "小胆管型肝内胆管癌", "Ⅳ期", goes_to, 0, False), number)
        walk.times = iter(timezone.now, None)
        walk.go()
        return Referral.objects.select_related("laboratory").get(pk=walk.case.pk)


def test_a_laboratory_from_its_application_to_its_closed_month(desks):
    test = stories.rows(lambda: Price.objects.filter(test__code=TEST, institution__code="LXZ").latest("pk").test)
    admitted(desks, test)
    contracted(desks, test)
    priced(desks)
    first, second = sent(desks)
    at, bill = billed(desks, first, second)
    assert desks.go_home() == []
    with time_machine.travel(the_first_of_next_month(), tick=True):
        closed(desks, at, bill)


def admitted(desks: Any, test: Any) -> None:
    affairs = desks(*AFFAIRS)
    affairs.visit("/vendors/laboratories/")
    send(
        affairs, "登记", code="L08", name=NAME, uscc=USCC, kind="laboratory", licence_no="PDY000088350100D15101X",
        subjects=["molecular", "pathology"], foreign_controlled="no", in_mainland="yes",
    )  # fmt: skip
    affairs.shows(NAME, "已登记")
    laboratory = here(affairs)
    both(affairs, "lab-01-registered")
    affairs.visit("/vendors/admissions/")
    both(affairs, "lab-02-apply")
    send(
        affairs, "登记申请", laboratory=NAME, route="third_party", route_reason="本院未开展测序，医联体内亦无", licence_holder=NAME,
        contract_party=NAME, invoice_issuer=NAME, payee="辛基因科技有限公司", tests=[str(test.pk)],
    )  # fmt: skip
    at = here(affairs)
    affairs.shows(NAME)
    both(affairs, "lab-03-applied")

    # Eighteen findings one after the other; the form stands open at the next check.
    affairs.visit(f"{at}?do=paper")
    for code, check in checks.all_checks().items():
        assert affairs.main.locator("[name=paper-check]").input_value() == code
        given: dict[str, Any] = {
            "verdict": "met",
            "number": "国械注准20183400507" if code == "Q08" else f"{code}-2026-1",
        }
        if code == "Q07":
            given = {"verdict": "na", "note": "未取得，仅供参考"}
        if "file" in check.needs:
            given |= {"valid_from": day(-30), "valid_to": day(700), "file": PAPER}
        do(affairs, "paper", **given)
        if code == "Q02":
            both(affairs, "lab-04-second-finding")
    for username, _role in PANEL:
        do(affairs, "member", user=people(username))
    do(
        affairs, "visit", visited_on=day(-2), place="福州市高新区1号", visitors=[people("LXZ028"), people("LXZ901")],
        findings="分区规范，质控记录齐全", passed="yes", file=PAPER,
    )  # fmt: skip
    do(affairs, "open")
    affairs.shows("待评审")
    both(affairs, "lab-05-assessing")

    # Nobody scores before declaring; then each gives a score with its grounds.
    for who, mark in zip(PANEL, ("92", "88", "90"), strict=True):
        member = desks(*who)
        member.visit(at)
        assert member.main.locator("#do-score").count() == 0
        do(member, "declare", is_tied="no")
        if mark == "92":
            both(member, "lab-06-declared")
        do(member, "score", score=mark, opinion="符合本院外送要求")

    # The payee is another: the vice-president is refused until medical affairs has put the names right.
    leader = desks(*LEADER)
    leader.visit(at)
    box = leader.main.locator("#do-conclude")
    box.locator("summary").click()
    fill_in(leader, box, "conclude-", decision="admit", conclusion="同意准入")
    with leader.page.expect_navigation():
        box.locator("button[name=do]").click()
    leader.refused("收款", "A28")
    both(leader, "lab-07-not-one")
    affairs.visit(at)
    do(affairs, "names", payee=NAME, reason="机构更正收款户名，已核对开户许可")
    leader.visit(at)
    do(leader, "conclude", decision="admit", conclusion="十八项核查符合要求，同意准入")
    leader.shows("准入")
    both(leader, "lab-08-admitted")
    affairs.visit(laboratory)
    do(
        affairs, "round", test=str(test.pk), organiser="国家卫生健康委临床检验中心", name="2026年第一次", held_on=day(-20),
        passed="yes", valid_to=day(300),
    )  # fmt: skip
    both(affairs, "lab-09-laboratory")


def people(username: str) -> str:
    return str(stories.rows(lambda: User.objects.get(username=username).pk))


def contracted(desks: Any, test: Any) -> None:
    buyer = desks(*BUYER)
    buyer.visit("/vendors/procurements/")
    send(
        buyer, "登记", number="LXZ-2026-CG-08", subject="胆管癌融合检测服务", method="consultation", notice="省政府采购网 2026-118",
        noticed_on=day(-40), bids=f"{NAME}｜1200元/例\n壬医学检验实验室｜1350元/例", laboratory=NAME, award_no="CJ-08",
        awarded_on=day(-10), budget="300000", amount="240000", file=PAPER,
    )  # fmt: skip
    buyer.shows("LXZ-2026-CG-08")
    both(buyer, "lab-10-procurement")
    buyer.visit("/vendors/contracts/")
    both(buyer, "lab-11-contracts")
    send(
        buyer, "拟定", laboratory=NAME, procurement="LXZ-2026-CG-08", number="LXZ-2026-HT-08", party=NAME, invoice_issuer=NAME,
        payee=NAME, valid_from=day(), valid_to=day(364), file=PAPER,
    )  # fmt: skip
    at = here(buyer)
    do(buyer, "item", test=str(test.pk), settlement_price=SETTLED, turnaround_days="5")
    both(buyer, "lab-12-draft")
    do(buyer, "submit")
    buyer.shows("法务核对中")

    lawyer = desks(*LAWYER)
    lawyer.visit(f"{at}?do=tick")
    for place, (code, row) in enumerate(contracting.clauses().items()):
        assert lawyer.main.locator("[name=tick-clause]").input_value() == code
        do(lawyer, "tick", page=str(1 + place // 3), quote=row["look_at"])
        if code == "C02":
            both(lawyer, "lab-13-ticking")
    do(lawyer, "pass")
    both(lawyer, "lab-14-checked")
    leader = desks(*LEADER)
    leader.visit(at)
    do(leader, "sign")
    leader.shows("已签署生效")
    both(leader, "lab-15-signed")
    assert stories.rows(lambda: Contract.objects.get(number="LXZ-2026-HT-08").items.get().turnaround_days) == 5


def priced(desks: Any) -> None:
    """The charge of the test under a new item from today, checked by a second person, published for everybody."""
    old = stories.rows(
        lambda: Price.objects.filter(test__code=TEST, institution__code="LXZ").in_force(timezone.localdate()).get()
    )
    officer = desks(*PRICES)
    officer.visit("/vendors/prices/changes/new/")
    send(officer, "保存草案", title="融合检测收费", basis="闽医保〔2026〕8号", effective_from=day())
    at = here(officer)
    box = officer.main.locator("#do-item")
    box.locator("summary").click()
    fill_in(
        officer, box, "item-", code="SP-RH01", name="肿瘤融合基因检测", unit="次", amount=CHARGED, insurance_class="自费",
        own_percent="100", most="1", replaces=old.item_code,
    )  # fmt: skip
    with officer.page.expect_navigation():
        box.locator("button[name=do]").click()
    officer.shows("SP-RH01")
    officer.submit("提交核对")
    second = desks(*AFFAIRS)
    second.visit(at)
    second.submit("已对照文件，核对无误")
    officer.visit(at)
    both(officer, "lab-16-price")
    officer.submit("公示")
    officer.shows("3,680.00")
    officer.visit("/vendors/price-list/LXZ/?q=SP-RH01")
    both(officer, "lab-16-public")
    assert re.search(r"3,?680", officer.page.locator("body").inner_text())


def sent(desks: Any) -> tuple[Referral, Referral]:
    """The laboratory is chosen by the system; approved, charged at the published price, sampled, packed, received."""
    case = walked("辛一木", "XS00001", "signed")
    assert case.laboratory is not None
    assert case.laboratory.name == NAME
    key = str(case.pk)
    affairs = desks(*AFFAIRS)
    affairs.visit(f"/cases/{key}/approve/")
    affairs.submit("同意外送")
    cashier = desks(*FINANCE)
    stories.charge(cashier, key, "PJ20260808001")
    cashier.shows("已收费")
    barcode = stories.collect(desks("LXZ902"), key)
    desks("LXZ902").shows("已登记采样")
    stories.assess(desks("LXZ028", "病理医师"), key, "35")
    desks("LXZ028", "病理医师").shows("已登记评估")
    carrier = desks(*CARRIER)
    carrier.visit("/cases/batches/")
    carrier.shows(barcode, NAME)
    carrier.press("勾选标本组批")
    carrier.shows("已组批")
    stories.hand_over(carrier, barcode, "SF20260808")
    carrier.shows("已交接，交接清单已存档")
    both(carrier, "lab-17-left")
    carrier.press("全部签收")
    carrier.shows("份标本签收")
    stories.take_in(
        carrier, key, barcode, report_no="BG-808", signed_out_by="张签发", alterations__0__gene="FGFR2",
        alterations__0__variant="FGFR2::BICC1 融合",
    )  # fmt: skip
    carrier.shows("报告已返回")
    reported = stories.case_of(key)
    assert reported.status == Status.REPORTED
    return reported, walked("辛二木", "XS00002", "reported")


def billed(desks: Any, first: Referral, second: Referral) -> tuple[str, dict[str, Any]]:
    """Its bill has one line right and one a hundred yuan too dear: settled by two persons. A month that still runs is not
    closed. The month's address, and the bill's file."""
    month = f"{timezone.localdate():%Y-%m}"
    codes = stories.rows(lambda: [one.specimens.latest("pk").barcode for one in (first, second)])
    lines = ["样本条码,项目代码,收样日期,结算金额（元）"]
    lines += [f"{code},{TEST},{day()},{amount}" for code, amount in zip(codes, ("1300.00", SETTLED), strict=True)]
    bill = {"name": "对账单.csv", "mimeType": "text/csv", "buffer": "\n".join(lines).encode("gbk")}
    finance = desks(*FINANCE)
    give_in(finance, month, bill)
    both(finance, "lab-18-columns")
    finance.submit("核对账单行")
    bill_running.run_next()
    finance.page.reload()
    finance.submit("登记并比对")
    bill_running.run_next()
    finance.page.reload()
    finance.page.get_by_role("link", name="查看本账期对账").click()
    finance.page.wait_for_url(re.compile(r"/bills/months/\d+/"))
    at = here(finance)
    both(finance, "lab-19-month")
    finance.visit(f"{at}?kind=amount_differs&show=open")
    finance.choose("resolution", "contract_price")
    finance.fill(reason="按合同结算价1200元支付，机构已更正")
    finance.submit("处理")
    finance.visit(f"{at}?kind=amount_differs&show=awaiting")
    both(finance, "lab-20-awaiting")
    affairs = desks(*AFFAIRS)
    affairs.visit(f"{at}?kind=amount_differs&show=awaiting")
    affairs.submit("复核同意所选")
    finance.visit(at)
    finance.submit("财务签认")
    finance.refused("本账期尚未结束", "A28")
    finance.shows_not("件待复核")
    both(finance, "lab-21-settled")
    return at, bill


def give_in(finance: Desk, month: str, bill: dict[str, Any]) -> None:
    laboratory = stories.rows(lambda: Register.objects.get(name=NAME).pk)
    finance.visit(f"/bills/uploads/?laboratory={laboratory}&month={month}")
    finance.page.set_input_files("input[type=file]", bill)  # type: ignore[arg-type]
    finance.submit("先核对，不写入")


def the_first_of_next_month() -> datetime:
    """Nine in the morning of the day on which the month of the bill is over."""
    first = (timezone.localdate().replace(day=1) + timedelta(days=32)).replace(day=1)
    return timezone.make_aware(datetime.combine(first, time(9)))


def closed(desks: Any, at: str, bill: dict[str, Any]) -> None:
    """Signed by finance, countersigned by medical affairs, never written again; the margin stays on record."""
    month = stories.rows(lambda: Reconciliation.objects.get(pk=int(at.rstrip("/").rpartition("/")[2])).month)
    assert month < f"{timezone.localdate():%Y-%m}"
    finance, affairs = desks(*FINANCE), desks(*AFFAIRS)
    affairs.visit(at)
    affairs.submit("会签并结账")
    affairs.refused("财务尚未签认", "A28")
    finance.visit(at)
    finance.submit("财务签认")
    finance.shows("财务已签认")
    affairs.visit(at)
    affairs.submit("会签并结账")
    affairs.shows("已结账")
    both(affairs, "lab-22-closed")
    sheet = affairs.main.get_by_role("link", name="签认的对账单").get_attribute("href")
    paper = affairs.page.request.get(affairs.server + sheet)
    assert (paper.status, paper.headers["content-type"]) == (200, "application/pdf")
    assert paper.body().startswith(b"%PDF-")

    late = bill["buffer"].replace(b"1300.00", b"1250.00")
    give_in(finance, month, bill | {"name": "更正.csv", "buffer": late})
    finance.refused("已结账", "A28")
    both(finance, "lab-23-too-late")
    # Two cases, each charged as published and settled as contracted.
    charged, owed = 2 * Decimal(CHARGED), 2 * Decimal(SETTLED)
    finance.visit(f"/bills/margin/?first={month}&last={month}")
    row = finance.main.locator("tbody tr").filter(has_text=NAME)
    for amount in (owed, charged, charged - owed):
        assert f"{amount:,.2f}" in row.inner_text()
    both(finance, "lab-24-margin")
