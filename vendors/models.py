"""Laboratories outside the hospital: who they are, whether they may take a specimen today, and at what price.

A laboratory is a medical institution with three credentials in force, a contract in force that lists the test
(clauses A25, A26, B8–B10), and prices published before they are charged (A13, B13, B14).
"""

from __future__ import annotations

from datetime import date
from typing import Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _


class Origin(models.TextChoices):
    """Where a record comes from: kept live here, or history read from the hospital's ledger."""

    LIVE = "live", _("Recorded here")
    LEDGER = "ledger", _("From the ledger")


class DateRange(Func):
    """`daterange(from, to, '[]')`: first and last day are in force."""

    function = "DATERANGE"
    output_field = DateRangeField()


def days(first: str, last: str) -> DateRange:
    return DateRange(first, last, RangeBoundary(inclusive_lower=True, inclusive_upper=True))


class PeriodQuerySet(models.QuerySet):
    """Rows with `valid_from` and `valid_to`; first and last day are in force, an open end never ends."""

    def in_force(self, on: date) -> Self:
        return self.filter(Q(valid_to__isnull=True) | Q(valid_to__gte=on), valid_from__lte=on)


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


class InstitutionQuerySet(PeriodQuerySet):
    def visible_to(self, user) -> Self:
        return self.filter(institution_id__in=user.institution_ids)


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
    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="+")
    laboratory = models.ForeignKey(Laboratory, models.PROTECT, related_name="+")
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.LIVE)

    objects = InstitutionQuerySet.as_manager()

    class Meta:
        ordering = ["contract", "test"]
        constraints = [
            models.UniqueConstraint(fields=["contract", "test"], name="contract_lists_a_test_once"),
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


class PriceQuerySet(models.QuerySet):
    def in_force(self, on: date) -> Self:
        return self.filter(Q(effective_to__isnull=True) | Q(effective_to__gte=on), effective_from__lte=on)

    def published(self, on: date) -> Self:
        return self.filter(published_on__isnull=False, published_on__lte=on)


class Price(models.Model):
    """What a hospital charges for a test, under which price item, from when, and since when published.

    Prices are public: everybody may read them (A13, B14).
    """

    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="prices")
    test = models.ForeignKey("catalog.GeneTest", models.PROTECT, related_name="prices")
    item_code = models.CharField(_("price item code"), max_length=40)
    item_name = models.CharField(_("price item"), max_length=120)
    amount = models.DecimalField(_("price (yuan)"), max_digits=10, decimal_places=2)
    effective_from = models.DateField(_("effective from"))
    effective_to = models.DateField(_("effective to"), null=True, blank=True)
    published_on = models.DateField(_("published on"), null=True, blank=True)
    basis = models.CharField(_("basis"), max_length=120, blank=True)
    insurance_class = models.CharField(_("insurance class"), max_length=20, blank=True)
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.LIVE)

    objects = PriceQuerySet.as_manager()

    class Meta:
        ordering = ["institution", "test", "effective_from"]
        constraints = [
            models.UniqueConstraint(fields=["institution", "test", "item_code", "effective_from"], name="price_once"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="price_not_negative"),
            ExclusionConstraint(
                name="one_price_a_day",
                expressions=[
                    ("institution", RangeOperators.EQUAL),
                    ("test", RangeOperators.EQUAL),
                    (days("effective_from", "effective_to"), RangeOperators.OVERLAPS),
                ],
                condition=Q(origin=Origin.LIVE),
            ),
        ]
        verbose_name = _("price")


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


class NotOutsourcingStatement(models.Model):
    """The hospital told the bureau it sends no tests outside (B35); while it stands, X15 shuts outsourcing."""

    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="not_outsourcing")
    number = models.CharField(_("document number"), max_length=60)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)

    objects = InstitutionQuerySet.as_manager()

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="one_not_outsourcing_statement_a_day",
                expressions=[
                    ("institution", RangeOperators.EQUAL),
                    (days("valid_from", "valid_to"), RangeOperators.OVERLAPS),
                ],
            )
        ]
        verbose_name = _("statement of not outsourcing")

    class Walls:
        institution = "institution_id"
