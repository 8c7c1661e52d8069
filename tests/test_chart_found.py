"""What random walks through the chart, and a second reading of the actions, found: each once failed."""

import threading
import time
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connections, transaction
from django.utils import timezone

from accounts.models import User
from audit import declaring
from audit.gates import Refused
from consent import actions as consent
from referrals import barcodes
from referrals.actions import (
    charging,
    corrections,
    deliberations,
    ending,
    receipts,
    requests,
    results,
    shipping,
    specimens,
)
from referrals.actions.onward import onward
from referrals.models import Deliberation, Referral, Status
from tests.factories import RequestAuthorityFactory, indication, staff
from tests.fixtures.stations import leaving
from tests.test_deliberations import FACTORS, Board
from vendors.models import NotOutsourcingStatement

PAPER = {"title": "某药治疗该肿瘤的疗效", "source": "某杂志", "year": 2024, "level": "2B"}


@pytest.fixture
def board(as_machine):
    return Board()


def codes(refused):
    return [one.code for one in refused.value.refusals]


def again(case):
    return Referral.objects.get(pk=case.pk)


# Ways out and deliberations


def test_what_the_patient_withdraws_from_is_deliberated_no_further(board):
    held = board.call()

    consent.withdraw(referral=board.referral, by=board.doctor, reason="不做了")

    held.refresh_from_db()
    assert held.status == Deliberation.Phase.CANCELLED
    with pytest.raises(Refused) as refused:
        board.speak(held, "病理")
    assert codes(refused) == ["out_of_turn"]


def test_the_statement_of_not_outsourcing_leaves_the_mdts_conclusion_standing(board):
    """The MDT's opinion is one thing, where the test may be done another (B5, B35): the case waits for a place."""
    held = board.call()
    board.speak(held, "肿瘤内科", "胸外科", "放疗", "医学影像", "病理")
    NotOutsourcingStatement.objects.create(
        institution=board.hospital, number="声明1号", valid_from=timezone.localdate()
    )

    board.conclude(held)

    case = again(board.referral)
    assert case.status == Status.MDT_AGREED
    looked_at = case.allocations.get(superseded_at__isnull=True).considered
    assert "外送功能已停用" in looked_at[0]["shut_by"][0]
    onward(case)
    assert again(case).status == Status.MDT_AGREED


def test_a_discussion_of_the_former_test_does_not_count_for_the_new_one(board):
    """A22 asks for a discussion of this test; the MDT then advised another one that needs one as well."""
    RequestAuthorityFactory(user=board.doctor, institution=board.hospital, grade="discussion", granted_by=board.machine)
    doctors = [staff("R01", board.hospital, board.department) for _n in range(3)]
    case = board.case(indication=indication("BRE-03"), status="awaiting_discussion", diagnosis_code="C50.1")
    requests.add_evidence(referral=case, rows=[PAPER], by=board.machine)
    held = deliberations.call_discussion(referral=case, by=board.head)
    for one in doctors:
        deliberations.give_opinion(deliberation=held, by=one, stance="agree", note="理由", **FACTORS)
    deliberations.conclude_discussion(deliberation=held, by=doctors[0], agreed=True, note="同意")
    mdt = board.call(again(case))
    board.speak(mdt, "肿瘤内科", "胸外科", "放疗", "医学影像", "病理")
    board.conclude(mdt, conclusion="change_test", reason_code="C1")

    requests.change_test(
        referral=again(case), by=board.doctor, indication=indication("BRE-05"), reason="按MDT意见", evidence=[PAPER]
    )

    assert again(case).status == Status.AWAITING_DISCUSSION


# Specimens that failed


def unfit_and_refunded(hospital, **fields):
    case = hospital.at("sampled", **fields)
    specimens.assess(referral=case, by=hospital.pathologist, is_fit=False, reason="细胞太少")
    return charging.refund(referral=again(case), by=hospital.cashier, reversal_no="TF1", reason="标本不合格")


def test_a_first_visit_found_out_after_a_failed_specimen_goes_back_to_the_mdt(hospital):
    case = unfit_and_refunded(hospital)
    assert case.status == Status.AWAITING_CHARGE

    corrections.correct(referral=again(case), by=hospital.affairs, field="first_visit", value=True, reason="漏填")

    assert again(case).status == Status.AWAITING_MDT
    assert again(case).collected_at is None
    assert case.specimens.get().collected_at
    assert not case.consents.filter(lapsed_at__isnull=True).exists()


def test_a_first_visit_found_out_while_the_fee_of_a_failed_specimen_stands_is_refunded_first(hospital):
    case = hospital.at("recollect")

    with pytest.raises(Refused) as refused:
        corrections.correct(referral=case, by=hospital.affairs, field="first_visit", value=True, reason="漏填")

    assert "退费" in str(refused.value.refusals[0].message)


