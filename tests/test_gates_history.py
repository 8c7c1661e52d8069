"""History judged by the gates: the same verdict as live, each step as of its own time."""

import pytest

from audit.gates import Verdict
from referrals import history, pathway
from referrals.gates import Case
from referrals.models import Status
from tests.factories import START, STEPS, ReferralFactory

pytestmark = pytest.mark.usefixtures("as_machine")


def test_one_case_judged_live_at_that_moment_and_as_history_gets_the_same_refusals():
    """The gate is written once: what stops a live step is what history finds of a step taken all the same."""
    referral = ReferralFactory(
        first_visit=True, mdt=False, consented={"at": START + STEPS["reported"]}, charged={"amount": 1}, sampled=True,
        shipped=True, origin="ledger",
    )  # fmt: skip
    case = Case(referral)
    compared = []
    for step, at in history.steps_taken(case):
        live = {one.code: str(one) for one in step.refusals(referral, at)}
        found = {
            judgement.code: str(judgement.message)
            for taken, judgement in history.judge_every_step(case)
            if taken is step and judgement.blocks and judgement.at == at
        }
        live = {code: said for code, said in live.items() if code not in pathway.LOOKS_AHEAD.get(step, ())}
        assert found == live
        compared += live
    assert {"X01", "X05", "X07"} <= set(compared)


def test_a_lawful_case_has_no_refusal_in_its_history():
    referral = ReferralFactory(first_visit=True, filed=True, shipped=True)
    refused = [one for one in history.judge_history(referral) if one.judgement.verdict == Verdict.REFUSES]
    # The doctor has no authority on record: live, that refuses (X04).
    assert [one.judgement.code for one in refused] == ["X04"]


def test_a_gate_on_several_steps_gives_its_first_refusal():
    """X05: no consent at or before the first of charging, sampling and sending out."""
    referral = ReferralFactory(origin="ledger", sampled=True, consented={"at": START + STEPS["charged"] * 1.1})
    judged = {one.judgement.code: one for one in history.judge_history(referral)}
    assert judged["X05"].judgement.verdict == Verdict.REFUSES
    assert judged["X05"].step is pathway.CHARGE


def test_steps_are_taken_in_the_order_of_their_times():
    referral = ReferralFactory(first_visit=True, filed=True, shipped=True)
    assert [step.name for step, _at in history.steps_taken(referral)] == [
        "request.submitted",
        "mdt.agreed",
        "consent.signed",
        "outsourcing.approved",
        "charge.made",
        "specimen.collected",
        "shipment.handed_over",
        "shipment.received",
        "result.returned",
        "record.filed",
    ]


@pytest.mark.parametrize("step, status", [("mdt", "mdt_agreed"), ("sampled", "sampled"), ("shipped", "shipped")])
def test_a_case_under_way_stands_at_its_furthest_step(step, status):
    """Not the latest time: a consent signed after the sampling does not lead back."""
    late = {"consented": {"at": START + STEPS["filed"]}} if step != "mdt" else {}
    referral = ReferralFactory(origin="ledger", first_visit=True, **{step: True}, **late)
    assert history.status_reached(referral) == Status(status)
