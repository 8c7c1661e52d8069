"""Reminders of fees still to come, of refunds to be given and of blocks due back, on real days (A28, `vocab.md` §7, §9).

In 2026 the working days around 1 May run 30 April (Thursday), 6 May (Wednesday), with 9 May (Saturday) worked."""

from datetime import date, datetime, timedelta

import pytest
from django.utils import timezone

from accounts import reminding
from accounts.models import Department, Reminder
from audit.gates import Refused
from policy import calendar
from referrals import falling_due, refunding
from referrals.actions import block_loans, charging, deferring, ending, receipts, requests
from referrals.models import Referral
from tests import factories as f
from tests.factories import SHANGHAI
from tests.test_shipping import sent


def at(month, day, hour=9):
    return datetime(2026, month, day, hour, 0, tzinfo=SHANGHAI)


def again(case):
    return Referral.objects.get(pk=case.pk)


@pytest.fixture
def only(monkeypatch):
    """Nothing else falls due."""
    monkeypatch.setattr(reminding, "KINDS", {})
    falling_due.register()


def told(kind):
    return [(one.user, one.due_on, one.lead) for one in Reminder.objects.filter(kind=kind).order_by("pk")]


def deferred(hospital, until, kind="arrears", used=True):
    case = hospital.at("awaiting_charge")
    deferring.put_off(
        referral=case, by=hospital.affairs, kind=kind, document="QF-2026-9", basis="家庭困难", until=until
    )
    if used:
        charging.charge(referral=again(case), by=hospital.cashier, kind=kind)
    return case


def test_a_fee_put_off_is_reminded_of_a_week_and_a_day_before_and_on_its_day(hospital, only, time_machine):
    """practice.md 1: to be settled by Friday 26 June 2026."""
    time_machine.move_to(at(6, 1))
    case = deferred(hospital, date(2026, 6, 26))
    for day in range(1, 27):
        reminding.remind(at(6, day))
    leads = [lead for user, _on, lead in told("referrals.fee_put_off") if user == hospital.cashier]
    assert leads == [7, 1, 0]
    assert {user for user, *_rest in told("referrals.fee_put_off")} == {hospital.cashier, hospital.affairs}

    time_machine.move_to(at(6, 29))
    deferring.settle(referral=again(case), by=hospital.cashier, kind="receipt", receipt_no="JS1")
    assert not list(falling_due.fees_put_off(date(2026, 12, 31)))
    assert reminding.remind(at(6, 29)) == 0


def test_one_overdue_is_told_on_the_first_day_and_then_once_a_week(hospital, only, time_machine):
    time_machine.move_to(at(6, 1))
    deferred(hospital, date(2026, 6, 5))
    for day in range(6, 20):
        reminding.remind(at(6, day))
    days = [lead for user, _on, lead in told("referrals.fee_put_off") if user == hospital.cashier]
    assert days == [-1, -8]


def test_leave_not_used_is_reminded_of_too_and_withdrawn_leave_or_an_ended_case_is_not(hospital, time_machine):
    time_machine.move_to(at(6, 1))
    unused, withdrawn, ended = (deferred(hospital, date(2026, 6, 5), used=False) for _n in range(3))
    deferring.take_back(referral=again(withdrawn), by=hospital.affairs, reason="改为缴费")
    requests.cancel(referral=again(ended), by=hospital.doctor, reason="患者转院")

    (due,) = falling_due.fees_put_off(date(2026, 6, 5))
    assert due.on == date(2026, 6, 5) and unused.number in str(due.text)


def test_leave_whose_day_has_passed_carries_no_fee_any_more(hospital, time_machine):
    """A28: the cashier enters nothing on an approval that has run out."""
    time_machine.move_to(at(6, 1))
    case = deferred(hospital, date(2026, 6, 5), used=False)
    time_machine.move_to(at(6, 6))

    with pytest.raises(Refused) as refused:
        charging.charge(referral=again(case), by=hospital.cashier, kind="arrears")

    assert [one.code for one in refused.value.refusals] == ["deferral"]
    assert "QF-2026-9" in str(refused.value.refusals[0].message)
    deferring.take_back(referral=again(case), by=hospital.affairs, reason="已到期")
    deferring.put_off(
        referral=again(case), by=hospital.affairs, kind="arrears", document="QF-2026-10", basis="延期",
        until=date(2026, 6, 30),
    )  # fmt: skip
    charging.charge(referral=again(case), by=hospital.cashier, kind="arrears")


