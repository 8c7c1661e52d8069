"""Questions about laboratories, contracts and prices."""

from __future__ import annotations

from datetime import date, timedelta

from django.db.models import Count, Prefetch, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from vendors.models import Contract, Credential, Laboratory, Price

SOON_DAYS = 30  # vocab.md §10, warning rule 14: a setting of display, not of the gates
PAGE = 25


def standing(row, on: date) -> tuple[str, str]:
    """Where a dated row stands: ("passed" | "waiting" | "blocked" | "ahead", words)."""
    if row.valid_from > on:
        return "ahead", _("Not yet in force")
    if row.valid_to is None:
        return "passed", pgettext("laboratory", "In force")
    if row.valid_to < on:
        return "blocked", _("Ended")
    days = (row.valid_to - on).days
    if days <= SOON_DAYS:
        return "waiting", _("Ends in %(days)s days") % {"days": days}
    return "passed", pgettext("laboratory", "In force")


def missing_credentials(laboratory: Laboratory, on: date) -> list[str]:
    """The required kinds of credential with none in force on the day (X06)."""
    here = {
        row.kind
        for row in laboratory.credentials.all()
        if row.valid_from <= on and (row.valid_to is None or row.valid_to >= on)
    }
    return [str(kind.label) for kind in Credential.REQUIRED if kind not in here]


def laboratories(user, on: date) -> list[dict]:
    """Each laboratory with what shuts or soon shuts it, in a constant number of queries."""
    mine = Contract.objects.visible_to(user).order_by("valid_to")
    found = Laboratory.objects.prefetch_related("credentials", Prefetch("contracts", queryset=mine, to_attr="mine"))
    if user.post and not user.post.institution.is_bureau:
        found = found.annotate(
            shipped=Count("shipments", filter=Q(shipments__referral__institution=user.post.institution))
        )
    else:
        found = found.annotate(shipped=Count("shipments"))
    rows = []
    for laboratory in found:
        in_force = [
            row for row in laboratory.mine if row.valid_from <= on and (row.valid_to is None or row.valid_to >= on)
        ]
        ends = [row.valid_to for row in laboratory.credentials.all() if row.valid_to and row.valid_to >= on]
        rows.append(
            {
                "laboratory": laboratory,
                "missing": missing_credentials(laboratory, on),
                "contracts": in_force,
                "contract_ends": max((row.valid_to for row in in_force if row.valid_to), default=None),
                "credential_ends": min(ends, default=None),
                "soon": on + timedelta(days=SOON_DAYS),
                "shipped": laboratory.shipped,
            }
        )
    return rows


def prices(user, text: str) -> QuerySet[Price]:
    found = Price.objects.filter(institution_id__in=user.institution_ids).select_related("test", "institution")
    if text:
        found = found.filter(
            Q(item_name__icontains=text)
            | Q(item_code__iexact=text)
            | Q(test__name__icontains=text)
            | Q(test__code__iexact=text)
        )
    return found
