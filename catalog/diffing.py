"""Two editions side by side: rows added, removed and changed, cell by cell (clause A40)."""

from __future__ import annotations

from dataclasses import dataclass, field

from catalog import citing, rows
from catalog.models import Edition, Indication


@dataclass(frozen=True)
class Cell:
    name: str
    label: str
    before: str
    after: str

    @property
    def is_grave(self) -> bool:
        return self.name in rows.GRAVE


@dataclass(frozen=True)
class Row:
    """One code in both editions. `before` or `after` is None where only one has it."""

    code: str
    before: Indication | None
    after: Indication | None
    cells: tuple[Cell, ...] = ()

    @property
    def kind(self) -> str:
        if self.before is None:
            return "added"
        return "removed" if self.after is None else "changed"

    @property
    def line(self) -> Indication:
        """The row as it will be; of a removed one, as it was."""
        return self.after or self.before  # type: ignore[return-value]

    @property
    def is_grave(self) -> bool:
        return self.kind == "removed" or any(cell.is_grave for cell in self.cells)

    def changes(self, *names: str) -> bool:
        return any(cell.name in names for cell in self.cells)


@dataclass(frozen=True)
class Difference:
    before: Edition | None
    after: Edition
    rows: tuple[Row, ...] = field(default=())
    same: int = 0

    def of(self, kind: str) -> list[Row]:
        return [row for row in self.rows if row.kind == kind]

    @property
    def added(self) -> list[Row]:
        return self.of("added")

    @property
    def removed(self) -> list[Row]:
        return self.of("removed")

    @property
    def changed(self) -> list[Row]:
        return self.of("changed")


def compare(before: Edition | None, after: Edition) -> Difference:
    """`after` against `before`, by code, in two queries. Without a former edition every row is an added one."""
    old = _lines(before) if before else {}
    new = _lines(after)
    named = rows.labels()
    found, same = [], 0
    for code in sorted(old.keys() | new.keys()):
        one, other = old.get(code), new.get(code)
        if one is None or other is None:
            found.append(Row(code, one, other))
            continue
        former, latter = rows.difference(rows.values_of(one), rows.values_of(other))
        cells = tuple(
            Cell(name, named[name], rows.shown(name, former[name]), rows.shown(name, latter[name])) for name in latter
        )
        if cells:
            found.append(Row(code, one, other, cells))
        else:
            same += 1
    return Difference(before, after, tuple(found), same)


def _lines(edition: Edition) -> dict[str, Indication]:
    return {
        one.code: one
        for one in Indication.objects.filter(edition=edition).select_related("test").prefetch_related(citing.prefetch())
    }
