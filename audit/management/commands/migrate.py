"""Django's `migrate`, run as the tables' owner, with the trail and the walls put up afterwards."""

from collections.abc import Iterable

from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from audit import declaring, walls
from audit.owner import owner

# The last version with the migrations of before the founding ones (docs/adr/0009).
LAST_BEFORE = "HEAD^{/^Founding migrations}~1"
EXTENSIONS = ("hstore", "btree_gist", "pg_trgm")


class Declares:
    """Declares every transaction of the migrations that has not declared itself: writes in them are known."""

    busy = False

    def __call__(self, execute, query, params, many, context):
        if not self.busy and context["connection"].in_atomic_block and declaring.current() is None:
            self.busy = True
            try:
                declaring.declare(actor=0, step=walls.MIGRATE, institutions="*", identity="*")
            finally:
                self.busy = False
        return execute(query, params, many, context)


def missing(recorded: Iterable[tuple[str, str]]) -> list[str]:
    """What a database that has some of the replaced migrations lacks of them; nothing when it has all, or none."""
    known, found = set(recorded), []
    for _key, migration in sorted(MigrationLoader(None).disk_migrations.items()):
        lacking = [one for one in migration.replaces if one not in known]
        if 0 < len(lacking) < len(migration.replaces):
            found += [f"{app} {name}" for app, name in lacking]
    return found


class Command(migrate.Command):
    def handle(self, *args, **options):
        if options["database"] != "default" or options.get("check_unapplied") or options.get("plan"):
            return super().handle(*args, **options)
        with owner() as connection:
            if lacking := missing(MigrationRecorder(connection).applied_migrations()):
                raise CommandError(
                    f"This database stands half way between two early versions; it lacks {', '.join(lacking)}. Nothing was "
                    f"changed. Bring it up with that version first (git checkout '{LAST_BEFORE}' && bin/manage migrate), "
                    "then start this one."
                )
            with connection.cursor() as cursor:
                for name in EXTENSIONS:
                    cursor.execute(f"CREATE EXTENSION IF NOT EXISTS {name}")
            with connection.execute_wrapper(Declares()):
                super().handle(*args, **options)
            walls.build()
