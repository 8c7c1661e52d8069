"""Founding migrations (docs/adr/0009): a database of a former version goes on, or is refused untouched."""

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from audit.management.commands import migrate


@pytest.fixture
def replaced():
    migrations = MigrationLoader(None).disk_migrations.values()
    return [name for one in migrations for name in one.replaces if one.replaces]


def test_a_database_with_all_of_the_former_migrations_or_none_goes_on(replaced):
    assert ("referrals", "0017_loans_counted") in replaced
    assert migrate.missing([]) == []
    assert migrate.missing(replaced) == []


def test_a_database_half_way_is_told_what_it_lacks_and_is_not_touched(transactional_db, replaced, monkeypatch):
    lacking = ("referrals", "0017_loans_counted")
    known = dict.fromkeys(one for one in replaced if one != lacking)
    monkeypatch.setattr(MigrationRecorder, "applied_migrations", lambda self: known)
    ran = []
    monkeypatch.setattr(migrate.walls, "build", lambda: ran.append("walls"))

    with pytest.raises(CommandError, match="referrals 0017_loans_counted"):
        call_command("migrate", verbosity=0)

    assert ran == []
