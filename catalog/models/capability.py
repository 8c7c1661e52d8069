"""What a test done in-house stands on: department, equipment, staff, reagents, quality rounds, and its first intake.

Clauses A2, A14–A17, A41, A43, A45, A46. Each part is kept with its days; nothing is deleted, a part ends.
"""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from audit.constraints import both_or_neither
from catalog.models.authority import InHouseCapability, InstitutionQuerySet
from catalog.models.common import person
from catalog.models.editions import GeneTest


class Part(models.Model):
    """One thing a capability stands on, from a day to a day."""

    institution = models.ForeignKey("accounts.Institution", models.PROTECT, verbose_name=_("institution"))
    capability = models.ForeignKey(InHouseCapability, models.PROTECT, verbose_name=_("in-house capability"))
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid to"), null=True, blank=True)
    recorded_at = models.DateTimeField(_("recorded at"), auto_now_add=True)
    recorded_by = person(_("recorded by"), null=False)

    objects = InstitutionQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["-valid_from", "-id"]
        constraints = [
            models.CheckConstraint(
                name="%(class)s_runs_forward", condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from"))
            )
        ]

    def in_force(self, on: date) -> bool:
        return self.valid_from <= on and (self.valid_to is None or self.valid_to >= on)


class CapabilityEquipment(Part):
    """A device in use for the test; its period is that of its calibration or acceptance (A2, A16)."""

    name = models.CharField(_("equipment"), max_length=80)
    serial = models.CharField(_("serial number"), max_length=60)

    class Walls:
        institution = "institution_id"

    class Meta(Part.Meta):
        verbose_name = _("equipment")
        verbose_name_plural = _("equipment")

    def __str__(self) -> str:
        return f"{self.name}（{self.serial}）"


class CapabilityStaff(Part):
    """A pathologist or technician named for the test (A2, A3)."""

    user = person(_("named"), null=False)

    class Walls:
        institution = "institution_id"

    class Meta(Part.Meta):
        verbose_name = _("person named for a test")
        verbose_name_plural = _("people named for a test")

    def __str__(self) -> str:
        return str(self.user)


class CapabilityProduct(Part):
    """A reagent or platform with its registration; an own reagent (LDT) with its approval (A16, A45, A46)."""

    class Kind(models.TextChoices):
        REAGENT = "reagent", _("Reagent")
        PLATFORM = "platform", _("Platform")

    class Basis(models.TextChoices):
        REGISTERED = "registered", _("Registered or filed as a medical device")
        LDT = "ldt", _("Developed in-house (LDT) with approval")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    name = models.CharField(_("product"), max_length=120)
    basis = models.CharField(_("basis"), max_length=12, choices=Basis)
    number = models.CharField(_("registration or approval number"), max_length=60)
    file = models.ForeignKey(
        "documents.StoredFile", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("file")
    )

    class Walls:
        institution = "institution_id"

    class Meta(Part.Meta):
        verbose_name = _("reagent or platform")
        verbose_name_plural = _("reagents and platforms")
        constraints = [
            *Part.Meta.constraints,
            models.CheckConstraint(name="product_has_number", condition=~Q(number="")),
            # Clause A46: an own reagent stands on the approval document itself.
            models.CheckConstraint(name="product_ldt_has_document", condition=~Q(basis="ldt") | Q(file__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.name}（{self.number}）"


class QualityRound(models.Model):
    """Clause A15: one round of external quality assessment (室间质评), and what mended a failed one."""

    institution = models.ForeignKey("accounts.Institution", models.PROTECT, verbose_name=_("institution"))
    capability = models.ForeignKey(InHouseCapability, models.PROTECT, verbose_name=_("in-house capability"))
    organiser = models.CharField(_("organiser"), max_length=80)
    name = models.CharField(_("round"), max_length=60)
    held_on = models.DateField(_("held on"))
    passed = models.BooleanField(_("passed"))
    recorded_at = models.DateTimeField(_("recorded at"), auto_now_add=True)
    recorded_by = person(_("recorded by"), null=False)
    correction = models.TextField(_("corrective action"), blank=True)
    correction_approved_at = models.DateTimeField(_("corrective action approved at"), null=True, blank=True)
    correction_approved_by = person(_("corrective action approved by"))

    objects = InstitutionQuerySet.as_manager()

    class Walls:
        institution = "institution_id"

    class Meta:
        verbose_name = _("quality assessment round")
        verbose_name_plural = _("quality assessment rounds")
        ordering = ["-held_on", "-id"]
        constraints = [
            models.UniqueConstraint(name="quality_round_once", fields=["capability", "organiser", "name"]),
            both_or_neither("correction_approved"),
            models.CheckConstraint(
                name="quality_round_correction_by_another",
                condition=Q(correction_approved_by__isnull=True) | ~Q(correction_approved_by=F("recorded_by")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organiser} {self.name}"


class TechnologyIntake(models.Model):
    """Clause A43: a test the hospital wants to do itself for the first time: argued, reviewed, decided."""

    institution = models.ForeignKey("accounts.Institution", models.PROTECT, verbose_name=_("institution"))
    test = models.ForeignKey(GeneTest, models.PROTECT, verbose_name=_("gene test"))
    need = models.TextField(_("clinical need"))
    ability = models.TextField(_("technical capability"))
    safety = models.TextField(_("safety and emergency measures"))
    proposed_at = models.DateTimeField(_("proposed at"), auto_now_add=True)
    proposed_by = person(_("proposed by"), null=False)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    decided_by = person(_("decided by"))
    approved = models.BooleanField(_("approved"), null=True, blank=True)
    decision_note = models.TextField(_("decision note"), blank=True)

    objects = InstitutionQuerySet.as_manager()

    class Walls:
        institution = "institution_id"

    class Meta:
        verbose_name = _("first-time technology")
        verbose_name_plural = _("first-time technologies")
        ordering = ["-id"]
        constraints = [
            both_or_neither("decided"),
            models.CheckConstraint(
                name="intake_decision_whole",
                condition=Q(decided_at__isnull=True, approved__isnull=True)
                | Q(decided_at__isnull=False, approved__isnull=False),
            ),
            models.CheckConstraint(
                name="intake_decided_by_another",
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("proposed_by")),
            ),
            models.UniqueConstraint(
                name="intake_one_open", fields=["institution", "test"], condition=Q(decided_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return str(self.test)


class IntakeOpinion(models.Model):
    """What a member of the technical committee holds of a first-time technology."""

    intake = models.ForeignKey(TechnologyIntake, models.PROTECT, related_name="opinions", verbose_name=_("intake"))
    institution = models.ForeignKey("accounts.Institution", models.PROTECT, verbose_name=_("institution"))
    agreed = models.BooleanField(_("agreed"))
    text = models.TextField(_("opinion"))
    given_at = models.DateTimeField(_("given at"), auto_now_add=True)
    given_by = person(_("given by"), null=False)

    objects = InstitutionQuerySet.as_manager()

    class Walls:
        institution = "institution_id"

    class Meta:
        verbose_name = _("opinion on a first-time technology")
        verbose_name_plural = _("opinions on first-time technologies")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(name="intake_opinion_once", fields=["intake", "given_by"])]

    def __str__(self) -> str:
        return f"{self.intake} {self.given_by}"
