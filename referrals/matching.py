"""Laboratories' statements matched line by line against referrals, shipments, results, contract prices and patient
charges (A28, B13): one query over all open months, which gives the differences and nothing else.

Of every statement, history read from the ledger too:

no_referral      a line whose sample number is no referral of this hospital (nor the barcode of a specimen of one)
billed_twice     a referral, or an unknown sample number, on more than one line of any month; the later lines differ
amount_differs   another amount than the settlement price of the contract in force on the shipping day
                 (where no contract gives a price, X06 speaks, and for live statements `not_in_contract`)
not_billed       received by the laboratory and on no statement

Of statements given in here, where the records are complete enough to say so:

not_sent         the referral is this hospital's, but nothing of it was ever sent to this laboratory
before_receipt   the laboratory had not received the specimen by the end of the month, or says it did before it was sent
test_differs     the line names another test of our catalog than the one requested
not_in_contract  no contract in force on the shipping day lists the test
result_missing   received, and no result has been returned
charge_missing   no entry of the hospital's charge stands: the patient was never charged, or the fee was refunded
                 (research is never charged, X09)

A credit (a negative amount) is held against `no_referral` only. Closed months are never matched again: what comes up
later belongs into the next open month.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from referrals.models import Reconciliation, StatementDifference
from vendors.models import Origin, Statement

Kind = StatementDifference.Kind
# What history can be held against: the ledger says too little for the other kinds.
OF_HISTORY = (Kind.NO_REFERRAL, Kind.BILLED_TWICE, Kind.AMOUNT_DIFFERS, Kind.NOT_BILLED)
LOCK = 0x6D6A_0028
COMPARED = (
    "institution_id",
    "laboratory_id",
    "reconciliation_id",
    "sample_no",
    "earlier_line_id",
    "expected_amount",
    "billed_amount",
    "occurred_on",
)
# The kinds that say: this sample went round the hospital's own way. Whoever follows them is told after each matching.
OFF_BOOK = (Kind.NO_REFERRAL, Kind.NOT_SENT)
_FOLLOWERS: list[Callable[[list[int]], Any]] = []

SQL = """
WITH standing AS MATERIALIZED (
    SELECT l.id, l.institution_id, s.laboratory_id, s.month, s.origin = 'live' AS live, l.sample_no, l.received_on,
           l.amount, l.test_code, l.test_name, rec.closed_at IS NOT NULL AS closed,
           coalesce(r.id, sp.referral_id) AS referral_id,
           ((s.month || '-01')::date + interval '1 month')::timestamp AT TIME ZONE %(zone)s AS month_ends
      FROM vendors_statement s
      JOIN vendors_statementline l ON l.statement_id = s.id
      LEFT JOIN referrals_reconciliation rec ON rec.institution_id = s.institution_id
           AND rec.laboratory_id = s.laboratory_id AND rec.month = s.month
      LEFT JOIN referrals_referral r ON r.institution_id = l.institution_id AND r.number = l.sample_no
      LEFT JOIN LATERAL (
           SELECT o.id AS referral_id FROM referrals_specimen x JOIN referrals_referral o ON o.id = x.referral_id
            WHERE r.id IS NULL AND x.barcode = l.sample_no AND x.barcode <> '' AND o.institution_id = l.institution_id
            LIMIT 1) sp ON true
     WHERE s.institution_id = ANY(%(places)s) AND s.superseded_at IS NULL
), ranked AS (
    -- A line of a closed month always comes before one of an open month, whichever is the older.
    SELECT a.*, row_number() OVER again AS place, first_value(a.id) OVER again AS first_line
      FROM standing a
    WINDOW again AS (PARTITION BY a.institution_id, a.amount < 0, coalesce('#' || a.referral_id, a.sample_no)
                     ORDER BY a.closed DESC, a.month, a.received_on NULLS LAST, a.id)
), line AS MATERIALIZED (
    SELECT l.*, r.test_id, r.nature, sent.shipped_on, there.first_shipped, there.first_received, price.expected,
           price.agrees
      FROM ranked l
      LEFT JOIN referrals_referral r ON r.id = l.referral_id
      LEFT JOIN LATERAL (
           SELECT (sh.shipped_at AT TIME ZONE %(zone)s)::date AS shipped_on FROM referrals_shipment sh
            WHERE sh.referral_id = l.referral_id ORDER BY sh.shipped_at, sh.id LIMIT 1) sent ON true
      LEFT JOIN LATERAL (
           SELECT min(sh.shipped_at) AS first_shipped, min(sh.received_at) AS first_received
             FROM referrals_shipment sh
            WHERE l.live AND sh.referral_id = l.referral_id AND sh.laboratory_id = l.laboratory_id) there ON true
      LEFT JOIN LATERAL (
           SELECT (array_agg(ci.settlement_price ORDER BY ci.valid_from DESC, ci.id DESC))[1] AS expected,
                  bool_or(ci.settlement_price = l.amount) AS agrees
             FROM vendors_contractitem ci
            WHERE ci.institution_id = l.institution_id AND ci.laboratory_id = l.laboratory_id
              AND ci.test_id = r.test_id AND ci.valid_from <= sent.shipped_on
              AND (ci.valid_to IS NULL OR ci.valid_to >= sent.shipped_on)) price ON true
     WHERE NOT l.closed
), found (kind, line_id) AS (
    SELECT 'no_referral', id FROM line WHERE referral_id IS NULL
    UNION ALL SELECT 'billed_twice', id FROM line WHERE place > 1 AND amount >= 0
    UNION ALL SELECT 'amount_differs', id FROM line WHERE expected IS NOT NULL AND NOT agrees AND amount >= 0
    UNION ALL SELECT 'not_sent', id FROM line
               WHERE live AND referral_id IS NOT NULL AND first_shipped IS NULL AND amount >= 0
    UNION ALL SELECT 'before_receipt', id FROM line
               WHERE live AND first_shipped IS NOT NULL AND amount >= 0
                 AND (coalesce(first_received >= month_ends, true)
                      OR received_on < (first_shipped AT TIME ZONE %(zone)s)::date)
    UNION ALL SELECT 'test_differs', line.id FROM line
                JOIN LATERAL (SELECT t.id FROM catalog_genetest t
                               WHERE t.code = line.test_code OR (t.name = line.test_name AND t.name <> '')
                               ORDER BY t.code = line.test_code DESC LIMIT 1) billed ON billed.id <> line.test_id
               WHERE live AND referral_id IS NOT NULL AND amount >= 0
    UNION ALL SELECT 'not_in_contract', id FROM line
               WHERE live AND first_shipped IS NOT NULL AND expected IS NULL AND amount >= 0
    UNION ALL SELECT 'result_missing', line.id FROM line
               WHERE live AND first_received < month_ends AND amount >= 0
                 AND NOT EXISTS (SELECT FROM referrals_result x WHERE x.referral_id = line.referral_id)
    UNION ALL SELECT 'charge_missing', line.id FROM line
               WHERE live AND referral_id IS NOT NULL AND nature = 'clinical' AND amount >= 0 AND place = 1
                 AND NOT EXISTS (SELECT FROM referrals_charge c
                                  WHERE c.referral_id = line.referral_id AND c.reversed_at IS NULL)
)
SELECT found.kind, l.institution_id, l.laboratory_id, l.month, l.sample_no, l.id, l.referral_id,
       CASE WHEN found.kind = 'billed_twice' THEN l.first_line END,
       CASE WHEN found.kind IN ('amount_differs', 'test_differs') THEN l.expected END, l.amount, l.received_on
  FROM found JOIN line l ON l.id = found.line_id
