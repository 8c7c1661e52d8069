"""The bills laboratories send, line by line (clauses B29–B31)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from vendors.models.common import InstitutionQuerySet, Origin
from vendors.models.laboratories import Laboratory


class Statement(models.Model):
    """A laboratory's monthly bill to a hospital (账单)."""

    laboratory = models.ForeignKey(Laboratory, models.PROTECT, related_name="statements")
    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="statements")
    month = models.CharField(_("month"), max_length=7, help_text="2026-09")
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.LIVE)

    objects = InstitutionQuerySet.as_manager()

    class Meta:
        ordering = ["institution", "month", "laboratory"]
        constraints = [
            models.UniqueConstraint(fields=["laboratory", "institution", "month"], name="statement_once_a_month")
        ]
        verbose_name = _("laboratory statement")

    class Walls:
        institution = "institution_id"


class StatementLine(models.Model):
    """One line of a bill: the laboratory says it received this sample and asks this amount."""

    statement = models.ForeignKey(Statement, models.PROTECT, related_name="lines")
    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="+")
    line_no = models.PositiveIntegerField(_("line"))
    sample_no = models.CharField(_("sample number"), max_length=40, db_index=True)
    test_code = models.CharField(_("test code"), max_length=40)
    received_on = models.DateField(_("received on"), null=True, blank=True)
    amount = models.DecimalField(_("amount (yuan)"), max_digits=10, decimal_places=2)

    objects = InstitutionQuerySet.as_manager()

    class Meta:
        ordering = ["statement", "line_no"]
        constraints = [models.UniqueConstraint(fields=["statement", "line_no"], name="statement_line_once")]
        verbose_name = _("statement line")

    class Walls:
        institution = "institution_id"
