"""The patient's written consent (A11, B17): who signed, when, to which test, where, at what price."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from referrals.models import Referral
from vendors.models import Origin


class OfCasesQuerySet(models.QuerySet):
    """Papers of a case: seen by those who see the case and may read the patient's identity."""

    def visible_to(self, user) -> Self:
        if not user.sees_identity:
            return self.none()
        return self.filter(referral__in=Referral.objects.visible_to(user))


class ConsentQuerySet(OfCasesQuerySet):
    def standing(self) -> Self:
        """Signed, and neither withdrawn nor lapsed."""
        return self.filter(withdrawn_at__isnull=True, lapsed_at__isnull=True)


class Disclosure(models.Model):
    """The doctor told the patient (A10): who, when, and which text. A consent is signed to a text that was told."""

    referral = models.ForeignKey("referrals.Referral", models.PROTECT, related_name="disclosures")
    told_at = models.DateTimeField(_("told at"))
    told_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    edition = models.PositiveSmallIntegerField(_("edition"))
    content_sha256 = models.CharField(max_length=64)
    # What the text said, so that a signature that comes after a change can be told what changed.
    test = models.ForeignKey("catalog.GeneTest", models.PROTECT, related_name="+")
    laboratory = models.ForeignKey("vendors.Laboratory", models.PROTECT, null=True, blank=True, related_name="+")
    price = models.ForeignKey("vendors.Price", models.PROTECT, null=True, blank=True, related_name="+")
    amount = models.DecimalField(_("price told (yuan)"), max_digits=10, decimal_places=2, null=True, blank=True)

    class Meta:
        ordering = ["referral", "told_at"]
        verbose_name = _("disclosure")

    class Walls:
        via = ("referral_id", "referrals_referral")


