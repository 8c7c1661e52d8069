"""The papers of a case: the requisition that goes with the patient, and what the patient is told of the fee
(practice.md 1, 2 and 4; `vocab.md` §7 and §9)."""

import io
from datetime import timedelta

import pypdfium2
import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Department
from audit.models import Event
from referrals import refunding
from referrals.actions import block_loans, charging, deferring, requests, specimens
from referrals.identity import set_identity
from referrals.models import Referral
from tests import factories as f


@pytest.fixture
def read(client):
    """The words of a paper as that person prints it; or the status of the answer."""

    def as_(user, name, pk):
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        answer = client.get(reverse(f"referrals:{name}", args=[pk]))
        if answer.status_code != 200:
            return answer.status_code
        pages = pypdfium2.PdfDocument(io.BytesIO(answer.content))
        # Lines break where the column ends.
        return "".join("".join(page.get_textpage().get_text_range() for page in pages).split())

    return as_


def again(case):
    return Referral.objects.get(pk=case.pk)


def put_off(hospital, case):
    until = timezone.localdate() + timedelta(days=3)
    deferring.put_off(
        referral=case, by=hospital.affairs, kind="green_channel", document="LSTD-2026-7", basis="急诊入院，家属未到",
        until=until,
    )  # fmt: skip
    return until


def said(day):
    return f"{day.year}年{day.month}月{day.day}日"


def test_the_requisition_says_who_what_why_and_where_to_pay_and_nothing_private(hospital, read):
    case = hospital.at("awaiting_charge")
    patient = case.patient
    set_identity(
        patient=patient, by=hospital.nurse, name="岚小雨", id_number="11010519491231002X", phone="13900001111",
        address="岚溪县一路1号",
    )  # fmt: skip

    text = read(hospital.doctor, "requisition", case.pk)

    for known in (case.number, "岚小雨", patient.record_no, hospital.doctor.name, case.necessity, "1,000.00", "收费处"):
        assert known in text
    assert hospital.laboratory.name not in text, "the requester reads no laboratory before the specimen has left (X16)"
    assert "11010519491231002X" not in text and "13900001111" not in text and "一路1号" not in text
    assert Event.objects.of_rows([("referrals_referral", case.pk)]).filter(op="R").exists()


def test_a_draft_and_a_strangers_case_have_no_requisition(hospital, read):
    case = hospital.at("awaiting_charge")
    Referral.objects.filter(pk=case.pk).update(status="draft")
    stranger = f.staff("R01", f.InstitutionFactory())

    assert read(hospital.doctor, "requisition", case.pk) == 404
    assert read(stranger, "requisition", case.pk) == 404


def test_a_post_that_sees_no_identity_prints_both_without_it(hospital, read):
    case = hospital.at("charged")
    set_identity(patient=case.patient, by=hospital.nurse, name="岚小雨", id_number="", phone="", address="")
    for name in ("requisition", "fee_paper"):
        named, bare = (read(one, name, case.pk) for one in (hospital.cashier, hospital.research))
        assert "岚小雨" in named and case.patient.record_no in named
        assert "岚小雨" not in bare and case.patient.record_no not in bare and case.number in bare


def test_a_fee_put_off_is_on_the_patients_paper_with_its_day_until_it_is_settled(hospital, read):
    """practice.md 1."""
    case = hospital.at("awaiting_charge")
    assert read(hospital.cashier, "fee_paper", case.pk) == 404
    until = put_off(hospital, case)
    text = read(hospital.affairs, "fee_paper", case.pk)
    assert said(until) in text and "LSTD-2026-7" in text and "急诊入院，家属未到" in text and "1,000.00" in text

    charging.charge(referral=again(case), by=hospital.cashier, kind="green_channel")
    assert said(until) in read(hospital.cashier, "fee_paper", case.pk)
    deferring.settle(referral=again(case), by=hospital.cashier, kind="receipt", receipt_no="JS77")

    settled = read(hospital.cashier, "fee_paper", case.pk)
    assert said(until) not in settled and "JS77" in settled


def test_the_date_of_the_refund_stands_on_the_paper_before_and_after(hospital, read):
    """practice.md, what the patient would miss most; `vocab.md` §9."""
    case = hospital.at("sampled", outsourced=False)
    case.specimens.update(is_fit=None, assessed_at=None, assessed_by=None)
    specimens.assess(referral=case, by=hospital.pathologist, is_fit=False, reason="坏死超过一半")
    due = read(hospital.cashier, "fee_paper", case.pk)
    assert "全额退还" in due and "1,000.00" in due and said(refunding.due_by(again(case))) in due

    charging.refund(referral=again(case), by=hospital.cashier, reversal_no="TF20260605", reason="标本不合格全退")
    requests.cancel(referral=again(case), by=hospital.doctor, reason="无组织可取")

    given = read(hospital.cashier, "fee_paper", case.pk)
    assert "TF20260605" in given and "标本不合格全退" in given and f"{timezone.localdate():%Y-%m-%d}" in given
    assert "全额退还" not in given


def test_the_paper_is_no_receipt(hospital, read):
    """practice.md 2."""
    assert "本单不是收费票据" in read(hospital.cashier, "fee_paper", hospital.at("charged").pk)


def test_research_has_no_paper_on_a_fee(hospital, read):
    case = hospital.at(
        "awaiting_sampling", outsourced=False, nature="research", study=f.StudyFactory(institution=hospital.institution)
    )
    assert read(hospital.cashier, "fee_paper", case.pk) == 404
    assert "不收取任何费用" in read(hospital.nurse, "requisition", case.pk)


def test_the_slip_of_a_loan_is_printed_from_the_approval_on(hospital, read):
    assert hospital.department
    department, _new = Department.objects.get_or_create(institution=hospital.institution, name="病理科")
    chief = f.staff("R02", hospital.institution, department)
    loan = block_loans.request(
        patient=f.PatientFactory(institution=hospital.institution), by=hospital.doctor, purpose="consultation",
        borrower="family", destination="省肿瘤医院病理科", reason="疑难病例会诊", blocks="B2026-0815-A1", block_count=1, slide_count=2,
    )  # fmt: skip
    assert read(hospital.pathologist, "block_loan_slip", loan.pk) == 404
    block_loans.decide(loan=loan, by=chief, approve=True, note="余组织充足", remains_enough=True)

    text = read(hospital.pathologist, "block_loan_slip", loan.pk)

    assert loan.number in text and "B2026-0815-A1" in text and "蜡块1块切片2张" in text
