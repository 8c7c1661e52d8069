"""The outsourced-test catalog (reports.md §5; A24–A26, B8, B10) and the statement of sending nothing out (B35, X15)."""

import io
from datetime import date, timedelta
from decimal import Decimal

import openpyxl
import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit.gates import Refused, Verdict, judge
from tests import factories as f
from tests.fixtures.laboratories import later, paper
from vendors import outsourced, outsourced_sheets, publishing
from vendors.actions import laboratories, not_outsourcing, standing
from vendors.models import Board, NotOutsourcingStatement

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_machine")]


@pytest.fixture
def contracted(office):
    """The laboratory admitted, its contract in force for both tests, the first of them priced and assessed."""
    office.admission = office.admitted()
    office.contract = f.ContractFactory(
        institution=office.institution, laboratory=office.laboratory, tests=office.tests, admission=False,
        tests__price=Decimal("3000"),
    )  # fmt: skip
    office.contract.items.update(turnaround_days=7)
    office.price = f.PriceFactory(institution=office.institution, test=office.tests[0])
    laboratories.record_round(
        laboratory=office.laboratory, test=office.tests[0], organiser="国家病理质控中心", name="第一轮", held_on=later(-5),
        passed=True, by=office.buyer,
    )  # fmt: skip
    return office


def catalog(office, on=None):
    return {one.item.test.code: one for one in outsourced.catalog(office.institution, on or timezone.localdate())}


def column(line, key):
    return next(value(line) for name, _h, _w, _k, value in outsourced.COLUMNS if name == key)


def test_every_column_follows_from_the_registers(contracted):
    """reports.md §5; A24, A25, A26, B8, B10."""
    line = catalog(contracted)[contracted.tests[0].code]

    assert line.is_open and line.against == []
    assert column(line, "laboratory") == contracted.laboratory.name
    assert contracted.contract.number in column(line, "contract")
    assert contracted.contract.procurement_no in column(line, "procurement")
    assert "国械注准20183400507" in column(line, "products")
    assert "第一轮" in column(line, "round") and "合格" in column(line, "round")
    assert column(line, "turnaround_days") == 7
    assert column(line, "amount") == contracted.price.amount
    assert column(line, "published_on") == contracted.price.published_on
    assert "未登记" in column(line, "why_not_here")
    assert "（" in column(line, "tumours") and column(line, "basis") and column(line, "grade")
    # 25 headings of the form; the 26th of the printed one is the running number.
    assert len(outsourced.COLUMNS) == 25
    assert not {str(heading) for _k, heading, *_rest in outsourced.COLUMNS} & {""}


def test_a_supplement_of_the_registers_changes_the_catalog_without_a_word_typed(contracted):
    f.in_house(contracted.institution, contracted.tests[0])
    line = catalog(contracted)[contracted.tests[0].code]
    assert line.in_house and not line.is_open and "院内开展" in column(line, "note")


@pytest.mark.parametrize("shut", ["suspended", "restricted", "credential", "stated", "round", "abroad"])
def test_what_shuts_the_way_shows_in_the_catalog_and_leaves_the_public_list(contracted, shut):
    """B8, B10, X06, X13, X15: admission, restriction, credential, statement, quality."""
    office, first = contracted, contracted.tests[0]
    if shut == "suspended":
        standing.suspend(admission=office.admission, reason="冷链失控", by=office.affairs)
    elif shut == "restricted":
        standing.restrict(admission=office.admission, tests=office.tests[1:], reason="质控", by=office.affairs)
    elif shut == "credential":
        office.laboratory.credentials.filter(kind="pcr_audit").update(valid_to=later(-1))
    elif shut == "stated":
        not_outsourcing.state(
            number="说明1号", valid_from=later(0), reason="本院不外送", file=paper(), by=office.president
        )
    elif shut == "round":
        laboratories.record_round(
            laboratory=office.laboratory, test=first, organiser="国家病理质控中心", name="第二轮", held_on=later(-1),
            passed=False, by=office.buyer,
        )  # fmt: skip
    else:
        type(office.laboratory).objects.filter(pk=office.laboratory.pk).update(foreign_controlled=True)
    line = catalog(office)[first.code]
    public = publishing.content_of(office.institution, Board.OUTSOURCED, timezone.localdate())["rows"]

    assert not line.is_open and line.against[0] in column(line, "note")
    assert first.code not in {row["test"] for row in public}
    alone = shut in ("restricted", "round")
    assert ({row["test"] for row in public} == {office.tests[1].code}) is alone


def test_the_public_list_is_the_same_lines_and_tells_no_settlement_price(contracted):
    """A13, B14: one function for the page and the publication."""
    rows = publishing.content_of(contracted.institution, Board.OUTSOURCED, timezone.localdate())["rows"]
    assert {row["test"] for row in rows} == {one for one, line in catalog(contracted).items() if line.is_open}
    assert "3000" not in str(rows)


def test_the_catalog_costs_the_same_number_of_queries_however_long(contracted):
    def asked():
        with CaptureQueriesContext(
            connection,
        ) as found:
            outsourced.catalog(contracted.institution, timezone.localdate())
        return len(found)

    before = asked()
    for number in range(6):
        laboratory = f.LaboratoryFactory()
        test = f.indication(f"LUNG-0{number + 2}").test
        f.ContractFactory(institution=contracted.institution, laboratory=laboratory, tests=[test])
    assert len(catalog(contracted)) > 6
    assert asked() == before


