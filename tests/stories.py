"""Steps that the stories of the pathway share, each taken by the post it belongs to, in the browser."""

from __future__ import annotations

import re
from typing import Any

from accounts.models import User
from audit import declaring
from referrals.models import Referral
from tests.browsing import PDF, REPORT, Desk, People

FACTORS = {"risk": "进展风险高，方案取决于结果", "cost": "院内检测，费用可接受", "evidence": "Ⅰ级推荐，1类证据"}


def case_of(number_in_address: str) -> Referral:
    """The record as it stands."""
    with declaring.acting(User.objects.machine(), step="test"):
        return Referral.objects.get(pk=number_in_address)


def rows(query: Any) -> Any:
    """Whatever `query()` finds, as the machine."""
    with declaring.acting(User.objects.machine(), step="test"):
        return query()


def write_request(
    doctor: Desk, *, record_no: str, name: str, sex: str, born: str, diagnosis: str, pathology: str, stage: str,
    words: str, line: str, why: str,
) -> None:  # fmt: skip
    """A new patient's request up to the submission."""
    doctor.visit("/cases/new/")
    doctor.fill(patient_query=record_no)
    doctor.press("查找")
    doctor.fill(new__name=name, new__birth_year=born)
    doctor.choose("new-sex", sex)
    doctor.fill(diagnosis_code=diagnosis, pathology=pathology, stage=stage, test_query=words)
    doctor.page.locator("button[value=search]").click()
    pick_line(doctor, line)
    doctor.fill(necessity=why)


def pick_line(doctor: Desk, line: str) -> None:
    code = doctor.page.locator("span.number").get_by_text(line, exact=True)
    doctor.main.locator("label.offer").filter(has=code).locator("input").check()


def submitted(doctor: Desk) -> str:
    """Submit; the case's key."""
    doctor.press("提交申请")
    doctor.page.wait_for_url(re.compile(r"/cases/\d+/"))
    found: Any = re.search(r"/cases/(\d+)/", doctor.page.url)
    return found.group(1)


def call_mdt(people: People, case: str) -> str:
    """The secretary calls the team; the address of the deliberation."""
    secretary = people("LXZ031", "MDT秘书")
    secretary.visit(f"/cases/{case}/mdt/")
    secretary.press("召集团队")
    secretary.shows("首轮意见")
    found: Any = re.search(r"/cases/deliberations/\d+/", secretary.page.url)
    return found.group(0)


def opine(expert: Desk, place: str, stance: str = "agree", note: str = "", **factors: str) -> None:
    expert.visit(place)
    form = expert.main.locator("form[action*=opinion]")
    for name, value in {**FACTORS, **factors}.items():
        form.locator(f"[name={name}]").fill(value)
    form.locator(f"[name=stance][value={stance}]").check()
    if note:
        form.locator("[name=note]").fill(note)
    form.locator("button[type=submit]").click()


def conclude(chair: Desk, place: str, conclusion: str, reason: str, advice: str, note: str = "") -> None:
    chair.visit(place)
    form = chair.main.locator("form[action*=conclude]")
    form.locator(f"[name=conclusion][value={conclusion}]").check()
    if reason:
        form.locator("select[name=reason_code]").select_option(reason)
    form.locator("[name=advice]").fill(advice)
    form.locator("[name=note]").fill(note)
    form.locator("button[type=submit]").click()


def sign_consent(people: People, doctor: Desk, case: str, *, look: str = "") -> None:
    """Told at the desk, then signed with a finger on the tablet, and the self-pay notice after it where one is due."""
    doctor.visit(f"/consent/{case}/")
    if look:
        doctor.look(f"{look}-tell")
    doctor.press("已告知患者，去签署")
    doctor.page.wait_for_url("**/sign/")
    tablet = people.tablet_of(doctor)
    tablet.visit(f"/consent/{case}/sign/")
    if look:
        tablet.look(f"{look}-tablet-first")
    for heading, answer in (
        ("可能和家人有关的发现", "不想知道"),
        ("您的个人信息和基因数据", "我单独同意按上述说明处理我的敏感个人信息"),
    ):
        tablet.turn_to(heading)
        tablet.tick(answer)
    tablet.turn_to("检测剩下的标本")
    tablet.page.locator("[name=leftover]").first.tap()
    sign_here(tablet, look)
    if "/self-pay/" in tablet.page.url:
        tablet.page.get_by_role("heading", name="自费医疗服务项目告知书").wait_for()
        sign_here(tablet, look and f"{look}-self-pay")
    tablet.page.wait_for_url("**/done/")
    if look:
        tablet.look(f"{look}-tablet-done")


def sign_here(tablet: Any, look: str = "") -> None:
    """The patient signs for themselves, on the last screens."""
    tablet.turn_to("由谁签署")
    tablet.tick("我是患者本人")
    tablet.turn_to("签名")
    tablet.write()
    if look:
        tablet.look(f"{look}-tablet-signature")
    before = tablet.page.url
    # A tap so soon after a stroke is taken for the second of a double tap.
    tablet.page.get_by_role("button", name="同意并签署").click()
    tablet.page.wait_for_url(lambda url: url != before)


def charge(cashier: Desk, case: str, receipt: str) -> None:
    cashier.visit(f"/cases/{case}/charge/")
    cashier.fill(receipt_no=receipt)
    cashier.press("登记收费")


def collect(nurse: Desk, case: str) -> str:
    """The specimen is taken under the label the page names; its barcode."""
    nurse.visit(f"/cases/{case}/specimen/")
    found = re.findall(r"JC\d{14,}", nurse.main.inner_text())
    barcode = max(found, key=len)
    nurse.fill(barcode=barcode)
    nurse.press("登记采样")
    return barcode


def assess(pathologist: Desk, case: str, percent: str, fit: str = "yes") -> None:
    pathologist.visit(f"/cases/{case}/specimen/")
    pathologist.fill(tumour_cell_percent=percent)
    pathologist.choose("is_fit", fit)
    pathologist.main.locator("form:has([name=tumour_cell_percent]) button[type=submit]").click()


def hand_over(carrier: Desk, barcode: str, waybill: str) -> None:
    """The box goes to the courier: each specimen read by the scanner, the logger and the badge written down."""
    scan = carrier.main.locator("#scan")
    scan.fill(barcode)
    scan.press("Enter")
    carrier.shows("已核对 1／1 份")
    carrier.fill(carrier="顺丰冷链", courier="李配送", celsius="4.1", waybill=waybill)
    carrier.press("交接给承运方")


def take_in(desk: Desk, case: str, barcode: str, outcome: str = "positive", **fields: str) -> None:
    """The report of a specimen, with its PDF."""
    desk.visit(f"/cases/{case}/result/")
    desk.fill(barcode=barcode, **fields)
    desk.choose("outcome", outcome)
    attach(desk, case)
    desk.main.locator("form:has([name=report_no]) button[type=submit]").click()


def attach(desk: Desk, case: str) -> None:
    """A report's file; no two cases have the same one."""
    paper = {**REPORT, "buffer": PDF + f"%{case}\n".encode()}
    desk.main.locator("[name=pdf]").set_input_files(paper)  # type: ignore[arg-type]


def other(barcode: str) -> str:
    """A well-formed barcode of another specimen."""
    return barcode[:-1] + ("0" if barcode[-1] != "0" else "1")
