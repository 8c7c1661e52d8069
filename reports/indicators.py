"""Indicators K01–K16 of `clauses.md` §4: a denominator, a numerator within it, a clause, and the cases behind them.

Page, PDF and API print the same `Rate`; the list behind a figure is the same queryset that was counted. An
indicator whose records are not kept yet is listed without figures.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, TruncMonth

from catalog.models import Grade
from consent.models import Consent
from documents.templatetags.formats import percent
from referrals.models import Charge, DepartmentalDiscussion, Evidence, Filing, MDTReview, Referral
from reports.periods import Period
from vendors.models import Origin

DATA = Path(__file__).parent / "data"
PARTS = ("denominator", "numerator", "missing")

# What a case must show for a numerator. Each names a fact of the record below.
IN_CATALOG = Q(indication__isnull=False)
AFTER_MDT = Q(mdt_conclusion=MDTReview.Conclusion.AGREE)
EVIDENCE_AND_DISCUSSION = Q(has_evidence=True, discussed=True)
WITH_CONSENT = Q(consented=True)
CHARGED_HERE = Q(charged_before_shipping=True)
FILED_WHOLE = Q(filed_whole=True)
NOT_CHARGED = Q(charged=False)


@dataclass(frozen=True)
class Rate:
    """`numerator` of `denominator`; 0 of 0 is no rate, and prints a dash."""

    numerator: int = 0
    denominator: int = 0

    @property
    def missing(self) -> int:
        return self.denominator - self.numerator

    @property
    def is_whole(self) -> bool:
        return self.missing == 0

    def __add__(self, other: Rate) -> Rate:
        return Rate(self.numerator + other.numerator, self.denominator + other.denominator)

    def __str__(self) -> str:
        if not self.denominator:
            return percent(0, 0)
        return f"{percent(self.numerator, self.denominator)}（{self.numerator}/{self.denominator}）"


@dataclass(frozen=True)
class Indicator:
    """One of the sixteen. `stamp` is the step in whose period a case counts; empty when not recorded yet."""

    code: str
    name: str
    numerator_words: str
    denominator_words: str
    target: str
    clauses: tuple[str, ...]
    rule: str
    stamp: str = ""
    denominator: Q = Q()
    numerator: Q = Q()

    @property
    def is_recorded(self) -> bool:
        return bool(self.stamp)

    def cases(self, referrals: QuerySet, period: Any, part: str = "denominator") -> QuerySet:
        """The cases of `referrals` behind the figure: all, those in the numerator, or those missing from it.

        `period` is anything that `opens` and `closes`."""
        during = Q(**{f"{self.stamp}__gte": period.opens, f"{self.stamp}__lt": period.closes})
        found = with_facts(referrals.filter(during)).filter(self.denominator)
        if part == "numerator":
            return found.filter(self.numerator)
        # Every fact is true or false, never null, so "not the numerator" is exactly the rest.
        return found.exclude(self.numerator) if part == "missing" else found


COUNTED = {
    "K03": ("collected_at", Q(), IN_CATALOG),
    "K04": ("collected_at", Q(first_visit=True), AFTER_MDT),
    # A risky test needs both papers whatever its guideline (A22).
    "K05": (
        "collected_at",
        Q(indication__grade=Grade.DISCUSSION) | Q(indication__is_risky=True),
        EVIDENCE_AND_DISCUSSION,
    ),
    "K06": ("collected_at", Q(), WITH_CONSENT),
    "K07": ("shipped_at", Q(nature=Referral.Nature.CLINICAL), CHARGED_HERE),
    "K09": ("filed_at", Q(), FILED_WHOLE),
    "K13": ("collected_at", Q(nature=Referral.Nature.RESEARCH), NOT_CHARGED),
}


@cache
def registry() -> dict[str, Indicator]:
    """All sixteen by code, in order."""
    found = {}
    for row in json.loads((DATA / "indicators.json").read_text("utf-8")):
        stamp, denominator, numerator = COUNTED.get(row["code"], ("", Q(), Q()))
        found[row["code"]] = Indicator(
            code=row["code"],
            name=row["name"],
            numerator_words=row["numerator"],
            denominator_words=row["denominator"],
            target=row["target"],
            clauses=tuple(row["clauses"]),
            rule=row["rule"],
            stamp=stamp,
            denominator=denominator,
            numerator=numerator,
        )
    return found


def recorded() -> list[Indicator]:
    return [one for one in registry().values() if one.is_recorded]


def with_facts(referrals: QuerySet) -> QuerySet:
    """Referrals with what the numerators ask. Each says what the gate X01–X11 of the same rule says, and none is
    null: what was decided last by then counts, what came afterwards does not."""
    collected, shipped = OuterRef("collected_at"), OuterRef("shipped_at")

    def of(model: Any, *conditions: Q, **values: Any) -> Exists:
        return Exists(model.objects.filter(*conditions, referral=OuterRef("pk"), **values))

    def last(model: Any, stamp: str, field: str, default: Any) -> Coalesce:
        rows = model.objects.filter(referral=OuterRef("pk"), **{f"{stamp}__lte": collected})
        return Coalesce(Subquery(rows.order_by(f"-{stamp}", "-pk").values(field)[:1]), Value(default))

    return referrals.annotate(
        mdt_conclusion=last(MDTReview, "concluded_at", "conclusion", ""),
        discussed=last(DepartmentalDiscussion, "held_at", "agreed", False),
        # A ledger gives the number of papers only.
        has_evidence=Q(origin=Origin.LEDGER, evidence_count__isnull=False, evidence_count__gt=0)
        | Q(of(Evidence, recorded_at__lte=collected)),
        consented=of(
            Consent,
            Q(signer=Consent.Signer.PATIENT) | ~Q(reason=""),
            Q(withdrawn_at__isnull=True) | Q(withdrawn_at__gt=collected),
            signed_at__lte=collected,
        ),
        charged_before_shipping=of(
            Charge, Q(reversed_at__isnull=True) | Q(reversed_at__gt=shipped), charged_at__lte=shipped
        ),
        charged=of(Charge),
        filed_whole=of(Filing, consent_filed=True, order_filed=True, result_filed=True),
    )


# (institution, first day of a month) → code → rate
Monthly = dict[tuple[int, date], dict[str, Rate]]


def monthly(referrals: QuerySet, institutions: Collection[int], first: Period, last: Period) -> Monthly:
    """Every recorded indicator by institution and month, from `first` to `last`: one grouped pass a stamp."""
    found: Monthly = {}
    by_stamp: dict[str, list[Indicator]] = {}
    for one in recorded():
        by_stamp.setdefault(one.stamp, []).append(one)
    for stamp, those in by_stamp.items():
        during = {f"{stamp}__gte": first.opens, f"{stamp}__lt": last.closes}
        rows = with_facts(referrals.filter(institution__in=institutions, **during))
        counts = {}
        for one in those:
            counts[f"{one.code}_d"] = Count("pk", filter=one.denominator)
            counts[f"{one.code}_n"] = Count("pk", filter=one.denominator & one.numerator)
        grouped = rows.annotate(month=TruncMonth(stamp)).values("institution_id", "month").annotate(**counts)
        for row in grouped.order_by():
            month = row["month"].date() if hasattr(row["month"], "date") else row["month"]
            cell = found.setdefault((row["institution_id"], month), {})
            for one in those:
                cell[one.code] = Rate(row[f"{one.code}_n"], row[f"{one.code}_d"])
    return found


def total(counts: Monthly, institution: int, months: Iterable[date]) -> dict[str, Rate]:
    """The indicators over some months, zero denominators included."""
    months = list(months)
    return {
        one.code: sum((counts.get((institution, month), {}).get(one.code, Rate()) for month in months), Rate())
        for one in recorded()
    }


def rates(referrals: QuerySet, institution: int, period: Period) -> dict[str, Rate]:
    """The indicators of one institution in one period, as recorded now."""
    return total(monthly(referrals, [institution], period, period), institution, period.months())
