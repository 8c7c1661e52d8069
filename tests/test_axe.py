"""Accessibility, by axe, of every page in its full, empty and refused states."""

import re
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.hashers import make_password
from django.utils import timezone
from playwright.sync_api import Page

from accounts.models import Institution, Post, User
from accounts.queries import DEMO_PASSWORD
from audit import declaring
from catalog import actions as catalog
from documents.spreadsheets import check_table
from referrals.actions import bills
from referrals.models import ChargeImport, Reconciliation, Referral, StatementDifference
from supervision.models import Alert
from vendors.models import Admission, ContractDraft, Laboratory, Procurement, StatementUpload

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

FULL = {
    "": [
        "/accounts/login/",
        "/vendors/price-list/",
        "/vendors/price-list/LXZ/",
        "/help/",
        *(
            f"/vendors/open/LXZ/{one}/{mode}"
            for one in ("prices", "outsourced", "complaints")
            for mode in ("", "screen/", "screen/?page=1", "embed/", "1/")
        ),
    ],
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
        "/vendors/prices/changes/",
        "/vendors/publications/",
        "/vendors/publications/?board=complaints",
        "/vendors/publications/channel/",
        "/vendors/publications/places/",
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


# The pathway's pages, on the demo's live cases: who opens which, by the case's record number. `{case}` is its id,
# `{table}` its deliberation, `{batch}` its batch.
PATHWAY = [
    ("LXZ003", "", None, ["/", "/cases/new/", "/cases/new/?q=EGFR", "/cases/drafts/", "/accounts/notices/"]),
    ("LXZ003", "", "YS00001", ["/cases/{case}/", "/cases/{case}/cancel/"]),
    ("LXZ003", "", "YS00005", ["/cases/{case}/", "/cases/{case}/change/"]),
    (
        "LXZ003",
        "",
        "YS00007",
        ["/cases/{case}/", "/consent/{case}/", "/consent/{case}/paper/", "/cases/{case}/corrections/"],
    ),
    ("LXZ003", "", "YS00013", ["/cases/{case}/", "/consent/{case}/withdraw/"]),
    ("LXZ003", "", "YS00023", ["/cases/{case}/tell/", "/cases/{case}/drug/"]),
    ("LXZ003", "", "YS00026", ["/cases/{case}/"]),
    ("LXZ002", "经治医师", "YS00004", ["/cases/{case}/", "/cases/{case}/supplement/"]),
    ("LXZ002", "经治医师", "YS00025", ["/cases/{case}/"]),
    ("LXZ001", "MDT专家", "YS00002", ["/cases/deliberations/", "/cases/deliberations/{table}/"]),
    ("LXZ001", "MDT专家", "YS00003", ["/cases/deliberations/{table}/"]),
    ("LXZ001", "MDT专家", "YS00007", ["/cases/deliberations/{table}/", "/cases/deliberations/{table}/minutes/"]),
    ("LXZ031", "MDT秘书", "YS00001", ["/", "/cases/mdt/", "/cases/{case}/mdt/"]),
    ("LXZ901", "", "YS00022", ["/", "/cases/discussion/", "/cases/{case}/review/"]),
    ("LXZ030", "", "YS00010", ["/", "/cases/{case}/approve/", "/cases/{case}/void/"]),
    ("LXZ030", "", None, ["/cases/teams/", "/cases/patients/", "/accounts/delegations/"]),
    ("LXZ905", "", "YS00012", ["/", "/cases/charge/", "/cases/{case}/charge/"]),
    ("LXZ905", "", "YS00013", ["/cases/{case}/charge/"]),
    ("LXZ902", "", "YS00013", ["/", "/cases/{case}/specimen/"]),
    ("LXZ028", "病理医师", "YS00014", ["/cases/{case}/specimen/"]),
    ("LXZ028", "病理医师", "YS00015", ["/cases/{case}/result/"]),
    (
        "LXZ029",
        "外送管理员",
        "YS00019",
        ["/cases/batches/", "/cases/batches/{batch}/", "/cases/{case}/receive/", "/cases/{case}/reject/"],
    ),
    ("LXZ907", "", "YS00024", ["/", "/cases/{case}/file/"]),
    ("LXZ915", "", None, ["/cases/studies/"]),
]
# Where the demo's live cases stand: every station has work.
DEMO_STANDS_AT = {
    "awaiting_mdt", "more_information", "change_test", "mdt_disagreed", "awaiting_consent", "patient_refused",
    "awaiting_approval", "awaiting_charge", "charged", "sampled", "recollect", "shipped", "received", "reported",
    "reviewed", "told", "filed", "withdrawn",
}  # fmt: skip
# In the patient's hands: both ways a tablet is held.
TABLET = [(1024, 768), (768, 1024)]


@pytest.fixture
def look(live_server, page: Page):
    """Open a page as somebody and return what axe finds, one line a violation."""
    page.set_viewport_size({"width": 1366, "height": 768})

    def sign_in(username, role=""):
        page.context.clear_cookies()
        page.goto(live_server.url + "/accounts/login/")
        page.locator("[name=username]").fill(username)
        page.locator("[name=password]").fill(DEMO_PASSWORD)
        page.locator("main form button[type=submit]").click()
        if role:
            page.locator("header details.menu summary").first.click()
            page.get_by_role("button", name=re.compile(role)).first.click()

    def found(path):
        page.goto(live_server.url + path)
        violations = Axe().run(page).response["violations"]
        return [f"{path}: {one['id']} at {one['nodes'][0]['target']}" for one in violations]

    found.sign_in = sign_in
    found.page = page
    return found


def test_every_page_full_empty_and_refused(committed_county, look):
    from reports.tasks import build_due

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


def test_every_page_of_the_pathway_and_the_tablet(committed_county, look):
    from desk import demo_pathway

    demo_pathway.load()
    with declaring.acting(User.objects.machine(), step="test"):
        known = {one.patient.record_no: one for one in Referral.objects.filter(origin="live").select_related("patient")}
        places = {
            number: {
                "case": case.pk,
                "table": getattr(case.deliberations.first(), "pk", 0),
                "batch": getattr(case.shipments.first(), "batch_id", 0),
            }
            for number, case in known.items()
        }
    assert {one.status for one in known.values()} >= DEMO_STANDS_AT
    faults, before = [], None
    for username, role, number, paths in PATHWAY:
        if (username, role) != before:
            look.sign_in(username, role)
            before = (username, role)
        for path in paths:
            faults += look(path.format(**places[number]) if number else path)
    look.sign_in("LXZ003")
    consent = places["YS00007"]["case"]
    look(f"/consent/{consent}/")
    look.page.get_by_role("button", name="已告知患者，去签署").click()
    look.page.wait_for_url("**/sign/")
    for width, height in TABLET:
        look.page.set_viewport_size({"width": width, "height": height})
        for path in (f"/consent/{consent}/sign/", f"/consent/{consent}/refuse/"):
            faults += look(path)

    assert faults == []


# The pages of an edition in the making: at which station, who opens which.
EDITION = {
    "draft": [
        (
            "LXZ030",
            "医务科",
            ["", "head/", "experts/", "rows/library/", "sheets/", "rows/new/", "rows/LUNG-01/", "rows/LUNG-01/change/"],
        )
    ],
    "expert_review": [
        ("LXZ030", "医务科", ["", "comments/", "rows/LUNG-02/"]),
        ("LXZ028", "病理医师", ["", "review/", "review/LUNG-01/", "review/LUNG-02/", "comments/"]),
    ],
    "medical_check": [("LXZ917", "医务科", ["", "difference/", "effects/", "history/"])],
    "approval": [("LXZ910", "", ["", "effects/"])],
    "in_force": [("LXZ910", "", [""]), ("LXZ003", "", ["", "experts/", "rows/LUNG-01/"])],
}


def edition_at_each_station():
    """An edition of LXZ brought to each station in turn, with one objection open and one rejected; last approved for a
    day to come."""

    def person(username, role):
        user = User.objects.get(username=username)
        return user.act_as(user.posts.get(role_id=role))

    office, colleague, leader = person("LXZ030", "R10"), person("LXZ917", "R10"), person("LXZ910", "R23")
    experts = [person("LXZ001", "R04"), person("LXZ028", "R05"), person("LXZ903", "R09")]
    edition = catalog.start_draft(by=office, source="starter", codes=["LUNG-01", "LUNG-02", "LUNG-04", "CRC-01"])
    catalog.change_row(
        line=edition.indications.get(code="LUNG-01"), values={"setting": "晚期一线"}, reason="按指南", by=office
    )
    yield edition
    for one in experts:
        catalog.name_expert(edition=edition, user=one, discipline="肿瘤", by=office)
    catalog.open_review(edition=edition, by=office)
    for code in ("LUNG-01", "LUNG-02"):
        raised = catalog.comment(edition=edition, code=code, kind="objection", text="宜限定分期", by=experts[1])
        if code == "LUNG-01":
            catalog.reject_objection(comment=raised, reason="指南未限定", by=office)
    yield edition
    catalog.withdraw_objection(comment=raised, reason="已核对", by=experts[1])
    for one in experts:
        catalog.sign_off(edition=edition, agreed=True, by=one)
    catalog.close_review(edition=edition, by=office)
    yield edition
    catalog.check(edition=edition, by=colleague, note="已核对")
    yield edition
    catalog.put_in_force(edition=edition, starts_on=timezone.localdate() + timedelta(days=9), by=leader)
    yield edition


def test_every_page_of_an_edition_in_the_making(committed_county, look):
    faults = []
    look.sign_in("LXZ030", "医务科")
    for path in ("/catalog/editions/", "/catalog/editions/new/"):
        faults += look(path)
    stations = edition_at_each_station()
    for status, visits in EDITION.items():
        with declaring.acting(User.objects.machine(), step="test"):
            edition = next(stations)
            edition.refresh_from_db()
        assert edition.status == status
        for username, role, pages in visits:
            look.sign_in(username, role)
            for page in pages:
                faults += look(f"/catalog/editions/{edition.pk}/{page}")
                # A page that refuses its reader would be clean as well.
                answered = look.page.evaluate("performance.getEntriesByType('navigation')[0].responseStatus")
                assert answered == 200, (page, username)

    assert faults == []


# Bills, charges from HIS, put-off fees, alerts, admissions and contracts of the demo, each with what stands on it.
MONEY = [
    (
        "LXZ905",
        "收费处",
        [
            "/bills/", "/bills/?show=differences", "/bills/margin/", "/bills/uploads/", "/bills/uploads/{upload}/",
            "/bills/uploads/{naming}/", "/bills/months/{month}/", "/bills/months/{month}/?kind=no_referral&show=open",
            "/bills/months/{month}/lines/", "/bills/months/{closed}/", "/bills/differences/{open}/",
            "/cases/charge/", "/cases/charge/day/", "/cases/charge/imports/", "/cases/charge/imports/{charges}/",
            "/cases/{deferred}/charge/",
        ],
    ),
    (
        "LXZ030",
        "医务科",
        [
            "/bills/months/{month}/?show=awaiting", "/bills/differences/{awaiting}/", "/vendors/admissions/",
            "/vendors/admissions/{assessing}/", "/vendors/admissions/{admitted}/", "/vendors/contracts/",
            "/vendors/contracts/drafts/{draft}/", "/vendors/procurements/", "/vendors/procurements/{bought}/",
            "/vendors/renewals/", "/vendors/outsourced/",
        ],
    ),
    ("LXZ032", "纪检", ["/supervision/alerts/", "/supervision/alerts/{alert}/", "/cases/charge/off-book/"]),
]  # fmt: skip


def money_places():
    """Where the pages of MONEY are: one object of each kind and station in the demo."""
    mine = {"institution__code": "LXZ"}
    months = Reconciliation.objects.filter(**mine, origin="live")
    differences = StatementDifference.objects.filter(**mine)
    finance = User.objects.get(username="LXZ905")
    named = bills.give_in(
        upload=check_table("样本条码,结算金额（元）\nX-1,600.00\n".encode(), name="账单.csv"), month="2026-01", reason="补发",
        laboratory=Laboratory.objects.get(code="L01"), by=finance.act_as(finance.posts.get(role_id="R12")),
    )  # fmt: skip
    found = {
        "upload": StatementUpload.objects.filter(**mine, status="done"),
        "month": months.filter(closed_at__isnull=True, differences__confirmed_at__isnull=True),
        "closed": months.filter(closed_at__isnull=False),
        "open": differences.filter(settled_at__isnull=True, reconciliation__origin="live"),
        "awaiting": differences.filter(settled_at__isnull=False, confirmed_at__isnull=True),
        "charges": ChargeImport.objects.filter(**mine),
        "deferred": Referral.objects.filter(**mine, charges__kind="green_channel"),
        "assessing": Admission.objects.filter(**mine, status="assessing"),
        "admitted": Admission.objects.filter(**mine, status="admitted"),
        "draft": ContractDraft.objects.filter(**mine),
        "bought": Procurement.objects.filter(**mine),
        "alert": Alert.objects.filter(**mine),
    }
    return {"naming": named.pk, **{name: rows.order_by("pk").first().pk for name, rows in found.items()}}


def test_every_page_of_bills_charges_and_laboratories_at_a_desk_and_in_a_hand(look):
    from desk import demo, demo_bills, demo_laboratories, demo_pathway

    demo.load()
    demo_pathway.load()
    demo_laboratories.load()
    demo_bills.load()
    with declaring.acting(User.objects.machine(), step="test"):
        places = money_places()
    faults = []
    for username, role, paths in MONEY:
        look.sign_in(username, role)
        for path in (one.format(**places) for one in paths):
            for width in (1366, 390):
                look.page.set_viewport_size({"width": width, "height": 768})
                faults += [f"{width}: {one}" for one in look(path)]
                wide = look.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                assert wide <= 0, (path, width, wide)
            answered = look.page.evaluate("performance.getEntriesByType('navigation')[0].responseStatus")
            assert answered == 200, (path, username)

    assert faults == []
