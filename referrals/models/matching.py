"""Differences between laboratories' bills and the hospital's own referrals (A28)."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _


class StatementDifferenceQuerySet(models.QuerySet):
    def visible_to(self, user) -> Self:
        return self.filter(institution_id__in=user.institution_ids)


class StatementDifference(models.Model):
    """One line that has no referral, was billed twice or asks another amount, or a received case never billed."""

    class Kind(models.TextChoices):
        NO_REFERRAL = "no_referral", _("Billed without a referral")
        BILLED_TWICE = "billed_twice", _("Billed twice")
        AMOUNT_DIFFERS = "amount_differs", _("Amount differs from the contract")
        NOT_BILLED = "not_billed", _("Received but never billed")

    kind = models.CharField(_("difference"), max_length=16, choices=Kind)
    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="statement_differences")
    laboratory = models.ForeignKey("vendors.Laboratory", models.PROTECT, related_name="+")
    sample_no = models.CharField(_("sample number"), max_length=40)
    line = models.ForeignKey("vendors.StatementLine", models.PROTECT, null=True, related_name="differences")
    earlier_line = models.ForeignKey("vendors.StatementLine", models.PROTECT, null=True, related_name="+")
    referral = models.ForeignKey("referrals.Referral", models.PROTECT, null=True, related_name="differences")
    expected_amount = models.DecimalField(_("by contract (yuan)"), max_digits=10, decimal_places=2, null=True)
    billed_amount = models.DecimalField(_("billed (yuan)"), max_digits=10, decimal_places=2, null=True)
    occurred_on = models.DateField(_("day"), null=True)

    objects = StatementDifferenceQuerySet.as_manager()

    class Meta:
        ordering = ["institution", "kind", "sample_no", "id"]
        indexes = [models.Index(fields=["institution", "kind", "sample_no"])]
        constraints = [
            models.UniqueConstraint(fields=["kind", "line", "referral"], name="difference_once", nulls_distinct=False)
        ]
        verbose_name = _("statement difference")

    class Walls:
        institution = "institution_id"
