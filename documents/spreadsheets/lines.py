"""A CSV read as if it were a workbook of one sheet, with the same headings, rows and faults."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from documents import files
from documents.spreadsheets.reading import Workbook

ROWS_MAX = 20_000


class _Lines:
    """One sheet of text cells, with as much of a worksheet's face as the reader asks for."""

    def __init__(self, title: str, rows: Sequence[Sequence[str]]):
        self.title, self._rows = title, rows

    def iter_rows(self, min_row: int = 1, max_row: int | None = None, values_only: bool = True) -> Iterator[Any]:
        yield from (tuple(row) for row in self._rows[min_row - 1 : max_row])


class _Book:
    def __init__(self, sheet: _Lines):
        self.worksheets = [sheet]

    def close(self) -> None:
        """Nothing is open."""


def open_csv(content: bytes, *, title: str = "CSV") -> Workbook:
    """Read a CSV, in UTF-8 or as Chinese spreadsheets write it (GB 18030), divided by comma or tab."""
    if len(content) > settings.UPLOAD_MAX_BYTES:
        raise files.BadUpload(_("The file is too large."), code="too_large")
    if not content.strip():
        raise files.BadUpload(_("The file is empty."), code="empty")
    if b"\0" in content:
        raise files.BadUpload(_("This is neither a workbook (.xlsx) nor a CSV."), code="wrong_kind")
    text = _text(content)
    first = text.partition("\n")[0]
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter="\t" if "\t" in first else ","))
    if len(rows) > ROWS_MAX:
        raise files.BadUpload(_("The file has more than %(n)d rows.") % {"n": ROWS_MAX}, code="too_large")
    return Workbook(_Book(_Lines(title, rows)))


def _text(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise files.BadUpload(_("The file's text cannot be read: save it as UTF-8 and upload it again."), code="encoding")
