"""Writing a workbook: strings stay strings (a cell that begins with = is text), dates and numbers true."""

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import xlsxwriter
from django.utils import timezone

from documents import files
from documents.spreadsheets.reading import as_text


@dataclass(frozen=True)
class Column:
    """A column to write: heading, width in characters, and how its values look."""

    heading: str
    width: int = 14
    kind: str = "text"  # text, day, moment, money, integer, percent


@dataclass(frozen=True)
class SheetOut:
    title: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Any]]
    notes: Sequence[str] = ()  # lines below the table: basis, cut-off


FORMATS: dict[str, dict[str, object]] = {
    "text": {"text_wrap": True},
    "day": {"num_format": "yyyy-mm-dd", "align": "left"},
    "moment": {"num_format": "yyyy-mm-dd hh:mm", "align": "left"},
    "money": {"num_format": "#,##0.00"},
    "integer": {"num_format": "0"},
    "percent": {"num_format": "0.0%"},
}


def workbook(sheets: Iterable[SheetOut], *, title: str = "") -> bytes:
    """An .xlsx with a styled, frozen heading row, filters and true dates and numbers."""
    target = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "remove_timezone": True,
    }
    book = xlsxwriter.Workbook(target, options)
    if title:
        book.set_properties({"title": title})
    head = book.add_format({"bold": True, "bg_color": "#E8EEF0", "border": 1, "text_wrap": True, "valign": "vcenter"})
    looks = {kind: book.add_format({"valign": "top"} | look) for kind, look in FORMATS.items()}
    taken: set[str] = set()
    for sheet in sheets:
        page = book.add_worksheet(_sheet_title(sheet.title, taken))
        page.freeze_panes(1, 0)
        for place, column in enumerate(sheet.columns):
            page.write_string(0, place, column.heading, head)
            page.set_column(place, place, column.width)
        last = 0
        for last, values in enumerate(sheet.rows, 1):
            for place, (column, value) in enumerate(zip(sheet.columns, values, strict=True)):
                _write(page, last, place, value, column.kind, looks)
        if sheet.columns:
            page.autofilter(0, 0, max(last, 1), len(sheet.columns) - 1)
        for offset, note in enumerate(sheet.notes, 2):
            page.write_string(last + offset, 0, note)
        page.set_landscape()
        page.set_paper(9)
        page.repeat_rows(0)
        page.fit_to_pages(1, 0)
    book.close()
    return target.getvalue()


def _write(page: Any, row: int, place: int, value: Any, kind: str, looks: Mapping[str, Any]) -> None:
    if value is None or value == "":
        page.write_blank(row, place, None, looks["text"])
    elif isinstance(value, bool):
        page.write_string(row, place, as_text(value), looks["text"])
    elif isinstance(value, datetime):
        local = timezone.localtime(value).replace(tzinfo=None) if value.tzinfo else value
        page.write_datetime(row, place, local, looks[kind if kind in ("day", "moment") else "moment"])
    elif isinstance(value, date):
        page.write_datetime(row, place, datetime.combine(value, time()), looks["day"])
    elif isinstance(value, int | float | Decimal):
        page.write_number(row, place, float(value), looks[kind])
    else:
        page.write_string(row, place, str(value), looks["text"])


def _sheet_title(title: str, taken: set[str]) -> str:
    """Excel's rules: 31 characters, none of []:*?/\\, each once."""
    clean = re.sub(r"[\[\]:*?/\\]", " ", title).strip("' ")[:31] or "Sheet"
    name, number = clean, 2
    while name.lower() in taken:
        name = f"{clean[:28]} {number}"
        number += 1
    taken.add(name.lower())
    return name


def attachment(filename: str) -> str:
    """The value of Content-Disposition that keeps a Chinese name in every browser (RFC 6266, RFC 5987)."""
    name = files.clean_name(filename)
    stem, dot, ending = name.rpartition(".")
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", (stem if dot else name)).strip("_") or "download"
    return f"attachment; filename=\"{plain}{dot}{ending if dot else ''}\"; filename*=UTF-8''{quote(name)}"