@pytest.mark.parametrize("status", ["sampled", "shipped", "received", "reported", "reviewed", "told"])
def test_an_entry_by_mistake_can_be_voided_and_refunded_however_far_it_went(hospital, status):
    """The fee can be refunded only before sampling or after the end; to ask for it first would leave no way out."""
    case = hospital.at(status)

    ending.void(referral=case, by=hospital.affairs, reason="录错患者")
    charging.refund(referral=again(case), by=hospital.cashier, reversal_no="TF1", reason="录错患者")

    assert again(case).status == Status.VOIDED
    assert not case.charges.filter(reversed_at__isnull=True).exists()


def test_a_second_shipment_is_not_received_before_it_is_sent(hospital):
    case = hospital.at("received")
    receipts.reject(referral=case, by=hospital.carrier, reason="溶血")
    specimens.collect(referral=again(case), by=hospital.nurse, barcode=barcodes.next_barcode(case), kind="外周血")
    specimens.assess(referral=again(case), by=hospital.pathologist, is_fit=True)
    batch = shipping.pack(referrals=[again(case)], laboratory=hospital.laboratory, by=hospital.carrier)
    shipping.hand_over(batch=batch, by=hospital.carrier, **leaving(batch))

    now = again(case)
    assert (now.status, now.received_at) == (Status.SHIPPED, None)


# Times


def test_a_time_typed_to_the_minute_is_not_before_what_happened_in_that_minute(hospital):
    case = hospital.at("reviewed")
    reviewed = timezone.now().replace(second=0, microsecond=0) - timedelta(minutes=5) + timedelta(seconds=40)
    case.results.update(reviewed_at=reviewed)
    Referral.objects.filter(pk=case.pk).update(reviewed_at=reviewed)

    result = results.tell(referral=case, by=hospital.doctor, at=reviewed.replace(second=0))

    assert result.told_at == reviewed


def test_a_specimen_taken_anew_is_not_taken_before_the_one_that_failed(hospital):
    case = hospital.at("recollect")

    with pytest.raises(ValidationError) as wrong:
        specimens.collect(
            referral=case, by=hospital.nurse, barcode=barcodes.next_barcode(case),
            at=case.collected_at - timedelta(hours=3),
        )  # fmt: skip

    assert "at" in wrong.value.message_dict
    assert again(case).status == Status.RECOLLECT


def test_a_specimen_may_be_taken_in_the_minute_of_the_consent(hospital):
    case = hospital.at("charged")
    signed = case.consented_at.replace(second=30)
    case.consents.update(signed_at=signed)
    Referral.objects.filter(pk=case.pk).update(consented_at=signed)

    specimen = specimens.collect(
        referral=again(case), by=hospital.nurse, barcode=barcodes.next_barcode(case), at=signed.replace(second=0)
    )

    assert specimen.collected_at == signed


def test_a_specimen_is_not_assessed_before_it_is_taken(hospital):
    case = hospital.at("sampled")

    with pytest.raises(ValidationError) as wrong:
        specimens.assess(
            referral=case, by=hospital.pathologist, is_fit=True, tumour_cell_percent=40,
            at=case.collected_at - timedelta(hours=3),
        )  # fmt: skip

    assert "at" in wrong.value.message_dict


# At once


@pytest.mark.django_db(transaction=True)
def test_cancelling_and_concluding_at_once_wait_for_each_other():
    """Both hold the case and its deliberation, in the same order: one is told, and the database breaks no deadlock."""
    with declaring.acting(User.objects.machine(), step="test"):
        board = Board()
        held = board.call()
        board.speak(held, "肿瘤内科", "胸外科", "放疗", "医学影像", "病理")
    said = {}

    def run(name, act, by):
        try:
            with transaction.atomic():
                declaring.declare(actor=by.pk, step="test", institutions="*", identity="*")
                act()
            said[name] = "done"
        except Refused as refused:
            said[name] = refused.refusals[0].code
        except Exception as fault:
            said[name] = repr(fault)
        finally:
            connections.close_all()

    # The one who cancels has the case; the chair has begun; then the former goes on to the deliberation.
    has_case, go_on = threading.Event(), threading.Event()

    def cancel():
        Referral.objects.select_for_update().get(pk=board.referral.pk)
        has_case.set()
        go_on.wait(10)
        requests.cancel(referral=board.referral, by=board.doctor, reason="转院")

    def conclude():
        has_case.wait(10)
        board.conclude(held)

    threads = [
        threading.Thread(target=run, args=("cancel", cancel, board.doctor)),
        threading.Thread(target=run, args=("conclude", conclude, board.experts["胸外科"])),
    ]
    for one in threads:
        one.start()
    has_case.wait(10)
    time.sleep(1)
    go_on.set()
    for one in threads:
        one.join(30)

    assert said == {"cancel": "done", "conclude": "stale"}
