"""Laboratories' statements matched against the hospital's own referrals (A28): four ways in which they differ.

no_referral      a line whose sample number is no referral of this hospital
billed_twice     a sample number on more than one line; the later lines differ
amount_differs   another amount than the settlement price of the contract in force on the shipping day
                 (where no contract gives a price, X06 speaks, not this)
not_billed       received by the laboratory and on no statement
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, Window
from django.db.models.functions import FirstValue, RowNumber, TruncDate

from referrals.models import Referral, Shipment, StatementDifference
from vendors.models import ContractItem, StatementLine

Kind = StatementDifference.Kind
COMPARED = (
    "institution_id",
    "laboratory_id",
    "sample_no",
    "earlier_line_id",
    "expected_amount",
    "billed_amount",
    "occurred_on",
)


@transaction.atomic
def rematch(institutions: Iterable[int]) -> tuple[int, int]:
    """Bring the recorded differences of these institutions in line with the facts; returns (added, removed).

    Matching again changes nothing, and leaves no event, where nothing has changed.
    """
    places = list(institutions)
    wanted = {(one.kind, one.line_id, one.referral_id): one for one in differences(places)}
    added, removed = [], []
    for old in StatementDifference.objects.filter(institution__in=places).select_for_update():
        new = wanted.pop((old.kind, old.line_id, old.referral_id), None)
        if new is None or any(getattr(old, name) != getattr(new, name) for name in COMPARED):
            removed.append(old.pk)
            if new is not None:
                added.append(new)
    added += wanted.values()
    StatementDifference.objects.filter(pk__in=removed).delete()
    StatementDifference.objects.bulk_create(added, batch_size=1000)
    return len(added), len(removed)


def differences(institutions: list[int]) -> Iterator[StatementDifference]:
    """Every difference there is, one query a kind."""
    lines = lines_with_referrals(institutions)
    for line in lines.filter(found__isnull=True):
        yield difference(Kind.NO_REFERRAL, line)
    for line in repeated(lines):
        yield difference(Kind.BILLED_TWICE, line, earlier_line_id=line.first_line)
    for line in with_contract_price(lines):
        yield difference(Kind.AMOUNT_DIFFERS, line, expected_amount=line.expected)
    for shipment in never_billed(institutions):
        yield StatementDifference(
            kind=Kind.NOT_BILLED,
            institution_id=shipment.institution,
            laboratory_id=shipment.laboratory_id,
            sample_no=shipment.number,
            referral_id=shipment.referral_id,
            expected_amount=shipment.expected,
            occurred_on=shipment.received_day,
        )


def difference(kind: str, line: StatementLine, **more) -> StatementDifference:
    return StatementDifference(
        kind=kind,
        institution_id=line.institution_id,
        laboratory_id=line.laboratory,
        sample_no=line.sample_no,
        line_id=line.pk,
        referral_id=line.found,
        billed_amount=line.amount,
        occurred_on=line.received_on,
        **more,
    )


def lines_with_referrals(institutions: list[int]) -> QuerySet[StatementLine]:
    """Lines with `found`, the referral whose number they carry, and the laboratory that bills."""
    same = Referral.objects.filter(institution=OuterRef("institution"), number=OuterRef("sample_no"))
    return StatementLine.objects.filter(institution__in=institutions).annotate(
        found=Subquery(same.values("pk")[:1]), laboratory=F("statement__laboratory_id")
    )


def repeated(lines: QuerySet[StatementLine]) -> QuerySet[StatementLine]:
    """Every line after the first with its sample number, by month and then by the order of the statement."""
    order = [F("statement__month").asc(), F("received_on").asc(nulls_last=True), F("pk").asc()]
    again: dict[str, Any] = {"partition_by": [F("institution"), F("sample_no")], "order_by": order}
    return lines.annotate(place=Window(RowNumber(), **again), first_line=Window(FirstValue("pk"), **again)).filter(
        place__gt=1
    )


def settlement(institution: str, laboratory: str, test: str, day: str) -> QuerySet[ContractItem]:
    """Items of contracts in force on the outer row's day; the newest contract first."""
    return (
        ContractItem.objects.filter(
            Q(valid_to__isnull=True) | Q(valid_to__gte=OuterRef(day)),
            institution=OuterRef(institution),
            laboratory=OuterRef(laboratory),
            test=OuterRef(test),
            valid_from__lte=OuterRef(day),
        )
        .order_by("-valid_from", "-pk")
        .values("settlement_price")
    )


def with_contract_price(lines: QuerySet[StatementLine]) -> QuerySet[StatementLine]:
    """Lines whose amount is the settlement price of no contract in force on the shipping day, though one is."""
    shipped = Shipment.objects.filter(referral=OuterRef("found")).order_by("shipped_at", "pk")
    tested = Referral.objects.filter(pk=OuterRef("found"))
    dated = lines.annotate(
        shipped_day=Subquery(shipped.annotate(day=TruncDate("shipped_at")).values("day")[:1]),
        tested=Subquery(tested.values("test_id")[:1]),
    )
    prices = settlement("institution", "laboratory", "tested", "shipped_day")
    return dated.annotate(expected=Subquery(prices[:1])).filter(
        ~Exists(prices.filter(settlement_price=OuterRef("amount"))), expected__isnull=False
    )


def never_billed(institutions: list[int]) -> QuerySet[Shipment]:
    """Shipments the laboratory received whose number stands on no statement."""
    billed = StatementLine.objects.filter(
        institution=OuterRef("referral__institution"), sample_no=OuterRef("referral__number")
    )
    shipments = Shipment.objects.filter(
        ~Exists(billed), referral__institution__in=institutions, received_at__isnull=False
    ).annotate(
        institution=F("referral__institution_id"),
        number=F("referral__number"),
        tested=F("referral__test_id"),
        shipped_day=TruncDate("shipped_at"),
        received_day=TruncDate("received_at"),
    )
    prices = settlement("institution", "laboratory", "tested", "shipped_day")
    return shipments.annotate(expected=Subquery(prices[:1])).order_by("number")
