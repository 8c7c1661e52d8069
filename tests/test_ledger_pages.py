"""Pages of imports, findings and differences: who sees what, what bad input gets, what can be taken away."""

import io
import re

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.models import User
from audit.models import Event
from referrals.matching import OF_HISTORY
from referrals.models import Identity, StatementDifference
from supervision import actions
from supervision.models import Finding, LedgerImport
from tests.ledgers import WORKBOOK, Book

IMPORTS = "/supervision/imports/"
FINDINGS = "/supervision/findings/"
DIFFERENCES = "/supervision/differences/"


@pytest.fixture
def office(demo_client):
    return demo_client("LXZ030", "R10")


@pytest.fixture
def send(office):
    def give(content, name="台账.xlsx", **options):
        return office.post(IMPORTS, {"ledger": SimpleUploadedFile(name, content)}, **options)

    return give


@pytest.fixture
def fresh():
    """Five cases that are not known yet."""
    book = Book().cut(5, institution="LXZ", seed=8)
    for number, row in enumerate(book.cases):
        row["申请单号"], row["病案号"] = f"LXZ2027-{number}", f"Z27-{number}"
    book.rows["第三方账单"] = []
    return book


def words(response):
    return re.sub(r"<[^>]+>|\s+", " ", response.content.decode())


def rows_of(response):
    book = openpyxl.load_workbook(io.BytesIO(response.content))
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book}


# Giving in


def test_a_workbook_is_checked_then_confirmed_then_recorded(send, office, fresh):
    given = send(fresh.content(), follow=True)
    assert given.status_code == 200
    job = LedgerImport.objects.get(dry_run=True)
    assert "hx-get" in given.content.decode()

    actions.run_next_import()
    checked = office.get(job.get_absolute_url())
    assert reverse("supervision:import_confirm", args=[job.pk]) in checked.content.decode()

    office.post(reverse("supervision:import_confirm", args=[job.pk]))
    actions.run_next_import()
    recorded = LedgerImport.objects.get(dry_run=False, institution__code="LXZ")
    page = office.get(recorded.get_absolute_url())

    assert recorded.status == LedgerImport.Status.DONE
    assert page.status_code == 200
    assert recorded.entries.count() == 5
    assert page.context["cases"] == 5
    assert rows_of(office.get(reverse("supervision:import_result", args=[recorded.pk])))


def test_sending_the_same_file_twice_shows_the_same_import(send, fresh):
    content = fresh.content()

    assert send(content).url == send(content).url
    assert LedgerImport.objects.filter(dry_run=True).count() == 1


def test_confirming_twice_or_too_late_records_once(send, office, fresh):
    send(fresh.content())
    job = LedgerImport.objects.get(dry_run=True)
    early = office.post(reverse("supervision:import_confirm", args=[job.pk]))
    assert early.url == job.get_absolute_url()
    assert not LedgerImport.objects.filter(dry_run=False, institution__code="LXZ").exists()

    actions.run_next_import()
    first = office.post(reverse("supervision:import_confirm", args=[job.pk]))
    second = office.post(reverse("supervision:import_confirm", args=[job.pk]))

    assert first.url == second.url
    assert LedgerImport.objects.filter(dry_run=False, institution__code="LXZ").count() == 1


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", "empty.xlsx"),
        (b"this is no workbook", "ledger.xlsx"),
        (b"%PDF-1.7 disguised", "ledger.xlsx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "locked.xlsx"),
        (b"PK\x03\x04 broken", "ledger.xlsx"),
    ],
)
def test_what_is_no_workbook_is_refused_with_a_sentence(send, content, name):
    response = send(content, name)

    assert response.status_code == 422
    assert 'class="error-summary"' in response.content.decode()
    assert not LedgerImport.objects.filter(institution__code="LXZ").exists()


def test_no_file_at_all_is_refused(office):
    assert office.post(IMPORTS, {}).status_code == 422


def test_a_file_too_large_is_refused_as_such(send, settings, fresh):
    settings.UPLOAD_MAX_BYTES = 2000

    assert send(fresh.content()).status_code == 413


