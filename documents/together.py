"""Several questions in one trip to the database: a page that names twenty tables need not ask twenty times.

What costs on a busy hospital server is seldom the search itself: it is asking, planning and answering apart. Each
function takes ordinary querysets, so the rules of who sees what stay where they are written.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.models import QuerySet
from psycopg.adapt import Transformer
from psycopg.postgres import types
from psycopg.pq import Format

BOOL = types["bool"].oid


def counts(found: Mapping[str, QuerySet], *, cap: int) -> dict[str, int]:
    """How many rows each queryset has, counted to `cap` + 1, so that a list of a hundred thousand costs no more than
    one of a thousand. One query, whatever their number."""
    questions: list[str] = []
    values: list[Any] = []
    asked: list[str] = []
    counted = dict.fromkeys(found, 0)
    for name, rows in found.items():
        try:
            sql, parameters = rows.order_by().values("pk")[: cap + 1].query.sql_with_params()
        except EmptyResultSet:
            continue
        questions.append(f"(SELECT COUNT(*) FROM ({sql}) AS counted)")  # noqa: S608  compiled by Django
        values += parameters
        asked.append(name)
    if asked:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {', '.join(questions)}", values)
            counted |= dict(zip(asked, cursor.fetchone(), strict=True))
    return counted


def capped(count: int, cap: int) -> str:
    """A number from `counts` for people: 1,000+ where counting stopped."""
    return f"{count:,}" if count <= cap else f"{cap:,}+"


def rows(found: Mapping[str, QuerySet]) -> dict[str, list[Any]]:
    """The rows of each queryset as its model's instances, in its own order. One query, whatever their number.

    Whole rows only: no annotations, no `select_related`. Every value travels as text and is read by the reader its
    column's type has anyway, so that an instance is what the queryset itself would have given.
    """
    parts: list[str] = []
    values: list[Any] = []
    shapes: dict[str, tuple[Any, list[Any], Any]] = {}
    for name, queryset in found.items():
        compiler = queryset.query.get_compiler(connection.alias)
        try:
            sql, parameters = compiler.as_sql()
        except EmptyResultSet:
            continue
        fields = [select[0].target for select in compiler.select]
        names = [f"c{place}" for place in range(len(fields))]
        texts = ", ".join(f"{one}::text" for one in names)
        parts.append(
            f"SELECT {len(shapes)}, row_number() OVER (), ARRAY[{texts}]"  # noqa: S608  compiled by Django
            f" FROM ({sql}) AS rows_of ({', '.join(names)})"
        )
        values += parameters
        shapes[name] = (queryset.model, fields, compiler)
    answers: dict[str, list[Any]] = {name: [] for name in found}
    if not parts:
        return answers
    with connection.cursor() as cursor:
        cursor.execute(f"{' UNION ALL '.join(parts)} ORDER BY 1, 2", values)
        answered = cursor.fetchall()
        read = _Reader(cursor)
    per_queryset: list[list[Any]] = [[] for _shape in shapes]
    for which, _place, texts in answered:
        per_queryset[which].append(texts)
    for name, lines in zip(shapes, per_queryset, strict=True):
        model, fields, compiler = shapes[name]
        columns = [read.of(_oid(field)) for field in fields]
        plain = [
            [None if text is None else column(text) for column, text in zip(columns, line, strict=True)]
            for line in lines
        ]
        if converters := compiler.get_converters([select[0] for select in compiler.select]):
            plain = list(compiler.apply_converters(plain, converters))
        attributes = [field.attname for field in fields]
        answers[name] = [model.from_db(connection.alias, attributes, line) for line in plain]
    return answers


class _Reader:
    """From a value's text to Python, by the type's own loader of this connection."""

    def __init__(self, cursor: Any):
        # Django's own readers (time zones, JSON) stand on the driver's cursor, inside Django's wrappers.
        while hasattr(cursor, "cursor"):
            cursor = cursor.cursor
        self.transformer = Transformer.from_context(cursor)

    def of(self, oid: int) -> Any:
        if oid == BOOL:
            # The one type whose cast to text says more than its output does.
            return "true".__eq__
        load = self.transformer.get_loader(oid, Format.TEXT).load
        return lambda text: load(text.encode())


def _oid(field: models.Field) -> int:
    return _oid_of(field.db_type(connection) or "")


@cache
def _oid_of(kind: str) -> int:
    """The number of a column type such as `varchar(40)`, `numeric(10, 2)` or `varchar(2)[]`."""
    base, _cut, rest = kind.partition("(")
    is_array = kind.endswith("[]")
    if not rest:
        base = base.removesuffix("[]")
    known = types[base.strip()]
    return known.array_oid if is_array else known.oid
