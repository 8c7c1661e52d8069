"""The sweep that carries imports through: one at a time, all or nothing, whatever dies half-way."""

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Institution, Post, Role, User
from audit import declaring
from audit.models import Event
from documents import files
from referrals.models import Referral
from supervision import actions
from supervision.ledger import running
from supervision.models import Finding, ImportProgress, LedgerImport
from supervision.tasks import run_waiting_imports
from tests.ledgers import Book

pytestmark = pytest.mark.django_db(transaction=True)
Status = LedgerImport.Status


@pytest.fixture
def machine():
    """Read as the machine, a transaction a question: what is not committed is not seen."""
    with declaring.acting(User(pk=0), step="test"):
        user = User.objects.machine()
    return lambda: declaring.acting(user, step="test")


@pytest.fixture
def office(machine):
    """The medical affairs office of a hospital that has nothing but its name."""
    with machine():
        hospital = Institution.objects.create(code="LXZ", name="岚溪县总医院")
        person = User.objects.create(username="LXZ800", name="某人", password="!")
        Post.objects.create(user=person, institution=hospital, role=Role.objects.get(code="R10"))
    return person


@pytest.fixture
def as_office(office):
    here = [office.post.institution_id]
    return lambda: declaring.acting(office, step="web.post", institutions=here, identity=here)


@pytest.fixture
def given_in(as_office, office):
    """Give a workbook in as the office does, to be recorded at once."""

    def give(book, *, dry_run=False):
        content = book if isinstance(book, bytes) else book.content()
        upload = files.check(content, name="台账.xlsx")
        with as_office():
            job = actions.request_import(upload=upload, by=office)
            if not dry_run:
                LedgerImport.objects.filter(pk=job.pk).update(dry_run=False)
                job.refresh_from_db()
        return job

    return give


@pytest.fixture
def small():
    return Book().cut(20, institution="LXZ", seed=4)


def again(job, machine):
    with machine():
        return LedgerImport.objects.get(pk=job.pk)


def counts(machine):
    with machine():
        return Referral.objects.count(), Finding.objects.count()


def test_a_check_records_nothing_and_says_what_recording_would_find(given_in, small, machine):
    job = given_in(small, dry_run=True)

    run_waiting_imports()

    checked = again(job, machine)
    assert checked.status == Status.DONE
    assert checked.result["rows"] == 20
    assert checked.confirmable
    assert counts(machine) == (0, 0)


def test_a_confirmed_check_is_recorded_once_however_often_confirmed(given_in, small, machine, office, as_office):
    job = given_in(small, dry_run=True)
    run_waiting_imports()
    checked = again(job, machine)

    with as_office():
        first = actions.confirm_import(check=checked, by=office)
        second = actions.confirm_import(check=checked, by=office)
    run_waiting_imports()
    with as_office():
        third = actions.confirm_import(check=checked, by=office)

    assert first == second == third
    assert counts(machine)[0] == 20
    with machine():
        events = Event.objects.filter(table_name="referrals_referral", op="I")
        assert {event.actor_id for event in events} == {office.pk}
        assert {event.step for event in events} == {"ledger.imported"}
        assert {event.post_id for event in events} == {office.post.pk}


def test_a_workbook_with_errors_is_refused_with_all_of_them(given_in, small, machine):
    small.cases[0]["申请时间"] = "昨天"
    small.cases[1]["性别"] = "?"
    job = given_in(small)

    run_waiting_imports()

    refused = again(job, machine)
    assert refused.status == Status.REFUSED
    assert refused.error_count == 2
    assert [(one["row"], one["heading"]) for one in refused.errors] == [(2, "申请时间"), (3, "性别")]
    assert counts(machine) == (0, 0)


def test_the_same_file_given_in_twice_is_one_import(given_in, small):
    content = small.content()

    assert given_in(content, dry_run=True) == given_in(content, dry_run=True)


def test_a_double_click_makes_one_import(given_in, small, machine):
    content, given, ready = small.content(), [], threading.Barrier(2)

    def click():
        ready.wait()
        given.append(given_in(content, dry_run=True).pk)
        connection.close()

    clicks = [threading.Thread(target=click) for _n in range(2)]
    for one in clicks:
        one.start()
    for one in clicks:
        one.join()

    assert len(given) == 2
    assert len(set(given)) == 1
    with machine():
        assert LedgerImport.objects.count() == 1


