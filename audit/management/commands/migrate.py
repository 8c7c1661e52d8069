"""Django's `migrate`, run as the tables' owner, with the trail and the walls put up afterwards."""

from django.core.management.commands import migrate

from audit import declaring, walls
from audit.owner import owner

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


class Command(migrate.Command):
    def handle(self, *args, **options):
        if options["database"] != "default" or options.get("check_unapplied") or options.get("plan"):
            return super().handle(*args, **options)
        with owner() as connection:
            with connection.cursor() as cursor:
                for name in EXTENSIONS:
                    cursor.execute(f"CREATE EXTENSION IF NOT EXISTS {name}")
            with connection.execute_wrapper(Declares()):
                super().handle(*args, **options)
            walls.build()
