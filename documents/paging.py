"""Pages by key: a page costs the same however deep it lies, and no list loads all its rows."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet


def keyset(found: QuerySet, field: str, query: Any, *, size: int, newest: bool = False) -> tuple[list, str, str]:
    """One page of `found` ordered by the unique column `field`, descending when `newest`.

    `query` (request.GET) may hold `after` or `before`, a value of `field`. Returns the rows, the key to go on
    after and the key to go back before; a key is "" when there is nothing on that side. A value that does not fit
    the column's type is passed over.
    """
    column = found.model._meta.get_field(field)
    after, before = (_fitting(column, query.get(name, "")) for name in ("after", "before"))
    backwards = before is not None
    bound = before if backwards else after
    descending = newest != backwards
    if bound is not None:
        found = found.filter(**{f"{field}__{'lt' if descending else 'gt'}": bound})
    rows = list(found.order_by(f"{'-' if descending else ''}{field}")[: size + 1])
    more = len(rows) > size
    rows = rows[:size]
    if backwards:
        rows.reverse()
    if not rows:
        return [], "", ""
    first, last = str(getattr(rows[0], field)), str(getattr(rows[-1], field))
    if backwards:
        return rows, last, first if more else ""
    return rows, last if more else "", first if bound is not None else ""


def _fitting(column: Any, value: str) -> Any:
    if not value:
        return None
    try:
        return column.to_python(value)
    except Exception:  # whatever a column's parser raises on a mangled address
        return None


def address(request: Any, **changes: str) -> str:
    """The present address with the page's key replaced; filters stay."""
    query = request.GET.copy()
    for name in ("after", "before"):
        query.pop(name, None)
    for name, value in changes.items():
        query[name] = value
    return f"{request.path}?{query.urlencode()}"
