"""Blocks and slides lent and returned (`vocab.md` §7): no tissue goes to a laboratory chosen in private (A29, B23)."""

import io
from datetime import timedelta
from decimal import Decimal

import openpyxl
import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import Department, Notice
from audit.gates import Refused
from referrals import borrowing, falling_due
from referrals.actions import block_loans
from referrals.models import BlockLoan
from tests import factories as f

S = BlockLoan.Status


@pytest.fixture
def sign_in(client):
    def as_(user):
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return as_


@pytest.fixture
def chief(hospital):
    """The head of pathology, beside the hospital's own clinical department."""
    assert hospital.department
    department, _new = Department.objects.get_or_create(institution=hospital.institution, name="病理科")
    return f.staff("R02", hospital.institution, department)


@pytest.fixture
def patient(hospital):
    return f.PatientFactory(institution=hospital.institution)


def ask(hospital, patient, **given):
    said = {
        "purpose": "consultation", "borrower": "family", "destination": "省肿瘤医院病理科", "reason": "疑难病例会诊",
        "blocks": "B2026-0815-A1", "slide_count": 2,
    }  # fmt: skip
    return block_loans.request(patient=patient, by=given.pop("by", hospital.doctor), **{**said, **given})


def lent(hospital, chief, patient, **given):
    loan = ask(hospital, patient, **given)
    loan = block_loans.decide(loan=loan, by=chief, approve=True, note="余组织充足", remains_enough=True)
    return block_loans.lend(
        loan=loan, by=hospital.pathologist, borrower_name="王家属", borrower_paper="002X", has_undertaking=True
    )


def test_a_loan_goes_out_and_comes_back(hospital, chief, patient, settings):
    settings.BLOCK_LOAN_DAYS = 10
    loan = lent(hospital, chief, patient)

    assert loan.number == f"JK-{timezone.localdate():%Y}-0001"
    assert (loan.status, loan.due_on) == (S.LENT, timezone.localdate() + timedelta(days=10))
    loan = block_loans.take_back(loan=loan, by=hospital.pathologist, state="complete", blocks_back=1, slides_back=2)
    assert (loan.status, loan.returned_by) == (S.RETURNED, hospital.pathologist)


def test_used_up_ends_the_loan_with_what_the_patient_was_told(hospital, chief, patient):
    loan = lent(hospital, chief, patient)

    used = {"state": "used_up", "blocks_back": 0, "slides_back": 0, "note": "检测用尽，已告知患者"}
    today = timezone.localdate()
    for wrong in ({"note": " "}, {"patient_told_on": None}, {"patient_told_on": today + timedelta(days=1)}):
        with pytest.raises(ValidationError):
            block_loans.take_back(loan=loan, by=hospital.pathologist, **{**used, "patient_told_on": today, **wrong})
    loan = block_loans.take_back(loan=loan, by=hospital.pathologist, patient_told_on=today, **used)

    assert (loan.status, loan.return_note, loan.patient_told_on) == (S.LOST, "检测用尽，已告知患者", today)


@pytest.mark.parametrize(
    ("back", "field"),
    [
        ({"state": "complete", "blocks_back": 1, "slides_back": 1}, "state"),
        ({"state": "complete", "blocks_back": 0, "slides_back": 2}, "state"),
        ({"state": "damaged", "blocks_back": 2, "slides_back": 2}, "blocks_back"),
        ({"state": "damaged", "blocks_back": 1, "slides_back": 3}, "slides_back"),
        ({"state": "lost", "blocks_back": 1, "slides_back": 2}, "state"),
    ],
)
def test_what_comes_back_is_counted_against_what_left(hospital, chief, patient, back, field):
    loan = lent(hospital, chief, patient)

    with pytest.raises(ValidationError) as wrong:
        block_loans.take_back(
            loan=loan, by=hospital.pathologist, note="缺片", patient_told_on=timezone.localdate(), **back
        )

    assert set(wrong.value.message_dict) == {field}
    loan.refresh_from_db()
    assert loan.status == S.LENT
    with pytest.raises(IntegrityError), transaction.atomic():
        BlockLoan.objects.filter(pk=loan.pk).update(state="complete", blocks_back=0, slides_back=2)


def test_slides_alone_may_leave_while_their_block_stays_and_nothing_is_no_loan(hospital, chief, patient):
    with pytest.raises(ValidationError):
        ask(hospital, patient, block_count=0, slide_count=0)
    loan = lent(hospital, chief, patient, block_count=0, slide_count=12)
    loan = block_loans.take_back(loan=loan, by=hospital.pathologist, state="complete", blocks_back=0, slides_back=12)
    assert loan.status == S.RETURNED


def test_who_asks_hands_nothing_out_to_themselves(hospital, chief, patient):
    """X14: pathology's own loan is handed out by a colleague."""
    loan = ask(hospital, patient, by=hospital.pathologist)
    loan = block_loans.decide(loan=loan, by=chief, approve=True, note="余组织充足", remains_enough=True)
    out = {"borrower_name": "吴工", "borrower_paper": "002X", "has_undertaking": True}

    with pytest.raises(Refused) as refused:
        block_loans.lend(loan=loan, by=hospital.pathologist, **out)

    assert [one.code for one in refused.value.refusals] == ["X14"]
    assert block_loans.lend(loan=loan, by=f.staff("R05", hospital.institution), **out).status == S.LENT


