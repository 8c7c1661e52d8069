"""Reading a workbook. Every fault is collected, each with its sheet, row, column letter and heading, so that a
person mends a workbook once and not forty times."""

import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from zipfile import BadZipFile
from zoneinfo import ZoneInfo

import openpyxl
from django.utils import timezone
from django.utils.translation import gettext as _
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from documents import files

EMPTY = {"", "—", "-", "/", "无"}
EXCEL_FIRST_DAY = datetime(1899, 12, 30)
# SyntaxError is what the XML parser raises on a damaged part.
DAMAGE = (InvalidFileException, BadZipFile, KeyError, ValueError, OSError, SyntaxError, TypeError, EOFError)
FIRST_SERIAL = 20_000  # some day in 1954: below it a number is a year or a slip
LAST_SERIAL = 110_000  # some day in 2201: beyond it a number is not a date


@dataclass(frozen=True)
class Fault:
    """What is wrong where. `column` is a letter, "" for a whole row; `row` is 0 for a whole sheet."""

    sheet: str
    row: int
    column: str
    heading: str
    message: str

    def __str__(self) -> str:
        place = _("sheet “%(sheet)s”") % {"sheet": self.sheet}
        if self.row:
            place += _(", row %(row)d") % {"row": self.row}
        if self.column:
            place += _(", column %(column)s “%(heading)s”") % {"column": self.column, "heading": self.heading}
        return _("%(place)s: %(message)s") % {"place": place, "message": self.message}


class BadWorkbook(files.BadUpload):
    """The workbook as a whole cannot be read; `faults` says where."""

    def __init__(self, faults: Sequence[Fault]):
        self.faults = list(faults)
        super().__init__([str(fault) for fault in self.faults])


@dataclass
class Row:
    """One row of a sheet, read by heading. A cell that cannot be read leaves a fault and gives None."""

    sheet: "Sheet"
    number: int
    cells: Sequence[Any]

    def raw(self, heading: str) -> Any:
        place = self.sheet.columns[heading]
        return self.cells[place] if place < len(self.cells) else None

    def fault(self, heading: str, message: str) -> None:
        self.sheet.fault(self.number, heading, message)

    def text(self, heading: str, *, required: bool = False, longest: int | None = None) -> str:
        """Trimmed text; numbers without a needless .0; "" when empty."""
        value = as_text(self.raw(heading))
        if not value:
            self._missing(heading, required)
        elif longest and len(value) > longest:
            self.fault(heading, _("longer than %(longest)d characters") % {"longest": longest})
        return value

    def day(self, heading: str, *, required: bool = False) -> date | None:
        """A day: a real date, a serial, 2026-09-14, 2026/9/14, 2026.9.14, 20260914 or 2026年9月14日."""
        return self._read(heading, required, _as_day, _("is not a date"))

    def moment(self, heading: str, *, required: bool = False) -> datetime | None:
        """A moment in the site's time zone: as `day`, with an optional time of day (midnight without)."""
        return self._read(heading, required, _as_moment, _("is not a date and time"))

    def money(self, heading: str, *, required: bool = False, signed: bool = False) -> Decimal | None:
        """An amount in yuan with at most two decimals; negative only where `signed` (a credit)."""
        return self._read(heading, required, _as_signed if signed else _as_money, _("is not an amount in yuan"))

    def integer(
        self, heading: str, *, required: bool = False, low: int | None = None, high: int | None = None
    ) -> int | None:
        value = self._read(heading, required, _as_integer, _("is not a whole number"))
        if value is not None and not (low is None or value >= low) & (high is None or value <= high):
            self.fault(
                heading,
                _("%(value)d is not between %(low)s and %(high)s")
                % {
                    "value": value,
                    "low": low if low is not None else "—",
                    "high": high if high is not None else "—",
                },
            )
            return None
        return value

    def yes_no(self, heading: str, *, required: bool = False) -> bool | None:
        return self.choice(heading, {"是": True, "否": False}, required=required)

    def choice(self, heading: str, choices: Mapping[str, Any], *, required: bool = False) -> Any:
        value = self.text(heading, required=required)
        if value in EMPTY and value not in choices:
            if value:
                self._missing(heading, required)
            return None
        if value not in choices:
            self.fault(
                heading,
                _("“%(value)s” is not one of: %(choices)s") % {"value": value, "choices": "、".join(choices)},
            )
            return None
        return choices[value]

    def _missing(self, heading: str, required: bool) -> None:
        if required:
            self.fault(heading, _("is empty"))

    def _read(self, heading: str, required: bool, convert: Callable[[Any], Any], complaint: str) -> Any:
        raw = self.raw(heading)
        if raw is None or (isinstance(raw, str) and as_text(raw) in EMPTY):
            self._missing(heading, required)
            return None
        try:
            return convert(raw)
        except (ValueError, OverflowError, InvalidOperation):
            self.fault(heading, f"“{as_text(raw)}” {complaint}")
            return None