def test_errors_are_listed_and_can_be_taken_away(send, office, fresh):
    fresh.cases[0]["申请时间"] = "昨天"
    fresh.cases[1]["第三方代码"] = "L99"
    send(fresh.content())
    actions.run_next_import()
    job = LedgerImport.objects.get(dry_run=True)

    page = words(office.get(job.get_absolute_url()))
    [errors] = rows_of(office.get(reverse("supervision:import_errors", args=[job.pk]))).values()

    assert "申请时间" in page
    assert "L99" in page
    assert [row[:4] for row in errors[1:]] == [
        ("检测台账", 2, "N", "申请时间"),
        ("检测台账", 3, "AD", "第三方代码"),
    ]


def test_progress_is_a_fragment_that_ends_by_loading_the_page(send, office, fresh):
    send(fresh.content())
    job = LedgerImport.objects.get(dry_run=True)
    address = reverse("supervision:import_progress", args=[job.pk])

    fragment = office.get(address, headers={"HX-Request": "true"})
    assert "<html" not in fragment.content.decode()
    assert office.get(address).url == job.get_absolute_url()

    actions.run_next_import()
    assert office.get(address, headers={"HX-Request": "true"})["HX-Refresh"] == "true"


def test_what_was_recorded_from_the_shell_shows_each_hospital_its_own(demo_client):
    shell = LedgerImport.objects.get(institution=None)

    page = demo_client("LXY047", "R10").get(shell.get_absolute_url())

    assert page.context["cases"] == 312
    assert page.context["found"] == Finding.objects.filter(institution__code="LXY").count()


# Who may


@pytest.mark.parametrize(
    ("username", "role", "allowed"),
    [
        ("LXZ003", "R01", {FINDINGS}),
        ("LXZ901", "R02", {FINDINGS}),
        ("LXZ030", "R10", {IMPORTS, FINDINGS, DIFFERENCES}),
        ("LXZ905", "R12", {DIFFERENCES}),
        ("LXW001", "R25", {FINDINGS, DIFFERENCES}),
        ("LXZ908", "R19", set()),
    ],
)
def test_each_post_sees_its_own_pages(demo_client, username, role, allowed):
    client = demo_client(username, role)

    for address in (IMPORTS, FINDINGS, DIFFERENCES):
        assert client.get(address).status_code == (200 if address in allowed else 403), address


def test_nobody_gets_in_without_signing_in(client, county):
    for address in (IMPORTS, FINDINGS, DIFFERENCES):
        assert client.get(address).status_code == 302


def test_a_finding_of_another_hospital_does_not_exist_here(office):
    theirs = Finding.objects.filter(institution__code="LXY").first()

    assert office.get(theirs.get_absolute_url()).status_code == 404
    assert office.get(f"{FINDINGS}999999/").status_code == 404


def test_an_import_of_another_hospital_does_not_exist_here(send, demo_client, fresh):
    send(fresh.content())
    job = LedgerImport.objects.get(dry_run=True)
    other = demo_client("LXY047", "R10")

    for name in ("import", "import_errors", "import_result", "import_progress"):
        assert other.get(reverse(f"supervision:{name}", args=[job.pk])).status_code == 404
    assert other.post(reverse("supervision:import_confirm", args=[job.pk])).status_code == 404


def test_a_doctor_sees_findings_on_the_cases_they_requested(demo_client):
    page = demo_client("LXZ003", "R01").get(FINDINGS)

    shown = {row.referral.requester.username for row, _title in page.context["findings"]}
    assert shown == {"LXZ003"}
    assert page.context["total"] == Finding.objects.filter(referral__requester__username="LXZ003").count()


# Findings


@pytest.mark.parametrize("by", ["gate", "clause", "department", "doctor"])
def test_every_count_links_to_a_list_of_as_many(office, by):
    page = office.get(FINDINGS, {"by": by})
    links = re.findall(r'href="\?([^"]*)">(\d+)</a>', page.content.decode())

    assert links
    for query, count in links:
        listed = office.get(f"{FINDINGS}?{query.replace('&amp;', '&')}")
        assert listed.context["total"] == int(count), query


def test_filters_stand_in_the_address(office):
    page = office.get(FINDINGS, {"gate": "X05", "period": "2026Q3"})

    numbers = [row.referral.number for row, _title in page.context["findings"]]
    assert numbers == ["LXZ20260827004"]


