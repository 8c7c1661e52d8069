"""What a person's technical record (个人专业技术档案) keeps besides authority: training and qualification (A3, A42)."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from audit.constraints import no_overlap
from catalog.models.authority import InstitutionQuerySet
from catalog.models.common import person


class Training(models.Model):
    """Clauses A3, A42: a training somebody took, and whether it was passed. Kept by medical affairs."""

    institution = models.ForeignKey("accounts.Institution", models.PROTECT, verbose_name=_("institution"))
    user = person(_("trained"), null=False)
    title = models.CharField(_("title of the training"), max_length=120)
    held_on = models.DateField(_("held on"))
    passed = models.BooleanField(_("passed"))
    score = models.CharField(_("result"), max_length=60, blank=True)
    file = models.ForeignKey(
        "documents.StoredFile", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("file")
    )
    recorded_at = models.DateTimeField(_("recorded at"), auto_now_add=True)
    recorded_by = person(_("recorded by"), null=False)

    objects = InstitutionQuerySet.as_manager()

    class Walls:
        institution = "institution_id"

    class Meta:
        verbose_name = _("training")
        verbose_name_plural = _("trainings")
        ordering = ["-held_on", "-id"]
        constraints = [
            models.UniqueConstraint(name="training_once", fields=["institution", "user", "title", "held_on"]),
            # Nobody certifies their own training (X14).
            models.CheckConstraint(name="training_not_by_self", condition=~Q(recorded_by=F("user"))),
        ]

    def __str__(self) -> str:
        return self.title


class QualificationQuerySet(InstitutionQuerySet):
    def in_force(self, on: date) -> QualificationQuerySet:
        return self.filter(Q(valid_to__isnull=True) | Q(valid_to__gte=on), valid_from__lte=on)


class Qualification(models.Model):
    """Clauses A2, A3: somebody is registered here as a pathologist or technician, and for how long."""

    class Kind(models.TextChoices):
        PATHOLOGIST = "pathologist", _("Pathologist")
        TECHNICIAN = "technician", _("Pathology technician")
        LABORATORY = "laboratory", _("Laboratory physician or technician")
        AMPLIFICATION = "amplification", _("Gene amplification certificate (PCR)")

    # Who signs the assessment of a specimen (A3).
    SIGNS = (Kind.PATHOLOGIST, Kind.TECHNICIAN)

    institution = models.ForeignKey("accounts.Institution", models.PROTECT, verbose_name=_("institution"))
    user = person(_("holder"), null=False)
    kind = models.CharField(_("qualification"), max_length=16, choices=Kind)
    number = models.CharField(_("certificate number"), max_length=60)
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid to"), null=True, blank=True)
    file = models.ForeignKey(
        "documents.StoredFile", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("file")
    )
    recorded_at = models.DateTimeField(_("recorded at"), auto_now_add=True)
    recorded_by = person(_("recorded by"), null=False)

    objects = QualificationQuerySet.as_manager()

    class Walls:
        institution = "institution_id"

    class Meta:
        verbose_name = _("qualification")
        verbose_name_plural = _("qualifications")
        ordering = ["user", "-valid_from"]
        constraints = [
            models.CheckConstraint(
                name="qualification_runs_forward",
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
            ),
            models.CheckConstraint(name="qualification_not_by_self", condition=~Q(recorded_by=F("user"))),
            no_overlap("qualification_no_overlap", "institution", "user", "kind"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number}"

    def in_force(self, on: date) -> bool:
        return self.valid_from <= on and (self.valid_to is None or self.valid_to >= on)
