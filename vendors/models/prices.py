"""What a hospital charges for a test, published before it is charged (clauses A13, A28, B13, B14)."""

from __future__ import annotations

from datetime import date
from typing import Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from vendors.models.common import Origin, days


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
    item_code = models.CharField(_("price item code"), max_length=200)
    item_name = models.CharField(_("price item"), max_length=300)
    amount = models.DecimalField(_("price (yuan)"), max_digits=10, decimal_places=2)
    effective_from = models.DateField(_("effective from"))
    effective_to = models.DateField(_("effective to"), null=True, blank=True)
    published_on = models.DateField(_("published on"), null=True, blank=True)
    basis = models.CharField(_("basis"), max_length=120, blank=True)
    insurance_class = models.CharField(_("insurance class"), max_length=20, blank=True)
    # Of the price, what the patient pays before the insurance reckons; unknown where no items were registered.
    self_paid = models.DecimalField(
        _("paid first by the patient (yuan)"), max_digits=10, decimal_places=2, null=True, blank=True
    )
    change = models.ForeignKey("vendors.PriceChange", models.PROTECT, null=True, blank=True, related_name="prices")
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
