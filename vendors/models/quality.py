"""A laboratory's rounds of external quality assessment, test by test (Q05; clauses A15, A25, B8, B11)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from catalog.models.common import person
from vendors.models.laboratories import Laboratory


class LaboratoryRound(models.Model):
    """One round of one test at one laboratory. The latest decides: not passed, the test is not sent there (Q05)."""

    laboratory = models.ForeignKey(Laboratory, models.PROTECT, related_name="rounds")
    test = models.ForeignKey("catalog.GeneTest", models.PROTECT, related_name="+")
    organiser = models.CharField(_("organiser"), max_length=80)
    name = models.CharField(_("round"), max_length=60)
    held_on = models.DateField(_("result of"))
    passed = models.BooleanField(_("passed"))
    # Until when the next result has to be on record.
    valid_to = models.DateField(_("next result due by"), null=True, blank=True)
    file = models.ForeignKey("documents.StoredFile", models.PROTECT, null=True, blank=True, related_name="+")
    recorded_at = models.DateTimeField(_("recorded at"), auto_now_add=True)
    recorded_by = person(_("recorded by"), null=False)

    class Meta:
        ordering = ["-held_on", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["laboratory", "test", "organiser", "name"], name="laboratory_round_once"
            ),
            models.CheckConstraint(
                name="laboratory_round_runs_forward", condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("held_on"))
            ),
        ]  # fmt: skip
        verbose_name = _("quality assessment of a laboratory")

    def __str__(self) -> str:
        return f"{self.organiser}{self.name}"
