"""Case 1 in a real browser: a test done in-house, from the doctor's request to the filed record.

Every post acts with its own demo login; nothing is prepared but the demo county. Clauses B5, A11, A28, A27.
"""

import re

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from accounts.queries import DEMO_PASSWORD
from audit import declaring
from referrals.models import Referral, Status

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

EXPERTS = ("LXZ001", "LXZ007", "LXZ010", "LXZ028", "LXZ913")
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj "
PDF += b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj trailer<</Root 1 0 R>>\n%%EOF\n"


@pytest.fixture
def desk(live_server, page: Page):
    page.set_viewport_size({"width": 1366, "height": 768})
    page.set_default_timeout(20_000)
    page.visit = lambda path: page.goto(live_server.url + path)
    return page


def sign_in(desk, username, role=None):
    desk.context.clear_cookies()
    desk.visit("/accounts/login/")
    desk.get_by_label("工号").fill(username)
    desk.get_by_label("密码").fill(DEMO_PASSWORD)
    desk.get_by_role("button", name="登录").click()
    if role:
        desk.locator("header details.menu summary").first.click()
        desk.get_by_role("button", name=re.compile(role)).first.click()


def shown(desk, text):
    expect(desk.locator("main")).to_contain_text(text)


def write(desk):
    """A signature of two strokes on the pad."""
    box = desk.locator("canvas").bounding_box()
    for start in (0.1, 0.5):
        desk.mouse.move(box["x"] + box["width"] * start, box["y"] + box["height"] * 0.3)
        desk.mouse.down()
        for step in range(1, 12):
            x, y = box["width"] * (start + 0.025 * step), box["height"] * (0.3 + 0.3 * (step % 2))
            desk.mouse.move(box["x"] + x, box["y"] + y)
        desk.mouse.up()


def turn_to(desk, heading):
    for _turn in range(20):
        if desk.get_by_role("heading", name=heading, exact=True).is_visible():
            return
        desk.get_by_role("button", name="下一页").click()
    raise AssertionError(heading)


def request(desk):
    sign_in(desk, "LXZ003")
    desk.visit("/cases/new/")
    desk.locator("[name=patient_query]").fill("Z20261122")
    desk.locator("button[name=do][value=find]").click()
    desk.locator("[name='new-name']").fill("林晓岚")
    desk.locator("[name='new-birth_year']").fill("1964")
    desk.locator("[name='new-sex'][value=female]").check()
    desk.locator("[name=diagnosis_code]").fill("C34.1")
    desk.locator("[name=pathology]").fill("肺腺癌")
    desk.locator("[name=stage]").fill("cT2N2M1b")
    desk.locator("[name=test_query]").fill("EGFR")
    desk.locator("button[name=do][value=search]").click()
    desk.locator("[name=indication]").first.check()
    desk.locator("[name=necessity]").fill("检测结果决定一线是否选用EGFR-TKI")
    desk.locator("button[name=do][value=submit]:not([aria-hidden])").click()
    shown(desk, "待MDT讨论")
    return re.search(r"/cases/(\d+)/", desk.url).group(1)


def deliberate(desk, case):
    sign_in(desk, "LXZ031", "MDT秘书")
    desk.visit(f"/cases/{case}/mdt/")
    desk.get_by_role("button", name="召集团队").click()
    shown(desk, "首轮意见")
    place = re.search(r"/cases/deliberations/\d+/", desk.url).group(0)
    for expert in EXPERTS:
        sign_in(desk, expert, "MDT专家")
        desk.visit(place)
        form = desk.locator("form[action*=opinion]")
        form.locator("[name=risk]").fill("进展风险高，一线方案取决于结果")
        form.locator("[name=cost]").fill("720元，院内检测")
        form.locator("[name=evidence]").fill("Ⅰ级推荐，1类证据")
        form.locator("[name=stance][value=agree]").check()
        form.locator("button[type=submit]").click()
        shown(desk, "您的意见已记录")
    sign_in(desk, EXPERTS[0], "MDT专家")
    desk.visit(place)
    form = desk.locator("form[action*=conclude]")
    form.locator("[name=conclusion][value=agree]").check()
    form.locator("select[name=reason_code]").select_option(index=1)
    form.locator("[name=advice]").fill("检出敏感突变者首选EGFR-TKI")
    form.locator("[name=note]").fill("同意检测EGFR，先PCR，阴性再议NGS")
    form.locator("button[type=submit]").click()
    shown(desk, "结论已记录")


