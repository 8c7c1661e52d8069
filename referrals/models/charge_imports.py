"""Charges of HIS taken in by file: looked through first, each row with its answer, and recorded only once confirmed
(A28, B13)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.constraints import both_or_neither
from referrals.models.charges import Charge

User = "accounts.User"


class ChargeImportQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> Self:
        return self.filter(institution_id__in=user.institution_ids)

    def due(self) -> Self:
        """To be looked through or recorded: asked for, or begun by a worker that has given no sign of life."""
        silent = timezone.now() - ChargeImport.SILENT
        working = Q(status__in=ChargeImport.WORKING)
        return self.filter(working, Q(beat_at__isnull=True) | Q(beat_at__lt=silent)).order_by("pk")


class ChargeImport(models.Model):
    """One file of charges given in."""

    class Status(models.TextChoices):
        CHECKING = "checking", _("Being looked through")
        CHECKED = "checked", _("Waiting to be confirmed")
        RECORDING = "recording", _("Being recorded")
        DONE = "done", _("Recorded")
        UNREADABLE = "unreadable", _("Not readable")
        DISCARDED = "discarded", _("Discarded")

    WORKING = (Status.CHECKING, Status.RECORDING)
    SILENT = timedelta(seconds=60)

    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="+")
    file = models.ForeignKey("documents.StoredFile", models.PROTECT, related_name="+")
    file_sha256 = models.CharField(max_length=64)
    file_name = models.CharField(_("file name"), max_length=200)
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.CHECKING)
    given_in_at = models.DateTimeField(_("given in at"))
    given_in_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    # Who works on it now, in which post: the giver in, then whoever confirms.
    post = models.ForeignKey("accounts.Post", models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    rows_total = models.PositiveIntegerField(_("rows"), default=0)
    rows_done = models.PositiveIntegerField(default=0)
    beat_at = models.DateTimeField(null=True, blank=True)
    message = models.CharField(max_length=300, blank=True)

    objects = ChargeImportQuerySet.as_manager()

    class Meta:
        verbose_name = _("import of charges")
        ordering = ["-given_in_at", "-id"]
        constraints = [
            # The same file a second time is the one that is there.
            models.UniqueConstraint(
                name="charge_file_once",
                fields=["institution", "file_sha256"],
                condition=~Q(status__in=("unreadable", "discarded")),
            ),
            both_or_neither("confirmed"),
            models.CheckConstraint(
                name="charges_recorded_once_confirmed",
                condition=~Q(status__in=("recording", "done")) | Q(confirmed_at__isnull=False),
            ),
        ]

    class Walls:
        institution = "institution_id"

    def __str__(self) -> str:
        return self.file_name

    def get_absolute_url(self) -> str:
        return reverse("referrals:charge_import", args=[self.pk])

    @property
    def is_working(self) -> bool:
        return self.status in self.WORKING


class ChargeRow(models.Model):
    """One row of a file as HIS wrote it, without a patient's name, and what was answered to it."""

    class Verdict(models.TextChoices):
        MATCHED = "matched", _("To be recorded")
        ALREADY = "already", _("Recorded already")
        PRICE = "price", _("Differs from the published price (X07)")
        RESEARCH = "research", _("Research, never charged (X09)")
        NOT_NOW = "not_now", _("The case does not stand there")
        OFF_BOOK = "off_book", _("A gene test without a request")
        UNCLEAR = "unclear", _("Several requests fit")
        OTHER = "other", _("No gene test; left aside")
        FAULT = "fault", _("Not readable")

    class Outcome(models.TextChoices):
        DONE = "done", _("Recorded")
        REFUSED = "refused", _("Refused")

    charge_import = models.ForeignKey(ChargeImport, models.PROTECT, related_name="rows")
    line = models.PositiveIntegerField(_("row of the file"))
    case_no = models.CharField(_("request or barcode"), max_length=60, blank=True)
    record_no = models.CharField(_("record number"), max_length=60, blank=True)
    kind = models.CharField(_("kind of entry"), max_length=20, choices=Charge.Kind, default=Charge.Kind.RECEIPT)
    number = models.CharField(_("receipt or settlement number"), max_length=60, blank=True)
    settlement_line = models.PositiveSmallIntegerField(_("line of the settlement"), null=True, blank=True)
    inpatient_no = models.CharField(_("admission number"), max_length=60, blank=True)
    invoice_code = models.CharField(_("receipt code"), max_length=20, blank=True)
    invoice_no = models.CharField(_("receipt number"), max_length=20, blank=True)
    item_code = models.CharField(_("price item code"), max_length=60, blank=True)
    quantity = models.PositiveSmallIntegerField(_("quantity"), default=1)
    amount = models.DecimalField(_("amount (yuan)"), max_digits=10, decimal_places=2, null=True, blank=True)
    happened_at = models.DateTimeField(_("time in HIS"), null=True, blank=True)
    is_refund = models.BooleanField(_("refund"), default=False)
    reversal_no = models.CharField(_("refund number"), max_length=60, blank=True)
    reason = models.CharField(_("why refunded"), max_length=200, blank=True)
    verdict = models.CharField(_("answer"), max_length=10, choices=Verdict, blank=True)
    says = models.CharField(max_length=500, blank=True)
    referral = models.ForeignKey("referrals.Referral", models.PROTECT, null=True, blank=True, related_name="+")
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome, blank=True)

    class Meta:
        verbose_name = _("row of charges")
        constraints = [models.UniqueConstraint(name="charge_row_once", fields=["charge_import", "line"])]
        indexes = [models.Index(fields=["charge_import", "verdict", "line"], name="charge_row_verdict")]

    class Walls:
        via = ("charge_import_id", "referrals_chargeimport")
