"""Institutions with their departments, and the roles of `vocab.md` §1 with what each may do."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class Institution(models.Model):
    """A hospital or a health bureau: a legal person of its own; data, charges and records are told apart by it."""

    class Kind(models.TextChoices):
        HOSPITAL = "hospital", _("Hospital")
        BUREAU = "bureau", _("Health bureau")

    code = models.CharField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=100)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.HOSPITAL)
    grade = models.CharField(_("grade"), max_length=20, blank=True)
    ownership = models.CharField(_("ownership"), max_length=20, blank=True)
    uscc = models.CharField(_("unified social credit code"), max_length=18, blank=True)
    supervised_by = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="supervises")
    document_prefix = models.CharField(
        max_length=20, blank=True, help_text=_("The issuer's short name in document numbers, e.g. ×总医")
    )
    complaint_phone = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering = ["kind", "code"]
        verbose_name = _("institution")

    def __str__(self):
        return self.name

    @property
    def is_bureau(self) -> bool:
        return self.kind == self.Kind.BUREAU


class Department(models.Model):
    institution = models.ForeignKey(Institution, models.PROTECT, related_name="departments")
    name = models.CharField(_("department"), max_length=60)

    class Meta:
        ordering = ["institution", "id"]
        constraints = [models.UniqueConstraint(fields=["institution", "name"], name="department_once")]
        verbose_name = _("department")

    def __str__(self):
        return self.name


class Role(models.Model):
    """A role of `vocab.md` §1, with what it may do, as data (`accounts/data/roles.json`)."""

    class Scope(models.TextChoices):
        OWN = "own", _("Cases one requested")
        DEPARTMENT = "department", _("Cases of one's department")
        INSTITUTION = "institution", _("Cases of one's institution")
        COUNTY = "county", _("Cases of the supervised institutions, without identity")
        NONE = "none", _("No cases")

    code = models.CharField(max_length=3, primary_key=True)
    name = models.CharField(max_length=60)
    group = models.CharField(max_length=20)
    scope = models.CharField(max_length=12, choices=Scope, default=Scope.NONE)
    sees_identity = models.BooleanField(default=False)
    permissions = ArrayField(models.CharField(max_length=60), default=list, blank=True)

    class Meta:
        ordering = ["code"]
        verbose_name = _("role")

    def __str__(self):
        return self.name
