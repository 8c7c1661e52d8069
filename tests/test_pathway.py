"""The whole chart of a case: every step from every status. Legal pairs move, all others refuse."""

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction

from accounts.models import User
from audit.gates import Refused
from audit.steps import Step, move
from referrals import pathway
from referrals.models import Referral, Status
from referrals.models.referral import ENDED
from tests.factories import ReferralFactory, staff

STEPS = sorted((one for one in vars(pathway).values() if isinstance(one, Step)), key=lambda one: one.name)
MOVING = [one for one in STEPS if one.target]


@pytest.fixture
def case(as_machine):
    return ReferralFactory(consented=True)


@pytest.mark.parametrize("step", MOVING, ids=lambda one: one.name)
def test_a_step_starts_from_its_sources_and_from_nowhere_else(step, case, monkeypatch):
    """The gates have tests of their own; here only where a step leads from and to."""
    monkeypatch.setattr(step, "gates", ())
    machine = User.objects.machine()
    moved = set()
    for status in Status:
        try:
            with transaction.atomic():
                Referral.objects.filter(pk=case.pk).update(status=status)
                case.refresh_from_db()
                move(case, step, by=machine)
                assert Referral.objects.get(pk=case.pk).status == step.target
                moved.add(status)
                transaction.set_rollback(True)
        except Refused as refused:
            assert [one.code for one in refused.refusals] == ["out_of_turn"]
            case.refresh_from_db()

    assert moved == step.sources


@pytest.mark.parametrize("step", MOVING, ids=lambda one: one.name)
def test_a_step_is_taken_only_by_a_post_that_carries_it(step, case):
    """The security office carries none; the system's own steps belong to no post at all."""
    outsider = staff("R18", case.institution)

    with pytest.raises(PermissionDenied):
        move(case, step, by=outsider)


def test_ordering_a_drug_moves_no_status():
    assert [one for one in STEPS if one.target is None] == [pathway.PRESCRIBE]


def test_what_has_ended_is_never_taken_up_again():
    assert all(status not in step.sources for step in MOVING for status in ENDED)


def test_every_status_can_be_reached_and_every_open_one_left():
    reached = {step.target for step in MOVING} | {Status.DRAFT}
    left = {source for step in MOVING for source in step.sources}

    assert set(Status) == reached
    assert set(Status) - set(ENDED) == left


def test_nothing_is_charged_sampled_or_sent_before_a_consent_can_stand():
    before = {status for status in Status if status not in pathway.UNDER_WAY} | {
        Status.SUBMITTED, Status.AWAITING_DISCUSSION, Status.AWAITING_MDT, Status.MDT_AGREED, Status.AWAITING_CONSENT,
    }  # fmt: skip
    assert all(not step.sources & before for step in (pathway.CHARGE, pathway.COLLECT, pathway.SHIP))
    assert all("X05" in step.gates for step in (pathway.CHARGE, pathway.COLLECT, pathway.SHIP))
