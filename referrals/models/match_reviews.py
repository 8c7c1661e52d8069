"""The month's review of drug and result, and the exports for the national monitoring (A34, A35)."""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from audit.constraints import both_or_neither

User = "accounts.User"


class MatchSampleQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> Self:
        return self.filter(institution_id__in=user.institution_ids)


class MatchSample(models.Model):
    """A month's prescriptions drawn for review: do drug and result match (A34)? The seed draws the same again."""

    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="+")
    month = models.DateField(_("month"))
    seed = models.CharField(_("seed of the draw"), max_length=32)
    population = models.PositiveIntegerField(_("prescriptions of the month"))
    drawn_at = models.DateTimeField()
    drawn_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    # Figures of the notice as published, de-identified.
    notice = models.JSONField(_("notice"), default=dict, blank=True)

    objects = MatchSampleQuerySet.as_manager()

    class Meta:
        verbose_name = _("sample of drug and result")
        ordering = ["-month", "-id"]
        constraints = [
            models.UniqueConstraint(name="match_sample_once_a_month", fields=["institution", "month"]),
            both_or_neither("published"),
        ]

    class Walls:
        institution = "institution_id"

    def get_absolute_url(self) -> str:
        return reverse("referrals:match_sample", args=[self.pk])


class MatchReview(models.Model):
    """One prescription of a sample, read by another than who prescribed it."""

    class Verdict(models.TextChoices):
        MATCH = "match", _("Drug and result match")
        MISMATCH = "mismatch", _("Drug and result do not match")
        NO_RESULT = "no_result", _("A test is required and there is none")
        UNCLEAR = "unclear", _("Cannot be told from the record")

    sample = models.ForeignKey(MatchSample, models.PROTECT, related_name="reviews")
    prescription = models.ForeignKey("referrals.Prescription", models.PROTECT, related_name="reviews")
    verdict = models.CharField(_("verdict"), max_length=10, choices=Verdict, blank=True)
    note = models.CharField(_("remark"), max_length=300, blank=True)
    reviewed_at = models.DateTimeField(null=True, blank=True)
    reviewed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("review of drug and result")
        constraints = [
            models.UniqueConstraint(name="match_review_once", fields=["sample", "prescription"]),
            both_or_neither("reviewed"),
        ]

    class Walls:
        via = ("sample_id", "referrals_matchsample")


class MonitoringExport(models.Model):
    """A file made for the national monitoring of antitumour drugs (A35): what it held, its digest, who took it."""

    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="+")
    month = models.DateField(_("month"))
    form = models.CharField(_("format"), max_length=4)
    rows = models.PositiveIntegerField(_("rows"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    objects = MatchSampleQuerySet.as_manager()

    class Meta:
        verbose_name = _("export of monitoring data")
        ordering = ["-made_at"]

    class Walls:
        institution = "institution_id"
