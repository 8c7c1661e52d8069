"""The patient's written consent (A11, B17): who signed, when, to which test, where, at what price."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from vendors.models import Origin


class Consent(models.Model):
    """A signed consent. It names the test, the place and the price it was signed for; a change of any lapses it."""

    class Signer(models.TextChoices):
        PATIENT = "patient", _("The patient")
        RELATIVE = "relative", _("A relative")
        GUARDIAN = "guardian", _("A guardian")

    referral = models.ForeignKey("referrals.Referral", models.PROTECT, related_name="consents")
    signed_at = models.DateTimeField(_("signed at"))
    signer = models.CharField(_("signed by"), max_length=10, choices=Signer)
    relation = models.CharField(_("relation"), max_length=30, blank=True)
    reason = models.CharField(_("why the patient did not sign"), max_length=200, blank=True)
    test = models.ForeignKey("catalog.GeneTest", models.PROTECT, null=True, blank=True, related_name="+")
    laboratory = models.ForeignKey("vendors.Laboratory", models.PROTECT, null=True, blank=True, related_name="+")
    price = models.ForeignKey("vendors.Price", models.PROTECT, null=True, blank=True, related_name="+")
    told_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.LIVE)

    class Meta:
        ordering = ["referral", "signed_at"]
        indexes = [models.Index(fields=["referral", "signed_at"])]
        constraints = [
            models.CheckConstraint(
                name="live_consent_is_whole",
                condition=Q(origin=Origin.LEDGER) | Q(test__isnull=False, told_by__isnull=False),
            ),
            models.CheckConstraint(
                name="live_consent_not_by_patient_has_reason",
                condition=Q(origin=Origin.LEDGER) | Q(signer="patient") | (~Q(reason="") & ~Q(relation="")),
            ),
            models.CheckConstraint(
                name="withdrawn_after_signing",
                condition=Q(withdrawn_at__isnull=True) | Q(withdrawn_at__gte=F("signed_at")),
            ),
        ]
        verbose_name = _("consent")

    class Walls:
        via = ("referral_id", "referrals_referral")
