"""A price changes: what was signed and not used, and what was told and not signed, comes back to the doctor with the
reason, and the page that mends it tells the new price (B13, B16, B17; `vocab.md` §8)."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import User
from audit import declaring
from consent import actions as consents
from consent.tasks import lapse_stale
from tests import factories as f
from tests.browsing import PC, SCREENS
from tests.fixtures.consents import case_to_sign, tell_and_sign
from vendors import actions as vendors
from vendors.models import Price

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def acting():
    return declaring.acting(User.objects.machine(), step="test")


@pytest.fixture
def cases():
    """One signed and one only told, of one doctor; then the price of their test rises by 40 yuan."""
    with acting():
        signed = case_to_sign()
        doctor = signed.requester
        told = f.ReferralFactory(
            institution=signed.institution, department=signed.department, requester=doctor, status="awaiting_consent",
            route="in_house", indication=signed.indication,
        )  # fmt: skip
        tell_and_sign(signed)
        consents.disclose(referral=told, by=doctor, at=timezone.now())
        today = timezone.localdate()
        Price.objects.filter(test=signed.test).update(effective_to=today - timedelta(days=1))
        new = f.PriceFactory(
            institution=signed.institution, test=signed.test, amount="520.00", effective_from=today, published_on=None,
            insurance_class="乙类",
        )  # fmt: skip
        vendors.publish_price(price=new, on=today, by=f.staff("R11", signed.institution))
    lapse_stale()
    return signed, told


def test_the_doctor_sees_the_task_its_reason_and_what_mends_it(browser, live_server, cases):
    signed, told = cases
    client = Client()
    client.force_login(signed.requester, backend="django.contrib.auth.backends.ModelBackend")
    context = browser.new_context(viewport=PC)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    page = context.new_page()

    page.goto(live_server.url + "/")
    task = page.get_by_role("link", name=re.compile("待重新告知签署")).first
    expect(task).to_contain_text("2")
    page.goto(live_server.url + reverse("accounts:notices"))
    expect(page.locator("main")).to_contain_text(signed.number)

    page.goto(live_server.url + reverse("referrals:list") + "?stage=renewal")
    for one in (signed, told):
        expect(page.locator("main")).to_contain_text(one.number)
    page.goto(live_server.url + reverse("referrals:case", args=[signed.pk]))
    if SCREENS:
        page.screenshot(path=f"{SCREENS}/renewal-case.png", full_page=True)
    expect(page.locator("#consent")).to_contain_text("价格已于")
    page.locator(f"main a[href^='{reverse('consent:start', args=[signed.pk])}']").first.click()
    if SCREENS:
        page.screenshot(path=f"{SCREENS}/renewal-start.png", full_page=True)
    expect(page.locator("main")).to_contain_text("520.00")
    context.close()

    with acting():
        signed.refresh_from_db()
        tell_and_sign(signed)
        signed.refresh_from_db()
        assert signed.status == "awaiting_charge"
