"""Charges of HIS taken in by file and by program: answered row by row, recorded once confirmed, through the acts of the
window (A28, B13; X07, X09)."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from accounts.models import Notice
from audit.gates import Refused
from documents.files import BadUpload
from documents.spreadsheets import Column, SheetOut, check_table, workbook
from referrals import barcodes, charge_reading
from referrals.actions import charge_imports, charging
from referrals.models import Charge, ChargeImport, ChargeRow, Referral, Status
from tests.factories import InstitutionFactory, StudyFactory, staff

HEADS = ("申请号", "病案号", "结算号", "明细行号", "项目编码", "数量", "金额", "类别", "退费标志", "退费号", "退费原因")
V = ChargeRow.Verdict


@pytest.fixture
def sign_in(client):
    def as_(user):
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return as_


def again(case):
    return Referral.objects.get(pk=case.pk)


def item(case):
    return charging.price_today(case).item_code


def line(case, number="JS1", **more):
    row = {"申请号": case.number, "结算号": number, "项目编码": item(case), "金额": "1000.00", **more}
    return [row.get(head, "") for head in HEADS]


def csv(*rows):
    return "\n".join(",".join(str(cell) for cell in row) for row in (HEADS, *rows)).encode()


def give_in(by, *rows):
    made, _new = charge_imports.give_in(upload=check_table(csv(*rows), name="收费.csv"), by=by)
    while charge_imports.work_next():
        pass
    return ChargeImport.objects.get(pk=made.pk)


def answers(made):
    return list(made.rows.order_by("line").values_list("verdict", flat=True))


def finish(made, by):
    charge_imports.confirm(charge_import=made, by=by)
    while charge_imports.work_next():
        pass
    made.refresh_from_db()


def test_a_file_is_looked_through_and_changes_nothing_until_it_is_confirmed(hospital):
    case = hospital.at("awaiting_charge")

    made = give_in(hospital.cashier, line(case))
    before = (again(case).status, Charge.objects.count())
    finish(made, hospital.cashier)

    assert answers(made) == [V.MATCHED]
    assert before == (Status.AWAITING_CHARGE, 0)
    assert made.status == ChargeImport.Status.DONE
    assert again(case).status == Status.CHARGED
    charged = case.charges.get()
    assert (charged.receipt_no, charged.charged_by, charged.amount) == ("JS1", hospital.cashier, Decimal("1000.00"))
    assert made.rows.get().outcome == ChargeRow.Outcome.DONE


def test_each_row_is_answered_by_the_rule_that_stands_against_it(hospital):
    """X07, X09, out of turn, off the books, another item, not readable, recorded already."""
    due, dear, early, done = (
        hospital.at(one) for one in ("awaiting_charge",) * 2 + ("awaiting_consent", "awaiting_charge")
    )
    study = StudyFactory(institution=hospital.institution)
    research = hospital.at("awaiting_sampling", outsourced=False, nature="research", study=study)
    charging.charge(referral=done, by=hospital.cashier, kind="receipt", receipt_no="JS9")
    missing = line(due, "JS7")
    missing[HEADS.index("申请号")] = f"JC{due.number[2:-1]}X"

    made = give_in(
        hospital.cashier, line(due, "JS1"), line(dear, "JS2", 金额="1200"), line(early, "JS3"), line(research, "JS4"),
        line(done, "JS9"), missing, ["", "000", "JS8", "", "110200001", "", "15", "", "", "", ""],
        line(due, "JS10", 金额="一千"),
    )  # fmt: skip

    assert answers(made) == [
        V.MATCHED, V.PRICE, V.NOT_NOW, V.RESEARCH, V.ALREADY, V.OFF_BOOK, V.OTHER, V.FAULT
    ]  # fmt: skip
    assert "1,200" in made.rows.get(verdict=V.PRICE).says or "1200" in made.rows.get(verdict=V.PRICE).says
    finish(made, hospital.cashier)
    assert not research.charges.exists()
    assert Charge.objects.count() == 2


def test_a_record_number_and_the_price_item_find_the_case_that_awaits_its_fee(hospital):
    case = hospital.at("awaiting_charge")
    row = line(case)
    row[0], row[1] = "", case.patient.record_no

    made = give_in(hospital.cashier, row)

    assert (made.rows.get().referral, answers(made)) == (case, [V.MATCHED])


def test_a_specimens_barcode_finds_its_case(hospital):
    case = hospital.at("recollect", outsourced=False)
    row = line(case, 退费标志="是", 退费号="TF1", 退费原因="标本不合格")
    row[0] = barcodes.current(case).barcode

    made = give_in(hospital.cashier, row)
    finish(made, hospital.cashier)

    assert case.charges.get().reversal_no == "TF1"
    assert again(case).status == Status.AWAITING_CHARGE


def test_part_of_a_fee_is_not_given_back(hospital):
    case = hospital.at("charged")

    made = give_in(hospital.cashier, line(case, 金额="-10.00", 退费号="TF1"))

    assert answers(made) == [V.PRICE]


def test_a_gene_test_without_a_request_is_told_to_the_discipline_office(hospital):
    discipline = staff("R17", hospital.institution)
    case = hospital.at("awaiting_charge")
    row = line(case)
    row[0], row[1] = "", "没有申请的人"

    made = give_in(hospital.cashier, row)

    assert answers(made) == [V.OFF_BOOK]
    assert Notice.objects.filter(user=discipline, url=reverse("referrals:off_book_charges")).exists()
    assert not Notice.objects.filter(user=hospital.cashier).exists()


def test_the_same_file_is_known_again_and_its_rows_too(hospital):
    case = hospital.at("awaiting_charge")
    made = give_in(hospital.cashier, line(case))
    finish(made, hospital.cashier)

    same, is_new = charge_imports.give_in(upload=check_table(csv(line(case)), name="再来.csv"), by=hospital.cashier)
    other = give_in(hospital.cashier, line(case), line(case, "JS2"))

    assert (same, is_new) == (made, False)
    assert answers(other) == [V.ALREADY, V.NOT_NOW]


def test_two_confirmations_and_two_workers_record_one_charge(hospital):
    case = hospital.at("awaiting_charge")
    made = give_in(hospital.cashier, line(case))

    charge_imports.confirm(charge_import=made, by=hospital.cashier)
    charge_imports.confirm(charge_import=made, by=hospital.cashier)
    assert charge_imports.work_next()
    assert not charge_imports.work_next()

    assert case.charges.count() == 1


def test_a_worker_that_fell_silent_is_followed_by_another_that_goes_on(hospital):
    first, second = hospital.at("awaiting_charge"), hospital.at("awaiting_charge")
    made = give_in(hospital.cashier, line(first, "JS1"), line(second, "JS2"))
    charge_imports.confirm(charge_import=made, by=hospital.cashier)
    charging.charge(referral=first, by=hospital.cashier, kind="receipt", receipt_no="JS1")
    made.rows.filter(line=2).update(outcome="done")
    ChargeImport.objects.filter(pk=made.pk).update(beat_at=timezone.now() - timedelta(minutes=5))

    assert charge_imports.work_next()

    assert again(second).status == Status.CHARGED
    assert first.charges.count() == 1


def test_what_was_refused_meanwhile_stands_on_its_row(hospital):
    case = hospital.at("awaiting_charge")
    made = give_in(hospital.cashier, line(case))
    case.approvals.update(decided_by=hospital.cashier)

    finish(made, hospital.cashier)

    row = made.rows.get()
    assert (row.outcome, case.charges.count()) == (ChargeRow.Outcome.REFUSED, 0)
    assert row.says


def test_a_file_given_in_by_mistake_is_discarded_and_may_come_again(hospital):
    case = hospital.at("awaiting_charge")
    made = give_in(hospital.cashier, line(case))

    charge_imports.discard(charge_import=made, by=hospital.cashier, reason="给错了月份")
    with pytest.raises(Refused):
        charge_imports.confirm(charge_import=made, by=hospital.cashier)

    assert give_in(hospital.cashier, line(case)).pk != made.pk


@pytest.mark.parametrize("post", ["doctor", "affairs", "nurse"])
def test_other_posts_take_in_no_charges(hospital, post):
    with pytest.raises(PermissionDenied):
        charge_imports.give_in(upload=check_table(b"a,b\n1,2", name="x.csv"), by=getattr(hospital, post))


def test_what_is_no_table_of_charges_is_refused_whole(hospital):
    for content in (b"a,b\n1,2", csv()):
        with pytest.raises(BadUpload):
            charge_reading.read(content)
    made, _new = charge_imports.give_in(upload=check_table(b"a,b\n1,2", name="x.csv"), by=hospital.cashier)
    while charge_imports.work_next():
        pass

    made.refresh_from_db()
    assert made.status == ChargeImport.Status.UNREADABLE
    assert "结算号" in made.message


def test_a_workbook_says_the_same_as_a_csv(hospital):
    case = hospital.at("awaiting_charge")
    book = workbook([SheetOut("收费明细", [Column(head) for head in HEADS], [line(case)])])

    (row,) = charge_reading.read(book)

    assert (row.case_no, row.number, row.amount) == (case.number, "JS1", Decimal("1000.00"))


def test_another_hospitals_request_is_not_found_here(hospital):
    case = hospital.at("awaiting_charge")
    elsewhere = InstitutionFactory()
    row = line(case)

    made = give_in(staff("R12", elsewhere), row)

    assert made.rows.get().referral is None
    assert answers(made) == [V.OFF_BOOK]


# The doors


def test_the_page_shows_the_answers_and_records_on_confirmation(hospital, sign_in):
    case = hospital.at("awaiting_charge")
    browser = sign_in(hospital.cashier)
    from django.core.files.uploadedfile import SimpleUploadedFile

    sent = browser.post(
        reverse("referrals:charge_imports"), {"charges": SimpleUploadedFile("收费.csv", csv(line(case)))}
    )
    made = ChargeImport.objects.get()
    while charge_imports.work_next():
        pass
    page = browser.get(sent.url).content.decode()
    confirmed = browser.post(sent.url, {"do": "confirm"})
    while charge_imports.work_next():
        pass

    assert sent.url == made.get_absolute_url()
    assert case.number in page
    assert confirmed.status_code == 302
    assert again(case).status == Status.CHARGED


def test_a_program_sends_rows_twice_and_charges_once(hospital, program):
    case = hospital.at("awaiting_charge")
    rows = [{"case_no": case.number, "number": "JS1", "item_code": item(case), "amount": "1000.00"}]
    his = program(hospital.cashier)

    asked = his.post("charges/", {"rows": rows, "check": True}).json()["rows"][0]
    first = his.post("charges/", {"rows": rows}).json()["rows"][0]
    again_ = his.post("charges/", {"rows": rows}).json()["rows"][0]

    assert (asked["verdict"], asked["outcome"]) == ("matched", "")
    assert (first["verdict"], first["outcome"], first["referral"]) == ("matched", "done", case.number)
    assert (again_["verdict"], again_["outcome"]) == ("already", "")
    assert case.charges.count() == 1


def test_a_program_is_refused_research_in_the_words_of_x09(hospital, program):
    """A49."""
    study = StudyFactory(institution=hospital.institution)
    case = hospital.at("awaiting_sampling", outsourced=False, nature="research", study=study)
    rows = [{"case_no": case.number, "number": "JS1", "amount": "1000.00"}]

    (row,) = program(hospital.cashier).post("charges/", {"rows": rows}).json()["rows"]

    assert row["verdict"] == "research"
    assert "严禁" in row["says"]
    assert not case.charges.exists()


def test_as_many_questions_for_forty_rows_as_for_four(hospital, django_assert_max_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    cases = [hospital.at("awaiting_charge") for _ in range(12)]
    counts = []
    for some in (cases[:4], cases):
        rows = charge_reading.read(csv(*(line(one, f"JS{one.pk}") for one in some)))
        from referrals.charge_judging import judge

        with CaptureQueriesContext(connection) as asked:
            judge(rows, by=hospital.cashier, institution=hospital.institution.pk)
        counts.append(len(asked) / len(rows))
    assert counts[1] <= counts[0]
