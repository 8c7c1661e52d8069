"""What a month comes to: billed, agreed to be paid, charged to patients, and the margin between the two (A28, B31)."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count, Q, Sum

from referrals.billing import lines
from referrals.models import Reconciliation, StatementDifference

Kind = StatementDifference.Kind
Resolution = StatementDifference.Resolution
NOTHING = Decimal("0.00")


@dataclass(frozen=True)
class Standing:
    """One kind's differences in a month: how many in all, open, awaiting the second person, settled."""

    kind: str
    total: int
    open: int
    awaiting: int

    @property
    def settled(self) -> int:
        return self.total - self.open - self.awaiting

    @property
    def label(self) -> Any:
        return Kind(self.kind).label


@dataclass(frozen=True)
class Figures:
    """Amounts in yuan. `undecided` is what is billed on lines with an unsettled difference."""

    lines: int
    agreeing: int
    billed: Decimal
    payable: Decimal
    undecided: Decimal
    supplements: Decimal
    charged: Decimal
    lines_sha256: str = ""
    differences_sha256: str = ""

    @property
    def differing(self) -> int:
        return self.lines - self.agreeing

    @property
    def owed(self) -> Decimal:
        """What the hospital agrees to pay for the month, supplements to closed months included."""
        return self.payable + self.supplements

    @property
    def margin(self) -> Decimal:
        return self.charged - self.owed

    def kept(self) -> dict[str, Any]:
        """As signed: texts, so that nothing is lost in JSON."""
        own = {"owed": self.owed, "margin": self.margin, "differing": self.differing}
        return {
            name: value if isinstance(value, int) else str(value) for name, value in {**asdict(self), **own}.items()
        }


def standings(month: Reconciliation) -> list[Standing]:
    """The kinds that occur in the month, in the order of `Kind`."""
    rows = (
        month.differences.order_by()
        .values("kind")
        .annotate(
            total=Count("pk"),
            open=Count("pk", filter=Q(settled_at__isnull=True)),
            awaiting=Count("pk", filter=Q(settled_at__isnull=False, confirmed_at__isnull=True)),
        )
    )
    found = {row["kind"]: Standing(**row) for row in rows}
    return [found[kind] for kind in Kind.values if kind in found]


TOTALS = f"""
SELECT count(*), count(*) FILTER (WHERE kinds = '{{}}'), coalesce(sum(amount), 0), coalesce(sum(payable), 0),
       coalesce(sum(amount) FILTER (WHERE payable IS NULL), 0), coalesce(sum(charged), 0)
  FROM ({lines.ONE_MONTH}) line
"""  # noqa: S608  two texts of our own


def of(month: Reconciliation, *, sealed: bool = False) -> Figures:
    """The month's figures as its lines and settlements stand now; `sealed` with the digests that a sheet carries."""
    with connection.cursor() as cursor:
        cursor.execute(TOTALS, {"places": [month.institution_id], "month": month.pk})
        count, agreeing, billed, payable, undecided, charged = cursor.fetchone()
    confirmed = month.differences.filter(kind=Kind.SUPPLEMENT, confirmed_at__isnull=False)
    supplements = confirmed.filter(resolution=Resolution.ACCEPTED).aggregate(total=Sum("billed_amount"))["total"]
    billed, payable, undecided, supplements, charged = (
        Decimal(one).quantize(NOTHING) for one in (billed, payable, undecided, supplements or 0, charged)
    )
    found = Figures(count, agreeing, billed, payable, undecided, supplements, charged)
    if not sealed:
        return found
    return replace(found, lines_sha256=_lines_digest(month), differences_sha256=_differences_digest(month))


def _lines_digest(month: Reconciliation) -> str:
    """SHA-256 over the lines in order: number, sample, test, days and amount, a line each."""
    seal = hashlib.sha256()
    for one in lines.of_month(month):
        parts = (one.line_no, one.sample_no, one.test_code, one.test_name, one.received_on, one.reported_on, one.amount)
        seal.update(("\t".join(str(part or "") for part in parts) + "\n").encode())
    return seal.hexdigest()


def _differences_digest(month: Reconciliation) -> str:
    """SHA-256 over the differences in order: kind, sample, amounts, how each was settled and why."""
    seal = hashlib.sha256()
    names = (
        "kind",
        "sample_no",
        "billed_amount",
        "expected_amount",
        "resolution",
        "reason",
        "settled_by",
        "confirmed_by",
    )
    for row in month.differences.order_by("kind", "sample_no", "pk").values_list(*names).iterator(chunk_size=2000):
        seal.update(("\t".join(str(part if part is not None else "") for part in row) + "\n").encode())
    return seal.hexdigest()


@dataclass(frozen=True)
class Margin:
    """One test of one laboratory in one month: what patients were charged and what is settled with the laboratory."""

    reconciliation_id: int
    month: str
    laboratory: str
    test_id: int | None
    test: str
    lines: int
    billed: Decimal
    payable: Decimal
    undecided: Decimal
    charged: Decimal

    @property
    def margin(self) -> Decimal:
        return self.charged - self.payable


CHOSEN = """rec.month BETWEEN %(first)s AND %(last)s
 AND (%(laboratory)s::bigint IS NULL OR rec.laboratory_id = %(laboratory)s)"""
MARGINS = f"""
SELECT line.reconciliation_id, line.month, lab.name, line.test_id, coalesce(test.name, ''), count(*), sum(line.amount),
       coalesce(sum(line.payable), 0), coalesce(sum(line.amount) FILTER (WHERE line.payable IS NULL), 0),
       sum(line.charged)
  FROM ({lines.sql(CHOSEN)}) line
  JOIN vendors_laboratory lab ON lab.id = line.laboratory_id
  LEFT JOIN catalog_genetest test ON test.id = line.test_id
 GROUP BY 1, 2, 3, 4, test.name ORDER BY 2 DESC, 3, test.name NULLS LAST
"""  # noqa: S608  two texts of our own


def margins(institutions: list[int], *, first: str, last: str, laboratory: int | None = None) -> list[Margin]:
    """Per month, laboratory and test, newest month first; lines without a referral stand under no test."""
    values = {"places": institutions, "first": first, "last": last, "laboratory": laboratory}
    with connection.cursor() as cursor:
        cursor.execute(MARGINS, values)
        return [Margin(*row) for row in cursor.fetchall()]