def test_the_catalog_is_read_on_the_page_in_excel_as_a_paper_and_by_programs(client, contracted):
    client.force_login(contracted.affairs)
    page = client.get(reverse("vendors:outsourced"))
    assert page.status_code == 200 and contracted.tests[0].name in page.content.decode()
    assert "国械注准20183400507" in page.content.decode()

    book = client.get(reverse("vendors:outsourced_workbook"))
    sheet = openpyxl.load_workbook(io.BytesIO(book.content)).active
    assert sheet.max_column == 26 and sheet["A1"].value == "序号"
    assert contracted.laboratory.name in [cell.value for cell in sheet[2]]

    made = client.get(reverse("vendors:outsourced_paper"))
    assert made.content.startswith(b"%PDF") and made["Content-Type"] == "application/pdf"

    answer = client.get(reverse("vendors_api:outsourced")).json()["results"]
    found = {one["test"]: one for one in answer}[contracted.tests[0].code]
    assert found["is_open"] and found["amount"] == f"{contracted.price.amount:.2f}"


def test_another_hospitals_catalog_is_not_there_and_the_bureau_reads_each(client, contracted):
    other = f.InstitutionFactory()
    client.force_login(f.staff("R10", other))
    assert client.get(reverse("vendors:outsourced"), {"institution": contracted.institution.code}).status_code == 404
    client.force_login(f.staff("R25", contracted.institution.supervised_by))
    asked = client.get(reverse("vendors:outsourced"), {"institution": contracted.institution.code})
    assert contracted.tests[0].name in asked.content.decode()


def test_the_paper_of_an_empty_catalog_says_so(office):
    assert outsourced_sheets.paper(office.institution, timezone.localdate()).content.startswith(b"%PDF")


# The statement of sending nothing out


def state(office, **changes):
    given = {"number": "未外送说明1号", "valid_from": later(0), "reason": "本院不外送", "file": paper(), **changes}
    return not_outsourcing.state(
        by=changes.pop("by", office.president), **{k: v for k, v in given.items() if k != "by"}
    )


def test_the_statement_switches_sending_out_off_until_it_is_ended(contracted):
    """B35, X15."""
    case = f.ReferralFactory(
        institution=contracted.institution, laboratory=contracted.laboratory, indication=f.indication("LUNG-01")
    )
    made = state(contracted)
    assert judge("X15", case, timezone.now()).verdict == Verdict.REFUSES
    not_outsourcing.end(statement=made, last_day=later(0), reason="拟开展外送", by=contracted.president)
    # It stands to the end of its last day.
    fresh = type(case).objects.get(pk=case.pk)
    assert judge("X15", fresh, timezone.now()).verdict == Verdict.REFUSES
    assert judge("X15", fresh, timezone.now() + timedelta(days=1)).verdict == Verdict.PASSES


def test_only_the_president_states_it_with_a_reason_and_not_backwards(office):
    """B35; the roles."""
    for who in (office.affairs, office.leader, office.buyer):
        with pytest.raises(PermissionDenied):
            state(office, by=who)
    with pytest.raises(Refused):
        state(office, reason=" ")
    with pytest.raises(ValidationError):
        state(office, valid_from=later(-1))
    state(office)
    with pytest.raises(Refused):
        state(office, number="2号")
    assert NotOutsourcingStatement.objects.count() == 1


def test_an_ended_statement_stays_and_is_not_ended_twice(office):
    made = state(office)
    with pytest.raises(ValidationError):
        not_outsourcing.end(statement=made, last_day=later(-1), reason="x", by=office.president)
    not_outsourcing.end(statement=made, last_day=later(2), reason="拟开展外送", by=office.president)
    with pytest.raises(Refused):
        not_outsourcing.end(statement=made, last_day=later(5), reason="再次", by=office.president)
    again = state(office, number="2号", valid_from=later(3))
    assert again.valid_to is None


def test_it_is_stated_and_ended_on_the_page_and_by_programs_alike(client, office):
    client.force_login(office.president)
    address = reverse("vendors:not_outsourcing")
    assert client.post(address, {"number": "1号", "valid_from": later(0), "reason": "本院不外送"}).status_code == 422
    from django.core.files.uploadedfile import SimpleUploadedFile

    file = SimpleUploadedFile("说明.pdf", b"%PDF-1.4\n1\n%%EOF", "application/pdf")
    given = {"number": "1号", "valid_from": later(0).isoformat(), "reason": "本院不外送", "file": file}
    assert client.post(address, given).status_code == 302
    made = NotOutsourcingStatement.objects.get()
    assert made.stated_by == office.president and made.file
    page = client.get(reverse("vendors:outsourced")).content.decode()
    assert "1号" in page
    assert client.get(made.get_absolute_url()).status_code == 200
    ended = client.post(
        reverse("vendors_api:not_outsourcing_end", args=[made.pk]),
        {"last_day": later(0).isoformat(), "reason": "拟开展外送"},
        content_type="application/json",
    )
    assert ended.status_code == 200 and ended.json()["valid_to"] == later(0).isoformat()
    client.force_login(office.affairs)
    assert client.post(address, given).status_code == 403
    client.force_login(f.staff("R24", f.InstitutionFactory()))
    assert client.get(made.get_absolute_url()).status_code == 404


def test_a_future_day_is_judged_as_of_that_day(contracted):
    """A contract that begins later is not in the catalog of today."""
    contracted.contract.items.update(valid_from=later(10))
    assert catalog(contracted) == {}
    assert set(catalog(contracted, later(11))) == {one.code for one in contracted.tests}
    assert isinstance(column(catalog(contracted, later(11))[contracted.tests[0].code], "effective_from"), date)