def test_staff_borrow_nothing_for_a_test_elsewhere_without_the_hospitals_own_request(hospital, patient):
    """A29, B23: that is the way of a private referral."""
    with pytest.raises(Refused) as refused:
        ask(hospital, patient, purpose="test_elsewhere", borrower="staff", destination="甲检验所")

    (only,) = refused.value.refusals
    assert (only.code, only.clauses) == ("private_referral", ("A29", "B23"))
    assert not BlockLoan.objects.exists()


def test_with_the_hospitals_own_request_that_is_sent_outside_they_do(hospital):
    """A24: the route is on record."""
    case, at_home = hospital.at("charged"), hospital.at("charged", outsourced=False)
    given = {"purpose": "test_elsewhere", "borrower": "staff", "destination": "甲检验所"}
    with pytest.raises(ValidationError):
        ask(hospital, at_home.patient, referral=at_home, **given)
    with pytest.raises(ValidationError):
        ask(hospital, at_home.patient, referral=case, **given)

    assert not ask(hospital, case.patient, referral=case, **given).is_flagged


def test_the_patients_own_wish_is_lent_and_shown_to_the_discipline_office(hospital, patient):
    """A29, B23: neither refused nor unseen."""
    discipline = f.staff("R17", hospital.institution)

    loan = ask(hospital, patient, purpose="test_elsewhere", borrower="patient", destination="患者自行选择的机构")

    assert loan.is_flagged
    assert Notice.objects.filter(user=discipline, text__contains=loan.number).exists()


def test_research_names_a_study_registered_here(hospital, patient):
    """A48."""
    today = timezone.localdate()
    foreign, lapsed, ended = f.StudyFactory(), *(f.StudyFactory(institution=hospital.institution) for _n in "12")
    lapsed.ethics_approvals.update(valid_from=today - timedelta(days=9), valid_to=today - timedelta(days=1))
    ended.ended_on = today - timedelta(days=1)
    ended.save()
    for study in (None, foreign, lapsed, ended):
        with pytest.raises(Refused) as refused:
            ask(hospital, patient, purpose="research", study=study)
        assert refused.value.refusals[0].clauses == ("A48",)

    assert ask(hospital, patient, purpose="research", study=f.StudyFactory(institution=hospital.institution)).study


def test_only_the_head_of_pathology_decides_and_not_on_their_own(hospital, chief, patient):
    loan = ask(hospital, patient)
    with pytest.raises(PermissionDenied):
        block_loans.decide(loan=loan, by=hospital.head, approve=True, note="余组织充足", remains_enough=True)
    with pytest.raises(PermissionDenied):
        block_loans.decide(loan=loan, by=hospital.pathologist, approve=True, note="余组织充足", remains_enough=True)
    with pytest.raises(ValidationError):
        block_loans.decide(loan=loan, by=chief, approve=True, note="余组织不足")
    BlockLoan.objects.filter(pk=loan.pk).update(requested_by=chief)
    with pytest.raises(Refused) as refused:
        block_loans.decide(loan=loan, by=chief, approve=True, note="余组织充足", remains_enough=True)
    assert refused.value.refusals[0].code == "X14"
    BlockLoan.objects.filter(pk=loan.pk).update(requested_by=hospital.doctor)

    assert block_loans.decide(loan=loan, by=chief, approve=False, note="仅余少量组织").status == S.DECLINED
    with pytest.raises(Refused):
        block_loans.decide(loan=loan, by=chief, approve=True, note="余组织充足", remains_enough=True)


def test_nothing_is_handed_out_before_the_approval_or_without_identity_and_surety(hospital, chief, patient):
    loan = ask(hospital, patient)
    whole = {"borrower_name": "王", "borrower_paper": "002X", "has_undertaking": True}
    with pytest.raises(Refused):
        block_loans.lend(loan=loan, by=hospital.pathologist, **whole)
    loan = block_loans.decide(loan=loan, by=chief, approve=True, note="余组织充足", remains_enough=True)

    for wrong in (
        {"borrower_name": " "}, {"borrower_paper": "11010519491231002X"}, {"has_undertaking": False},
        {"deposit": Decimal(500), "deposit_no": ""}, {"due_on": timezone.localdate() - timedelta(days=1)},
    ):  # fmt: skip
        with pytest.raises(ValidationError):
            block_loans.lend(loan=loan, by=hospital.pathologist, **{**whole, **wrong})
    with pytest.raises(IntegrityError), transaction.atomic():
        BlockLoan.objects.filter(pk=loan.pk).update(lent_at=timezone.now(), lent_by=hospital.pathologist)


