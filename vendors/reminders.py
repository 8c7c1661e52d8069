"""What falls due at the lists: after a publication somebody looks on site whether the new one hangs there (A13, B14,
B25)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import reminding
from accounts.models import User
from accounts.queries import holders
from vendors import postings

WITHIN = 7  # days after a publication: own proposal, no clause names them
PERMISSION = "vendors.check_postings"


def checks_due(until: date) -> Iterable[reminding.Due]:
    """The places that wait for a look, each by the day a week after what counts there was published."""
    machine = User.objects.machine()
    waiting = set(postings.waiting(machine).values_list("pk", flat=True))
    found: Iterable[Any] = postings.places(machine).filter(pk__in=waiting)
    for place in found:
        published = timezone.localdate(place.published_now)
        if published + timedelta(days=WITHIN) > until:
            continue
        said = _("%(list)s number %(n)d was published on %(day)s: look whether it hangs at %(place)s.")
        yield reminding.Due(
            subject=f"posting:{place.pk}",
            on=published + timedelta(days=WITHIN),
            text=said % {
                "list": place.get_board_display(), "n": place.number_now, "day": f"{published:%Y-%m-%d}",
                "place": place.name,
            },
            people=holders(place.institution_id, PERMISSION),
            url=reverse("vendors:place", args=[place.pk]),
        )  # fmt: skip
