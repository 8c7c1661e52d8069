"""From a workbook to rows. Every fault of every cell is kept; nothing here asks the database."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from documents.files import BadUpload
from documents.spreadsheets import Fault, Row, Workbook, as_text, open_workbook
from documents.spreadsheets import Sheet as Opened
from supervision.ledger import columns
from supervision.ledger.columns import CASES, CONTRACTS, ITEMS, PEOPLE, SHEETS, Column, Sheet

Report = Callable[[str, int, int], None]
BLANKS = {"", "—", "-", "/", "无"}
REPORT_EVERY = 500


class LedgerRefused(Exception):
    """The workbook was not taken in. `faults` names every place that is wrong."""

    def __init__(self, faults: list[Fault]):
        self.faults = faults
        super().__init__("\n".join(str(fault) for fault in faults))


@dataclass(slots=True)
class Line:
    """One row that was read: its number in the sheet, and its values by column name."""

    row: int
    values: dict[str, Any]
    bad: bool = False

    def __getitem__(self, name: str) -> Any:
        return self.values[name]


@dataclass
class Ledger:
    """What a workbook says, as far as it concerns the institutions in `scope` (None: all it names)."""

    scope: frozenset[str] | None
    lines: dict[str, list[Line]] = field(default_factory=dict)
    # Staff of other institutions, whom a case may name all the same (a remote chair, say).
    outsiders: dict[str, Line] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)
    foreign_contracts: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    opened: dict[str, Opened] = field(default_factory=dict)

    def __getitem__(self, title: str) -> list[Line]:
        return self.lines.get(title, [])

    def good(self, title: str) -> list[Line]:
        return [line for line in self[title] if not line.bad]

    def fault(self, title: str, line: Line, name: str, message: str) -> None:
        """Something is wrong with this cell; `name` empty: with the whole row."""
        heading = columns.BY_TITLE[title].heading(name) if name else ""
        line.bad = True
        if sheet := self.opened.get(title):
            sheet.fault(line.row, heading, message)
        else:
            self.faults.append(Fault(title, line.row, "", heading, message))

    def refuse_faults(self) -> None:
        if self.faults:
            order = {sheet.title: place for place, sheet in enumerate(SHEETS)}
            raise LedgerRefused(sorted(self.faults, key=lambda f: (order.get(f.sheet, 99), f.row, f.column)))


def read(content: bytes, *, scope: Collection[str] | None = None, report: Report | None = None) -> Ledger:
    """Read every sheet. Rows of institutions outside `scope` are skipped and counted, not judged.

    Raises BadUpload for what is no workbook at all, and LedgerRefused where sheets or headings are missing:
    there is then nothing to go on with.
    """
    ledger = Ledger(None if scope is None else frozenset(scope))
    with open_workbook(content) as book:
        ledger.faults = book.faults
        try:
            for sheet in SHEETS:
                opened = book.sheet(sheet.title, [column.heading for column in sheet.columns])
                if opened is not None:
                    ledger.opened[sheet.title] = opened
            ledger.refuse_faults()
            note_what_is_ignored(book, ledger)
            for sheet in SHEETS:
                read_sheet(sheet, ledger, report)
        except (KeyError, ValueError, OSError, SyntaxError, EOFError) as fault:
            raise BadUpload(_("The file is damaged and cannot be opened."), code="damaged") from fault
    return ledger


def note_what_is_ignored(book: Workbook, ledger: Ledger) -> None:
    """More sheets and more columns do no harm; they are named so that nobody thinks them read."""
    known = {sheet.title for sheet in SHEETS}
    for title in book.titles:
        if title not in known:
            ledger.notes.append(_("Sheet “%(sheet)s” is not part of the ledger and was not read.") % {"sheet": title})
    for sheet in SHEETS:
        opened = ledger.opened[sheet.title]
        read_places = set(opened.columns.values())
        first = next(iter(opened.source.iter_rows(min_row=1, max_row=1, values_only=True)), ())
        more = [as_text(cell) for place, cell in enumerate(first) if place not in read_places and as_text(cell)]
        if more:
            ledger.notes.append(
                _("Sheet “%(sheet)s”: columns not read: %(columns)s.")
                % {"sheet": sheet.title, "columns": "、".join(more)}
            )


def read_sheet(sheet: Sheet, ledger: Ledger, report: Report | None) -> None:
    opened = ledger.opened[sheet.title]
    lines = ledger.lines.setdefault(sheet.title, [])
    # Some programs don't write how many rows there are; then it is not known until the end.
    total = (opened.source.max_row or 1) - 1
    for place, row in enumerate(opened.rows(), 1):
        if report and sheet.title == CASES and place % REPORT_EVERY == 0:
            report("reading", place, total if total >= place else 0)
        if belongs_elsewhere(sheet, row, ledger):
            ledger.skipped[sheet.title] = ledger.skipped.get(sheet.title, 0) + 1
            if sheet.title == PEOPLE:
                outsider = quietly(sheet, row)
                ledger.outsiders[outsider["username"]] = outsider
            continue
        before = len(ledger.faults)
        line = Line(row.number, {column.name: cell(column, row) for column in sheet.columns})
        line.bad = len(ledger.faults) > before
        lines.append(line)


def belongs_elsewhere(sheet: Sheet, row: Row, ledger: Ledger) -> bool:
    """Whether the row is another institution's, for someone who takes in only their own."""
    if ledger.scope is None:
        return False
    if sheet.owner:
        owner = as_text(row.raw(sheet.heading(sheet.owner)))
        elsewhere = bool(owner) and owner not in ledger.scope
        if elsewhere and sheet.title == CONTRACTS:
            ledger.foreign_contracts.add(as_text(row.raw(sheet.heading("number"))))
        return elsewhere
    return sheet.title == ITEMS and as_text(row.raw(sheet.heading("contract"))) in ledger.foreign_contracts


def quietly(sheet: Sheet, row: Row) -> Line:
    """A row read as text alone, leaving no faults."""
    return Line(row.number, {column.name: as_text(row.raw(column.heading)) for column in sheet.columns})


def cell(column: Column, row: Row) -> Any:
    """One cell by its column's kind; a dash or 无 in an optional text is nothing written."""
    value = getattr(row, column.kind)(column.heading, required=column.required, **column.options)
    if column.kind == "text" and not column.required and value in BLANKS:
        return ""
    return value
