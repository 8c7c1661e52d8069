"""The worklist of renewals: what lapses in 90, 30 and 7 days, and by whom it is renewed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.models import Role
from audit.guards import needs
from vendors import lapsing

FAR = date.max


@require_GET
@needs("vendors.view_vendors")
def renewals(request: HttpRequest) -> HttpResponse:
    """Sorted by the day; what has lapsed stands first, since it shuts the way already."""
    user: Any = request.user
    today = timezone.localdate()
    within = request.GET.get("within", "90")
    days = int(within) if within in ("7", "30", "90") else 90
    found = [
        one for key in user.institution_ids for one in lapsing.lapses(key, today + timedelta(days=days))
    ]  # fmt: skip
    asked = {one.permission for one in found}
    roles = {
        permission: "、".join(
            Role.objects.filter(permissions__contains=[permission]).order_by("code").values_list("name", flat=True)
        )
        for permission in asked
    }
    rows = [(one, (one.on - today).days, roles[one.permission], user.may(one.permission)) for one in found]
    # An empty list says by when to look again.
    later = [one for key in user.institution_ids for one in lapsing.lapses(key, FAR)] if not rows else []
    context = {
        "rows": sorted(rows, key=lambda row: row[0].on), "days": days, "choices": (7, 30, 90),
        "next": min(later, key=lambda one: one.on, default=None),
    }  # fmt: skip
    return render(request, "vendors/renewals.html", context)
