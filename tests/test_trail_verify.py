"""The trail against somebody who has every right in the database, and its triggers off.

Each test plays one attack, then asks `verify_trail`, which must exit 1 and name what was done first.
"""

import json
from io import StringIO

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import CommandError, call_command

from accounts.models import Institution, User
from audit import anchor, declaring, merkle, notes, seal
from audit.models import Alarm, Event
from referrals.models import Identity, Patient

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("trail_home")]


def verify(*arguments):
    """(exit code, the JSON result)"""
    out = StringIO()
    try:
        call_command("verify_trail", "--json", *arguments, stdout=out)
    except SystemExit as stop:
        return stop.code, json.loads(out.getvalue())
    return 0, json.loads(out.getvalue())


def named(*arguments):
    """The first problem of a verification that fails."""
    code, found = verify(*arguments)
    assert code == 1
    return found["problems"][0]


def kinds(*arguments):
    """The kinds of problem of a verification that fails."""
    code, found = verify(*arguments)
    assert code == 1
    return {problem["kind"] for problem in found["problems"]}


def write(step="test", **fields):
    """One declared transaction: a hospital made and then changed. Returns it and its two events."""
    with declaring.acting(User(pk=7), step=step):
        made = Institution.objects.create(**{"code": "H9", "name": "某县医院", **fields})
    with declaring.acting(User(pk=7), step=step):
        Institution.objects.filter(pk=made.pk).update(grade="三级")
    return made, list(Event.objects.of_rows([("accounts_institution", made.pk)]).order_by("pk"))


@pytest.fixture
def sealed():
    made, found = write()
    seal.seal()
    return made, found


def test_an_untouched_trail_verifies(sealed):
    code, found = verify()

    assert (code, found["ok"], found["problems"], found["warnings"]) == (0, True, [], [])
    assert found["events"] == found["sealed"] == found["checkpoint"]["size"] == Event.objects.count()
    assert found["rows"] > 2
    assert found["extends"][0]["old_size"] == found["checkpoint"]["size"]


def test_the_unsealed_tail_is_reported_apart(sealed):
    _made, found = write(code="H8")

    code, result = verify()

    assert code == 0
    assert (result["unsealed"], result["first_unsealed"]) == (2, found[0].pk)


@pytest.mark.parametrize(
    "column, value",
    [
        ("actor_id", "8"),
        ("at", "'2020-01-01'"),
        ("step", "'another'"),
        ("reason", "'another'"),
        ("request_id", "'another'"),
        ("db_user", "'another'"),
        ("row_id", "'0'"),
        ("payload", "replace(payload, '三级', '二级')"),
        ("xid", "xid + 1"),
    ],
)
def test_an_altered_event_is_named(sealed, intruder, column, value):
    _made, (_inserted, updated) = sealed
    intruder.execute(f"UPDATE audit_event SET {column} = {value} WHERE id = {updated.pk}")

    problem = named()

    assert (problem["kind"], problem["event"]) == ("altered", updated.pk)


def test_an_event_altered_together_with_its_leaf_is_found_by_the_signed_root(sealed, intruder):
    _made, (_inserted, updated) = sealed
    intruder.execute(f"UPDATE audit_event SET actor_id = 8 WHERE id = {updated.pk}")
    rehash(intruder, updated.pk)

    assert {"root", "token"} <= kinds()


def test_a_removed_event_is_named(sealed, intruder):
    _made, (_inserted, updated) = sealed
    intruder.execute(f"DELETE FROM audit_event WHERE id = {updated.pk}")

    assert (named()["kind"], named()["event"]) == ("removed", updated.pk)


def test_an_event_removed_with_its_leaf_is_found(sealed, intruder):
    _made, (inserted, _updated) = sealed
    intruder.execute(f"DELETE FROM audit_event WHERE id = {inserted.pk}")
    intruder.execute(f"DELETE FROM audit_leaf WHERE event_id = {inserted.pk}")

    assert named()["kind"] == "leaf"


def test_an_inserted_event_is_named(sealed, intruder):
    _made, (_inserted, updated) = sealed
    forged = copy_event(intruder, updated.pk, xid=updated.xid)

    assert (named()["kind"], named()["event"]) == ("inserted", forged)
    seal.seal()
    assert named()["kind"] == "inserted"


