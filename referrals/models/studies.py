"""Studies whose tests the patient never pays for (A47–A49)."""

from __future__ import annotations

from datetime import date
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class StudyQuerySet(models.QuerySet):
    def visible_to(self, user) -> Self:
        return self.filter(institution_id__in=user.institution_ids)


class Study(models.Model):
    """A registered clinical trial or study at one institution."""

    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="studies")
    number = models.CharField(_("study number"), max_length=60)
    title = models.CharField(_("title"), max_length=200)
    hospital_approved_on = models.DateField(_("approved by the hospital on"), null=True, blank=True)
    ended_on = models.DateField(_("ended on"), null=True, blank=True)

    objects = StudyQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["institution", "number"], name="study_once")]
        verbose_name = _("study")

    class Walls:
        institution = "institution_id"

    def __str__(self):
        return f"{self.number} {self.title}"


class EthicsApproval(models.Model):
    """An ethics committee's approval with its days; X10 asks for one that covers this site on the day (A48)."""

    study = models.ForeignKey(Study, models.PROTECT, related_name="ethics_approvals")
    number = models.CharField(_("approval number"), max_length=60)
    protocol_version = models.CharField(_("protocol version"), max_length=40, blank=True)
    covers_site = models.BooleanField(_("covers this site"), default=True)
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid to"))

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(valid_to__gte=models.F("valid_from")), name="ethics_period_in_order")
        ]
        verbose_name = _("ethics approval")

    class Walls:
        via = ("study_id", "referrals_study")

    def in_force(self, on: date) -> bool:
        return self.covers_site and self.valid_from <= on <= self.valid_to
