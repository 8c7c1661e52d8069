"""A patient signs on a tablet, in a real browser."""

import os

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from django.urls import reverse

from accounts.models import User
from audit import declaring
from consent.models import Consent
from referrals.identity import set_identity
from tests.fixtures.consents import case_to_sign

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
TABLET = {"width": 768, "height": 1024}


@pytest.fixture
def case():
    """Committed, so that the server sees it."""
    with declaring.acting(User.objects.machine(), step="test"):
        referral = case_to_sign(price={"insurance_class": "自费", "amount": "3600.00"})
        set_identity(patient=referral.patient, by=referral.requester, name="欧阳某某")
        return referral


@pytest.fixture
def tablet(page, live_server, case):
    client = Client()
    client.force_login(case.requester, backend="django.contrib.auth.backends.ModelBackend")
    page.context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
          "url": live_server.url}]
    )  # fmt: skip
    page.set_viewport_size(TABLET)
    page.faults = []
    page.on("pageerror", lambda fault: page.faults.append(str(fault)))
    return page


def clean(page):
    found = Axe().run(page).response["violations"]
    assert [(one["id"], [node["target"] for node in one["nodes"]]) for one in found] == []


def write(page):
    """Two strokes with the pointer, in the box."""
    canvas = page.locator("[data-pad] canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    for start in (0.2, 0.5):
        page.mouse.move(box["x"] + box["width"] * start, box["y"] + box["height"] * 0.3)
        page.mouse.down()
        for step in range(1, 9):
            page.mouse.move(
                box["x"] + box["width"] * (start + 0.025 * step),
                box["y"] + box["height"] * (0.3 + 0.3 * (step % 2)),
            )
        page.mouse.up()


def turn_to(page, heading):
    for _turn in range(20):
        if page.get_by_role("heading", name=heading, exact=True).is_visible():
            return
        page.get_by_role("button", name="下一页").click()
    raise AssertionError(heading)


def test_a_patient_reads_page_by_page_and_signs(tablet, live_server, case):
    tablet.goto(live_server.url + reverse("consent:start", args=[case.pk]))
    clean(tablet)
    tablet.get_by_role("button", name="已告知患者，去签署").click()

    assert tablet.get_by_role("heading", name="先看三件最要紧的事").is_visible()
    assert tablet.get_by_text("3,600.00元").first.is_visible()
    assert tablet.get_by_role("link", name="我不同意").is_visible()
    assert tablet.locator("input:checked").count() == 0
    clean(tablet)
    assert tablet.evaluate("document.documentElement.scrollWidth") <= TABLET["width"]

    turn_to(tablet, "您的个人信息和基因数据")
    tablet.get_by_label("我单独同意按上述说明处理我的敏感个人信息").check()
    turn_to(tablet, "检测剩下的标本")
    tablet.get_by_label("检测后由机构按规定销毁").check()
    turn_to(tablet, "由谁签署")
    tablet.get_by_label("我是患者本人").check()
    turn_to(tablet, "签名")
    clean(tablet)
    write(tablet)
    tablet.get_by_role("button", name="撤销上一笔").click()
    tablet.get_by_role("button", name="清除重写").click()
    write(tablet)
    tablet.get_by_role("button", name="同意并签署").click()

    # The question about heritable findings was passed over: the tablet opens its screen, the signature stays.
    assert tablet.get_by_role("heading", name="可能和家人有关的发现").is_visible()
    tablet.get_by_label("不想知道").check()
    turn_to(tablet, "签名")
    assert tablet.get_by_text("已签名").is_visible()
    tablet.get_by_role("button", name="同意并签署").click()

    # Insurance does not pay: the second paper, with its own signature.
    assert tablet.get_by_role("heading", name="自费医疗服务项目告知书").is_visible()
    turn_to(tablet, "由谁签署")
    tablet.get_by_label("我是患者本人").check()
    turn_to(tablet, "签名")
    write(tablet)
    tablet.get_by_role("button", name="同意并签署").click()
    tablet.wait_for_url("**/done/")
    clean(tablet)
    assert tablet.faults == []
    with declaring.acting(User.objects.machine(), step="test"):
        consent = Consent.objects.get()
        assert len(consent.strokes) == 2
        assert all(
            later[2] >= sooner[2] for sooner, later in zip(consent.strokes[0], consent.strokes[0][1:], strict=False)
        )
        assert consent.referral.self_pay_notices.count() == 1


def test_without_scripts_the_whole_text_and_the_paper_way_stand(browser, live_server, case):
    from django.utils import timezone

    from consent import actions

    with declaring.acting(User.objects.machine(), step="test"):
        actions.disclose(referral=case, by=case.requester, at=timezone.now())
    client = Client()
    client.force_login(case.requester, backend="django.contrib.auth.backends.ModelBackend")
    context = browser.new_context(java_script_enabled=False, viewport=TABLET)
    context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
          "url": live_server.url}]
    )  # fmt: skip
    page = context.new_page()
    page.goto(live_server.url + reverse("consent:sign", args=[case.pk]))

    assert page.get_by_role("heading", name="先看三件最要紧的事").is_visible()
    assert page.get_by_role("heading", name="廉洁告知").is_visible()
    assert page.get_by_role("button", name="同意并签署").is_visible()
    context.close()