def consent(desk, case):
    sign_in(desk, "LXZ003")
    desk.visit(f"/consent/{case}/")
    desk.get_by_role("button", name="已告知患者，去签署").click()
    # The page before shows every topic at once; the tablet's shows one.
    desk.wait_for_url("**/sign/")
    desk.get_by_role("button", name="下一页").wait_for()
    turn_to(desk, "可能和家人有关的发现")
    desk.get_by_label("不想知道").check()
    turn_to(desk, "您的个人信息和基因数据")
    desk.get_by_label("我单独同意按上述说明处理我的敏感个人信息").check()
    turn_to(desk, "检测剩下的标本")
    desk.locator("[name=leftover]").first.check()
    turn_to(desk, "由谁签署")
    desk.get_by_label("我是患者本人").check()
    turn_to(desk, "签名")
    write(desk)
    desk.get_by_role("button", name="同意并签署").click()
    desk.wait_for_url("**/done/")


def test_a_test_done_in_house_from_request_to_filed_record(committed_county, desk):
    case = request(desk)

    deliberate(desk, case)

    # Before consent the cashier is refused, and nothing is charged (A11, X05).
    sign_in(desk, "LXZ905")
    desk.visit(f"/cases/{case}/charge/")
    shown(desk, "暂不能办理")
    shown(desk, "未检索到有效的书面知情同意")
    assert not desk.locator("main [name=receipt_no]").count()
    with declaring.acting(User.objects.machine(), step="test"):
        assert not Referral.objects.get(pk=case).charges.exists()

    consent(desk, case)

    sign_in(desk, "LXZ905")
    desk.visit(f"/cases/{case}/charge/")
    shown(desk, "720.00 元")
    desk.locator("main [name=receipt_no]").fill("JS20261122001")
    desk.locator("main form:has([name=receipt_no]) button[type=submit]").click()
    shown(desk, "已收费")

    sign_in(desk, "LXZ902")
    desk.visit(f"/cases/{case}/specimen/")
    barcode = next(code for code in re.findall(r"JC\d{14,}", desk.locator("main").inner_text()) if len(code) > 16)
    desk.locator("main [name=barcode]").fill(barcode)
    desk.locator("main select[name=kind]").select_option(index=1)
    desk.locator("main form:has([name=barcode]) button[type=submit]").click()
    shown(desk, "已登记采样")

    sign_in(desk, "LXZ028", "病理医师")
    desk.visit(f"/cases/{case}/specimen/")
    desk.locator("[name=tumour_cell_percent]").fill("35")
    desk.locator("[name=is_fit][value=yes]").check()
    desk.locator("main form:has([name=tumour_cell_percent]) button[type=submit]").click()
    desk.visit(f"/cases/{case}/result/")
    desk.locator("[name=barcode]").fill(barcode[:-1] + ("0" if barcode[-1] != "0" else "1"))
    for field, value in (("report_no", "BL2026-1122"), ("signed_out_by", "郑生佳"), ("findings", "EGFR p.L858R")):
        desk.locator(f"main [name={field}]").fill(value)
    desk.locator("[name=outcome][value=positive]").check()
    report = {"name": "report.pdf", "mimeType": "application/pdf", "buffer": PDF}
    desk.locator("[name=pdf]").set_input_files(report)
    desk.locator("main form:has([name=report_no]) button[type=submit]").click()
    # A report that names another specimen is not taken, and what was typed stays.
    expect(desk.locator("main [name=report_no]")).to_have_value("BL2026-1122")
    desk.locator("[name=barcode]").fill(barcode)
    desk.locator("[name=pdf]").set_input_files(report)
    desk.locator("main form:has([name=report_no]) button[type=submit]").click()
    shown(desk, "报告已返回")

    sign_in(desk, "LXZ003")
    for station, done in (("review", "报告已审核"), ("tell", "已告知患者"), ("file", "已归档")):
        desk.visit(f"/cases/{case}/{station}/")
        if desk.locator("main textarea[name=note]").count():
            desk.locator("main textarea[name=note]").fill("结果与临床相符")
        desk.locator("main form button[type=submit]").last.click()
        shown(desk, done)

    with declaring.acting(User.objects.machine(), step="test"):
        filed = Referral.objects.get(pk=case)
        assert filed.status == Status.FILED
        assert filed.mdt_concluded_at < filed.consented_at < filed.charged_at < filed.collected_at < filed.filed_at
        assert filed.laboratory is None
