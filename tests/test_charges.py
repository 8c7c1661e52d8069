"""The hospital's entry in detail: one entry, one case; arrears and the green channel by another's leave; the whole fee
given back on its day (A28, B13; practice.md 1 and 2)."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.gates import Refused
from audit.models import Event
from referrals import queries
from referrals.actions import charging, corrections, deferring, ending
from referrals.actions.charging import charge
from referrals.models import Charge, FeeDeferral, Referral, Status
from tests.factories import StudyFactory, staff
from tests.test_stations_money import codes


def again(case):
    return Referral.objects.get(pk=case.pk)


def due(user, code):
    return set(queries.waiting(Referral.objects.visible_to(user), code).values_list("pk", flat=True))


@pytest.fixture
def put_off(hospital):
    def give(case, kind="arrears", by=None, **more):
        until = more.pop("until", timezone.localdate() + timedelta(days=30 if kind == "arrears" else 3))
        return deferring.put_off(
            referral=case, by=by or hospital.affairs, kind=kind, document="QF-2026-001", basis="家庭困难，分期缴费",
            until=until, **more,
        )  # fmt: skip

    return give


# The entry


def test_a_receipt_keeps_settlement_line_code_and_number_apart(hospital):
    case = hospital.at("awaiting_charge")

    charge(
        referral=case, by=hospital.cashier, kind="receipt", receipt_no=" JS001 ", settlement_line=2,
        invoice_code="35060126", invoice_no="0001234567",
    )  # fmt: skip

    made = case.charges.get()
    assert (made.receipt_no, made.settlement_line) == ("JS001", 2)
    assert (made.invoice_code, made.invoice_no, made.inpatient_no) == ("35060126", "0001234567", "")
    assert made.institution == hospital.institution


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"receipt_no": ""}, "receipt_no"),
        ({"receipt_no": "结算一号"}, "receipt_no"),
        ({"receipt_no": "1", "invoice_code": "35060126"}, "invoice_no"),
        ({"receipt_no": "1", "invoice_code": "35-1", "invoice_no": "0001234567"}, "invoice_code"),
        ({"receipt_no": "1", "invoice_code": "35060126", "invoice_no": "12"}, "invoice_no"),
        ({"receipt_no": "1", "settlement_line": 0}, "settlement_line"),
        ({"receipt_no": "1", "kind": "inpatient"}, "inpatient_no"),
        ({"receipt_no": "1", "kind": "free"}, "kind"),
    ],
)
def test_an_entry_out_of_shape_is_named_by_its_field_and_charges_nothing(hospital, typed, field):
    case = hospital.at("awaiting_charge")

    with pytest.raises(ValidationError) as wrong:
        charge(referral=case, by=hospital.cashier, **{"kind": "receipt", **typed})

    assert list(wrong.value.message_dict) == [field]
    assert again(case).status == Status.AWAITING_CHARGE
    assert not case.charges.exists()


def test_one_settlement_serves_one_case_unless_each_names_its_line(hospital):
    first, second, third, fourth = (hospital.at("awaiting_charge") for _ in range(4))
    entry = {"by": hospital.cashier, "kind": "receipt", "receipt_no": "JS7"}
    charge(referral=first, settlement_line=1, **entry)

    with pytest.raises(ValidationError) as same_line:
        charge(referral=second, settlement_line=1, **entry)
    with pytest.raises(ValidationError):
        charge(referral=second, **entry)
    charge(referral=second, settlement_line=2, **entry)
    charge(referral=third, by=hospital.cashier, kind="receipt", receipt_no="JS8")
    with pytest.raises(ValidationError):
        charge(referral=fourth, by=hospital.cashier, kind="receipt", receipt_no="JS8", settlement_line=1)

    assert first.number in str(same_line.value)
    assert again(fourth).status == Status.AWAITING_CHARGE


def test_the_database_itself_keeps_one_entry_for_one_case(hospital):
    first, second = hospital.at("awaiting_charge"), hospital.at("awaiting_charge")
    charge(referral=first, by=hospital.cashier, kind="receipt", receipt_no="JS7")
    charge(referral=second, by=hospital.cashier, kind="receipt", receipt_no="JS8")

    with pytest.raises(IntegrityError), transaction.atomic():
        second.charges.update(receipt_no="JS7")
    with pytest.raises(IntegrityError), transaction.atomic():
        second.charges.update(kind="arrears")
    with pytest.raises(IntegrityError), transaction.atomic():
        second.charges.update(kind="inpatient")


def test_a_fiscal_receipt_belongs_to_one_settlement(hospital):
    first, second, third = (hospital.at("awaiting_charge") for _ in range(3))
    receipt = {"by": hospital.cashier, "kind": "receipt", "invoice_code": "35060126", "invoice_no": "0001234567"}
    charge(referral=first, receipt_no="JS7", settlement_line=1, **receipt)
    charge(referral=second, receipt_no="JS7", settlement_line=2, **receipt)

    with pytest.raises(ValidationError) as wrong:
        charge(referral=third, receipt_no="JS9", **receipt)

    assert list(wrong.value.message_dict) == ["invoice_no"]


def test_another_admission_has_its_own_account_entries(hospital):
    first, second = hospital.at("awaiting_charge"), hospital.at("awaiting_charge")
    entry = {"by": hospital.cashier, "kind": "inpatient", "receipt_no": "000123"}

    charge(referral=first, inpatient_no="ZY1", **entry)
    charge(referral=second, inpatient_no="ZY2", **entry)

    assert again(second).status == Status.CHARGED


def test_a_number_given_back_may_serve_the_case_it_was_meant_for(hospital):
    wrong, meant = hospital.at("awaiting_charge"), hospital.at("awaiting_charge")
    charge(referral=wrong, by=hospital.cashier, kind="receipt", receipt_no="JS7")
    charging.refund(referral=again(wrong), by=hospital.cashier, reversal_no="TF7", reason="登记到了别的申请")

    charge(referral=meant, by=hospital.cashier, kind="receipt", receipt_no="JS7")

    assert again(meant).status == Status.CHARGED


def test_another_price_item_than_the_published_one_is_a_swap(hospital):
    """B13: no item stands in for another (X07)."""
    case = hospital.at("awaiting_charge")

    with pytest.raises(Refused) as refused:
        charge(referral=case, by=hospital.cashier, kind="receipt", receipt_no="1", lines=[("270700003", 1, None)])

    assert codes(refused) == ["X07"]
    assert "270700003" in str(refused.value.refusals[0].message)


def test_a_correction_of_the_number_is_held_to_the_same_rule(hospital):
    first, second = hospital.at("awaiting_charge"), hospital.at("awaiting_charge")
    charge(referral=first, by=hospital.cashier, kind="receipt", receipt_no="JS7")
    charge(referral=second, by=hospital.cashier, kind="receipt", receipt_no="JS8")

    for value in ("JS7", "号码"):
        with pytest.raises(ValidationError):
            corrections.correct(
                referral=again(second), by=hospital.cashier, field="charge.receipt_no", value=value, reason="误填"
            )

    assert second.charges.get().receipt_no == "JS8"


# Put off


def test_arrears_stand_on_the_leave_of_somebody_else(hospital, put_off):
    """practice.md 1: approved arrears count as charged by the hospital; who charges did not approve them (X14)."""
    case = hospital.at("awaiting_charge")

    with pytest.raises(Refused) as without:
        charge(referral=case, by=hospital.cashier, kind="arrears")
    with pytest.raises(PermissionDenied):
        put_off(case, by=hospital.cashier)
    put_off(case)
    with pytest.raises(Refused) as other_kind:
        charge(referral=again(case), by=hospital.cashier, kind="green_channel")
    charge(referral=again(case), by=hospital.cashier, kind="arrears")

    assert codes(without) == codes(other_kind) == ["deferral"]
    made = case.charges.get()
    assert (made.kind, made.receipt_no, made.deferral.approved_by) == ("arrears", "QF-2026-001", hospital.affairs)
    assert again(case).status == Status.CHARGED


def test_who_approved_the_arrears_neither_charges_nor_settles_them(hospital, put_off):
    case = hospital.at("awaiting_charge")
    leave = put_off(case)
    FeeDeferral.objects.filter(pk=leave.pk).update(approved_by=hospital.cashier)

    with pytest.raises(Refused) as charged:
        charge(referral=again(case), by=hospital.cashier, kind="arrears")
    charge(referral=again(case), by=staff("R12", hospital.institution), kind="arrears")
    with pytest.raises(Refused) as settled:
        deferring.settle(referral=again(case), by=hospital.cashier, kind="receipt", receipt_no="JS1")

    assert codes(charged) == codes(settled) == ["X14"]


def test_nobody_puts_off_the_fee_of_their_own_request(hospital, put_off):
    case = hospital.at("awaiting_charge", requester=hospital.affairs)

    with pytest.raises(Refused) as refused:
        put_off(case)

    assert codes(refused) == ["X14"]


@pytest.mark.parametrize(
    "typed",
    [
        {"document": " "},
        {"basis": ""},
        {"kind": "receipt"},
        {"until": None},
        {"until": timezone.localdate() - timedelta(1)},
    ],
)
def test_leave_names_its_document_its_reason_and_a_day_to_come(hospital, typed):
    case = hospital.at("awaiting_charge")
    asked = {"kind": "arrears", "document": "QF1", "basis": "困难", "until": timezone.localdate(), **typed}

    with pytest.raises(ValidationError):
        deferring.put_off(referral=case, by=hospital.affairs, **asked)

    assert not case.deferrals.exists()


def test_the_green_channel_is_made_up_within_the_days_of_the_setting(hospital, put_off, settings):
    settings.GREEN_CHANNEL_DAYS = 5
    first, second = hospital.at("awaiting_charge"), hospital.at("awaiting_charge")

    leave = put_off(first, "green_channel", until=None)
    with pytest.raises(ValidationError):
        put_off(second, "green_channel", until=timezone.localdate() + timedelta(days=6))

    assert leave.until == timezone.localdate() + timedelta(days=5)


def test_leave_is_given_once_and_may_be_withdrawn_before_it_is_used(hospital, put_off):
    case = hospital.at("awaiting_charge")
    put_off(case)

    with pytest.raises(Refused):
        put_off(case)
    deferring.take_back(referral=case, by=hospital.affairs, reason="家属已筹到钱")
    with pytest.raises(Refused) as refused:
        charge(referral=again(case), by=hospital.cashier, kind="arrears")

    assert codes(refused) == ["deferral"]
    assert put_off(case).pk


def test_a_fee_put_off_is_on_the_list_until_it_is_settled(hospital, put_off):
    case = hospital.at("awaiting_charge")
    put_off(case, "green_channel")
    charge(referral=again(case), by=hospital.cashier, kind="green_channel")
    waiting = due(hospital.cashier, "settle")

    with pytest.raises(ValidationError):
        deferring.settle(referral=again(case), by=hospital.cashier, kind="arrears", receipt_no="1")
    deferring.settle(
        referral=again(case), by=hospital.cashier, kind="receipt", receipt_no="JS9", invoice_code="35060126",
        invoice_no="0001234567",
    )  # fmt: skip

    made = case.charges.get()
    assert waiting == {case.pk}
    assert due(hospital.cashier, "settle") == set()
    assert (made.kind, made.receipt_no, made.settled_by) == ("receipt", "JS9", hospital.cashier)
    assert made.deferral.kind == "green_channel"
    assert Event.objects.of_rows([("referrals_charge", made.pk)]).filter(step="charge.settled").exists()
    with pytest.raises(Refused):
        deferring.settle(referral=again(case), by=hospital.cashier, kind="receipt", receipt_no="JS10")


def test_research_is_not_put_off_either(hospital):
    """A49, X09."""
    study = StudyFactory(institution=hospital.institution)
    case = hospital.at("awaiting_sampling", outsourced=False, nature="research", study=study)

    with pytest.raises(Refused) as refused:
        deferring.put_off(
            referral=case, by=hospital.affairs, kind="arrears", document="1", basis="x", until=timezone.localdate()
        )

    assert codes(refused) == ["X09"]


def test_an_entry_put_off_and_taken_back_gives_no_money_back(hospital, put_off):
    case = hospital.at("awaiting_charge")
    put_off(case)
    charge(referral=again(case), by=hospital.cashier, kind="arrears")

    charging.refund(referral=again(case), by=hospital.cashier, reversal_no="", reason="改为现场缴费")
    charge(referral=again(case), by=hospital.cashier, kind="receipt", receipt_no="JS1")

    assert again(case).status == Status.CHARGED
    assert case.charges.filter(reversed_at=None).get().kind == "receipt"


# Given back


def test_the_fee_is_given_back_whole(hospital):
    """vocab.md §9: an unfit specimen is refunded in full; no part of a fee is."""
    case = hospital.at("recollect", outsourced=False)

    with pytest.raises(Refused) as refused:
        charging.refund(
            referral=case, by=hospital.cashier, reversal_no="TF1", reason="标本不合格", amount=Decimal("10.00")
        )
    charging.refund(referral=case, by=hospital.cashier, reversal_no="TF1", reason="标本不合格", amount=Decimal("1000"))

    assert codes(refused) == ["refund"]
    assert case.charges.get().reversal_cause == Charge.Cause.UNFIT


def test_the_day_of_the_refund_is_the_day_the_money_went_back(hospital):
    case = hospital.at("charged")
    made = case.charges.get()
    back = made.charged_at + (timezone.now() - made.charged_at) / 2

    for wrong in (timezone.now() + timedelta(hours=1), made.charged_at - timedelta(days=1)):
        with pytest.raises(ValidationError):
            charging.refund(referral=case, by=hospital.cashier, reversal_no="TF1", reason="x", at=wrong)
    charging.refund(referral=case, by=hospital.cashier, reversal_no="TF1", reason="改期", at=back)

    made.refresh_from_db()
    assert made.reversed_at == back
    assert made.reversal_cause == Charge.Cause.BEFORE_SAMPLING


@pytest.mark.parametrize("status", ["sampled", "reported", "told"])
def test_an_entry_voided_however_late_leaves_its_refund_due(hospital, status):
    case = hospital.at(status)

    ending.void(referral=case, by=hospital.affairs, reason="录错患者")
    waiting = due(hospital.cashier, "refund")
    charging.refund(referral=again(case), by=hospital.cashier, reversal_no="TF1", reason="录入作废")

    assert waiting == {case.pk}
    assert due(hospital.cashier, "refund") == set()
    assert case.charges.get().reversal_cause == Charge.Cause.VOIDED
