"""Contracts with laboratories and what they list (clauses A25, A26, B8–B10), and the statement of sending nothing
out (B35)."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from audit.constraints import both_or_neither
from catalog.models.common import person
from vendors.models.common import InstitutionQuerySet, Origin, days
from vendors.models.laboratories import Laboratory


class Contract(models.Model):
    """An agreement of one hospital with one laboratory, procured by the rules (A25, A26, B9)."""

    number = models.CharField(_("contract number"), max_length=60)
    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="contracts")
    laboratory = models.ForeignKey(Laboratory, models.PROTECT, related_name="contracts")
    valid_from = models.DateField(_("in force from"))
    valid_to = models.DateField(_("in force to"), null=True, blank=True)
    procurement_method = models.CharField(_("procurement method"), max_length=40, blank=True)
    procurement_no = models.CharField(_("procurement number"), max_length=60, blank=True)
    is_demo = models.BooleanField(default=False)
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.LIVE)

    objects = InstitutionQuerySet.as_manager()

    class Meta:
        ordering = ["institution", "laboratory", "valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["institution", "number"], name="contract_number_once"),
            models.CheckConstraint(
                condition=Q(origin=Origin.LEDGER) | Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="contract_period_in_order",
            ),
            models.CheckConstraint(
                condition=Q(origin=Origin.LEDGER) | ~Q(procurement_no=""),
                name="contract_names_its_procurement",
            ),
        ]
        verbose_name = _("contract")

    class Walls:
        institution = "institution_id"

    def __str__(self):
        return self.number


class ContractItem(models.Model):
    """One test a contract lists, with its settlement price in yuan. The period is the contract's, repeated so
    that the database itself refuses two prices for one test, laboratory and hospital on one day."""

    contract = models.ForeignKey(Contract, models.PROTECT, related_name="items")
    test = models.ForeignKey("catalog.GeneTest", models.PROTECT, related_name="contract_items")
    settlement_price = models.DecimalField(_("settlement price (yuan)"), max_digits=10, decimal_places=2)
    # Working days within which the report comes (A26, B11); the ledger names none.
    turnaround_days = models.PositiveSmallIntegerField(_("turnaround (working days)"), null=True, blank=True)
    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="+")
    laboratory = models.ForeignKey(Laboratory, models.PROTECT, related_name="+")
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.LIVE)

    objects = InstitutionQuerySet.as_manager()

    class Meta:
        ordering = ["contract", "test"]
        constraints = [
            models.UniqueConstraint(fields=["contract", "test", "valid_from"], name="contract_lists_a_test_once_a_day"),
            models.CheckConstraint(condition=Q(settlement_price__gte=0), name="settlement_price_not_negative"),
            ExclusionConstraint(
                name="one_settlement_price_a_day",
                expressions=[
                    ("institution", RangeOperators.EQUAL),
                    ("laboratory", RangeOperators.EQUAL),
                    ("test", RangeOperators.EQUAL),
                    (days("valid_from", "valid_to"), RangeOperators.OVERLAPS),
                ],
                condition=Q(origin=Origin.LIVE),
            ),
        ]
        verbose_name = _("contract item")

    class Walls:
        institution = "institution_id"


class NotOutsourcingStatement(models.Model):
    """The hospital told the bureau it sends no tests outside (B35); while it stands, X15 shuts outsourcing."""

    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="not_outsourcing")
    number = models.CharField(_("document number"), max_length=60)
    valid_from = models.DateField(_("in force from"))
    valid_to = models.DateField(_("in force to"), null=True, blank=True)
    # Empty for what a ledger brought.
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    file = models.ForeignKey("documents.StoredFile", models.PROTECT, null=True, blank=True, related_name="+")
    stated_at = models.DateTimeField(_("stated at"), null=True, blank=True)
    stated_by = person(_("stated by"))
    end_reason = models.CharField(_("why it was ended"), max_length=300, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    ended_by = person(_("ended by"))

    objects = InstitutionQuerySet.as_manager()

    class Meta:
        constraints = [
            both_or_neither("stated"),
            both_or_neither("ended"),
            models.CheckConstraint(
                name="not_outsourcing_ends_with_a_reason",
                condition=Q(ended_at__isnull=True) | (Q(valid_to__isnull=False) & ~Q(end_reason="")),
            ),
            ExclusionConstraint(
                name="one_not_outsourcing_statement_a_day",
                expressions=[
                    ("institution", RangeOperators.EQUAL),
                    (days("valid_from", "valid_to"), RangeOperators.OVERLAPS),
                ],
            ),
        ]
        verbose_name = _("statement of not outsourcing")

    class Walls:
        institution = "institution_id"

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("vendors:not_outsourcing_statement", args=[self.pk])