def test_an_overdue_loan_is_listed_and_reminded_of(hospital, chief, patient):
    loan = lent(hospital, chief, patient)
    assert not BlockLoan.objects.overdue().exists()
    (due,) = falling_due.block_loans(loan.due_on)
    assert due.on == loan.due_on
    assert {hospital.doctor, hospital.pathologist} <= set(due.people)

    BlockLoan.objects.filter(pk=loan.pk).update(due_on=timezone.localdate() - timedelta(days=1))
    assert list(BlockLoan.objects.overdue()) == [loan]
    block_loans.take_back(loan=loan, by=hospital.pathologist, state="complete", blocks_back=1, slides_back=2)
    assert not BlockLoan.objects.overdue().exists()


def test_who_borrows_often_without_a_consultation_stands_out(hospital, patient, settings):
    """`vocab.md` §10, warning 17."""
    settings.BLOCK_LOAN_WARN = 2
    ask(hospital, patient)
    ask(hospital, patient, purpose="test_elsewhere", borrower="patient")
    assert borrowing.often(hospital.affairs) == {}

    ask(hospital, patient, purpose="test_elsewhere", borrower="patient")
    assert borrowing.often(hospital.affairs) == {hospital.doctor.pk: 2}


def test_a_doctor_sees_only_what_they_asked_for(hospital, chief, patient):
    loan = ask(hospital, patient)
    other = f.staff("R01", hospital.institution, hospital.department)
    stranger = f.staff("R05", f.InstitutionFactory())

    seen = [list(BlockLoan.objects.visible_to(one)) for one in (hospital.doctor, chief, hospital.pathologist)]

    assert seen == [[loan]] * 3
    assert not BlockLoan.objects.visible_to(other).exists()
    assert not BlockLoan.objects.visible_to(stranger).exists()


def test_the_pages_take_a_loan_from_asking_to_return_and_give_the_ledger(hospital, chief, patient, sign_in):
    here = reverse("referrals:block_loans")
    form = {
        "do": "request", "record_no": patient.record_no, "purpose": "test_elsewhere", "borrower": "staff",
        "destination": "甲检验所", "blocks": "B1", "block_count": "1", "slide_count": "3", "reason": "检测",
    }  # fmt: skip
    refused = sign_in(hospital.doctor).post(here, form)
    assert refused.status_code == 422 and "B23" in refused.content.decode()
    made = sign_in(hospital.doctor).post(here, form | {"purpose": "consultation"})
    loan = BlockLoan.objects.get()
    assert made["Location"] == loan.get_absolute_url()

    decision = {"do": "decide", "approve": "yes", "remains_enough": "on", "note": "余组织充足"}
    assert sign_in(chief).post(made["Location"], decision).status_code == 302
    out = {"do": "lend", "borrower_name": "王家属", "borrower_paper": "002X", "deposit": "500", "deposit_no": "YJ1"}
    assert sign_in(hospital.pathologist).post(made["Location"], out).status_code == 302
    slip = sign_in(hospital.pathologist).get(reverse("referrals:block_loan_slip", args=[loan.pk]))
    assert slip["Content-Type"] == "application/pdf"
    back = {"do": "return", "state": "lost", "note": "快递丢失，已告知患者", "blocks_back": "0", "slides_back": "0"}
    assert sign_in(hospital.pathologist).post(made["Location"], back).status_code == 422
    back["patient_told_on"] = f"{timezone.localdate():%Y-%m-%d}"
    assert sign_in(hospital.pathologist).post(made["Location"], back).status_code == 302

    book = sign_in(hospital.affairs).get(reverse("referrals:block_loans_xlsx"))
    sheet = openpyxl.load_workbook(io.BytesIO(book.content)).active
    assert [sheet.cell(2, column).value for column in (1, 3, 4)] == [loan.number, patient.record_no, "B1"]
    assert "王家属" not in str([[cell.value for cell in line] for line in sheet.rows])


def test_a_program_takes_the_same_steps(hospital, chief, patient, program):
    said = {
        "record_no": patient.record_no, "purpose": "test_elsewhere", "borrower": "staff", "destination": "甲检验所",
        "blocks": "B1", "reason": "检测",
    }  # fmt: skip
    refused = program(hospital.doctor).post("block-loans/", said)
    assert refused.status_code == 422 and "A29" in refused.content.decode()
    made = program(hospital.doctor).post("block-loans/", said | {"purpose": "consultation"})
    assert made.status_code == 201
    to = f"block-loans/{made.json()['id']}"
    decision = {"approve": True, "remains_enough": True, "note": "余组织充足"}
    assert program(hospital.doctor).post(f"{to}/decide/", decision).status_code == 403
    assert program(chief).post(f"{to}/decide/", decision).json()["status"] == "approved"
    out = {"borrower_name": "王", "borrower_paper": "002X", "has_undertaking": True}
    assert program(hospital.pathologist).post(f"{to}/lend/", out).json()["status"] == "lent"
    back = {"state": "complete", "blocks_back": 1, "slides_back": 0}
    assert program(hospital.pathologist).post(f"{to}/return/", back | {"blocks_back": 0}).status_code == 400
    assert program(hospital.pathologist).post(f"{to}/return/", back).json()["status"] == "returned"
