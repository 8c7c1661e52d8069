"""Django's `migrate`, run as the tables' owner, with the trail and the walls put up afterwards."""

from contextlib import contextmanager

from django.conf import settings
from django.core.management.commands import migrate
from django.db import connections

from audit import declaring, walls
from config import environment
from config.postgres import base

EXTENSIONS = ("hstore", "btree_gist", "pg_trgm")


@contextmanager
def owner(alias: str = "default"):
    """Inside, the connection is the owner's: DATABASE_OWNER_URL where that is set, else the login itself."""
    connection = connections[alias]
    before = {name: connection.settings_dict.get(name) for name in ("USER", "PASSWORD", "HOST", "PORT")}
    as_owner, base.as_owner = base.as_owner, True
    if settings.DATABASE_OWNER_URL:
        login = environment.database(settings.DATABASE_OWNER_URL)
        connection.settings_dict.update({name: login[name] for name in before})
    # Inside a transaction (a test's) the connection has to stay as it is.
    if not connection.in_atomic_block:
        connection.close()
    try:
        yield connection
    finally:
        if not connection.in_atomic_block:
            connection.close()
        connection.settings_dict.update(before)
        base.as_owner = as_owner


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