def test_a_refund_falls_due_five_working_days_after_the_specimen_failed(hospital, only, time_machine):
    """vocab.md §9, §13: refused on Wednesday 29 April 2026; five working days over the holiday end on Saturday 9 May."""
    assert hospital.cashier
    time_machine.move_to(at(4, 28))
    _batch, (case,) = sent(hospital, 1)
    time_machine.move_to(at(4, 29))
    receipts.reject(referral=case, by=hospital.carrier, failure="refused", reason="标识不符")
    assert refunding.due_by(again(case)) == date(2026, 5, 9)

    for day in (30, 31, 32, 36, 37, 38, 39, 41):
        reminding.remind(at(4, 1) + timedelta(days=day - 1))
    mine = [(on, lead) for user, on, lead in told("referrals.refund") if user == hospital.cashier]
    assert mine == [(date(2026, 5, 9), 2), (date(2026, 5, 9), 0), (date(2026, 5, 9), -1)]

    charging.refund(referral=again(case), by=hospital.cashier, reversal_no="TF1", reason="标本被拒收")
    assert not list(falling_due.refunds(date(2026, 12, 31))) and refunding.due_by(again(case)) is None


def test_a_refund_of_an_ended_case_counts_from_its_end(hospital, settings):
    """The trail knows when it ended: today, though it was charged long ago."""
    settings.REFUND_WORKING_DAYS = 3
    case = hospital.at("sampled")
    case.charges.update(charged_at=timezone.now() - timedelta(days=40))
    ending.void(referral=case, by=hospital.affairs, reason="录错患者")
    last = calendar.load().after(timezone.localdate(), 3)

    (due,) = falling_due.refunds(last)

    assert due.on == last and hospital.cashier in due.people
    assert not list(falling_due.refunds(last - timedelta(days=1)))


def test_refunds_are_found_in_as_many_queries_for_ten_as_for_one(hospital, django_assert_max_num_queries):
    for _n in range(10):
        ending.void(referral=hospital.at("sampled"), by=hospital.affairs, reason="录错患者")
    cases = list(Referral.objects.filter(status="voided"))
    with django_assert_max_num_queries(4):
        assert len(refunding.due_since(cases)) == 10


def test_blocks_due_back_are_reminded_of_three_days_before_on_the_day_and_weekly_after(hospital, only, time_machine):
    """vocab.md §7: lent on Monday 1 June 2026 for fourteen days."""
    time_machine.move_to(at(6, 1))
    assert hospital.department
    department, _new = Department.objects.get_or_create(institution=hospital.institution, name="病理科")
    loan = block_loans.request(
        patient=f.PatientFactory(institution=hospital.institution), by=hospital.doctor, purpose="consultation",
        borrower="family", destination="省肿瘤医院病理科", reason="会诊", blocks="B1", block_count=1,
    )  # fmt: skip
    chief = f.staff("R02", hospital.institution, department)
    loan = block_loans.decide(loan=loan, by=chief, approve=True, note="余组织充足", remains_enough=True)
    loan = block_loans.lend(
        loan=loan, by=hospital.pathologist, borrower_name="王", borrower_paper="002X", has_undertaking=True
    )
    assert loan.due_on == date(2026, 6, 15) and timezone.localdate() == date(2026, 6, 1)
    for day in range(1, 27):
        reminding.remind(at(6, day))

    for person in (hospital.doctor, hospital.pathologist):
        leads = [lead for user, _on, lead in told("referrals.block_loan") if user == person]
        assert leads == [3, 0, -1, -8]
