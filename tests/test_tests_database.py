"""The tests' own ground: the role they run as, and what a transactional test leaves behind."""

import psycopg
import pytest
from django.contrib.sessions.models import Session
from django.db import ProgrammingError, connection

from accounts.models import Role
from tests import database


def test_tests_run_as_the_role_that_owns_nothing(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, session_user")
        role, login = cursor.fetchone()
        assert role == "mingjian_app"
        assert role != login
        with pytest.raises(ProgrammingError):
            cursor.execute("CREATE TABLE mine (id int)")


@pytest.mark.parametrize("time", [1, 2])
def test_each_transactional_test_finds_the_reference_data_and_nothing_else(transactional_db, time):
    assert Role.objects.exists()
    assert not Session.objects.exists()
    with database.superuser(connection.settings_dict).cursor() as cursor:
        cursor.execute("INSERT INTO django_session VALUES ('left behind', '', now())")
        cursor.execute("DELETE FROM accounts_role")
    assert Session.objects.exists()
    assert not Role.objects.exists()


def test_a_session_that_steps_down_cannot_switch_triggers_off(db):
    with connection.cursor() as cursor, pytest.raises((ProgrammingError, psycopg.errors.InsufficientPrivilege)):
        cursor.execute("SET session_replication_role = replica")
