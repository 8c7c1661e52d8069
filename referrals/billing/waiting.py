"""What of the laboratories' bills waits for whom: the lists of finance and medical affairs. History read from a ledger
waits for nobody."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from accounts.delegations import one_with
from referrals.models import Reconciliation, Shipment, StatementDifference
from vendors.models import Laboratory, Origin, Statement


def last_month() -> str:
    """The month before today's, whose bills come in now."""
    today = timezone.localdate()
    return f"{today.year - (today.month == 1)}-{(today.month - 2) % 12 + 1:02}"


def live_months(user: Any) -> QuerySet[Reconciliation]:
    return Reconciliation.objects.visible_to(user).open().filter(origin=Origin.LIVE)


def billed(month: str = "month") -> Exists:
    """Whether the laboratory's statement of the reconciliation's month stands."""
    standing = Statement.objects.filter(
        institution=OuterRef("institution"), laboratory=OuterRef("laboratory"), month=OuterRef(month)
    )
    return Exists(standing.standing())


def unsettled() -> Exists:
    return Exists(StatementDifference.objects.filter(reconciliation=OuterRef("pk"), confirmed_at__isnull=True))


def missing(user: Any) -> QuerySet[Laboratory]:
    """Laboratories that received specimens last month and whose statement of it has not been given in."""
    month = last_month()
    year, number = int(month[:4]), int(month[5:])
    received = Shipment.objects.filter(
        laboratory=OuterRef("pk"),
        referral__institution__in=user.institution_ids,
        received_at__year=year,
        received_at__month=number,
        origin=Origin.LIVE,
    )
    given = Statement.objects.filter(laboratory=OuterRef("pk"), institution__in=user.institution_ids, month=month)
    return Laboratory.objects.filter(Exists(received), ~Exists(given.standing()))


def _differences(user: Any) -> Any:
    """Those of live months whose statement is in: before that nothing can be said of what was not billed."""
    months = live_months(user).filter(billed())
    return StatementDifference.objects.visible_to(user).filter(reconciliation__in=months)


def to_settle(user: Any) -> QuerySet[StatementDifference]:
    return _differences(user).open()


def to_confirm(user: Any) -> QuerySet[StatementDifference]:
    """Settled by somebody else, waiting for a second person."""
    return _differences(user).awaiting_second().exclude(settled_by__in=one_with(user))


def to_sign(user: Any) -> QuerySet[Reconciliation]:
    """Months that are over, billed and settled, for finance to sign."""
    this = f"{timezone.localdate():%Y-%m}"
    return live_months(user).filter(billed(), ~unsettled(), month__lt=this, signed_at__isnull=True)


def to_countersign(user: Any) -> QuerySet[Reconciliation]:
    return live_months(user).filter(signed_at__isnull=False).exclude(signed_by__in=one_with(user))


def may_confirm(one: StatementDifference, user: Any) -> bool:
    """Whether this person can be the second: neither who settled it nor who requested the test (X14)."""
    me = one_with(user)
    return one.settled_by_id not in me and not (one.referral and one.referral.requester_id in me)
