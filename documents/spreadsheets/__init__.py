"""Workbooks in and out."""

from documents.spreadsheets.lines import open_csv
from documents.spreadsheets.reading import BadWorkbook, Fault, Row, Sheet, Workbook, as_text, open_workbook
from documents.spreadsheets.streaming import CSV, check_table, open_table
from documents.spreadsheets.writing import Column, SheetOut, attachment, workbook

__all__ = [
    "CSV",
    "BadWorkbook",
    "Column",
    "Fault",
    "Row",
    "Sheet",
    "SheetOut",
    "Workbook",
    "as_text",
    "attachment",
    "check_table",
    "open_csv",
    "open_table",
    "open_workbook",
    "workbook",
]
