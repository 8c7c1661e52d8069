"""Holidays and worked weekend days, as the hospital marks them."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class WorkingDay(models.Model):
    """A day that the State Council makes a holiday or a working day against its place in the week (放假与调休, `vocab.md`
    §13). Marked here for years that the software does not know yet, or where it knows them wrongly."""

    day = models.DateField(_("day"), unique=True)
    is_working = models.BooleanField(_("working day"))
    name = models.CharField(_("holiday"), max_length=40)
    basis = models.CharField(_("basis"), max_length=120)
    marked_at = models.DateTimeField(_("marked at"), default=timezone.now)
    marked_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", verbose_name=_("marked by"))

    class Meta:
        verbose_name = _("working day")
        ordering = ["day"]
        constraints = [
            models.CheckConstraint(name="marked_day_names_holiday_and_basis", condition=~Q(name="") & ~Q(basis="")),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.name}"
