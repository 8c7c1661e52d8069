"""Pages by key: a page costs the same however deep it lies, and no list loads all its rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone


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


def newest_first(found: QuerySet, field: str, query: Any, *, size: int) -> tuple[list, str, str]:
    """One page by (`field`, id), newest first; `query` may hold `after` or `before`, a key this function gave.

    Returns the rows, the key to go on after and the key to go back before; "" where there is nothing on that side.
    """
    after, before = (_key_of(query.get(name, "")) for name in ("after", "before"))
    bound, backwards = (before, True) if before else (after, False)
    if bound:
        at, pk = bound
        side = "gt" if backwards else "lt"
        # The second bound is implied by the first, and lets the index begin at the right place.
        found = found.filter(
            Q(**{f"{field}__{side}": at}) | Q(**{field: at, f"pk__{side}": pk}), **{f"{field}__{side}e": at}
        )
    order = (field, "pk") if backwards else (f"-{field}", "-pk")
    rows = list(found.order_by(*order)[: size + 1])
    more = len(rows) > size
    rows = rows[:size]
    if backwards:
        rows.reverse()
    if not rows:
        return [], "", ""
    older = _key(rows[-1], field) if more or backwards else ""
    newer = _key(rows[0], field) if (more if backwards else bound) else ""
    return rows, older, newer


def _key(row: Any, field: str) -> str:
    return f"{getattr(row, field).timestamp():.6f}_{row.pk}"


def _key_of(text: str) -> tuple[datetime, int] | None:
    stamp, _cut, pk = text.partition("_")
    try:
        return datetime.fromtimestamp(float(stamp), tz=timezone.get_default_timezone()), int(pk)
    except (ValueError, OverflowError, OSError):
        return None


def in_order(found: QuerySet, order: tuple[str, ...], query: Any, *, size: int) -> tuple[list, str, str]:
    """One page ordered by several columns, each up or (`-`) down, the last of them unique: what is urgent first, then
    what waits longest. Columns are truth values, numbers or times.

    As `newest_first`: `query` may hold `after` or `before`; returns the rows and the keys of both sides.
    """
    after, before = (_keys_of(query.get(name, ""), len(order)) for name in ("after", "before"))
    bound, backwards = (before, True) if before else (after, False)
    columns = [(one.lstrip("-"), one.startswith("-") != backwards) for one in order]
    if bound:
        beyond, equal = Q(), Q()
        for (column, down), value in zip(columns, bound, strict=True):
            beyond |= equal & Q(**{f"{column}__{'lt' if down else 'gt'}": value})
            equal &= Q(**{column: value})
        found = found.filter(beyond)
    rows = list(found.order_by(*(f"{'-' if down else ''}{column}" for column, down in columns))[: size + 1])
    more = len(rows) > size
    rows = rows[:size]
    if backwards:
        rows.reverse()
    if not rows:
        return [], "", ""
    names = [column for column, _down in columns]
    older = _keys(rows[-1], names) if more or backwards else ""
    newer = _keys(rows[0], names) if (more if backwards else bound) else ""
    return rows, older, newer


def _keys(row: Any, names: list[str]) -> str:
    texts = []
    for name in names:
        value = row
        for part in name.split("__"):
            value = getattr(value, part)
        texts.append(f"{value.timestamp():.6f}" if isinstance(value, datetime) else str(int(value)))
    return "_".join(texts)


def _keys_of(text: str, length: int) -> list[Any] | None:
    parts = text.split("_")
    if len(parts) != length:
        return None
    try:
        return [
            datetime.fromtimestamp(float(part), tz=timezone.get_default_timezone()) if "." in part else int(part)
            for part in parts
        ]
    except (ValueError, OverflowError, OSError):
        return None
