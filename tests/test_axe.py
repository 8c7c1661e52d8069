"""Accessibility, by axe, of every page in its full, empty and refused states."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.hashers import make_password
from playwright.sync_api import Page

from accounts.models import Institution, Post, User
from accounts.queries import DEMO_PASSWORD
from audit import declaring

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

FULL = {
    "": ["/accounts/login/", "/vendors/price-list/", "/vendors/price-list/LXZ/", "/help/"],
    "LXZ030": [
        "/",
        "/cases/",
        "/cases/?stage=all",
        "/search/?q=LXZ20260812",
        "/search/?q=LXZ20260812003",
        "/supervision/imports/",
        "/supervision/findings/",
        "/supervision/findings/?by=doctor",
        "/supervision/differences/",
        "/reports/",
        "/reports/indicators/",
        "/vendors/laboratories/",
        "/vendors/prices/",
        "/policy/",
        "/policy/clause/B5/",
        "/policy/document/B/",
        "/catalog/",
        "/catalog/LUNG-01/",
        "/catalog/not-indicated/",
        "/catalog/drugs/",
        "/accounts/staff/",
        "/accounts/password/",
        "/styleguide/",
    ],
    "LXZ908": ["/", "/accounts/staff/add/", "/trail/", "/trail/alarms/"],
    "LXW001": ["/", "/reports/county/", "/reports/", "/cases/", "/supervision/differences/"],
}
EMPTY = [
    "/",
    "/cases/",
    "/search/?q=没有这个人",
    "/supervision/imports/",
    "/supervision/findings/",
    "/supervision/differences/",
    "/reports/",
    "/reports/indicators/",
    "/vendors/prices/",
]
REFUSED = ["/reports/county/", "/cases/999999/", "/no-such-page/", "/trail/"]


@pytest.fixture
def look(live_server, page: Page):
    """Open a page as somebody and return what axe finds, one line a violation."""
    page.set_viewport_size({"width": 1366, "height": 768})

    def sign_in(username):
        page.context.clear_cookies()
        page.goto(live_server.url + "/accounts/login/")
        page.locator("[name=username]").fill(username)
        page.locator("[name=password]").fill(DEMO_PASSWORD)
        page.locator("main form button[type=submit]").click()

    def found(path):
        page.goto(live_server.url + path)
        violations = Axe().run(page).response["violations"]
        return [f"{path}: {one['id']} at {one['nodes'][0]['target']}" for one in violations]

    found.sign_in = sign_in
    return found


def test_every_page_full_empty_and_refused(look):
    from desk import demo
    from reports.tasks import build_due

    demo.load()
    build_due()
    with declaring.acting(User.objects.machine(), step="test"):
        hospital = Institution.objects.create(code="NEW", name="某县新医院")
        someone = User.objects.create(username="NEW001", name="新来的", password=make_password(DEMO_PASSWORD))
        Post.objects.create(user=someone, institution=hospital, role_id="R10")
    faults = []
    for username, paths in FULL.items():
        if username:
            look.sign_in(username)
        for path in paths:
            faults += look(path)
    look.sign_in("NEW001")
    for path in EMPTY:
        faults += look(path)
    look.sign_in("LXZ003")
    for path in REFUSED:
        faults += look(path)

    assert faults == []