@dataclass
class Sheet:
    """One sheet: its headings' places, and the faults found in it so far (shared with its workbook)."""

    title: str
    columns: dict[str, int]
    faults: list[Fault]
    source: Any = field(repr=False)
    heading_row: int = 1

    def rows(self) -> Iterator[Row]:
        """Rows below the headings with anything under one of ours: blanks, and numbers dragged on, are no row."""
        places = self.columns.values()
        start = self.heading_row + 1
        lines = enumerate(self.source.iter_rows(min_row=start, values_only=True), start)
        while True:
            try:
                number, cells = next(lines)
            except StopIteration:
                return
            except DAMAGE:
                raise files.BadUpload(_("The file is damaged and cannot be opened."), code="damaged") from None
            if any(_holds(cells[place]) for place in places if place < len(cells)):
                yield Row(self, number, cells)

    def fault(self, row: int, heading: str, message: str) -> None:
        column = get_column_letter(self.columns[heading] + 1) if heading in self.columns else ""
        self.faults.append(Fault(self.title, row, column, heading, message))


class Workbook:
    """A workbook being read; use as a context manager."""

    def __init__(self, book: Any):
        self._book = book
        self.faults: list[Fault] = []

    def __enter__(self) -> "Workbook":
        return self

    def __exit__(self, *_exc: object) -> None:
        self._book.close()

    @property
    def titles(self) -> list[str]:
        return [sheet.title.strip() for sheet in self._book.worksheets]

    def sheet(self, title: str, headings: Iterable[str], optional: Iterable[str] = ()) -> Sheet | None:
        """The sheet of that title with all `headings` in its first row (in any order), else None and faults.

        Headings are compared without spaces and with brackets of either width; more columns do no harm.
        """
        found = next((s for s in self._book.worksheets if _plain(s.title) == _plain(title)), None)
        if found is None:
            self.faults.append(Fault(title, 0, "", "", _("this sheet is missing")))
            return None
        if hasattr(found, "reset_dimensions"):
            found.reset_dimensions()  # some exporters write a wrong size, and rows would be lost
        first = next(found.iter_rows(min_row=1, max_row=1, values_only=True), ())
        there: dict[str, int] = {}
        for place, cell in enumerate(first):
            if (key := _plain(as_text(cell))) and key in there:
                self.faults.append(Fault(title, 1, get_column_letter(place + 1), key, _("heading stands twice")))
            elif key:
                there[key] = place
        headings = list(headings)
        missing = [heading for heading in headings if _plain(heading) not in there]
        self.faults += [
            Fault(title, 1, "", heading, _("heading “%(heading)s” is missing") % {"heading": heading})
            for heading in missing
        ]
        if missing:
            return None
        wanted = [*headings, *(h for h in optional if _plain(h) in there)]
        return Sheet(title, {heading: there[_plain(heading)] for heading in wanted}, self.faults, found)

    def stop_on_faults(self) -> None:
        """Raise BadWorkbook with every fault found so far, in the order of the workbook."""
        if self.faults:
            order = {title: place for place, title in enumerate(self.titles)}
            raise BadWorkbook(sorted(self.faults, key=lambda f: (order.get(f.sheet, 99), f.row)))


