"""The numbers papers are known by (`vocab.md` §4). A number is taken under a lock that lasts as long as the
transaction, so that two people never get one, and a transaction undone leaves no gap behind it."""

from __future__ import annotations

from datetime import datetime

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Institution
from referrals.models import BlockLoan, Deliberation, Referral, ShipmentBatch
from referrals.searching import begins

LOCK = 0x6D6A_0102


def _alone(series: str) -> None:
    """Wait until nobody else is taking a number of this series."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [LOCK, series])


def place(institution: Institution) -> str:
    """The hospital's two digits: its place among the hospitals in the order they joined, which never changes."""
    joined = Institution.objects.filter(kind=Institution.Kind.HOSPITAL, pk__lte=institution.pk).count()
    return f"{joined:02}"


def _next(taken: QuerySet, series: str, width: int) -> str:
    """The number after the highest in use; a tenth thousandth grows one place instead of failing."""
    numbers = taken.filter(**begins("number", series)).values_list("number", flat=True)
    used = [int(tail) for tail in (number[len(series) :] for number in numbers) if tail.isdecimal()]
    return f"{series}{max(used, default=0) + 1:0{width}}"


def referral_number(institution: Institution, at: datetime) -> str:
    """JC, the hospital's two digits, the day, four digits: JC01202309180007."""
    series = f"JC{place(institution)}{timezone.localtime(at):%Y%m%d}"
    _alone(f"{institution.pk}:{series}")
    return _next(Referral.objects.filter(institution=institution).order_by(), series, 4)


def deliberation_number(institution: Institution, kind: str, at: datetime) -> str:
    """MDT-2023-0032 for an MDT, KT-2023-0032 for a department's own discussion; one series a hospital and year."""
    mark = "MDT" if kind == Deliberation.Kind.MDT else "KT"
    series = f"{mark}-{timezone.localtime(at):%Y}-"
    _alone(f"{institution.pk}:{series}")
    return _next(Deliberation.objects.filter(referral__institution=institution, kind=kind).order_by(), series, 4)


def batch_number(institution: Institution, at: datetime) -> str:
    """WS, the day, two digits, one series a hospital and day: WS2023091802."""
    series = f"WS{timezone.localtime(at):%Y%m%d}"
    _alone(f"{institution.pk}:{series}")
    return _next(ShipmentBatch.objects.filter(institution=institution).order_by(), series, 2)


def block_loan_number(institution: Institution, at: datetime) -> str:
    """JK-2026-0001, one series a hospital and year."""
    series = f"JK-{timezone.localtime(at):%Y}-"
    _alone(f"{institution.pk}:{series}")
    return _next(BlockLoan.objects.filter(institution=institution).order_by(), series, 4)
