"""A change of prices (调价单) on its way: drafted, put up, checked by a second person, published (clauses A13, B13,
B14; X14). What it says stands in rows of its own until then, so that nothing unpublished can be charged or read."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from vendors.models.common import InstitutionQuerySet
from vendors.models.price_items import ItemFacts


def _person(label, **options):
    return models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=label, **options)


class PriceChange(models.Model):
    """New, changed and ended items, and the items each test is charged under from one day on."""

    class Status(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("price change", "Being drafted")
        PUT_UP = "put_up", pgettext_lazy("price change", "Awaiting the check")
        CHECKED = "checked", pgettext_lazy("price change", "Checked, awaiting publication")
        PUBLISHED = "published", pgettext_lazy("price change", "Published")
        DROPPED = "dropped", pgettext_lazy("price change", "Dropped")

    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="price_changes")
    title = models.CharField(_("title"), max_length=120)
    basis = models.CharField(_("basis document"), max_length=120)
    effective_from = models.DateField(_("in force from"))
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.DRAFT)
    drafted_by = _person(_("drafted by"))
    drafted_at = models.DateTimeField(_("drafted at"), auto_now_add=True)
    put_up_by = _person(_("put up by"), null=True, blank=True)
    put_up_at = models.DateTimeField(_("put up at"), null=True, blank=True)
    checked_by = _person(_("checked by"), null=True, blank=True)
    checked_at = models.DateTimeField(_("checked at"), null=True, blank=True)
    published_by = _person(_("published by"), null=True, blank=True)
    published_at = models.DateTimeField(_("published at"), null=True, blank=True)
    note = models.CharField(_("why returned or dropped"), max_length=300, blank=True)

    objects = InstitutionQuerySet.as_manager()

    class Walls:
        institution = "institution_id"

    class Meta:
        verbose_name = _("price change")
        ordering = ["-pk"]
        indexes = [models.Index(fields=["institution", "status"], name="price_change_status")]
        constraints = [
            models.CheckConstraint(
                name="price_change_put_up_by_somebody",
                condition=Q(put_up_at__isnull=True, put_up_by__isnull=True)
                | Q(put_up_at__isnull=False, put_up_by__isnull=False),
            ),
            models.CheckConstraint(
                name="price_change_checked_by_somebody",
                condition=Q(checked_at__isnull=True, checked_by__isnull=True)
                | Q(checked_at__isnull=False, checked_by__isnull=False),
            ),
            models.CheckConstraint(
                name="price_change_published_whole",
                condition=~Q(status="published")
                | Q(checked_by__isnull=False, published_at__isnull=False, published_by__isnull=False),
            ),
            # Nobody checks what they drafted or put up (X14).
            models.CheckConstraint(
                name="price_change_two_people",
                condition=Q(checked_by__isnull=True) | ~Q(checked_by=F("drafted_by")) & ~Q(checked_by=F("put_up_by")),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("vendors:price_change", args=[self.pk])

    @property
    def is_writable(self) -> bool:
        return self.status == self.Status.DRAFT


class DraftItem(ItemFacts):
    """An item the change brings, alters or (`ends`) takes out of use."""

    change = models.ForeignKey(PriceChange, models.PROTECT, related_name="draft_items")
    ends = models.BooleanField(_("the item ends"), default=False)

    class Walls:
        via = ("change_id", "vendors_pricechange")

    class Meta:
        verbose_name = _("item of a price change")
        ordering = ["change", "ends", "code"]
        constraints = [models.UniqueConstraint(name="draft_item_once", fields=["change", "code"])]


class DraftCharge(models.Model):
    """Under which items, and how many of each, a test is charged from the change's day on; or that it no longer is."""

    change = models.ForeignKey(PriceChange, models.PROTECT, related_name="draft_charges")
    test = models.ForeignKey("catalog.GeneTest", models.PROTECT, related_name="+")
    # [[item code, quantity], …] in the order of the list.
    parts = models.JSONField(_("items and quantities"), default=list, blank=True)
    ends = models.BooleanField(_("no longer charged"), default=False)

    class Walls:
        via = ("change_id", "vendors_pricechange")

    class Meta:
        verbose_name = _("test of a price change")
        ordering = ["change", "test__code"]
        constraints = [models.UniqueConstraint(name="draft_charge_once", fields=["change", "test"])]


class PriceSheet(models.Model):
    """A workbook given in for a draft: what it would change and what is wrong with it. It changes nothing until
    somebody confirms it."""

    change = models.ForeignKey(PriceChange, models.PROTECT, related_name="sheets")
    file_name = models.CharField(_("file name"), max_length=120)
    file_sha256 = models.CharField(_("SHA-256 of the file"), max_length=64)
    items = models.JSONField(_("items as read"), default=list)
    charges = models.JSONField(_("tests as read"), default=list)
    problems = models.JSONField(_("problems"), default=list)
    problem_count = models.PositiveIntegerField(_("number of problems"), default=0)
    given_at = models.DateTimeField(_("given in at"), auto_now_add=True)
    given_by = _person(_("given in by"))
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)
    confirmed_by = _person(_("confirmed by"), null=True, blank=True)

    class Walls:
        via = ("change_id", "vendors_pricechange")

    class Meta:
        verbose_name = _("sheet of prices")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                name="price_sheet_confirmed_whole",
                condition=Q(confirmed_at__isnull=True, confirmed_by__isnull=True)
                | Q(confirmed_at__isnull=False, confirmed_by__isnull=False, problem_count=0),
            )
        ]

    def __str__(self) -> str:
        return self.file_name
