"""Approval of outsourcing, the charge and the refund: by the right post and the wrong one, past the gates or not."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from audit.gates import Refused
from audit.models import Event
from consent.models import Consent
from referrals.actions import approving, charging
from referrals.models import Charge, Referral, Status
from tests.factories import UserFactory, staff
from vendors.models import Credential, NotOutsourcingStatement, Price


def codes(refused):
    return [one.code for one in refused.value.refusals]


def test_medical_affairs_approves_and_the_fee_is_due(hospital):
    case = hospital.at("awaiting_approval")

    approving.approve(referral=case, by=hospital.affairs)

    case.refresh_from_db()
    assert case.status == Status.AWAITING_CHARGE
    assert case.approved_at is not None
    made = case.approvals.latest("pk")
    assert (made.decided_by, made.approved) == (hospital.affairs, True)
    steps = Event.objects.of_rows([("referrals_referral", case.pk)]).filter(op="U").values_list("step", flat=True)
    assert {"outsourcing.approved", "charge.asked"} <= set(steps)


def test_disapproval_ends_the_case_with_its_reason(hospital):
    case = hospital.at("awaiting_approval")

    with pytest.raises(ValidationError):
        approving.disapprove(referral=case, by=hospital.affairs, reason=" ")
    approving.disapprove(referral=case, by=hospital.affairs, reason="院内可做")

    case.refresh_from_db()
    assert (case.status, case.end_reason) == (Status.CANCELLED, "院内可做")
    assert case.approvals.get().approved is False


@pytest.mark.parametrize("post", ["doctor", "cashier", "nurse", "records"])
def test_other_posts_do_not_approve(hospital, post):
    case = hospital.at("awaiting_approval")

    with pytest.raises(PermissionDenied):
        approving.approve(referral=case, by=getattr(hospital, post))

    assert not case.approvals.exists()


def test_nobody_approves_their_own_request(hospital):
    case = hospital.at("awaiting_approval", requester=hospital.affairs)

    with pytest.raises(Refused) as refused:
        approving.approve(referral=case, by=hospital.affairs)

    assert codes(refused) == ["X14"]


def test_a_lapsed_licence_and_the_statement_of_not_outsourcing_stop_the_approval(hospital):
    case = hospital.at("awaiting_approval")
    Credential.objects.filter(laboratory=hospital.laboratory, kind="pcr_audit").update(valid_to=date(2026, 3, 1))
    NotOutsourcingStatement.objects.create(institution=hospital.institution, number="1", valid_from=date(2026, 1, 1))

    with pytest.raises(Refused) as refused:
        approving.approve(referral=case, by=hospital.affairs)

    assert codes(refused) == ["X06", "X15"]
    assert Referral.objects.get(pk=case.pk).status == Status.AWAITING_APPROVAL


def test_a_withdrawn_consent_stops_approval_charge_and_the_refusal_says_since_when(hospital):
    case = hospital.at("awaiting_approval")
    Consent.objects.filter(referral=case).update(withdrawn_at=timezone.now())

    with pytest.raises(Refused) as refused:
        approving.approve(referral=case, by=hospital.affairs)

    assert codes(refused) == ["X05"]
    assert "撤回" in str(refused.value.refusals[0]) or "withdrawn" in str(refused.value.refusals[0])


def test_the_fee_is_the_published_price_and_names_the_consent(hospital):
    case = hospital.at("awaiting_charge")

    charging.charge(
        referral=case, by=hospital.cashier, kind="inpatient", receipt_no="JZ20261122001", inpatient_no="ZY88001"
    )

    case.refresh_from_db()
    made = case.charges.get()
    assert case.status == Status.CHARGED
    assert (made.amount, made.kind, made.receipt_no) == (Decimal("1000.00"), "inpatient", "JZ20261122001")
    assert made.price_id and made.consent_id and made.charged_by == hospital.cashier


def test_yesterdays_price_is_not_charged(hospital):
    """The consent was signed for another price than the one in force today (X05)."""
    case = hospital.at("awaiting_charge")
    yesterday = timezone.localdate() - timedelta(days=1)
    Price.objects.filter(test=case.test, institution=hospital.institution).update(effective_to=yesterday)
    Price.objects.create(
        institution=hospital.institution, test=case.test, item_code="S2", item_name="新价", amount=Decimal("1200"),
        effective_from=timezone.localdate(), published_on=yesterday,
    )  # fmt: skip

    with pytest.raises(Refused) as refused:
        charging.charge(referral=case, by=hospital.cashier, kind="receipt", receipt_no="1")

    assert "X05" in codes(refused)
    assert not case.charges.exists()


def test_without_a_published_price_nothing_is_charged(hospital):
    case = hospital.at("awaiting_charge")
    Price.objects.filter(test=case.test, institution=hospital.institution).update(published_on=None)

    with pytest.raises(Refused) as refused:
        charging.charge(referral=case, by=hospital.cashier, kind="receipt", receipt_no="1")

    assert codes(refused) == ["X07"]


def test_research_is_never_charged_wherever_the_case_stands(hospital):
    from tests.factories import StudyFactory

    study = StudyFactory(institution=hospital.institution)
    case = hospital.at("awaiting_sampling", outsourced=False, nature="research", study=study)

    with pytest.raises(Refused) as refused:
        charging.charge(referral=case, by=hospital.cashier, kind="receipt", receipt_no="1")

    assert codes(refused) == ["X09"]
    assert "严禁" in str(refused.value.refusals[0]) or "forbidden" in str(refused.value.refusals[0])


def test_who_approved_does_not_charge_the_same_case(hospital):
    """X14: two acts on one case are never one person's, whatever posts they hold."""
    case = hospital.at("awaiting_charge")
    case.approvals.update(decided_by=hospital.cashier)

    with pytest.raises(Refused) as refused:
        charging.charge(referral=case, by=hospital.cashier, kind="receipt", receipt_no="1")

    assert codes(refused) == ["X14"]
    other = staff("R12", hospital.institution)
    charging.charge(referral=case, by=other, kind="receipt", receipt_no="1")


