"""Sealing takes every event once, and never one that a late commit could still precede."""

import threading

import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction

from accounts.models import Institution, User
from audit import anchor, declaring, merkle, notes, seal
from audit.models import Alarm, Checkpoint, Epoch, Event, Leaf

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("trail_home")]


def write(code="H9"):
    with declaring.acting(User(pk=7), step="test"):
        return Institution.objects.create(code=code, name="某县医院")


def test_sealing_covers_every_event_and_again_nothing():
    write()

    first = seal.seal()
    again = seal.seal()

    assert first.size == Event.objects.count() == Leaf.objects.count()
    assert (again.size, again.root, again.new) == (first.size, first.root, 0)
    assert list(Leaf.objects.values_list("position", flat=True)) == list(range(first.size))


def test_the_checkpoint_is_signed_and_kept_outside(trail_home):
    write()
    done = seal.seal()

    signed = notes.read(anchor.last(), notes.trusted_keys())

    assert (signed.size, signed.root) == (done.size, done.root)
    assert (trail_home / "keys" / "trail_ed25519").stat().st_mode & 0o777 == 0o600
    assert signed.note.startswith("mingjian/trail\n")


def test_a_root_is_that_of_all_leaves():
    write()
    done = seal.seal()

    assert merkle.root_of(bytes(leaf.hash) for leaf in Leaf.objects.all()) == done.root


def test_batches_and_seals_grow_one_tree(monkeypatch):
    monkeypatch.setattr(seal, "BATCH", 3)
    for number in range(5):
        write(f"H{number}")
    seal.seal()
    for number in range(5, 9):
        write(f"H{number}")
        seal.seal()

    last = Checkpoint.objects.last()

    assert last.tree_size == Event.objects.count()
    assert merkle.root_of(bytes(leaf.hash) for leaf in Leaf.objects.all()) == bytes(last.root)


def test_a_late_commit_is_neither_skipped_nor_overtaken():
    """One transaction writes first and commits last; the one after it is sealed only when both are."""
    wrote, may_commit = threading.Event(), threading.Event()

    def slow():
        try:
            with transaction.atomic():
                declaring.declare(actor=7, step="slow")
                Institution.objects.create(code="SLOW", name="慢")
                wrote.set()
                may_commit.wait(10)
        finally:
            connections.close_all()

    seal.seal()
    thread = threading.Thread(target=slow)
    thread.start()
    assert wrote.wait(10)
    fast = write("FAST")
    try:
        held = seal.seal()
        events = Event.objects.of_rows([("accounts_institution", fast.pk)])
        assert held.new == 0
        assert not Leaf.objects.filter(event_id__in=events.values("pk")).exists()
    finally:
        may_commit.set()
        thread.join()
    seal.seal()

    assert Leaf.objects.count() == Event.objects.count()
    call_command("verify_trail", "--json")


def test_two_sealers_at_once_do_no_harm():
    write()

    def other():
        try:
            seal.seal()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=other) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Leaf.objects.count() == Event.objects.count()


def test_after_dump_and_restore_an_epoch_begins_and_nothing_is_lost(intruder):
    """A new cluster counts its transactions from the start: old events carry higher numbers than new ones."""
    write()
    seal.seal()
    intruder.execute("UPDATE audit_epoch SET system_identifier = 'another cluster'")
    intruder.execute("UPDATE audit_checkpoint SET horizon = horizon + 1000000")
    made = write("H8")

    seal.seal()

    assert Epoch.objects.count() == 2
    assert Leaf.objects.filter(
        event_id__in=Event.objects.of_rows([("accounts_institution", made.pk)]).values("pk")
    ).exists()
    after = write("H7")
    seal.seal()
    assert Leaf.objects.filter(
        event_id__in=Event.objects.of_rows([("accounts_institution", after.pk)]).values("pk")
    ).exists()
    call_command("verify_trail", "--json")


def test_nothing_is_signed_on_top_of_what_is_not_ours(intruder):
    write()
    seal.seal()
    intruder.execute("UPDATE audit_checkpoint SET root = sha256('forged')")
    write("H8")

    with pytest.raises(seal.SealingStopped):
        seal.seal()

    assert Alarm.objects.filter(kind=Alarm.Kind.ANCHOR).count() == 1


def test_a_lost_key_stops_the_seal_rather_than_making_another(trail_home):
    write()
    seal.seal()
    (trail_home / "keys" / "trail_ed25519").unlink()
    write("H8")

    with pytest.raises(seal.SealingStopped):
        seal.seal()


def test_a_shorter_trail_than_the_checkpoint_outside_alarms_and_does_not_replace_it(intruder):
    older = seal.seal().size
    write()
    seal.seal()
    kept = anchor.last()
    intruder.execute(f"DELETE FROM audit_event WHERE id IN (SELECT event_id FROM audit_leaf WHERE position >= {older})")
    intruder.execute(f"DELETE FROM audit_leaf WHERE position >= {older}")
    intruder.execute(f"DELETE FROM audit_checkpoint WHERE tree_size > {older}")
    write("H8")

    seal.seal()

    assert anchor.last() == kept
    assert Alarm.objects.filter(kind=Alarm.Kind.ANCHOR).exists()


def test_a_transaction_that_never_ends_raises_the_lag_alarm(intruder):
    """Its number holds the horizon back, so events after it wait."""
    seal.seal()
    wrote, may_end = threading.Event(), threading.Event()

    def endless():
        try:
            with transaction.atomic():
                declaring.declare(actor=7, step="endless")
                Institution.objects.create(code="E", name="无尽")
                wrote.set()
                may_end.wait(10)
        finally:
            connections.close_all()

    thread = threading.Thread(target=endless)
    thread.start()
    assert wrote.wait(10)
    write()
    try:
        intruder.execute("UPDATE audit_event SET at = at - interval '6 minutes' WHERE step = 'test'")
        assert seal.seal().new == 0
        assert Alarm.objects.filter(kind=Alarm.Kind.LAG).count() == 1
    finally:
        may_end.set()
        thread.join()


def test_the_command_prints_size_and_root(capsys):
    write()
    call_command("seal_trail")

    printed = capsys.readouterr().out
    assert str(Event.objects.count()) in printed
    assert bytes(Checkpoint.objects.last().root).hex() in printed


def test_the_beat_seals():
    from audit.tasks import seal as task

    write()
    task()

    assert seal.lag() is None
    assert connection.in_atomic_block is False
