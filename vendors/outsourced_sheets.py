"""The outsourced-test catalog as a workbook and as a paper, with the columns of `reports.md` §5."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from documents import pdf
from documents.spreadsheets import Column, SheetOut, workbook
from documents.templatetags.formats import day
from vendors import outsourced

CSS = """
@page { size: A3 landscape; margin: 12mm 10mm 14mm }
h1 { font-size: 16pt; margin: 0 0 2mm; text-align: center }
.sub { text-align: center; margin: 0 0 4mm; font-size: 10pt }
table { font-size: 5.8pt; table-layout: fixed; width: 100% }
thead { display: table-header-group }
tr { break-inside: avoid }
th, td { padding: .6mm .8mm; text-align: left; vertical-align: top; overflow-wrap: anywhere; line-height: 1.3 }
"""


def title(institution: Any) -> str:
    return _("Catalog of outsourced tests of %(hospital)s") % {"hospital": institution.name}


def book(institution: Any, on: date) -> bytes:
    columns = [Column(pgettext("row", "No."), 6, "integer")]
    columns += [Column(str(heading), width, kind) for _key, heading, width, kind, _value in outsourced.COLUMNS]
    rows = [
        (n, *(value for _heading, value in line.cells))
        for n, line in enumerate(outsourced.catalog(institution, on), 1)
    ]  # fmt: skip
    notes = [_("As of %(day)s, made from contracts, admissions, prices and the catalog in force.") % {"day": day(on)}]
    return workbook([SheetOut(_("Outsourced tests"), columns, rows, notes)], title=title(institution))


def paper(institution: Any, on: date) -> pdf.Paper:
    with translation.override(settings.LANGUAGE_CODE):
        context = {
            "institution": institution, "title": title(institution), "on": on, "made_at": timezone.now(),
            "columns": [(heading, width) for _key, heading, width, _kind, _value in outsourced.COLUMNS],
            "widths": sum(column[2] for column in outsourced.COLUMNS) + 5,
            "lines": [[words for _heading, words in line.shown] for line in outsourced.catalog(institution, on)],
        }  # fmt: skip
        return pdf.make(render_to_string("vendors/papers/outsourced.html", context), css=CSS)
