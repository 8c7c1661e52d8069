"""The signed sheet of a closed month (PDF/A), and its lines as a workbook."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from documents import pdf
from documents.spreadsheets import Column, SheetOut, workbook
from referrals.billing import figures, lines
from referrals.models import Reconciliation, StatementDifference

CSS = """
@page { size: A4; margin: 18mm 16mm 16mm }
h1 { font-size: 16pt; margin: 0 0 2mm }
.sub { text-align: center; margin: 0 0 5mm; font-size: 10.5pt }
h2 { font-size: 12pt; margin: 5mm 0 2mm }
table { font-size: 9.5pt }
th, td { padding: 1mm 1.5mm; text-align: left }
td.number, th.number { text-align: right }
.signs { display: flex; justify-content: space-between; margin-top: 8mm; font-size: 10.5pt }
.signs p { margin: 0 0 1mm }
.hash { font-family: var(--mono, monospace); font-size: 8pt; overflow-wrap: anywhere; margin: 0 }
.small { font-size: 8.5pt; color: #333 }
"""


def make(month: Reconciliation, *, closed_by: User, at: datetime) -> pdf.Paper:
    """The sheet as signed: the figures finance signed, every difference with its settlement, the two who sign, and the
    digests of what it speaks of. The figures travel in it as JSON."""
    with translation.override(settings.LANGUAGE_CODE):
        rows = month.differences.select_related("settled_by", "confirmed_by", "line").order_by(
            "kind", "sample_no", "pk"
        )
        context = {
            "month": month,
            "figures": month.figures,
            "standings": figures.standings(month),
            "differences": list(rows),
            "closed_by": closed_by,
            "closed_at": at,
        }
        kept = json.dumps(month.figures, ensure_ascii=False, sort_keys=True, indent=1).encode()
        data = [pdf.DataFile("figures.json", kept, "对账数据")]
        return pdf.make(render_to_string("bills/papers/sheet.html", context), css=CSS, data=data)


def book(month: Reconciliation) -> bytes:
    """Every line with its standing, and every difference with its settlement."""
    title = _("Reconciliation of %(month)s") % {"month": month.month}
    line_columns = [
        Column(_("Line"), 8, "integer"), Column(_("Sample number"), 20), Column(_("Test code"), 14),
        Column(_("Test as billed"), 24), Column(_("Received on"), 12, "day"), Column(_("Reported on"), 12, "day"),
        Column(_("Billed (yuan)"), 12, "money"), Column(_("Referral number"), 20), Column(_("Charged (yuan)"), 12, "money"),
        Column(_("Where it stands"), 32), Column(_("To be paid (yuan)"), 14, "money"),
    ]  # fmt: skip
    difference_columns = [
        Column(_("Difference"), 20), Column(_("Sample number"), 20), Column(_("Line"), 8, "integer"),
        Column(_("Billed (yuan)"), 12, "money"), Column(_("By contract (yuan)"), 14, "money"),
        Column(_("What becomes of it"), 24), Column(_("Reason"), 40), Column(_("Settled by"), 12),
        Column(_("Settled at"), 17, "moment"), Column(_("Confirmed by"), 12), Column(_("Confirmed at"), 17, "moment"),
    ]  # fmt: skip
    notes = [_("A line without a difference is owed as billed; one with an unsettled difference has no amount yet.")]
    sheets = [
        SheetOut(_("Lines"), line_columns, _line_rows(month), notes),
        SheetOut(_("Differences"), difference_columns, _difference_rows(month)),
    ]
    return workbook(sheets, title=title)


def _line_rows(month: Reconciliation) -> Iterator[tuple[Any, ...]]:
    agrees = _("Agrees")
    for one in lines.of_month(month):
        yield (
            one.line_no, one.sample_no, one.test_code, one.test_name, one.received_on, one.reported_on, one.amount,
            one.number or "", one.charged if one.number else None,
            "、".join(str(label) for label in one.labels) or agrees, one.payable,
        )  # fmt: skip


def _difference_rows(month: Reconciliation) -> Iterator[tuple[Any, ...]]:
    rows = month.differences.select_related("line", "settled_by", "confirmed_by").order_by("kind", "sample_no", "pk")
    for one in rows.iterator(chunk_size=2000):
        yield (
            str(StatementDifference.Kind(one.kind).label), one.sample_no, one.line.line_no if one.line else None,
            one.billed_amount, one.expected_amount, str(one.get_resolution_display()), one.reason,
            one.settled_by.name if one.settled_by else "", one.settled_at,
            one.confirmed_by.name if one.confirmed_by else "", one.confirmed_at,
        )  # fmt: skip