def test_an_event_with_a_copied_declaration_is_named_even_when_sealed(sealed, intruder):
    _made, (_inserted, updated) = sealed
    fresh = intruder.execute("SELECT pg_current_xact_id()::text::bigint").fetchone()[0]
    forged = copy_event(intruder, updated.pk, xid=fresh, op="R", payload='{"page": "/never/read/"}')
    seal.seal()

    problem = named()

    assert (problem["kind"], problem["event"]) == ("copied", forged)


def test_an_event_with_an_invented_declaration_is_named(sealed, intruder):
    _made, (_inserted, updated) = sealed
    fresh = intruder.execute("SELECT pg_current_xact_id()::text::bigint").fetchone()[0]
    forged = copy_event(intruder, updated.pk, xid=fresh, op="R", request_id="invented")
    seal.seal()

    assert (named()["kind"], named()["event"]) == ("token", forged)


def test_an_invented_undeclared_event_lacks_its_alarm(sealed, intruder):
    _made, (_inserted, updated) = sealed
    fresh = intruder.execute("SELECT pg_current_xact_id()::text::bigint").fetchone()[0]
    forged = copy_event(intruder, updated.pk, xid=fresh, declared=False, token="")
    seal.seal()

    found = {(problem["kind"], problem["event"]) for problem in verify()[1]["problems"]}
    assert ("no_alarm", forged) in found


def test_reordered_events_are_named(sealed, intruder):
    _made, (inserted, updated) = sealed
    for old, new in ((inserted.pk, -1), (updated.pk, inserted.pk), (-1, updated.pk)):
        intruder.execute(f"UPDATE audit_event SET id = {new} WHERE id = {old}")

    assert (named()["kind"], named()["event"]) == ("altered", inserted.pk)


def test_reordered_leaves_are_found(sealed, intruder):
    _made, (inserted, updated) = sealed
    intruder.execute(f"UPDATE audit_leaf SET event_id = -event_id WHERE event_id IN ({inserted.pk}, {updated.pk})")
    intruder.execute(f"UPDATE audit_leaf SET event_id = {updated.pk} WHERE event_id = -{inserted.pk}")
    intruder.execute(f"UPDATE audit_leaf SET event_id = {inserted.pk} WHERE event_id = -{updated.pk}")

    assert named()["kind"] == "altered"


def test_a_truncated_trail_is_found(sealed, intruder):
    intruder.execute("TRUNCATE audit_event, audit_leaf, audit_checkpoint, audit_epoch")

    assert named()["kind"] == "truncated"


def test_a_tail_cut_off_with_its_seals_is_found_by_the_checkpoint_outside(sealed, intruder):
    older = merkle_size()
    _made, (first, _second) = write(code="H8")
    seal.seal()
    intruder.execute(f"DELETE FROM audit_event WHERE id >= {first.pk}")
    intruder.execute(f"DELETE FROM audit_leaf WHERE position >= {older}")
    intruder.execute(f"DELETE FROM audit_checkpoint WHERE tree_size > {older}")
    intruder.execute("DELETE FROM accounts_institution WHERE code = 'H8'")

    assert named()["kind"] == "truncated"


def test_a_complete_rehash_under_another_key_is_found(sealed, intruder, trail_home):
    outside = trail_home / "outside.pub"
    outside.write_text((trail_home / "keys" / "trail_ed25519.pub").read_text())
    older = trail_home / "older"
    older.write_text(anchor.last())
    _made, (_inserted, updated) = sealed
    intruder.execute(f"UPDATE audit_event SET actor_id = 8 WHERE id = {updated.pk}")
    rehash(intruder, updated.pk)
    resign(intruder, Ed25519PrivateKey.from_private_bytes(b"x" * 32))

    assert "signature" in kinds()

    # Even where the key files and the checkpoint here were replaced as well.
    (trail_home / "keys" / "trail_ed25519").write_text((b"x" * 32).hex())
    (trail_home / "keys" / "trail_ed25519.pub").unlink()
    (trail_home / "trail" / "checkpoint").unlink()
    assert "signature" in kinds("--public-key", outside)
    assert "signature" in kinds("--checkpoint", older)