UNION ALL
SELECT 'not_billed', r.institution_id, sh.laboratory_id,
       to_char(sh.received_at AT TIME ZONE %(zone)s, 'YYYY-MM'), r.number, NULL, r.id, NULL, price.expected, NULL,
       (sh.received_at AT TIME ZONE %(zone)s)::date
  FROM referrals_shipment sh
  JOIN referrals_referral r ON r.id = sh.referral_id
  LEFT JOIN LATERAL (
       SELECT ci.settlement_price AS expected FROM vendors_contractitem ci
        WHERE ci.institution_id = r.institution_id AND ci.laboratory_id = sh.laboratory_id AND ci.test_id = r.test_id
          AND ci.valid_from <= (sh.shipped_at AT TIME ZONE %(zone)s)::date
          AND (ci.valid_to IS NULL OR ci.valid_to >= (sh.shipped_at AT TIME ZONE %(zone)s)::date)
        ORDER BY ci.valid_from DESC, ci.id DESC LIMIT 1) price ON true
 WHERE r.institution_id = ANY(%(places)s) AND sh.received_at IS NOT NULL AND sh.rejected_at IS NULL
   AND NOT EXISTS (SELECT FROM standing a WHERE a.referral_id = r.id AND a.amount >= 0)
"""


def follow_off_book(follower: Callable[[list[int]], Any]) -> None:
    """An app on a higher floor is told of the institutions after each matching (the discipline office's alerts)."""
    if follower not in _FOLLOWERS:
        _FOLLOWERS.append(follower)


@transaction.atomic
def rematch(institutions: Iterable[int]) -> tuple[int, int]:
    """Bring the recorded differences of these institutions' open months in line with the facts: (added, removed).

    Matching again changes nothing, and leaves no event, where nothing has changed. A difference whose facts have changed
    is new, and to be settled anew; one that two persons have settled stays on record though its facts are gone.
    """
    places = list(institutions)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    wanted = {(one.kind, one.line_id, one.referral_id): one for one in differences(places)}
    here = StatementDifference.objects.filter(institution__in=places)
    # What a closed month has settled is not asked a second time.
    for key in here.filter(reconciliation__closed_at__isnull=False).values_list("kind", "line_id", "referral_id"):
        wanted.pop(key, None)
    added, removed = [], []
    for old in here.of_open_months().exclude(kind=Kind.SUPPLEMENT).select_for_update(of=("self",)):
        new = wanted.pop((old.kind, old.line_id, old.referral_id), None)
        if new is None and old.confirmed_at and not _replaced(old):
            continue
        if new is None or any(getattr(old, name) != getattr(new, name) for name in COMPARED):
            removed.append(old.pk)
            if new is not None:
                added.append(new)
    added += wanted.values()
    StatementDifference.objects.filter(pk__in=removed).delete()
    StatementDifference.objects.bulk_create(added, batch_size=2000)
    for follower in _FOLLOWERS:
        follower(places)
    return len(added), len(removed)


def _replaced(old: StatementDifference) -> bool:
    """Whether the line it speaks of was replaced by a later file."""
    return old.line_id is not None and Statement.objects.filter(lines=old.line_id).standing().first() is None


def differences(institutions: list[int]) -> list[StatementDifference]:
    """Every difference there is, in one query, each in its month."""
    with connection.cursor() as cursor:
        cursor.execute(SQL, {"places": institutions, "zone": settings.TIME_ZONE})
        rows = cursor.fetchall()
    months = Months(institutions)
    rows = [(*row[:3], months.of(*row[1:4]) if row[5] is None else row[3], *row[4:]) for row in rows]
    known = months.ensure({(row[1], row[2], row[3]) for row in rows})
    return [
        StatementDifference(
            kind=kind,
            institution_id=institution,
            laboratory_id=laboratory,
            reconciliation_id=known[institution, laboratory, month],
            sample_no=sample,
            line_id=line,
            referral_id=referral,
            earlier_line_id=earlier,
            expected_amount=expected,
            billed_amount=billed,
            occurred_on=day,
        )
        for kind, institution, laboratory, month, sample, line, referral, earlier, expected, billed, day in rows
    ]


class Months:
    """The reconciliations of these institutions: every statement has one, and every month with a difference."""

    def __init__(self, institutions: list[int]):
        self.institutions = institutions
        self.closed: dict[tuple[int, int], set[str]] = {}
        rows = Reconciliation.objects.filter(institution__in=institutions, closed_at__isnull=False)
        for institution, laboratory, month in rows.values_list("institution", "laboratory", "month"):
            self.closed.setdefault((institution, laboratory), set()).add(month)

    def of(self, institution: int, laboratory: int, month: str) -> str:
        """The month itself, or the first open one after it."""
        closed = self.closed.get((institution, laboratory), set())
        while month in closed:
            month = following(month)
        return month

    def ensure(self, asked: set[tuple[int, int, str]]) -> dict[tuple[int, int, str], int]:
        """The key of each, made where there is none; live as soon as a statement given in here stands in it."""
        standing = Statement.objects.filter(institution__in=self.institutions).standing()
        live = Origin.LIVE
        origins = {
            (institution, laboratory, month): origin
            for institution, laboratory, month, origin in standing.values_list(
                "institution", "laboratory", "month", "origin"
            )
        }
        here = Reconciliation.objects.filter(institution__in=self.institutions)
        known = {tuple(row[1:]): row[0] for row in here.values_list("pk", "institution", "laboratory", "month")}
        missing = sorted((asked | set(origins)) - set(known))
        made = Reconciliation.objects.bulk_create(
            Reconciliation(institution_id=key[0], laboratory_id=key[1], month=key[2], origin=origins.get(key, live))
            for key in missing
        )
        mine = standing.filter(
            origin=live,
            institution=OuterRef("institution"),
            laboratory=OuterRef("laboratory"),
            month=OuterRef("month"),
        )
        here.open().filter(Exists(mine), origin=Origin.LEDGER).update(origin=live)
        return known | {(one.institution_id, one.laboratory_id, one.month): one.pk for one in made}


def following(month: str) -> str:
    """2026-12 -> 2027-01."""
    day = date(int(month[:4]), int(month[5:7]), 28)
    return f"{day.year + day.month // 12:04}-{day.month % 12 + 1:02}"
