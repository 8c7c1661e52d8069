"""Before a referral is submitted, and where it is sent."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from vendors.models.common import Route


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
    # Of what is sent out: by which of the three ways of A24, and why, as the admission said that day.
    outside_route = models.CharField(_("way out"), max_length=12, choices=Route, blank=True)
    outside_reason = models.CharField(_("why this way"), max_length=300, blank=True)
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


class WayChange(models.Model):
    """The way out of a case that awaits its sending shut or opened: a suspension, a lapse, a renewal, a statement of not
    outsourcing (A25, B8, B35); or the case went to another place by the rule. The last row tells how it stands; none: it
    has been open."""

    referral = models.ForeignKey("referrals.Referral", models.PROTECT, related_name="way_changes")
    # None: it is done in-house from now on.
    laboratory = models.ForeignKey("vendors.Laboratory", models.PROTECT, null=True, related_name="+")
    # Of a case that went elsewhere: where it would have gone.
    moved_from = models.ForeignKey("vendors.Laboratory", models.PROTECT, null=True, related_name="+")
    is_open = models.BooleanField(_("open"))
    reasons = models.JSONField(_("reasons"), default=list)
    # Where it shut and no other place was found: who was looked at.
    considered = models.JSONField(_("laboratories considered"), default=list)
    noticed_at = models.DateTimeField(_("noticed at"))

    class Meta:
        ordering = ["noticed_at", "id"]
        indexes = [models.Index(fields=["referral", "noticed_at", "id"], name="way_change_of_case")]
        constraints = [
            models.CheckConstraint(
                name="way_shut_for_a_reason", condition=models.Q(is_open=True) | ~models.Q(reasons=[])
            ),
            models.CheckConstraint(
                name="way_shut_at_a_laboratory", condition=models.Q(is_open=True) | models.Q(laboratory__isnull=False)
            ),
            models.CheckConstraint(
                name="moved_way_is_open", condition=models.Q(moved_from__isnull=True) | models.Q(is_open=True)
            ),
        ]
        verbose_name = _("change of a way out")

    class Walls:
        via = ("referral_id", "referrals_referral")