def test_who_chaired_the_mdt_does_not_approve(hospital):
    case = hospital.at("awaiting_approval", first_visit=True)
    case.mdt_reviews.update(chair=hospital.affairs)

    with pytest.raises(Refused) as refused:
        approving.approve(referral=case, by=hospital.affairs)

    assert codes(refused) == ["X14"]


def test_a_second_submit_charges_nothing_more(hospital):
    case = hospital.at("awaiting_charge")
    stale = Referral.objects.get(pk=case.pk)
    charging.charge(referral=case, by=hospital.cashier, kind="receipt", receipt_no="1")

    with pytest.raises(Refused) as refused:
        charging.charge(referral=stale, by=hospital.cashier, kind="receipt", receipt_no="1")

    assert codes(refused) == ["stale"]
    assert Charge.objects.filter(referral=case).count() == 1


def test_the_fee_is_refunded_before_sampling_and_due_again(hospital):
    case = hospital.at("charged")

    with pytest.raises(ValidationError):
        charging.refund(referral=case, by=hospital.cashier, reversal_no="", reason="")
    charging.refund(referral=case, by=hospital.cashier, reversal_no="TF1", reason="重复收费")

    case.refresh_from_db()
    made = case.charges.get()
    assert (case.status, case.charged_at) == (Status.AWAITING_CHARGE, None)
    assert (made.reversal_no, made.reversed_by) == ("TF1", hospital.cashier)


def test_after_a_rejected_specimen_the_refund_asks_for_the_fee_again(hospital):
    case = hospital.at("shipped")
    Referral.objects.filter(pk=case.pk).update(status=Status.RECOLLECT)
    case.refresh_from_db()

    charging.refund(referral=case, by=hospital.cashier, reversal_no="TF1", reason="标本不合格")

    case.refresh_from_db()
    assert (case.status, case.shipped_at) == (Status.AWAITING_CHARGE, None)


def test_after_sampling_the_fee_stays(hospital):
    case = hospital.at("sampled")

    with pytest.raises(Refused):
        charging.refund(referral=case, by=hospital.cashier, reversal_no="TF1", reason="x")


def test_after_a_withdrawal_the_refund_moves_nothing(hospital):
    case = hospital.at("charged")
    Referral.objects.filter(pk=case.pk).update(status=Status.WITHDRAWN)
    case.refresh_from_db()

    charging.refund(referral=case, by=hospital.cashier, reversal_no="TF1", reason="撤回同意")

    case.refresh_from_db()
    assert case.status == Status.WITHDRAWN
    assert case.charges.get().reversed_at is not None


def test_only_the_cashier_refunds(hospital):
    case = hospital.at("charged")

    with pytest.raises(PermissionDenied):
        charging.refund(referral=case, by=hospital.doctor, reversal_no="TF1", reason="x")
    assert UserFactory()