def test_a_complete_rehash_under_the_true_key_is_found_by_an_older_checkpoint(sealed, intruder, trail_home):
    older = trail_home / "older"
    older.write_text(anchor.last())
    (trail_home / "trail" / "checkpoint").unlink()
    write(code="H8")
    seal.seal()
    _made, (_inserted, updated) = sealed
    intruder.execute(f"UPDATE audit_event SET db_user = 'another' WHERE id = {updated.pk}")
    rehash(intruder, updated.pk)
    resign(intruder, notes.signing_key())
    (trail_home / "trail" / "checkpoint").unlink()

    assert verify()[0] == 0
    assert named("--checkpoint", older)["kind"] == "rewritten"


def test_todays_trail_is_proved_to_extend_an_older_checkpoint(sealed, trail_home):
    older = trail_home / "older"
    older.write_text(anchor.last())
    write(code="H8")
    seal.seal()

    code, found = verify("--checkpoint", older, "--public-key", trail_home / "keys" / "trail_ed25519.pub")

    assert code == 0
    mine = next(one for one in found["extends"] if one["from"] == str(older))
    old, new = notes.read(older.read_text(), notes.trusted_keys()), found["checkpoint"]
    assert mine["proof"]
    assert merkle.verify_consistency(
        old.size, new["size"], [bytes.fromhex(node) for node in mine["proof"]], old.root, bytes.fromhex(new["root"])
    )


def test_a_row_rewritten_behind_the_trails_back_is_named_by_column(sealed, intruder):
    made, _events = sealed
    intruder.execute(f"UPDATE accounts_institution SET name = '别的医院' WHERE id = {made.pk}")

    problem = named()

    assert (problem["kind"], problem["table"], problem["row"]) == ("row", "accounts_institution", str(made.pk))
    assert problem["column"] == "name"
    assert "某县医院" in problem["message"]
    assert "别的医院" in problem["message"]


def test_a_row_removed_behind_the_trails_back_is_named(sealed, intruder):
    made, _events = sealed
    intruder.execute(f"DELETE FROM accounts_institution WHERE id = {made.pk}")

    assert (named()["kind"], named()["row"]) == ("missing", str(made.pk))


def test_a_row_added_behind_the_trails_back_is_named(sealed, intruder):
    added = intruder.execute(
        "INSERT INTO accounts_institution (code, name, kind, grade, ownership, uscc, document_prefix, complaint_phone)"
        " VALUES ('X', 'x', 'hospital', '', '', '', '', '') RETURNING id"
    ).fetchone()[0]

    assert (named()["kind"], named()["row"]) == ("extra", str(added))
    # Migrating again (every start does) must not take the row over into the trail.
    call_command("migrate", verbosity=0)
    assert named()["kind"] == "extra"


def test_a_rewritten_identity_is_found_by_its_digest_and_not_shown(sealed, intruder):
    made, _events = sealed
    with declaring.acting(User(pk=7), step="x"):
        patient = Patient.objects.create(institution=made, record_no="1")
        Identity.objects.create(patient=patient, institution=made, name="张三丰")
    intruder.execute("UPDATE referrals_identity SET name = '李四光'")

    problem = named()

    assert (problem["kind"], problem["column"]) == ("row", "name")
    assert "李四光" not in problem["message"]


def test_an_erased_salt_unlinks_the_identity_and_is_counted(sealed):
    made, _events = sealed
    with declaring.acting(User(pk=7), step="x"):
        patient = Patient.objects.create(institution=made, record_no="1")
        identity = Identity.objects.create(patient=patient, institution=made, name="张三丰", phone=b"123")
        identity.salt = None
        identity.save()

    code, found = verify()

    assert (code, found["unlinked"]) == (0, 1)


