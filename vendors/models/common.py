"""What the registers of laboratories, contracts and prices share: where a row comes from, and periods of days."""

from __future__ import annotations

from datetime import date
from typing import Self

from django.contrib.postgres.fields import DateRangeField, RangeBoundary
from django.db import models
from django.db.models import Func, Q
from django.utils.translation import gettext_lazy as _


class Origin(models.TextChoices):
    """Where a record comes from: kept live here, or history read from the hospital's ledger."""

    LIVE = "live", _("Recorded here")
    LEDGER = "ledger", _("From the ledger")


class Route(models.TextChoices):
    """How a test the hospital cannot do itself is done elsewhere (A24, B7). There is no fourth way."""

    ALLIANCE = "alliance", _("Medical alliance")
    GROUP = "group", _("Cooperation group")
    THIRD_PARTY = "third_party", _("Contracted third party")


class DateRange(Func):
    """`daterange(from, to, '[]')`: first and last day are in force."""

    function = "DATERANGE"
    output_field = DateRangeField()


def days(first: str, last: str) -> DateRange:
    return DateRange(first, last, RangeBoundary(inclusive_lower=True, inclusive_upper=True))


class PeriodQuerySet(models.QuerySet):
    """Rows with `valid_from` and `valid_to`; first and last day are in force, an open end never ends."""

    def in_force(self, on: date) -> Self:
        return self.filter(Q(valid_to__isnull=True) | Q(valid_to__gte=on), valid_from__lte=on)


class InstitutionQuerySet(PeriodQuerySet):
    def visible_to(self, user) -> Self:
        return self.filter(institution_id__in=user.institution_ids)
