"""Mending ordinary mistakes while the old value stays in view, and two records of one patient."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.constraints import both_or_neither


class Correction(models.Model):
    """One value of a case, put right: what it was, what it is, why, by whom."""

    referral = models.ForeignKey("referrals.Referral", models.PROTECT, related_name="corrections")
    field = models.CharField(_("field"), max_length=60)
    before = models.TextField(_("before"), blank=True)
    after = models.TextField(_("after"), blank=True)
    reason = models.CharField(_("reason"), max_length=200)
    corrected_at = models.DateTimeField(_("corrected at"))
    corrected_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")

    class Meta:
        ordering = ["corrected_at", "id"]
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="correction_has_a_reason")]
        verbose_name = _("correction")

    class Walls:
        via = ("referral_id", "referrals_referral")


class PatientMerge(models.Model):
    """Two records found to be one patient. The cases of `merged` are shown with `kept`'s; parting restores them."""

    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="+")
    kept = models.ForeignKey("referrals.Patient", models.PROTECT, related_name="merges")
    merged = models.ForeignKey("referrals.Patient", models.PROTECT, related_name="merged_into")
    referral_ids = models.JSONField(_("cases moved"), default=list)
    reason = models.CharField(_("reason"), max_length=200)
    merged_at = models.DateTimeField()
    merged_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    parted_at = models.DateTimeField(null=True, blank=True)
    parted_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            both_or_neither("parted"),
            models.UniqueConstraint(fields=["merged"], condition=Q(parted_at__isnull=True), name="merged_once"),
            models.CheckConstraint(condition=~Q(kept=models.F("merged")), name="merged_into_another"),
        ]
        verbose_name = _("merging of patient records")

    class Walls:
        institution = "institution_id"
