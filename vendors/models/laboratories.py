"""Laboratories outside the hospital and their credentials: three kinds must be in force on the day of shipping
(clauses A25, A41, B8)."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from vendors.models.common import Origin, PeriodQuerySet


class Laboratory(models.Model):
    """A laboratory the county's hospitals send specimens to (第三方机构)."""

    class Kind(models.TextChoices):
        """What the licence calls the institution (A4)."""

        LABORATORY = "laboratory", "医学检验实验室"
        PATHOLOGY = "pathology", "病理诊断中心"
        HOSPITAL = "hospital", "医院"

    class Subject(models.TextChoices):
        """Subjects of diagnosis and treatment that tests of this kind need (A41)."""

        MOLECULAR = "molecular", "医学检验科（临床细胞分子遗传学专业）"
        LABORATORY = "laboratory", "医学检验科（其他专业）"
        PATHOLOGY = "pathology", "病理科"

    code = models.CharField(_("laboratory code"), max_length=20, unique=True)
    name = models.CharField(_("laboratory"), max_length=100)
    uscc = models.CharField(_("unified social credit code"), max_length=18, blank=True)
    # X13 (Regulations on Human Genetic Resources, art. 7): unknown until medical affairs records it.
    foreign_controlled = models.BooleanField(_("foreign-controlled"), null=True, blank=True)
    in_mainland = models.BooleanField(_("tests on the mainland"), null=True, blank=True)
    # A4, A41: a licensed institution, of this type, with these subjects (诊疗科目).
    kind = models.CharField(_("type of institution"), max_length=16, choices=Kind, blank=True)
    licence_no = models.CharField(_("licence registration number"), max_length=22, blank=True)
    subjects = ArrayField(models.CharField(max_length=20, choices=Subject), default=list, blank=True)
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.LIVE)

    class Meta:
        ordering = ["code"]
        verbose_name = _("laboratory")

    def __str__(self):
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("vendors:laboratory", args=[self.pk])


class Credential(models.Model):
    """A certificate of a laboratory with its days. Three kinds must be in force on the day of shipping (X06)."""

    class Kind(models.TextChoices):
        PRACTICE_LICENCE = "practice_licence", "医疗机构执业许可证"
        PCR_AUDIT = "pcr_audit", "临床基因扩增检验实验室技术审核合格证"
        BIOSAFETY = "biosafety", "生物安全实验室备案"
        OTHER = "other", _("Other")

    REQUIRED = (Kind.PRACTICE_LICENCE, Kind.PCR_AUDIT, Kind.BIOSAFETY)

    laboratory = models.ForeignKey(Laboratory, models.PROTECT, related_name="credentials")
    kind = models.CharField(_("kind of credential"), max_length=20, choices=Kind)
    kind_name = models.CharField(max_length=60, blank=True, help_text=_("As written, when the kind is another"))
    number = models.CharField(_("number"), max_length=60)
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid to"), null=True, blank=True)
    file = models.ForeignKey("documents.StoredFile", models.PROTECT, null=True, blank=True, related_name="+")
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.LIVE)

    objects = PeriodQuerySet.as_manager()

    class Meta:
        ordering = ["laboratory", "kind", "valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["laboratory", "kind", "number"], name="credential_once"),
            models.CheckConstraint(
                condition=Q(origin=Origin.LEDGER) | Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="credential_period_in_order",
            ),
        ]
        verbose_name = _("credential")

    @property
    def label(self) -> str:
        return self.kind_name or self.get_kind_display()
