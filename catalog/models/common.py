"""What the catalog's models share."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Func, Value
from django.utils.translation import gettext_lazy as _


def period(start: str, end: str) -> Func:
    """A range of days with both ends in it; an open end runs on."""
    return Func(F(start), F(end), Value("[]"), function="daterange")


def person(name: Any, *, null: bool = True) -> models.ForeignKey:
    """Somebody who did something; never reached from the person's side."""
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=null, blank=null, related_name="+", verbose_name=name
    )


class Grade(models.TextChoices):
    """Who must look before the test is done (clauses A22, A23, B5), lightest first."""

    ROUTINE = "routine", _("Routine")
    DISCUSSION = "discussion", _("Needs departmental discussion")
    MDT = "mdt", _("Needs MDT")

    @property
    def rank(self) -> int:
        return list(type(self)).index(self)
