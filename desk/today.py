"""What waits for one's post today: the few cases to take up first, and the one thing this post begins most often."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from policy import calendar
from referrals import deliberating, next_steps, queries
from referrals.models import Deliberation, Referral, Status

SHOWN = 8
# The main action of a post's home page, by the first permission it holds.
BEGINS = (
    ("referrals.submit_referral", gettext_lazy("New request"), "referrals:new", "plus"),
    ("referrals.record_charge", gettext_lazy("Charge by scan"), "referrals:charge_lookup", "scan-line"),
    ("referrals.hand_over_specimen", gettext_lazy("Pack and hand over"), "referrals:batches", "package"),
    ("reports.view_county", gettext_lazy("County overview"), "reports:county", "chart-column"),
)  # fmt: skip
# Lists of the whole hospital that no case of leaves by this post's own doing.
NOT_OURS_TO_DO = ("overdue",)


@dataclass(frozen=True)
class Task:
    """One case that waits for this post."""

    referral: Referral
    label: Any
    url: str
    days: int

    @property
    def is_overdue(self) -> bool:
        return self.days >= settings.OVERDUE_WORKING_DAYS


def main_action(user: Any) -> tuple[Any, str, str] | None:
    """(label, address, icon) of what this post begins most often."""
    for permission, label, url_name, icon in BEGINS:
        if user.may(permission):
            return label, reverse(url_name), icon
    return None


def tasks(user: Any) -> list[Task]:
    """The first cases to take up: urgent ones, then the oldest."""
    known = calendar.load()
    opinions = _opinions(user, known)
    if not (asked := _asked(user)):
        return opinions
    related = ["patient", "test", "department"]
    if user.sees_identity:
        related.append("patient__identity")
    found = (
        Referral.objects.visible_to(user)
        .filter(asked)
        .select_related(*related)
        .prefetch_related("specimens", "charges")
    )
    page = list(found.order_by("-is_urgent", "requested_at", "pk")[:SHOWN])
    stations = next_steps.main_stations(page, user, "refund", "settle")
    today = timezone.localdate()
    return [
        *opinions,
        *(
            _task(one, stations.get(one.pk), user, known.between(timezone.localdate(one.requested_at), today))
            for one in page
        ),
    ][:SHOWN]


def _opinions(user: Any, known: calendar.Calendar) -> list[Task]:
    """Deliberations that wait for this person's own opinion come first: others wait for it."""
    if not user.may("referrals.give_opinion"):
        return []
    related = ["referral__patient", "referral__test", "referral__department"]
    if user.sees_identity:
        related.append("referral__patient__identity")
    found = deliberating.waiting_for(user).select_related(*related).order_by("-referral__is_urgent", "called_at", "pk")
    today = timezone.localdate()
    return [
        Task(
            one.referral,
            _("Give an opinion"),
            reverse("referrals:deliberation", args=[one.pk]),
            known.between(timezone.localdate(one.referral.requested_at), today),
        )
        for one in found[:SHOWN]
    ]


def _asked(user: Any) -> Q | None:
    """The cases of every list this post works off."""
    asked: Q | None = None
    for code, _label, permission, cases in queries.WAITING:
        if code not in NOT_OURS_TO_DO and user.may(permission):
            asked = cases() if asked is None else asked | cases()
    for permission, status in (
        ("referrals.call_mdt", Status.AWAITING_MDT),
        ("referrals.call_discussion", Status.AWAITING_DISCUSSION),
    ):
        if user.may(permission):
            held = Deliberation.objects.filter(referral=OuterRef("pk"), status__in=deliberating.OPEN)
            due = Q(~Exists(held), status=status)
            asked = due if asked is None else asked | due
    return asked


def _task(referral: Referral, station: Any, user: Any, days: int) -> Task:
    if referral.status == Status.AWAITING_MDT and user.may("referrals.call_mdt"):
        return Task(referral, _("Call the MDT"), reverse("referrals:mdt", args=[referral.pk]), days)
    if referral.status == Status.AWAITING_DISCUSSION and user.may("referrals.call_discussion"):
        return Task(referral, _("Call the discussion"), reverse("referrals:discussion", args=[referral.pk]), days)
    if station:
        return Task(referral, station[0].label, station[1], days)
    return Task(referral, _("Open the case"), reverse("referrals:case", args=[referral.pk]), days)
