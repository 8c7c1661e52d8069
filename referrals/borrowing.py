"""How often somebody borrows blocks without a pathology consultation: the data of warning 17 (`vocab.md` §10, B23)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count
from django.utils import timezone

from referrals.models import BlockLoan


def often(user: Any) -> dict[int, int]:
    """Person (id) → loans that were no consultation within the window, for those at or above the hospital's limit."""
    since = timezone.now() - timedelta(days=settings.BLOCK_LOAN_WINDOW_DAYS)
    found = (
        BlockLoan.objects.visible_to(user)
        .filter(requested_at__gte=since)
        .exclude(purpose=BlockLoan.Purpose.CONSULTATION)
        .exclude(status=BlockLoan.Status.DECLINED)
        .order_by()
    )
    counted = found.values("requested_by").annotate(n=Count("pk")).filter(n__gte=settings.BLOCK_LOAN_WARN)
    return dict(counted.values_list("requested_by", "n"))
