"""Questions about findings, differences and imports. Each page asks the same number of them, however long the list."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from django.db.models import Count, F, Max, Min, Q, QuerySet
from django.db.models.functions import TruncMonth
from django.utils import timezone

from audit.gates import GATES
from policy.models import Clause
from referrals.models import StatementDifference
from supervision.models import Finding

PAGE = 50
PERIOD = re.compile(r"(\d{4})(?:Q([1-4])|H([12])|-(0[1-9]|1[0-2]))?", re.IGNORECASE)
DAY = timedelta(days=1)


def span(code: str) -> tuple[datetime, datetime] | None:
    """From when until before when a period runs: 2026, 2026H1, 2026Q3 or 2026-09; None for anything else."""
    found = PERIOD.fullmatch(code.strip())
    if not found or not 1900 <= int(found[1]) <= 2200:
        return None
    first, months = 1, 12
    if found[2]:
        first, months = int(found[2]) * 3 - 2, 3
    elif found[3]:
        first, months = int(found[3]) * 6 - 5, 6
    elif found[4]:
        first, months = int(found[4]), 1
    year, last = int(found[1]), first + months
    zone = timezone.get_default_timezone()
    begins = datetime(year, first, 1, tzinfo=zone)
    return begins, datetime(year + last // 13, last if last < 13 else 1, 1, tzinfo=zone)


def quarters(found: QuerySet, field: str) -> list[str]:
    """The quarters between the first and the last of `field`, newest first."""
    ends = found.aggregate(first=Min(field), last=Max(field))
    if ends["first"] is None:
        return []
    first, last = timezone.localtime(ends["first"]), timezone.localtime(ends["last"])
    low, high = first.year * 4 + (first.month - 1) // 3, last.year * 4 + (last.month - 1) // 3
    return [f"{number // 4}Q{number % 4 + 1}" for number in range(high, low - 1, -1)]


# Findings


def filtered_findings(found: QuerySet[Finding], asked: dict[str, Any]) -> QuerySet[Finding]:
    """By rule, clause, department, doctor, period, institution and import, as a checked filter form gives them."""
    plain = {
        "gate": "gate",
        "institution": "institution__code",
        "department": "department_id",
        "ledger_import": "ledger_import_id",
    }
    found = found.filter(**{field: asked[name] for name, field in plain.items() if asked.get(name)})
    if clause := asked.get("clause"):
        found = found.filter(clauses__contains=[clause])
    if doctor := asked.get("doctor"):
        found = found.filter(Q(referral__requester__username=doctor) | Q(referral__requester__name=doctor))
    if number := asked.get("q"):
        found = found.filter(referral__number__istartswith=number)
    if period := asked.get("period"):
        found = found.filter(judged_as_of__gte=period[0], judged_as_of__lt=period[1])
    return found


def with_cases(found: QuerySet[Finding]) -> QuerySet[Finding]:
    return found.select_related("institution", "department", "referral__requester", "referral__test")


def by_gate(found: QuerySet[Finding]) -> list[dict[str, Any]]:
    rows = found.order_by().values("gate").annotate(n=Count("pk")).order_by("gate")
    return [{**row, "title": title_of(row["gate"]), "clauses": clauses_of(row["gate"])} for row in rows]


def title_of(gate: str) -> Any:
    return GATES[gate].title if gate in GATES else gate


def clauses_of(gate: str) -> tuple[str, ...]:
    return GATES[gate].clauses if gate in GATES else ()


def by_clause(found: QuerySet[Finding]) -> list[dict[str, Any]]:
    """One row a clause that findings cite; a finding that cites several counts under each."""
    counts: dict[str, int] = {}
    gates: dict[str, set[str]] = {}
    for clauses, gate, n in found.order_by().values_list("clauses", "gate").annotate(n=Count("pk")):
        for clause in clauses:
            counts[clause] = counts.get(clause, 0) + n
            gates.setdefault(clause, set()).add(gate)
    quotes = dict(Clause.objects.filter(code__in=counts).values_list("code", "quote"))
    return [
        {
            "clause": clause,
            "quote": quotes.get(clause, ""),
            "gates": [title_of(gate) for gate in sorted(gates[clause])],
            "n": counts[clause],
        }
        for clause in sorted(counts, key=lambda code: (code[:1], int("".join(filter(str.isdigit, code)) or 0)))
    ]


def by_department(found: QuerySet[Finding]) -> list[dict[str, Any]]:
    rows = found.order_by().values("department_id", "department__name", "institution__name")
    return list(rows.annotate(n=Count("pk"), cases=Count("referral", distinct=True)).order_by("-n", "department_id"))


def by_doctor(found: QuerySet[Finding]) -> list[dict[str, Any]]:
    rows = found.order_by().values(
        "institution__name", username=F("referral__requester__username"), name=F("referral__requester__name")
    )
    return list(rows.annotate(n=Count("pk"), cases=Count("referral", distinct=True)).order_by("-n", "username"))


# Statement differences


def filtered_differences(found: QuerySet[StatementDifference], asked: dict[str, Any]) -> QuerySet[StatementDifference]:
    plain = {"institution": "institution__code", "laboratory": "laboratory__code"}
    found = found.filter(**{field: asked[name] for name, field in plain.items() if asked.get(name)})
    if number := asked.get("q"):
        found = found.filter(sample_no__istartswith=number)
    if period := asked.get("period"):
        first, end = (timezone.localdate(one) for one in period)
        found = found.filter(occurred_on__gte=first, occurred_on__lt=end)
    return found


def with_lines(found: QuerySet[StatementDifference]) -> QuerySet[StatementDifference]:
    return found.select_related(
        "institution", "laboratory", "line__statement", "earlier_line__statement", "referral__test"
    )


def months(found: QuerySet[StatementDifference]) -> list[str]:
    """Months in which differences lie, newest first."""
    rows = found.filter(occurred_on__isnull=False).annotate(month=TruncMonth("occurred_on")).order_by("-month")
    return [f"{month:%Y-%m}" for month in rows.values_list("month", flat=True).distinct()]


def by_kind(found: QuerySet[StatementDifference]) -> dict[str, int]:
    counts = dict(found.order_by().values_list("kind").annotate(n=Count("pk")))
    return {kind: counts.get(kind, 0) for kind in StatementDifference.Kind.values}


# Imports


def unjudged_by_gate(rows: Iterable[dict[str, Any]], codes: set[str] | None) -> list[dict[str, Any]]:
    """What an import could not judge: a row a rule and reason, of the institutions with `codes` (None: all)."""
    mine = sorted(
        (row for row in rows if codes is None or row["institution"] in codes),
        key=lambda row: (row["gate"], row["missing"]),
    )
    return [
        {"gate": gate, "title": title_of(gate), "missing": missing, "n": sum(row["count"] for row in group)}
        for (gate, missing), group in (
            (pair, list(rows)) for pair, rows in groupby(mine, key=lambda row: (row["gate"], row["missing"]))
        )
    ]
