"""The worklists of deliberations: the cases that wait for one, and those that wait for one's own opinion."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from audit.guards import needs
from documents.paging import address, in_order
from referrals import deliberating, queries
from referrals.deliberating import OPEN
from referrals.models import Deliberation, Opinion, Referral, Status
from referrals.views.common import named, who

# What is urgent first, then what waits longest.
WAITING_ORDER = ("-is_urgent", "requested_at", "pk")
MINE_ORDER = ("given", "-referral__is_urgent", "called_at", "pk")


def _paged(request: HttpRequest, found: Any, order: tuple[str, ...], related: list[str]) -> tuple[list, dict[str, Any]]:
    """The rows of the page asked for, and what its foot shows."""
    rows, older, newer = in_order(found.select_related(*related), order, request.GET, size=queries.PAGE)
    total = queries.count_capped(found)
    return rows, {
        "total": min(total, queries.CAP),
        "more": total > queries.CAP,
        "older_url": address(request, after=older) if older else "",
        "newer_url": address(request, before=newer) if newer else "",
    }


def _waiting(request: HttpRequest, status: Status, kind: str, title: str, station: str) -> HttpResponse:
    user = who(request)
    related = ["patient", "test", "department", "requester"]
    if user.sees_identity:
        related.append("patient__identity")
    found = Referral.objects.visible_to(user).filter(status=status)
    page, foot = _paged(request, found, WAITING_ORDER, related)
    open_ones = Deliberation.objects.filter(referral__in=page, kind=kind, status__in=OPEN).select_related("team")
    by_case = {one.referral_id: one for one in open_ones}
    quorums = deliberating.quorums(by_case.values())
    rows = []
    for referral in page:
        held = by_case.get(referral.pk)
        rows.append(
            {
                "referral": referral,
                "name": named(user, referral),
                "held": held,
                "quorum": quorums[held.pk] if held else None,
            }
        )
    context = {"rows": rows, "title": title, "station": station, **foot}
    return render(request, "referrals/deliberations_waiting.html", context)


@require_GET
@needs("referrals.call_mdt")
def mdt_waiting(request: HttpRequest) -> HttpResponse:
    """The cases that wait for an MDT: to be called, or on their way."""
    return _waiting(request, Status.AWAITING_MDT, Deliberation.Kind.MDT, _("Awaiting MDT"), "referrals:mdt")


@require_GET
@needs("referrals.call_discussion")
def discussion_waiting(request: HttpRequest) -> HttpResponse:
    """The department's cases that wait for its discussion."""
    title = _("Awaiting departmental discussion")
    kind = Deliberation.Kind.DEPARTMENT
    return _waiting(request, Status.AWAITING_DISCUSSION, kind, title, "referrals:discussion")


@require_GET
@needs("referrals.give_opinion")
def deliberations_mine(request: HttpRequest) -> HttpResponse:
    """Open deliberations one sits on: first those that wait for one's opinion."""
    user = who(request)
    mine = Opinion.objects.filter(deliberation=OuterRef("pk"), member=user, is_first=True)
    related = ["referral__test", "referral__department", "referral__patient", "team"]
    if user.sees_identity:
        related.append("referral__patient__identity")
    found = deliberating.seated(user).annotate(given=Exists(mine))
    page, foot = _paged(request, found, MINE_ORDER, related)
    quorums = deliberating.quorums(page)
    rows = [
        {"held": one, "referral": one.referral, "name": named(user, one.referral), "quorum": quorums[one.pk]}
        for one in page
    ]
    return render(request, "referrals/deliberations_mine.html", {"rows": rows, **foot})
