"""The second wall: PostgreSQL itself shows a transaction only the institutions it declared, and owns nothing."""

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from accounts.models import Institution, User
from audit import declaring, walls
from audit.models import Event, TrailedTable
from config.postgres.base import APP_ROLE
from referrals.models import Identity, Patient


@pytest.fixture
def two_hospitals(db):
    with declaring.acting(User(pk=7), step="test"):
        made = [Institution.objects.create(code=code, name=code) for code in ("HA", "HB")]
        for place in made:
            patient = Patient.objects.create(institution=place, record_no="1")
            Identity.objects.create(patient=patient, institution=place, name=f"病人{place.code}")
    return made


def names():
    return sorted(Identity.objects.values_list("name", flat=True))


def test_work_is_done_by_a_role_that_owns_nothing(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == (APP_ROLE,)
        cursor.execute("SELECT count(*) FROM pg_class WHERE relowner = %s::regrole", [APP_ROLE])
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False, False, False)


def test_undeclared_work_sees_no_case(two_hospitals):
    assert Patient.objects.count() == 0
    assert names() == []


def test_declared_work_sees_its_institutions_only(two_hospitals):
    ours, theirs = two_hospitals
    with declaring.acting(User(pk=7), step="x", institutions=[ours.pk], identity=()):
        assert [patient.institution_id for patient in Patient.objects.all()] == [ours.pk]
        assert Patient.objects.filter(institution=theirs).update(sex="male") == 0
        assert names() == []


def test_identity_has_a_list_of_its_own(two_hospitals):
    ours, theirs = two_hospitals
    both = [ours.pk, theirs.pk]
    with declaring.acting(User(pk=7), step="x", institutions=both, identity=[ours.pk]):
        assert Patient.objects.count() == 2
        assert names() == ["病人HA"]


def test_nothing_can_be_written_into_another_institution(two_hospitals):
    ours, theirs = two_hospitals
    with (
        declaring.acting(User(pk=7), step="x", institutions=[ours.pk]),
        pytest.raises(DatabaseError, match="row-level security"),
        transaction.atomic(),
    ):
        Patient.objects.create(institution=theirs, record_no="2")


def test_machines_see_everything(two_hospitals):
    with declaring.acting(User(pk=7), step="x", institutions="*", identity="*"):
        assert names() == ["病人HA", "病人HB"]


def test_rows_that_hang_on_another_row_follow_it(two_hospitals):
    """A row with `via` is seen when the row it points at is."""
    followers = [model for model in walls.our_models() if getattr(getattr(model, "Walls", None), "via", None)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_policies WHERE policyname = 'walls' AND qual LIKE '%%EXISTS%%'", [])
        linked = {row[0] for row in cursor.fetchall()}

    assert followers
    assert {model._meta.db_table for model in followers} <= linked


@pytest.mark.django_db(transaction=True)
def test_building_again_changes_nothing():
    before = Event.objects.count()

    call_command("migrate", verbosity=0)
    call_command("migrate", verbosity=0)

    assert Event.objects.count() == before


@pytest.mark.django_db(transaction=True)
def test_a_column_added_takes_every_row_over_as_a_baseline(trail_home, intruder):
    with declaring.acting(User(pk=7), step="test"):
        made = Institution.objects.create(code="HA", name="x")
    try:
        intruder.execute("ALTER TABLE accounts_institution ADD beds int NOT NULL DEFAULT 300")
        call_command("migrate", verbosity=0)

        baseline = Event.objects.of_rows([("accounts_institution", made.pk)]).newest_first()[0]
        assert (baseline.op, baseline.step, baseline.reason, baseline.declared) == ("B", "migrate", "+beds", True)
        assert baseline.data()["beds"] == "300"
        call_command("verify_trail", "--json")
    finally:
        intruder.execute("ALTER TABLE accounts_institution DROP beds")
        call_command("migrate", verbosity=0)


@pytest.mark.django_db(transaction=True)
def test_a_baseline_does_not_cover_up_what_was_changed_before_it(trail_home, intruder, capsys):
    with declaring.acting(User(pk=7), step="test"):
        made = Institution.objects.create(code="HA", name="x")
    try:
        intruder.execute(f"UPDATE accounts_institution SET name = 'y' WHERE id = {made.pk}")
        intruder.execute("ALTER TABLE accounts_institution ADD beds int")
        call_command("migrate", verbosity=0)

        with pytest.raises(SystemExit):
            call_command("verify_trail", "--json")
        assert '"chain"' in capsys.readouterr().out
    finally:
        intruder.execute("ALTER TABLE accounts_institution DROP beds")
        call_command("migrate", verbosity=0)


@pytest.mark.django_db(transaction=True)
def test_forgetting_a_table_does_not_launder_its_rows(trail_home, intruder, capsys):
    intruder.execute(
        "INSERT INTO accounts_institution (code, name, kind, grade, ownership, uscc, document_prefix, complaint_phone)"
        " VALUES ('X', 'x', 'hospital', '', '', '', '', '')"
    )
    intruder.execute("DELETE FROM audit_trailed WHERE table_name = 'accounts_institution'")
    call_command("migrate", verbosity=0)

    with pytest.raises(SystemExit):
        call_command("verify_trail", "--json")
    assert "audit_trailed" in capsys.readouterr().out


def test_every_trailed_table_has_its_shape_noted(db):
    assert set(TrailedTable.objects.values_list("table_name", flat=True)) >= {one.table for one in walls.trailed()}