def test_two_workers_do_not_take_the_same_import(given_in, small, machine):
    job = given_in(small)

    assert actions.claim_next() == job
    assert actions.claim_next() is None


def test_an_error_in_the_middle_leaves_nothing_and_is_tried_again(given_in, small, machine, monkeypatch):
    job = given_in(small)
    ordinary, calls = running.judge, []

    def fail_once(*args):
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("half-way")
        return ordinary(*args)

    monkeypatch.setattr(running, "judge", fail_once)
    assert actions.run_next_import()
    assert again(job, machine).status == Status.WAITING
    assert counts(machine) == (0, 0)

    run_waiting_imports()

    assert again(job, machine).status == Status.DONE
    assert counts(machine)[0] == 20


def test_after_three_attempts_it_is_given_up_and_can_be_retried(
    given_in, small, machine, monkeypatch, office, as_office
):
    job = given_in(small)

    def fail(*args):
        raise RuntimeError("always")

    with monkeypatch.context() as broken:
        broken.setattr(running, "judge", fail)
        run_waiting_imports()
    failed = again(job, machine)
    assert (failed.status, failed.attempts) == (Status.FAILED, 3)
    assert failed.message
    assert counts(machine) == (0, 0)

    with as_office():
        actions.retry_import(ledger_import=failed, by=office)
    run_waiting_imports()

    assert again(job, machine).status == Status.DONE


def test_someone_whose_post_ended_meanwhile_records_nothing(given_in, small, machine, office):
    job = given_in(small)
    with machine():
        Role.objects.filter(code="R10").update(permissions=[])

    run_waiting_imports()

    assert again(job, machine).status == Status.FAILED
    assert counts(machine) == (0, 0)


def test_a_worker_that_was_overtaken_undoes_its_own(given_in, small, machine, monkeypatch):
    job = given_in(small)
    claimed = actions.claim_next()
    ordinary = running.judge

    def overtaken(*args):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        claimed.claim = "00000000-0000-0000-0000-000000000000"
        return ordinary(*args)

    monkeypatch.setattr(running, "judge", overtaken)
    actions.perform(claimed)

    assert again(job, machine).status == Status.RUNNING
    assert counts(machine) == (0, 0)


WORKER = """
import time, django
django.setup()
from supervision.ledger import judging
def hang(*args):
    time.sleep(120)
judging.judge_chunk = hang
from supervision.actions import run_next_import
run_next_import()
"""


@pytest.fixture
def worker():
    """A worker in a process of its own, which hangs while it judges."""
    names = connection.settings_dict
    url = f"postgresql://{names['USER']}:{names['PASSWORD']}@/{names['NAME']}?host={names['HOST']}"
    if names["PORT"]:
        url += f"&port={names['PORT']}"
    begun = subprocess.Popen(
        [sys.executable, "-c", WORKER],
        env={**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings"},
    )
    yield begun
    begun.kill()
    begun.wait()


def until(question, seconds=30):
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if answer := question():
            return answer
        time.sleep(0.1)
    raise AssertionError("it never came")


@pytest.mark.slow
def test_a_killed_worker_leaves_nothing_and_its_import_is_done_anew(given_in, small, machine, request):
    job = given_in(small)
    worker = request.getfixturevalue("worker")

    def phase():
        with machine():
            how = ImportProgress.objects.get(pk=job.pk)
            return how if how.phase == "judging" else None

    how = until(phase)
    assert how.rows_total == 20, "progress is committed while the import is not"
    assert counts(machine) == (0, 0)

    worker.send_signal(signal.SIGKILL)
    worker.wait()

    assert again(job, machine).status == Status.RUNNING
    assert not actions.run_next_import(), "its silence has to last before another takes over"
    with machine():
        ImportProgress.objects.filter(pk=job.pk).update(beat_at=timezone.now() - timedelta(minutes=1))
    run_waiting_imports()

    done = again(job, machine)
    assert (done.status, done.attempts) == (Status.DONE, 2)
    assert counts(machine)[0] == 20
    assert not actions.run_next_import()