def open_workbook(source: str | Path | bytes) -> Workbook:
    """Open an .xlsx for reading, after the checks of `files` (size, disguise, macros, password, bombs)."""
    content = source if isinstance(source, bytes) else Path(source).read_bytes()
    name = "" if isinstance(source, bytes) else Path(source).name
    checked = files.check(content, kinds=[files.XLSX], name=name)
    try:
        return Workbook(openpyxl.load_workbook(io.BytesIO(checked.content), read_only=True, data_only=True))
    except DAMAGE:
        raise files.BadUpload(_("The file is damaged and cannot be opened."), code="damaged") from None


# Reading single cells


def as_text(value: Any) -> str:
    """A cell as a person reads it: trimmed, full-width digits and letters narrowed, 12.0 as 12."""
    if value is None:
        return ""
    if isinstance(value, str):
        return _narrow(value).strip().strip("\u200b\ufeff").strip()
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M") if value.time() != time() else value.strftime("%Y-%m-%d")
    return str(value)


def _holds(cell: Any) -> bool:
    return cell is not None and not (isinstance(cell, str) and not as_text(cell))


# Full-width ASCII letters and digits only: a name's ，（ ） and · stay as they were written.
_NARROW = {wide: wide - 0xFEE0 for wide in [*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B)]}
_NARROW |= {0x3000: " ", 0x00A0: " "}


def _narrow(text: str) -> str:
    return text if text.isascii() else text.translate(_NARROW)


def _plain(heading: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", str(heading)))


_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
_CLOSE_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})")
_CLOCK = re.compile(r"(\d{1,2})\s*[:时点]\s*(\d{1,2})\s*(?:[:分]\s*(\d{1,2})(?:\.\d+)?\s*秒?)?\s*分?")


def _as_moment(raw: Any) -> datetime:
    found = _naive(raw)
    if not 1900 <= found.year <= 2200:
        raise ValueError
    return found.replace(tzinfo=_zone())


def _as_day(raw: Any) -> date:
    return _as_moment(raw).date()


def _naive(raw: Any) -> datetime:
    if isinstance(raw, datetime):
        return raw.replace(tzinfo=None)
    if isinstance(raw, date):
        return datetime.combine(raw, time())
    if isinstance(raw, bool):
        raise ValueError
    if isinstance(raw, int | float):
        if not FIRST_SERIAL <= raw < LAST_SERIAL:
            return _digits(str(int(raw)))
        return EXCEL_FIRST_DAY + timedelta(seconds=round(raw * 86400))
    text = unicodedata.normalize("NFKC", as_text(raw)).replace("T", " ")
    if text.replace(".", "", 1).isdigit() and FIRST_SERIAL <= float(text) < LAST_SERIAL:
        return _naive(float(text))
    day = _DAY.match(text)
    if not day:
        return _digits(text)
    rest = text[day.end() :].strip()
    clock = _CLOCK.fullmatch(rest) if rest else None
    if rest and not clock:
        raise ValueError
    hour, minute, second = (int(part or 0) for part in clock.groups()) if clock else (0, 0, 0)
    year, month, number = (int(part) for part in day.groups())
    return datetime(year, month, number, hour, minute, second)


def _digits(text: str) -> datetime:
    close = _CLOSE_DAY.fullmatch(text)
    if not close:
        raise ValueError
    year, month, number = (int(part) for part in close.groups())
    return datetime(year, month, number)


def _as_money(raw: Any) -> Decimal:
    amount = _as_signed(raw)
    if amount < 0:
        raise ValueError
    return amount


def _as_signed(raw: Any) -> Decimal:
    if isinstance(raw, bool | date):
        raise ValueError
    text = unicodedata.normalize("NFKC", as_text(raw)).replace(",", "").replace("¥", "").removesuffix("元").strip()
    amount = Decimal(text)
    cents = amount.quantize(Decimal("0.01"))
    # A float such as 0.1 + 0.2 comes with a tail that nobody typed.
    if not amount.is_finite() or abs(amount - cents) > Decimal("0.000001"):
        raise ValueError
    return cents


def _as_integer(raw: Any) -> int:
    if isinstance(raw, bool | date):
        raise ValueError
    number = Decimal(unicodedata.normalize("NFKC", as_text(raw)).replace(",", ""))
    if not number.is_finite() or number != number.to_integral_value():
        raise ValueError
    return int(number)


def _zone() -> ZoneInfo:
    return timezone.get_default_timezone()
