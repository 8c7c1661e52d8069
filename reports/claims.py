"""Who is at work on a report: a lock of the database session, which ends with whoever held it.

A worker that is killed lets go by dying, so nobody waits for a stale mark to grow old; and two who are alive never
hold one report together, however often a message is delivered.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

SPACE = 0x5250  # "RP": our place among advisory locks


@contextmanager
def held(report: int, *, wait: bool = False) -> Iterator[bool]:
    """Hold the report for the length of the block; False when someone else does (never with `wait`)."""
    with connection.cursor() as cursor:
        if wait:
            cursor.execute("SELECT pg_advisory_lock(%s, %s)", [SPACE, report])
            mine = True
        else:
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [SPACE, report])
            mine = cursor.fetchone()[0]
    try:
        yield mine
    finally:
        # A connection that broke meanwhile has let go by itself.
        if mine and connection.connection is not None and connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [SPACE, report])
