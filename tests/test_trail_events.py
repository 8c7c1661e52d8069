"""Every write leaves an event, in its own transaction, saying who, at which step, before and after."""

import json
from hashlib import sha256

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.models import Institution, User
from audit import declaring, walls
from audit.models import Alarm, Event
from referrals.models import Identity, Patient

pytestmark = pytest.mark.django_db


def events(model, pk):
    return list(Event.objects.filter(table_name=model._meta.db_table, row_id=str(pk)).order_by("pk"))


def hospital(**fields):
    return Institution.objects.create(**{"code": "H9", "name": "某县医院", **fields})


def test_an_insert_an_update_and_a_delete_are_told_with_who_and_why():
    with transaction.atomic():
        declaring.declare(actor=7, post=3, step="web.post", reason="开业", clause="A1", request="r1")
        made = hospital()
        with declaring.step("institution.renamed", reason="更名"):
            made.name = '某县"总"医院\\'
            made.save()
        key = made.pk
        made.delete()

    inserted, renamed, removed = events(Institution, key)
    assert (inserted.op, inserted.actor_id, inserted.post_id, inserted.step) == ("I", 7, 3, "web.post")
    assert (inserted.reason, inserted.clause, inserted.request_id, inserted.declared) == ("开业", "A1", "r1", True)
    assert inserted.data()["name"] == "某县医院"
    assert (renamed.op, renamed.step, renamed.reason) == ("U", "institution.renamed", "更名")
    assert renamed.changes() == [("name", "某县医院", '某县"总"医院\\')]
    assert removed.op == "D"
    assert removed.data()["code"] == "H9"


def test_bulk_writes_and_bare_sql_are_told_too():
    with declaring.acting(User(pk=7), step="bulk"):
        Institution.objects.bulk_create(Institution(code=f"B{n}", name="x") for n in range(3))
        Institution.objects.filter(code__startswith="B").update(grade="三级")
        with connection.cursor() as cursor:
            cursor.execute("UPDATE accounts_institution SET grade = NULL WHERE false")
            cursor.execute("DELETE FROM accounts_institution WHERE code = 'B1'")

    found = Event.objects.filter(table_name="accounts_institution", step="bulk")
    assert sorted(found.values_list("op", flat=True)) == ["D", "I", "I", "I", "U", "U", "U"]


def test_an_update_that_changes_nothing_leaves_no_event():
    with declaring.acting(User(pk=7), step="x"):
        made = hospital()
        made.save()

    assert [event.op for event in events(Institution, made.pk)] == ["I"]


def test_a_write_undone_leaves_no_event():
    with pytest.raises(ZeroDivisionError), declaring.acting(User(pk=7), step="x"):
        made = hospital()
        raise ZeroDivisionError

    assert not events(Institution, made.pk)


def test_an_undeclared_write_leaves_its_event_and_one_alarm():
    with transaction.atomic():
        first = hospital()
        hospital(code="H8")

    event = events(Institution, first.pk)[0]
    assert not event.declared
    assert event.db_user
    assert event.actor_id is None
    alarm = Alarm.objects.get(kind=Alarm.Kind.UNDECLARED, xid=event.xid)
    assert alarm.event_id <= event.pk
    assert event.db_user in alarm.sentence()


def test_a_declaration_ends_with_its_transaction(transactional_db):
    with transaction.atomic():
        declaring.declare(actor=7, step="x")
    assert declaring.current() is None
    with transaction.atomic():
        assert declaring.current() is None
        made = hospital()

    assert not events(Institution, made.pk)[0].declared


def test_a_rollback_to_a_savepoint_takes_the_step_back():
    with transaction.atomic():
        declaring.declare(actor=7, step="outer")
        with pytest.raises(ZeroDivisionError), transaction.atomic(), declaring.step("inner"):
            raise ZeroDivisionError
        assert declaring.current().step == "outer"
        made = hospital()

    assert events(Institution, made.pk)[0].step == "outer"


def test_acting_inside_somebody_elses_transaction_speaks_for_its_inside_only():
    with transaction.atomic():
        declaring.declare(actor=7, step="outer", institutions=[1])
        with declaring.acting(User(pk=8), step="inner"):
            inner = hospital()
        outer = hospital(code="H8")

    assert events(Institution, inner.pk)[0].actor_id == 8
    assert events(Institution, outer.pk)[0].actor_id == 7


def test_declaring_outside_a_transaction_is_refused(transactional_db):
    with pytest.raises(RuntimeError):
        declaring.declare(actor=7, step="x")


