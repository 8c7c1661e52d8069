"""The items a hospital may charge under (价格项目), and of which items a test's price is made (clause B13; `vocab.md`
§9): no item, no charge; no more of it than its rule allows; never with an item it excludes."""

from __future__ import annotations

from decimal import Decimal

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeOperators
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from vendors.models.common import InstitutionQuerySet, days


class InsuranceClass(models.TextChoices):
    """医保类别. The last two are paid by the patient alone."""

    FIRST = "甲类", "甲类"
    SECOND = "乙类", "乙类"
    THIRD = "丙类", "丙类"
    SELF_PAID = "自费", "自费"


PAID_BY_THE_PATIENT = (InsuranceClass.THIRD, InsuranceClass.SELF_PAID)


class ItemFacts(models.Model):
    """What the price document says of one item."""

    code = models.CharField(_("item code"), max_length=40)
    name = models.CharField(_("item name"), max_length=120)
    content = models.CharField(_("what it covers"), max_length=500, blank=True)
    excludes = models.CharField(_("what it does not cover"), max_length=500, blank=True)
    unit = models.CharField(_("unit of charge"), max_length=20, default="次")
    amount = models.DecimalField(
        _("price (yuan)"), max_digits=10, decimal_places=2, validators=[MinValueValidator(Decimal(0))]
    )
    insurance_class = models.CharField(_("insurance class"), max_length=20, choices=InsuranceClass)
    # 先行自付比例: what the patient pays before the insurance reckons; the rest follows the patient's own scheme.
    own_percent = models.DecimalField(
        _("paid first by the patient (%)"),
        max_digits=5,
        decimal_places=2,
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(100))],
    )
    most = models.PositiveSmallIntegerField(
        _("most of it for one test"), default=1, validators=[MinValueValidator(1), MaxValueValidator(200)]
    )
    # 同一标本多靶点封顶: however many of it are charged for one specimen, never more than this (`vocab.md` §9).
    cap = models.DecimalField(
        _("at most for one specimen (yuan)"), max_digits=10, decimal_places=2, null=True, blank=True,
        validators=[MinValueValidator(Decimal("0.01"))],
    )  # fmt: skip
    not_with = ArrayField(
        models.CharField(max_length=40), verbose_name=_("never charged together with"), default=list, blank=True
    )
    replaces = ArrayField(models.CharField(max_length=40), verbose_name=_("replaces"), default=list, blank=True)
    basis = models.CharField(_("basis document"), max_length=120)

    class Meta:
        abstract = True

    FACTS = (
        "code", "name", "content", "excludes", "unit", "amount", "insurance_class", "own_percent", "most", "cap", "not_with",
        "replaces", "basis",
    )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.name}（{self.code}）"

    def line(self, quantity: int) -> Decimal:
        """What so many of it cost: price × quantity, no more than the cap."""
        whole = self.amount * quantity
        return whole if self.cap is None else min(whole, self.cap)

    @property
    def facts(self) -> dict:
        return {name: getattr(self, name) for name in self.FACTS}


class PriceItem(ItemFacts):
    """An item as published, from its first day to its last. Only its last day is ever written again."""

    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="price_items")
    change = models.ForeignKey("vendors.PriceChange", models.PROTECT, related_name="items")
    valid_from = models.DateField(_("in force from"))
    valid_to = models.DateField(_("in force to"), null=True, blank=True)

    objects = InstitutionQuerySet.as_manager()

    class Meta:
        verbose_name = _("price item")
        ordering = ["institution", "code", "valid_from"]
        constraints = [
            models.CheckConstraint(name="price_item_not_negative", condition=Q(amount__gte=0)),
            models.CheckConstraint(
                name="price_item_period_in_order", condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from"))
            ),
            ExclusionConstraint(
                name="one_price_item_a_day",
                expressions=[
                    ("institution", RangeOperators.EQUAL),
                    ("code", RangeOperators.EQUAL),
                    (days("valid_from", "valid_to"), RangeOperators.OVERLAPS),
                ],
            ),
        ]


class PricePart(models.Model):
    """So many of one item: a test's price is the sum of its parts and of nothing else (B13)."""

    price = models.ForeignKey("vendors.Price", models.PROTECT, related_name="parts")
    item = models.ForeignKey(PriceItem, models.PROTECT, related_name="parts")
    quantity = models.PositiveSmallIntegerField(_("quantity"), default=1)

    class Meta:
        verbose_name = _("part of a price")
        ordering = ["price", "pk"]
        constraints = [
            models.UniqueConstraint(name="price_part_once", fields=["price", "item"]),
            models.CheckConstraint(name="price_part_at_least_one", condition=Q(quantity__gte=1)),
        ]
