"""On the road: batches of specimens, what was read and scanned when they left, and what became of each at the
laboratory (A24–A26, B8–B11; `vocab.md` §7)."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.constraints import both_or_neither
from referrals.models.facts import Fact, known_when_live, person
from vendors.models import Origin, Route

# What a logger in a box can read, dry ice included.
COLDEST, WARMEST = Decimal(-90), Decimal(60)


def celsius(label, **options) -> models.DecimalField:
    return models.DecimalField(label, max_digits=4, decimal_places=1, null=True, blank=True, **options)


def _sane(name: str, *fields: str) -> models.CheckConstraint:
    """Each of these readings is one that a logger can show."""
    condition = Q()
    for one in fields:
        condition &= Q(**{f"{one}__isnull": True}) | Q(**{f"{one}__gte": COLDEST, f"{one}__lte": WARMEST})
    return models.CheckConstraint(name=name, condition=condition)


class BatchQuerySet(models.QuerySet):
    def visible_to(self, user) -> Self:
        return self.filter(institution_id__in=user.institution_ids)

    def overdue(self, now: datetime | None = None) -> Self:
        """Left longer ago than a shipment may take, with a specimen nobody has signed for or given up (B11)."""
        return self.filter(
            handed_over_at__lt=(now or timezone.now()) - timedelta(days=settings.SHIPMENT_OVERDUE_DAYS),
            pk__in=Shipment.objects.on_the_road().filter(batch__isnull=False).values("batch"),
        )


class ShipmentBatch(models.Model):
    """Specimens packed together for one laboratory, with a manifest that names no ID number, phone or address."""

    number = models.CharField(_("batch number"), max_length=40)
    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="batches")
    laboratory = models.ForeignKey("vendors.Laboratory", models.PROTECT, related_name="batches")
    packed_at = models.DateTimeField(_("packed at"))
    packed_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    scanned_at_packing = models.BooleanField(_("each specimen scanned at packing"), default=False)
    # What its specimens bear; empty where none of them has a range.
    celsius_low = celsius(_("not colder than (°C)"))
    celsius_high = celsius(_("not warmer than (°C)"))
    carrier = models.CharField(_("carrier"), max_length=80, blank=True)
    waybill = models.CharField(_("waybill"), max_length=60, blank=True)
    courier = models.CharField(_("courier"), max_length=60, blank=True)
    courier_no = models.CharField(_("courier's staff number"), max_length=40, blank=True)
    seal_no = models.CharField(_("seal number"), max_length=40, blank=True)
    logger_no = models.CharField(_("temperature logger"), max_length=40, blank=True)
    celsius = celsius(_("temperature at hand-over (°C)"))
    temperature = models.CharField(_("remarks on temperature"), max_length=40, blank=True)
    unscanned_reason = models.CharField(_("why not scanned"), max_length=200, blank=True)
    handed_over_at = models.DateTimeField(_("handed over at"), null=True, blank=True)
    handed_over_by = person()
    manifest = models.ForeignKey("documents.StoredFile", models.PROTECT, null=True, blank=True, related_name="+")

    objects = BatchQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["institution", "number"], name="batch_number_once"),
            both_or_neither("handed_over"),
            models.CheckConstraint(
                name="batch_range_has_both_ends",
                condition=Q(celsius_low__isnull=True, celsius_high__isnull=True)
                | Q(celsius_low__isnull=False, celsius_high__gte=F("celsius_low")),
            ),
            _sane("batch_reading_is_sane", "celsius"),
        ]
        verbose_name = _("shipment batch")

    class Walls:
        institution = "institution_id"

    def __str__(self):
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("referrals:batch", args=[self.pk])

    def is_outside(self, reading: Decimal | None) -> bool:
        """Whether this reading lies outside what the specimens bear."""
        if reading is None or self.celsius_low is None or self.celsius_high is None:
            return False
        return not self.celsius_low <= reading <= self.celsius_high


class ShipmentQuerySet(models.QuerySet):
    def on_the_road(self) -> Self:
        return self.filter(received_at__isnull=True, rejected_at__isnull=True, referral__status="shipped")


class Shipment(Fact):
    """The specimen left for a laboratory, under a contract (A24–A26, B8–B11): scanned as it left, or with the reason
    why it could not be."""

    class Failure(models.TextChoices):
        """Why it goes no further; another one is taken, or the request is ended."""

        MISSING = "missing", _("Missing on arrival or lost")
        DAMAGED = "damaged", _("Arrived damaged")
        REFUSED = "refused", _("Refused by the laboratory")

    referral = models.ForeignKey("referrals.Referral", models.PROTECT, related_name="shipments")
    laboratory = models.ForeignKey("vendors.Laboratory", models.PROTECT, related_name="shipments")
    contract = models.ForeignKey("vendors.Contract", models.PROTECT, null=True, blank=True, related_name="shipments")
    # A24: by which way it went and why, as the allocation said; a ledger names none.
    outside_route = models.CharField(_("way out"), max_length=12, choices=Route, blank=True)
    outside_reason = models.CharField(_("why this way"), max_length=300, blank=True)
    shipped_at = models.DateTimeField(_("handed over at"))
    shipped_by = person()
    scanned = models.BooleanField(_("scanned at hand-over"), default=False)
    unscanned_reason = models.CharField(_("why not scanned"), max_length=200, blank=True)
    received_at = models.DateTimeField(_("received at"), null=True, blank=True)
    celsius = celsius(_("temperature on arrival (°C)"))
    batch = models.ForeignKey(ShipmentBatch, models.PROTECT, null=True, blank=True, related_name="shipments")
    specimen = models.ForeignKey("referrals.Specimen", models.PROTECT, null=True, blank=True, related_name="shipments")
    rejected_at = models.DateTimeField(_("rejected at"), null=True, blank=True)
    failure = models.CharField(_("what went wrong"), max_length=10, choices=Failure, blank=True)
    rejection_reason = models.CharField(_("why rejected"), max_length=200, blank=True)

    objects = ShipmentQuerySet.as_manager()

    class Meta:
        constraints = [
            known_when_live("live_shipment_names_its_contract", "contract", "shipped_by"),
            models.CheckConstraint(
                name="live_shipment_scanned_or_says_why",
                condition=Q(origin=Origin.LEDGER) | Q(scanned=True) | ~Q(unscanned_reason=""),
            ),
            models.CheckConstraint(
                name="failed_shipment_has_its_time", condition=Q(failure="") | Q(rejected_at__isnull=False)
            ),
            _sane("arrival_reading_is_sane", "celsius"),
        ]
        verbose_name = _("shipment")

    @property
    def is_too_warm_or_cold(self) -> bool:
        """Arrived outside the range that its batch had to keep."""
        return self.batch is not None and self.batch.is_outside(self.celsius)
