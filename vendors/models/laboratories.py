"""Laboratories outside the hospital and their credentials: three kinds must be in force on the day of shipping
(clauses A25, A41, B8)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from vendors.models.common import Origin, PeriodQuerySet


class Laboratory(models.Model):
    """A laboratory the county's hospitals send specimens to (第三方机构)."""

    code = models.CharField(_("laboratory code"), max_length=20, unique=True)
    name = models.CharField(_("laboratory"), max_length=100)
    uscc = models.CharField(_("unified social credit code"), max_length=18, blank=True)
    # X13 (Regulations on Human Genetic Resources, art. 7): unknown until medical affairs records it.
    foreign_controlled = models.BooleanField(_("foreign-controlled"), null=True, blank=True)
    in_mainland = models.BooleanField(_("tests on the mainland"), null=True, blank=True)
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.LIVE)

    class Meta:
        ordering = ["code"]
        verbose_name = _("laboratory")

    def __str__(self):
        return self.name


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
