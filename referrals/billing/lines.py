"""Lines of statements with their standing: the referral they belong to, what the patient was charged, how they differ,
and what is owed of them once two persons have settled that. One SQL text, read a page, a month or a year at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from referrals.models import Reconciliation, StatementDifference

Resolution = StatementDifference.Resolution
# What each settlement leaves owed of a line; of several differences the least counts.
PAID_AS_BILLED = (Resolution.ACCEPTED, Resolution.CREDITED)

# A line without a difference is owed as billed; one with an unsettled difference cannot be said yet (NULL).
#
# The months are settled on first, and a line's referral is found by its number or its barcode alone; its hospital is then
# asked in words that no index answers (IS NOT DISTINCT FROM). Otherwise, on tables that were just filled and have no
# statistics yet, every line walks through all referrals of the hospital.
_SQL = """
WITH billed AS MATERIALIZED (
SELECT rec.id AS reconciliation_id, rec.month, rec.laboratory_id, s.id AS statement_id
  FROM referrals_reconciliation rec
  JOIN vendors_statement s ON s.institution_id = rec.institution_id AND s.laboratory_id = rec.laboratory_id
       AND s.month = rec.month AND s.superseded_at IS NULL
 WHERE rec.institution_id = ANY(%(places)s) AND {which})
SELECT l.id, l.line_no, l.sample_no, l.test_code, l.test_name, l.received_on, l.reported_on, l.amount,
       billed.reconciliation_id, billed.month, billed.laboratory_id, coalesce(n.id, o.id) AS referral_id,
       coalesce(n.number, o.number) AS number, coalesce(n.test_id, o.test_id) AS test_id,
       CASE WHEN d.repeated THEN 0 ELSE coalesce(paid.amount, 0) END AS charged,
       coalesce(d.kinds, '{{}}') AS kinds,
       CASE WHEN d.kinds IS NULL THEN l.amount WHEN d.unsettled THEN NULL ELSE d.owed END AS payable
  FROM billed
  JOIN {lines} l ON l.statement_id = billed.statement_id
  LEFT JOIN referrals_referral n ON n.number = l.sample_no AND n.institution_id IS NOT DISTINCT FROM l.institution_id
  LEFT JOIN referrals_specimen x ON n.id IS NULL AND x.barcode = l.sample_no AND x.barcode <> ''
  LEFT JOIN referrals_referral o ON o.id = x.referral_id AND o.institution_id IS NOT DISTINCT FROM l.institution_id
  LEFT JOIN LATERAL (
       SELECT sum(c.amount) AS amount FROM referrals_charge c
        WHERE l.amount >= 0 AND c.referral_id = CASE WHEN n.id IS NULL THEN o.id ELSE n.id END AND c.reversed_at IS NULL) paid ON true
  LEFT JOIN LATERAL (
       SELECT array_agg(x.kind ORDER BY x.kind) AS kinds, bool_or(x.confirmed_at IS NULL) AS unsettled,
              bool_or(x.kind = 'billed_twice') AS repeated,
              min(CASE WHEN x.resolution IN ('accepted', 'credited') THEN l.amount
                       WHEN x.resolution = 'contract_price' THEN x.expected_amount ELSE 0 END) AS owed
         FROM referrals_statementdifference x WHERE x.line_id = l.id AND x.kind <> 'supplement') d ON true
"""


def sql(which: str, lines: str = "vendors_statementline") -> str:
    """The lines of the months `rec` of which `which` holds; `lines` is their table, or some of its rows."""
    return _SQL.format(which=which, lines=lines)


ONE_MONTH = sql("rec.id = %(month)s")
# A page's lines by their number, before anything is looked up for them.
SOME_LINES = """(
SELECT * FROM vendors_statementline line
 WHERE line.statement_id = (SELECT statement_id FROM billed) {conditions}
 ORDER BY line.line_no {order} LIMIT %(size)s)"""
AGREES = """AND NOT EXISTS (SELECT FROM referrals_statementdifference x
                     WHERE x.line_id = line.id AND x.kind <> 'supplement')"""


@dataclass(frozen=True)
class Line:
    id: int
    line_no: int
    sample_no: str
    test_code: str
    test_name: str
    received_on: date | None
    reported_on: date | None
    amount: Decimal
    reconciliation_id: int
    month: str
    laboratory_id: int
    referral_id: int | None
    number: str | None
    test_id: int | None
    charged: Decimal
    kinds: list[str]
    payable: Decimal | None

    @property
    def labels(self) -> list[Any]:
        return [label for _kind, label in self.marks]

    @property
    def marks(self) -> list[tuple[str, Any]]:
        """(kind, its words) of each way in which the line differs."""
        return [(kind, StatementDifference.Kind(kind).label) for kind in self.kinds]


def page(
    month: Reconciliation, query: Any, *, size: int, agreeing: bool = False, test: int | None = None
) -> tuple[list[Line], str, str]:
    """One page of the month's lines by their number; `query` may hold `after` or `before`. With `agreeing` only those
    without a difference, with `test` only those of that test."""
    after, before = (_number(query.get(name, "")) for name in ("after", "before"))
    backwards = before is not None
    bound = before if backwards else after
    order = "DESC" if backwards else "ASC"
    conditions = AGREES if agreeing else ""
    values: dict[str, Any] = {"places": [month.institution_id], "month": month.pk, "size": size + 1}
    if bound is not None:
        conditions += f" AND line.line_no {'<' if backwards else '>'} %(bound)s"
        values["bound"] = bound
    if test is None:
        query_of = sql("rec.id = %(month)s", SOME_LINES.format(conditions=conditions, order=order))
    else:
        # Which test a line is of is known only once its referral is.
        every = SOME_LINES.format(conditions=conditions, order=order).replace("LIMIT %(size)s", "")
        query_of = sql("rec.id = %(month)s", every) + " WHERE coalesce(n.test_id, o.test_id) = %(test)s"
        values["test"] = test
    query_of += f" ORDER BY l.line_no {order} LIMIT %(size)s"
    with connection.cursor() as cursor:
        cursor.execute(query_of, values)
        rows = [Line(*row) for row in cursor.fetchall()]
    more, rows = len(rows) > size, rows[:size]
    if backwards:
        rows.reverse()
    if not rows:
        return [], "", ""
    following = str(rows[-1].line_no) if more or backwards else ""
    former = str(rows[0].line_no) if (more if backwards else bound is not None) else ""
    return rows, following, former


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 10 else None


def of_month(month: Reconciliation) -> Iterator[Line]:
    """Every line of the month in order, read through a cursor of the server's."""
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(ONE_MONTH + " ORDER BY l.line_no", {"places": [month.institution_id], "month": month.pk})
        while rows := cursor.fetchmany(2000):
            for row in rows:
                yield Line(*row)