def test_identity_appears_only_as_a_digest_salted_per_patient():
    with declaring.acting(User(pk=7), step="x"):
        patient = Patient.objects.create(institution=hospital(), record_no="1")
        identity = Identity.objects.create(patient=patient, institution_id=patient.institution_id, name="张三丰")
        identity.phone = b"ciphertext"
        identity.save()

    inserted, updated = events(Identity, patient.pk)
    salt = ("\\x" + bytes(identity.salt).hex()).encode()
    assert "张三丰" not in inserted.payload
    assert bytes(identity.salt).hex() not in inserted.payload
    assert inserted.data()["name"] == sha256(salt + "name:张三丰".encode()).hexdigest()
    assert inserted.data()["salt"] == sha256(salt).hexdigest()
    assert updated.changes() == [
        ("phone", None, sha256(salt + b"phone:\\x" + b"ciphertext".hex().encode()).hexdigest())
    ]


def test_a_password_never_appears():
    with declaring.acting(User(pk=7), step="x"):
        user = User.objects.create(username="u9", name="某人", password="pbkdf2$secret")

    assert "pbkdf2" not in events(User, user.pk)[0].payload


def test_a_reading_is_recorded_with_its_page():
    with transaction.atomic():
        declaring.declare(actor=7, step="web.get")
        declaring.record_reading("referrals_referral", 5, "/referrals/5/")

    event = Event.objects.of_rows([("referrals_referral", 5)]).get()
    assert (event.op, event.page, event.actor_id, event.changes()) == ("R", "/referrals/5/", 7, [])


def test_a_reading_by_nobody_is_refused():
    with pytest.raises(DatabaseError), transaction.atomic():
        declaring.record_reading("referrals_referral", 5, "/")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET actor_id = 1",
        "DELETE FROM audit_event",
        "TRUNCATE audit_event",
        "INSERT INTO audit_event SELECT * FROM audit_event LIMIT 1",
        "UPDATE audit_leaf SET position = 1",
        "DELETE FROM audit_checkpoint",
        "DELETE FROM audit_alarm",
        "TRUNCATE accounts_institution CASCADE",
        "SELECT audit_write('t', '1', 'I', '{}')",
        "CREATE TEMP TABLE t (id int);CREATE TRIGGER a AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION audit_row('id')",
        "ALTER TABLE accounts_institution DISABLE TRIGGER audit_row",
        "SET LOCAL session_replication_role = replica",
        "DROP POLICY walls ON referrals_referral",
    ],
)
def test_the_application_cannot_forge_the_trail(statement):
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize(
    "statement", ["DELETE FROM audit_event", "TRUNCATE audit_event", "TRUNCATE accounts_role CASCADE"]
)
def test_nor_can_the_owner_with_triggers_on(statement):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        cursor.execute(statement)


def test_values_print_alike_whatever_the_sessions_settings():
    with declaring.acting(User(pk=7), step="x"), connection.cursor() as cursor:
        user = User.objects.create(username="u9", name="某人", joined_at="2026-07-01T08:00:00+08:00")
        cursor.execute("SET LOCAL timezone = 'America/New_York'; SET LOCAL datestyle = 'SQL, DMY'")
        cursor.execute("UPDATE accounts_user SET name = '某某' WHERE id = %s", [user.pk])
        cursor.execute("DELETE FROM accounts_user WHERE id = %s", [user.pk])
        cursor.execute("RESET timezone; RESET datestyle")

    inserted, updated, removed = events(User, user.pk)
    assert inserted.data()["joined_at"] == removed.data()["joined_at"] == "2026-07-01 00:00:00+00"
    assert [column for column, _before, _after in updated.changes()] == ["name"]


def test_every_table_of_ours_is_trailed_or_exempt_with_a_reason():
    from audit.exempt import EXEMPT

    in_place = walls.triggers()
    for model in walls.our_models():
        table = model._meta.db_table
        if table in EXEMPT:
            assert len(EXEMPT[table]) > 20
        else:
            assert in_place[table] == (walls.Trailed.of(model).arguments, True)


def test_a_payload_is_json_whatever_the_text():
    nasty = '换行\n\t引号"反斜杠\\ 𠮷 null'
    with declaring.acting(User(pk=7), step="x"):
        made = hospital(name=nasty)

    assert json.loads(events(Institution, made.pk)[0].payload)["name"] == nasty
