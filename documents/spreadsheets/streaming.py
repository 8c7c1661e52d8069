"""A table of any length, row by row: a workbook (.xlsx) or a CSV in UTF-8 or GB 18030 (which holds GBK). Nothing but the
row at hand is kept in memory beside the file itself."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import openpyxl
from django.conf import settings
from django.utils.translation import gettext as _

from documents import files
from documents.spreadsheets.reading import DAMAGE

CSV = "text/csv"
ROWS_MAX = 200_000
CHUNK = 1 << 20


def check_table(upload: Any, *, name: str = "") -> files.Upload:
    """An uploaded workbook or CSV, checked by what it truly is, or BadUpload."""
    if isinstance(upload, bytes):
        content = upload
    else:
        upload.seek(0)
        content = upload.read()
        upload.seek(0)
        name = name or upload.name
    if content.startswith((b"PK", files.OLE, b"%PDF-", b"\x89PNG", b"\xff\xd8\xff")):
        return files.check(content, kinds=(files.XLSX,), name=name)
    limit = settings.UPLOAD_MAX_BYTES
    if len(content) > limit:
        raise files.BadUpload(
            _("The file is %(size).1f MB; at most %(limit).0f MB are taken.")
            % {"size": len(content) / 1048576, "limit": limit / 1048576},
            code="too_large",
        )
    if not content.strip():
        raise files.BadUpload(_("The file is empty."), code="empty")
    if b"\0" in content:
        raise files.BadUpload(_("This is neither a workbook (.xlsx) nor a CSV."), code="wrong_kind")
    encoding_of(content)
    return files.Upload(content, files.clean_name(name or "table.csv"), CSV)


def encoding_of(content: bytes) -> str:
    """UTF-8 where every byte fits, else GB 18030; BadUpload where neither does."""
    for encoding in ("utf-8-sig", "gb18030"):
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            for start in range(0, len(content), CHUNK):
                decoder.decode(content[start : start + CHUNK])
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return encoding
    raise files.BadUpload(_("The file's text cannot be read: save it as UTF-8 and upload it again."), code="encoding")


class Lines:
    """A CSV with as much of a worksheet's face as a reader of sheets asks for; read anew on each call."""

    title = "CSV"

    def __init__(self, content: bytes):
        self.content, self.encoding = content, encoding_of(content)
        first = next(iter(self._text()), "")
        self.delimiter = max(",\t;", key=first.count)

    def _text(self) -> io.TextIOWrapper:
        return io.TextIOWrapper(io.BytesIO(self.content), encoding=self.encoding, newline="")

    def iter_rows(self, min_row: int = 1, max_row: int | None = None, values_only: bool = True) -> Iterator[tuple]:
        try:
            for row in islice(csv.reader(self._text(), delimiter=self.delimiter), min_row - 1, max_row):
                yield tuple(row)
        except csv.Error:
            raise files.BadUpload(_("The file is damaged and cannot be opened."), code="damaged") from None


@contextmanager
def open_table(content: bytes) -> Iterator[list[Any]]:
    """The sheets of a checked file: each has `title` and `iter_rows(min_row, max_row, values_only)`."""
    if not content.startswith(b"PK"):
        yield [Lines(content)]
        return
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except DAMAGE:
        raise files.BadUpload(_("The file is damaged and cannot be opened."), code="damaged") from None
    try:
        for sheet in book.worksheets:
            if hasattr(sheet, "reset_dimensions"):
                sheet.reset_dimensions()  # some exporters write a wrong size, and rows would be lost
        yield list(book.worksheets)
    finally:
        book.close()