def test_a_filter_that_makes_no_sense_is_told(office):
    page = office.get(FINDINGS, {"period": "2026Q9"})

    assert page.status_code == 400
    assert page.context["total"] == 0


def test_pages_follow_each_other_without_gap_or_double(office, monkeypatch):
    from supervision import queries

    monkeypatch.setattr(queries, "PAGE", 7)
    seen, address = [], FINDINGS
    while address:
        page = office.get(address)
        seen += [row.pk for row, _title in page.context["findings"]]
        address = page.context["older_url"]

    expected = Finding.objects.filter(institution__code="LXZ").order_by("-judged_as_of", "-pk")
    assert seen == list(expected.values_list("pk", flat=True))


def test_a_finding_shows_sentence_clause_facts_and_the_case_and_reading_it_is_recorded(office):
    finding = Finding.objects.filter(institution__code="LXZ", gate="X05").first()

    page = words(office.get(finding.get_absolute_url()))

    assert finding.message in page
    assert "B17" in page
    assert finding.facts[0][0] in page
    assert finding.referral.number in page
    read = Event.objects.filter(op="R", row_id=str(finding.referral_id)).latest("pk")
    assert read.actor_id == User.objects.get(username="LXZ030").pk


def test_findings_can_be_taken_away_whole_and_without_names(office, demo_client):
    everything = rows_of(office.get(f"{FINDINGS}export.xlsx"))
    [rows] = everything.values()
    names = set(Identity.objects.values_list("name", flat=True))

    assert len([row for row in rows[1:] if row[1]]) == Finding.objects.filter(institution__code="LXZ").count()
    assert not names & {str(cell) for row in rows for cell in row}
    assert "病案号" in rows[0] or "Record number" in rows[0]
    [bureau] = rows_of(demo_client("LXW001").get(f"{FINDINGS}export.xlsx")).values()
    assert len(bureau[0]) == len(rows[0]) - 1, "the bureau gets no record numbers"
    assert len([row for row in bureau[1:] if row[1]]) == Finding.objects.count()


# Differences


def test_differences_stand_side_by_side_by_kind(office):
    for kind in OF_HISTORY:
        page = office.get(DIFFERENCES, {"kind": kind})
        expected = StatementDifference.objects.filter(institution__code="LXZ", kind=kind)
        assert page.context["total"] == expected.count() > 0
    page = office.get(DIFFERENCES, {"kind": "amount_differs"})
    [(row, left, right, owing), *_more] = page.context["rows"]
    assert left.amount == row.billed_amount
    assert right.amount == row.expected_amount
    assert owing == left.amount - right.amount


def test_differences_are_filtered_by_laboratory_and_month(office):
    page = office.get(DIFFERENCES, {"laboratory": "L01", "period": "2026-08"})

    assert page.context["total"] > 0
    assert {row.laboratory.code for row, *_sides in page.context["rows"]} == {"L01"}
    assert {f"{row.occurred_on:%Y-%m}" for row, *_sides in page.context["rows"]} == {"2026-08"}


def test_differences_can_be_taken_away(office):
    [rows] = rows_of(office.get(f"{DIFFERENCES}export.xlsx", {"kind": "not_billed"})).values()

    assert len([row for row in rows[1:] if row[3]]) == 5


# Constant queries


@pytest.mark.parametrize("address", [IMPORTS, FINDINGS, f"{FINDINGS}?by=clause", DIFFERENCES])
def test_a_longer_list_asks_no_more_questions(office, address, monkeypatch):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from supervision import queries

    def asked(size):
        monkeypatch.setattr(queries, "PAGE", size)
        with CaptureQueriesContext(connection) as questions:
            assert office.get(address).status_code == 200
        return len(questions)

    asked(8)
    assert asked(8) == asked(30)


def test_the_workbook_of_the_demo_was_not_given_in_twice(office, send):
    response = send(WORKBOOK.read_bytes(), "hospital-ledger.xlsx", follow=True)
    actions.run_next_import()

    job = LedgerImport.objects.get(dry_run=True)
    page = office.get(job.get_absolute_url())
    assert response.status_code == 200
    assert page.context["nothing_new"]
    assert reverse("supervision:import_confirm", args=[job.pk]) not in page.content.decode()
