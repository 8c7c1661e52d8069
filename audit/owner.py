"""Working as the tables' owner: the commands that build the house, and the one that verifies it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import connections

from config import environment
from config.postgres import base


@contextmanager
def owner(alias: str = "default") -> Iterator[Any]:
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
