"""Reading tables larger than memory, row by row, through cursors of the server."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

from django.db import connection

AT_ONCE = 2000
_numbers = count()


def stream(query: Any, params: list[Any] | None = None) -> Iterator[tuple[Any, ...]]:
    """The rows of a query; many streams may be open at once within one transaction."""
    connection.ensure_connection()
    with connection.connection.cursor(name=f"verify_{next(_numbers)}") as cursor:
        cursor.itersize = AT_ONCE
        cursor.execute(query, params)
        yield from cursor


def rows(query: str, params: list[Any] | None = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        return cursor.fetchall()