def test_a_salt_erased_behind_the_trails_back_is_found(sealed, intruder):
    made, _events = sealed
    with declaring.acting(User(pk=7), step="x"):
        patient = Patient.objects.create(institution=made, record_no="1")
        Identity.objects.create(patient=patient, institution=made, name="张三丰")
    intruder.execute("UPDATE referrals_identity SET salt = NULL")

    assert {problem["column"] for problem in verify()[1]["problems"]} == {"name", "salt", "name_grams", "name_initials"}


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE accounts_institution DISABLE TRIGGER audit_row",
        "ALTER TABLE accounts_institution ENABLE REPLICA TRIGGER audit_row",
        "DROP TRIGGER audit_row ON accounts_institution",
        "DROP TRIGGER audit_truncate ON accounts_institution",
        "ALTER TABLE audit_event DISABLE TRIGGER append_only",
    ],
)
def test_a_trigger_switched_off_is_named(sealed, intruder, statement):
    try:
        intruder.execute(statement)
        assert named()["kind"] == "trigger"
    finally:
        intruder.execute("ALTER TABLE audit_event ENABLE TRIGGER append_only")
        call_command("migrate", verbosity=0)
    assert verify()[0] == 0


def test_a_changed_trigger_function_is_named(sealed, intruder):
    try:
        intruder.execute(
            "CREATE OR REPLACE FUNCTION audit_row() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"
        )
        assert named()["kind"] == "function"
    finally:
        call_command("migrate", verbosity=0)
    assert verify()[0] == 0


def test_an_alarm_removed_is_found(sealed, intruder):
    Institution.objects.create(code="U", name="undeclared")
    intruder.execute("DELETE FROM audit_alarm WHERE kind = 'undeclared'")

    assert {"no_alarm", "missing"} <= kinds()


def test_an_alarm_that_stands_is_no_problem_of_the_trail(sealed):
    Institution.objects.create(code="U", name="undeclared")

    assert Alarm.objects.exists()
    assert verify()[0] == 0


def test_the_words_for_people_name_the_first_problem(sealed, intruder, settings):
    made, _events = sealed
    out = StringIO()
    intruder.execute(f"UPDATE accounts_institution SET name = '别的医院' WHERE id = {made.pk}")

    with pytest.raises(SystemExit, match="1"):
        call_command("verify_trail", stdout=out)

    assert f"accounts_institution #{made.pk} name" in out.getvalue()


def test_a_file_that_is_no_key_is_refused_with_a_sentence(sealed, trail_home):
    (trail_home / "no.pub").write_text("no key")

    with pytest.raises(CommandError):
        call_command("verify_trail", "--public-key", str(trail_home / "no.pub"))


# The intruder's tools

EVENT_COLUMNS = [field.column for field in Event._meta.local_fields if not field.primary_key]


def copy_event(intruder, event, **changes):
    """Insert a copy of an event with some columns changed; returns its id."""
    chosen = ", ".join("%s" if name in changes else name for name in EVENT_COLUMNS)
    values = [changes[name] for name in EVENT_COLUMNS if name in changes]
    return intruder.execute(
        f"INSERT INTO audit_event ({', '.join(EVENT_COLUMNS)}) SELECT {chosen} FROM audit_event WHERE id = {event}"
        " RETURNING id",
        values,
    ).fetchone()[0]


def rehash(intruder, event):
    fields = intruder.execute(f"SELECT {seal.LEAF_COLUMNS} FROM audit_event e WHERE id = {event}").fetchone()
    leaf = merkle.leaf_hash(seal.leaf_bytes(fields))
    intruder.execute("UPDATE audit_leaf SET hash = %s WHERE event_id = %s", [leaf, event])


def resign(intruder, key):
    """Compute every checkpoint anew and sign it."""
    leaves = [row[0] for row in intruder.execute("SELECT hash FROM audit_leaf ORDER BY position")]
    for (size,) in intruder.execute("SELECT tree_size FROM audit_checkpoint").fetchall():
        tree = merkle.Frontier()
        for leaf in leaves[:size]:
            tree.add(leaf)
        signed = notes.write(size, tree.root(), key)
        intruder.execute(
            "UPDATE audit_checkpoint SET root = %s, frontier = %s, note = %s, key_id = %s WHERE tree_size = %s",
            [signed.root, tree.to_bytes(), signed.note, signed.key_id, size],
        )


def merkle_size():
    return notes.read(anchor.last(), notes.trusted_keys()).size
