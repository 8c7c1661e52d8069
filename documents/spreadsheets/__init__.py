"""Workbooks in and out."""

from documents.spreadsheets.lines import open_csv
from documents.spreadsheets.reading import BadWorkbook, Fault, Row, Sheet, Workbook, as_text, open_workbook
from documents.spreadsheets.writing import Column, SheetOut, attachment, workbook

__all__ = [
    "BadWorkbook",
    "Column",
    "Fault",
    "Row",
    "Sheet",
    "SheetOut",
    "Workbook",
    "as_text",
    "attachment",
    "open_csv",
    "open_workbook",
    "workbook",
]
