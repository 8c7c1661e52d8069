"""Before a referral is submitted, and where it is sent."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _


class ReferralDraftQuerySet(models.QuerySet):
    def visible_to(self, user) -> Self:
        """A draft is seen by the one who types it."""
        return self.filter(owner_id=user.pk, institution_id__in=user.institution_ids)


class ReferralDraft(models.Model):
    """A request as typed, right or wrong, saved while it is typed; submitting makes the referral and ends the draft.

    What is typed is ciphertext here and a digest in the trail.
    """

    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="+")
    owner = models.ForeignKey("accounts.User", models.PROTECT, related_name="referral_drafts")
    # Ciphertext of the typed JSON (`referrals.identity`): a draft may hold a name and an ID number.
    typed = models.BinaryField(null=True)
    version = models.PositiveIntegerField(default=1)
    saved_at = models.DateTimeField(auto_now=True)
    referral = models.ForeignKey("referrals.Referral", models.PROTECT, null=True, related_name="drafts")

    objects = ReferralDraftQuerySet.as_manager()

    class Meta:
        verbose_name = _("referral draft")

    class Trail:
        digest = ("typed",)

    class Walls:
        institution = "institution_id"
        identity = True


class Allocation(models.Model):
    """The system's choice of where the test is done, with what it looked at (A24, A29, B23, X16)."""

    referral = models.ForeignKey("referrals.Referral", models.PROTECT, related_name="allocations")
    made_at = models.DateTimeField(_("allocated at"))
    route = models.CharField(_("route"), max_length=10)
    laboratory = models.ForeignKey("vendors.Laboratory", models.PROTECT, null=True, related_name="allocations")
    contract = models.ForeignKey("vendors.Contract", models.PROTECT, null=True, related_name="allocations")
    considered = models.JSONField(_("laboratories considered"), default=list)
    superseded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["referral"], condition=models.Q(superseded_at__isnull=True), name="one_allocation_in_force"
            )
        ]
        verbose_name = _("allocation")

    class Walls:
        via = ("referral_id", "referrals_referral")
