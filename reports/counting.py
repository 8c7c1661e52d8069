"""Counts of one institution by month, from which every period, its predecessor and the year are summed.

A case counts in the month of the step named: requested, sampled in-house, sent out, charged. Whatever is counted
here has its list in `reports.drill`, made from the same conditions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth
from django.utils import timezone

from referrals.models import (
    Charge,
    DepartmentalDiscussion,
    MDTReview,
    Referral,
    Result,
    Status,
)
from reports.periods import Period
from supervision.models import Finding

# Ended before any test was done.
STOPPED = (
    Status.MDT_DISAGREED,
    Status.PATIENT_REFUSED,
    Status.WITHDRAWN,
    Status.CANCELLED,
    Status.VOIDED,
)
IN_HOUSE = Q(laboratory__isnull=True)
OUTSIDE_CATALOG = Q(indication__isnull=True)
UNTESTED = Q(laboratory__isnull=True, collected_at__isnull=True) | Q(laboratory__isnull=False, shipped_at__isnull=True)

# name → (the records, the stamp that says in which month, what is counted)
NUMBERS: dict[str, tuple[type, str, dict[str, Any]]] = {
    "referral": (
        Referral,
        "requested_at",
        {
            "requests": Count("pk"),
            "first_visits": Count("pk", filter=Q(first_visit=True)),
            "outside_catalog": Count("pk", filter=OUTSIDE_CATALOG),
            "stopped": Count("pk", filter=UNTESTED & Q(status__in=STOPPED)),
        },
    ),
    "sampled": (Referral, "collected_at", {"in_house": Count("pk", filter=IN_HOUSE)}),
    "shipped": (Referral, "shipped_at", {"outsourced": Count("pk", filter=~IN_HOUSE)}),
    "mdt": (
        MDTReview,
        "concluded_at",
        {
            "mdt": Count("referral", distinct=True),
            "mdt_agreed": Count("referral", distinct=True, filter=Q(conclusion=MDTReview.Conclusion.AGREE)),
            "mdt_disagreed": Count("referral", distinct=True, filter=Q(conclusion=MDTReview.Conclusion.DISAGREE)),
        },
    ),
    "discussion": (
        DepartmentalDiscussion,
        "held_at",
        {"discussed": Count("referral", distinct=True)},
    ),
    "charge": (
        Charge,
        "charged_at",
        {
            "charged_cases": Count("referral", distinct=True, filter=Q(reversed_at__isnull=True)),
            "charged_amount": Sum("amount", filter=Q(reversed_at__isnull=True)),
        },
    ),
    "result": (
        Result,
        "reported_at",
        {
            "reported": Count("referral", distinct=True),
            "positive": Count("referral", distinct=True, filter=Q(outcome=Result.Outcome.POSITIVE)),
        },
    ),
    "finding": (
        Finding,
        "judged_as_of",
        {"findings": Count("pk"), "finding_cases": Count("referral", distinct=True)},
    ),
}


@dataclass
class Counts:
    """Numbers by name and month; what was never counted is 0."""

    by_month: dict[date, dict[str, int | Decimal]] = field(default_factory=lambda: defaultdict(dict))

    def over(self, name: str, months: Iterable[date]) -> int:
        return int(sum(self.by_month.get(month, {}).get(name, 0) for month in months))

    def money(self, name: str, months: Iterable[date]) -> Decimal:
        return sum((Decimal(self.by_month.get(month, {}).get(name, 0)) for month in months), Decimal(0))


def of_institution(model: Any, institution: int) -> QuerySet:
    own = getattr(model, "institution", None)
    # A charge of a ledger names its hospital by its case only.
    if own is not None and not own.field.null:
        found = model.objects.filter(institution=institution)
    else:
        found = model.objects.filter(referral__institution=institution)
    return found.filter(status=Finding.Status.OPEN) if model is Finding else found


def local_day(at: datetime) -> date:
    return timezone.localdate(at)


def month_of(value: date | datetime) -> date:
    return value.date() if isinstance(value, datetime) else value


def by_month(institution: int, first: Period, last: Period) -> Counts:
    """Everything in `NUMBERS` between two periods: one grouped query a kind of record."""
    counts = Counts()
    for model, stamp, aggregates in NUMBERS.values():
        during = {f"{stamp}__gte": first.opens, f"{stamp}__lt": last.closes}
        rows = of_institution(model, institution).filter(**during)
        for row in rows.order_by().annotate(month=TruncMonth(stamp)).values("month").annotate(**aggregates):
            month = month_of(row.pop("month"))
            counts.by_month[month].update({name: value or 0 for name, value in row.items()})
    return counts


def waiting(institution: int, at: datetime) -> int:
    """Requests not yet tested and not stopped, as of `at`: neither sampled in-house nor sent out by then."""
    known = Referral.objects.filter(institution=institution, requested_at__lt=at)
    tested = Q(IN_HOUSE, collected_at__lt=at) | Q(~IN_HOUSE, shipped_at__lt=at)
    # A tested case that ended later (withdrawn, say) was waiting until its test.
    return known.exclude(tested).exclude(UNTESTED & Q(status__in=STOPPED)).count()
