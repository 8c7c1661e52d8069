"""The stories in a real browser: a hospital's first day, and the bureau's quarter.

Tasks are run here by the test in the order the worker would; everything else is the application itself, on real
PostgreSQL and Redis, driven as its users would.
"""

import io
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from accounts.models import User
from accounts.queries import DEMO_PASSWORD
from audit import declaring

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

WIDTH = {"width": 1366, "height": 768}


@pytest.fixture
def desk(live_server, page: Page):
    """The browser at a hospital PC's size, opening addresses of the live server."""
    page.set_viewport_size(WIDTH)
    page.set_default_timeout(20_000)

    def visit(path):
        answer = page.goto(live_server.url + path)
        assert answer is not None
        return answer

    page.visit = visit
    return page


def sign_in(desk, username):
    desk.context.clear_cookies()
    desk.visit("/accounts/login/")
    desk.get_by_label("工号").fill(username)
    desk.get_by_label("密码").fill(DEMO_PASSWORD)
    desk.get_by_role("button", name="登录").click()
    expect(desk.get_by_role("heading", level=1)).to_have_text("工作台")


def as_machine(do):
    with declaring.acting(User.objects.machine(), step="test"):
        return do()


def test_the_first_day_of_a_hospital(desk, live_server):
    """B21: an empty house, its first administrator, the ledger given in, checked, recorded; findings with clauses."""
    from accounts import actions
    from desk.demo import WORKBOOK
    from supervision.actions import run_next_import

    secret = as_machine(actions.make_first_administrator_link)
    desk.visit(f"/accounts/link/{secret}/")
    desk.get_by_label("机构代码").fill("LXZ")
    desk.get_by_label("机构", exact=False).nth(1).fill("岚溪县总医院")
    desk.get_by_label("您的工号").fill("LXZ908")
    desk.get_by_label("您的姓名").fill("陈志远")
    desk.get_by_label("新密码").fill(DEMO_PASSWORD)
    desk.get_by_label("再次输入").fill(DEMO_PASSWORD)
    desk.locator("main button[type=submit]").click()
    expect(desk.get_by_role("heading", level=1)).to_have_text("工作台")

    # The post of medical affairs finds an empty state that says the next action.
    desk.locator("header details.menu summary").first.click()
    desk.get_by_role("button", name=re.compile("医务科")).click()
    desk.get_by_role("link", name="导入检测台账").first.click()
    desk.locator("input[type=file]").set_input_files(WORKBOOK)
    desk.locator("main form.form button[type=submit]").click()
    assert run_next_import()
    desk.reload()
    desk.locator("main form[action*=confirm] button").click()
    assert run_next_import()
    desk.reload()
    expect(desk.locator("main")).to_contain_text("816")

    desk.visit("/supervision/findings/")
    desk.get_by_role("link", name="LXZ20260812003").first.click()
    desk.visit("/search/?q=LXZ20260812003")
    expect(desk.locator("main")).to_contain_text("须先完成多学科（MDT）讨论")
    expect(desk.get_by_role("link", name="条款 B5").first).to_be_visible()
    expect(desk.locator("main")).to_contain_text("查阅本例")

    desk.visit("/supervision/differences/")
    expect(desk.locator("main")).to_contain_text("L01-1268547")
    with desk.expect_download() as download:
        desk.get_by_role("link", name=re.compile("XLSX")).first.click()
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(download.value.path().read_bytes()))
    assert any("L01-1268547" in str(row) for row in book.active.iter_rows(values_only=True))
    assert Axe().run(desk).violations_count == 0


def test_the_bureaus_quarter(committed_county, desk, live_server):
    """A59, B36: built by the beat, reviewed, signed off, submitted; the bureau sees both hospitals and downloads."""
    from reports.models import Report, ReportReceipt
    from reports.tasks import build_due

    assert build_due() == 2
    period = as_machine(lambda: Report.objects.get(institution__code="LXZ").period)

    sign_in(desk, "LXZ030")
    report = as_machine(lambda: Report.objects.get(institution__code="LXZ", period=period).pk)
    desk.visit(f"/reports/{report}/")
    desk.locator("form[action$='/review/'] button").click()
    expect(desk.locator("main")).to_contain_text("已核稿")

    sign_in(desk, "LXZ910")
    desk.visit(f"/reports/{report}/")
    form = desk.locator("form[action$='/sign-off/']")
    form.locator("input[type=text], input:not([type])").first.fill("岚总医〔2026〕58号")
    for field in form.locator("input[required]").all():
        if not field.input_value():
            field.fill("0598-0000000")
    form.locator("button[type=submit]").click()
    expect(desk.locator("main")).to_contain_text("已签发")

    sign_in(desk, "LXZ030")
    desk.visit(f"/reports/{report}/")
    desk.locator("form[action$='/submit/'] button").click()
    expect(desk.locator("main")).to_contain_text("已报送")

    sign_in(desk, "LXW001")
    desk.visit(f"/reports/county/?period={period}")
    expect(desk.locator("main")).to_contain_text("岚溪县总医院")
    expect(desk.locator("main")).to_contain_text("岚溪县中医医院")
    assert Axe().run(desk).violations_count == 0
    desk.visit(f"/reports/{report}/")
    with desk.expect_download() as download:
        desk.get_by_role("link", name="PDF").first.click()
    assert download.value.path().read_bytes()[:5] == b"%PDF-"
    assert as_machine(lambda: ReportReceipt.objects.filter(report_id=report).count()) == 1

    # A figure drills down to its cases, without names.
    desk.visit(f"/reports/{report}/")
    desk.locator("main a[href*='indicator=K04']").first.click()
    expect(desk.locator("main table tbody tr").first).to_be_visible()

    desk.visit(f"/reports/{report}/")
    desk.locator("form[action$='/receive/'] button").click()
    expect(desk.locator("main")).to_contain_text("已接收")