class Consent(models.Model):
    """A signed consent. It names the test, the place and the price it was signed for; a change of any lapses it."""

    class Signer(models.TextChoices):
        PATIENT = "patient", _("The patient")
        RELATIVE = "relative", _("A relative")
        GUARDIAN = "guardian", _("A guardian")

    class Method(models.TextChoices):
        DRAWN = "drawn", _("Signed by hand on the screen")
        TYPED = "typed", _("Name typed before a witness")
        PAPER = "paper", _("Signed on paper")

    referral = models.ForeignKey("referrals.Referral", models.PROTECT, related_name="consents")
    signed_at = models.DateTimeField(_("signed at"))
    signer = models.CharField(_("signed by"), max_length=10, choices=Signer)
    relation = models.CharField(_("relation"), max_length=30, blank=True)
    reason = models.CharField(_("why the patient did not sign"), max_length=200, blank=True)
    test = models.ForeignKey("catalog.GeneTest", models.PROTECT, null=True, blank=True, related_name="+")
    laboratory = models.ForeignKey("vendors.Laboratory", models.PROTECT, null=True, blank=True, related_name="+")
    price = models.ForeignKey("vendors.Price", models.PROTECT, null=True, blank=True, related_name="+")
    told_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    number = models.CharField(_("number"), max_length=60, blank=True)
    edition = models.PositiveSmallIntegerField(_("edition"), default=1)
    amount = models.DecimalField(_("price told (yuan)"), max_digits=10, decimal_places=2, null=True, blank=True)
    # The text as it was shown, from frozen facts, and its digest; the strokes of the signature and their times.
    content = models.JSONField(_("text"), default=dict, blank=True)
    content_sha256 = models.CharField(max_length=64, blank=True)
    strokes = models.JSONField(_("signature"), default=list, blank=True)
    # Ciphertext (`referrals.identity`): a relative's name is identity too.
    signer_name = models.BinaryField(_("name of the signer"), null=True, blank=True)
    # Ciphertext: the number of the paper that a relative or guardian showed.
    signer_id_number = models.BinaryField(_("ID number of the signer"), null=True, blank=True)
    signer_id_type = models.CharField(_("paper shown"), max_length=20, blank=True)
    method = models.CharField(_("way of signing"), max_length=10, choices=Method, default=Method.DRAWN)
    witness = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    scan = models.ForeignKey("documents.StoredFile", models.PROTECT, null=True, blank=True, related_name="+")
    choices = models.JSONField(_("choices"), default=dict, blank=True)
    disclosed_at = models.DateTimeField(_("told at"), null=True, blank=True)
    pdf = models.ForeignKey("documents.StoredFile", models.PROTECT, null=True, blank=True, related_name="+")
    withdrawal_reason = models.CharField(_("why withdrawn"), max_length=200, blank=True)
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)
    lapsed_at = models.DateTimeField(_("lapsed at"), null=True, blank=True)
    lapse_reason = models.CharField(_("why lapsed"), max_length=200, blank=True)
    # Signed to the plan of an earlier request, of which this case is a step.
    carried_from = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="carried_to")
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.LIVE)

    objects = ConsentQuerySet.as_manager()

    class Meta:
        ordering = ["referral", "signed_at"]
        indexes = [models.Index(fields=["referral", "signed_at"])]
        constraints = [
            models.UniqueConstraint(
                fields=["referral", "edition"], condition=~Q(number=""), name="consent_edition_once"
            ),
            models.CheckConstraint(
                name="numbered_consent_is_evidence",
                condition=Q(number="") | ~Q(content_sha256="") & Q(disclosed_at__isnull=False),
            ),
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

    class Trail:
        # Who signed for the patient, and how the hand moved, are personal (PIPL art. 28): only digests go on the trail.
        digest = ("signer_name", "signer_id_number", "strokes", "content")

    class Walls:
        via = ("referral_id", "referrals_referral")


class ConsentStep(models.Model):
    """What a consent to a plan says of one further step: its test, place and price. It covers the step on these terms
    only."""

    consent = models.ForeignKey(Consent, models.PROTECT, related_name="steps")
    planned_step = models.ForeignKey("referrals.PlannedStep", models.PROTECT, related_name="consented")
    test = models.ForeignKey("catalog.GeneTest", models.PROTECT, related_name="+")
    laboratory = models.ForeignKey("vendors.Laboratory", models.PROTECT, null=True, blank=True, related_name="+")
    price = models.ForeignKey("vendors.Price", models.PROTECT, related_name="+")
    amount = models.DecimalField(_("price told (yuan)"), max_digits=10, decimal_places=2)

    class Meta:
        verbose_name = _("step consented to")
        constraints = [models.UniqueConstraint(fields=["consent", "planned_step"], name="consented_step_once")]

    class Walls:
        via = ("consent_id", "consent_consent")


class ConsentRefusal(models.Model):
    """The patient said no; nothing else in their care changes (B15, Civil Code art. 1219)."""

    referral = models.ForeignKey("referrals.Referral", models.PROTECT, related_name="consent_refusals")
    refused_at = models.DateTimeField(_("refused at"))
    signer = models.CharField(_("said by"), max_length=10, choices=Consent.Signer)
    reason = models.CharField(_("reason, if given"), max_length=200, blank=True)
    strokes = models.JSONField(_("signature"), default=list, blank=True)
    recorded_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("refusal of consent")

    class Trail:
        digest = ("strokes",)

    class Walls:
        via = ("referral_id", "referrals_referral")


class SelfPayNotice(models.Model):
    """自费医疗服务项目告知书: what insurance does not pay, told and signed apart from the consent
    (Regulations on Medical Insurance Funds, art. 15)."""

    referral = models.ForeignKey("referrals.Referral", models.PROTECT, related_name="self_pay_notices")
    price = models.ForeignKey("vendors.Price", models.PROTECT, related_name="+")
    amount = models.DecimalField(_("amount (yuan)"), max_digits=10, decimal_places=2)
    signed_at = models.DateTimeField(_("signed at"))
    signer = models.CharField(_("signed by"), max_length=10, choices=Consent.Signer)
    # Ciphertext (`referrals.identity`): a relative's name is identity too.
    signer_name = models.BinaryField(_("name of the signer"), null=True, blank=True)
    relation = models.CharField(_("relation"), max_length=30, blank=True)
    strokes = models.JSONField(_("signature"), default=list, blank=True)
    content = models.JSONField(_("text"), default=dict, blank=True)
    content_sha256 = models.CharField(max_length=64, blank=True)
    pdf = models.ForeignKey("documents.StoredFile", models.PROTECT, null=True, blank=True, related_name="+")
    told_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    method = models.CharField(_("way of signing"), max_length=10, choices=Consent.Method, default=Consent.Method.DRAWN)
    witness = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    scan = models.ForeignKey("documents.StoredFile", models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField(_("why the patient did not sign"), max_length=200, blank=True)

    objects = OfCasesQuerySet.as_manager()

    class Meta:
        ordering = ["referral", "signed_at"]
        verbose_name = _("self-pay notice")

    class Trail:
        digest = ("signer_name", "strokes", "content")

    class Walls:
        via = ("referral_id", "referrals_referral")
