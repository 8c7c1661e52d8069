"""Many people at once, with real commits: one act is done once, and nothing is lost or half-done."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections, transaction

from accounts.models import User
from audit import declaring
from audit.gates import Refused
from referrals.actions import approving, charging, filing
from referrals.models import Filing, OutsourcingApproval, Referral, Result, Status
from tests import factories as f
from tests.fixtures.stations import Hospital

pytestmark = pytest.mark.django_db(transaction=True)
FILERS, POOL = 200, 16


@pytest.fixture
def hospital():
    with declaring.acting(User.objects.machine(), step="test"):
        yield_to = Hospital(f.InstitutionFactory(), f.LaboratoryFactory())
        assert yield_to.doctor and yield_to.affairs and yield_to.records
    return yield_to


def made(hospital, *statuses, **fields):
    with declaring.acting(User.objects.machine(), step="test"):
        return [hospital.at(status, **fields) for status in statuses]


def act(action, case, by, **more):
    """One person's own transaction; "done", or the code of the refusal."""
    try:
        with transaction.atomic():
            declaring.declare(actor=by.pk, step="test", institutions="*", identity="*")
            action(referral=case, by=by, **more)
        return "done"
    except Refused as refused:
        return refused.refusals[0].code
    finally:
        connections.close_all()


def all_at_once(jobs, workers):
    """Every job from its own thread, started together."""
    gate = threading.Barrier(workers) if workers == len(jobs) else None

    def run(job):
        if gate:
            gate.wait()
        return job()

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(run, jobs))


def seen(query):
    with declaring.acting(User.objects.machine(), step="test"):
        return query()


def test_sixteen_approvals_at_once_are_one(hospital):
    (case,) = made(hospital, "awaiting_approval")
    with declaring.acting(User.objects.machine(), step="test"):
        people = [f.staff("R10", hospital.institution) for _n in range(16)]
        before = case.approvals.count()

    said = all_at_once([lambda one=one: act(approving.approve, case, one) for one in people], 16)

    assert sorted(said) == ["done"] + ["stale"] * 15
    assert seen(lambda: OutsourcingApproval.objects.filter(referral=case).count()) == before + 1
    assert seen(lambda: Referral.objects.get(pk=case.pk).status) == Status.AWAITING_CHARGE


def test_approval_and_withdrawal_at_once_leave_one_truth(hospital):
    """Whoever is first wins; the other is told, and no approval stands on a withdrawn consent unseen."""
    from consent import actions as consent

    for _n in range(4):
        (case,) = made(hospital, "awaiting_approval")
        said = all_at_once(
            [
                lambda case=case: act(approving.approve, case, hospital.affairs),
                lambda case=case: act(consent.withdraw, case, hospital.doctor, reason="不做了"),
            ],
            2,
        )
        status = seen(lambda case=case: Referral.objects.get(pk=case.pk).status)
        approved = seen(lambda case=case: case.approvals.filter(decided_by=hospital.affairs).exists())
        assert "done" in said
        # The withdrawal reads the case anew in the object both were given, so the slower approval may see it first.
        assert set(said) <= {"done", "stale", "out_of_turn", "X05"}
        assert approved == (said[0] == "done")
        assert status == (Status.WITHDRAWN if said[1] == "done" else Status.AWAITING_CHARGE)


def test_eight_refunds_at_once_of_an_ended_case_are_one(hospital):
    """The refund of a case that has ended moves no status: here only the lock on the case stands between two refunds."""
    (case,) = made(hospital, "charged")
    with declaring.acting(User.objects.machine(), step="test"):
        Referral.objects.filter(pk=case.pk).update(status=Status.WITHDRAWN)
        case.refresh_from_db()
        people = [f.staff("R12", hospital.institution) for _n in range(8)]

    said = all_at_once(
        [
            lambda n=n, one=one: act(charging.refund, case, one, reversal_no=f"TF{n}", reason="退费")
            for n, one in enumerate(people)
        ],
        8,
    )

    assert sorted(said) == ["done"] + ["refund"] * 7
    kept = seen(lambda: case.charges.get())
    assert kept.reversed_by_id == people[said.index("done")].pk
    assert kept.reversal_no == f"TF{said.index('done')}"


@pytest.mark.slow
def test_two_hundred_filers_at_once_lose_nothing(hospital):
    cases = made(hospital, *["told"] * FILERS)
    with declaring.acting(User.objects.machine(), step="test"):
        Result.objects.filter(referral__in=cases).update(origin="ledger")

    said = all_at_once([lambda one=one: act(filing.file_record, one, hospital.records) for one in cases], POOL)

    assert said == ["done"] * FILERS
    assert seen(lambda: Referral.objects.filter(status=Status.FILED).count()) == FILERS
    assert seen(lambda: Filing.objects.filter(referral__in=cases).count()) == FILERS
