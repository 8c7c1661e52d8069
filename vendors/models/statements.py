"""The bills laboratories send, line by line (clauses A28, B29–B31): the file given in, how its columns are read, and the
lines that came of it. No patient's name is taken from a bill: the sample number says whose test it is."""

from __future__ import annotations

from datetime import timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.constraints import both_or_neither
from vendors.models.common import InstitutionQuerySet, Origin
from vendors.models.laboratories import Laboratory


class StatementMapping(models.Model):
    """How one laboratory names the columns of its bill, said once and remembered: our field -> its heading."""

    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="+")
    laboratory = models.ForeignKey(Laboratory, models.PROTECT, related_name="statement_mappings")
    columns = models.JSONField(_("columns"), default=dict)
    mapped_at = models.DateTimeField(default=timezone.now)
    mapped_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    objects = InstitutionQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["institution", "laboratory"], name="statement_mapping_once")]
        verbose_name = _("columns of a laboratory's statement")

    class Walls:
        institution = "institution_id"


class StatementUploadQuerySet(InstitutionQuerySet):
    def open(self) -> Self:
        """Given in, and neither recorded nor given up."""
        return self.exclude(status__in=StatementUpload.ENDED)

    def due(self) -> Self:
        """Waiting for a worker, or begun by one that may have died; who takes it asks whether it still lives."""
        silent = timezone.now() - StatementUpload.SILENT
        waiting, running = list(StatementUpload.BEGINS), list(StatementUpload.BEGINS.values())
        return self.filter(Q(status__in=waiting) | Q(status__in=running, claimed_at__lt=silent)).order_by(
            "given_in_at", "pk"
        )


class StatementUpload(models.Model):
    """One file given in as a laboratory's bill of a month. It is looked through first; nothing is recorded before
    somebody has confirmed what was found, and then all of it or nothing."""

    class Status(models.TextChoices):
        MAPPING = "mapping", _("Columns to be named")
        TO_CHECK = "to_check", _("Waiting to be checked")
        CHECKING = "checking", _("Being checked")
        REFUSED = "refused", _("Errors in the statement")
        CHECKED = "checked", _("Checked, to be confirmed")
        TO_RECORD = "to_record", _("Waiting to be recorded")
        RECORDING = "recording", _("Being recorded")
        DONE = "done", _("Recorded")
        FAILED = "failed", _("Failed")
        DISCARDED = "discarded", _("Given up")

    ENDED = (Status.DONE, Status.REFUSED, Status.FAILED, Status.DISCARDED)
    # What waits for a worker, and what it is while one is at it.
    BEGINS = {Status.TO_CHECK: Status.CHECKING, Status.TO_RECORD: Status.RECORDING}
    SILENT = timedelta(seconds=90)
    MOST_ATTEMPTS = 3

    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="statement_uploads")
    laboratory = models.ForeignKey(Laboratory, models.PROTECT, related_name="statement_uploads")
    month = models.CharField(_("month"), max_length=7, help_text="2026-09")
    file = models.ForeignKey("documents.StoredFile", models.PROTECT, related_name="+")
    file_sha256 = models.CharField(max_length=64)
    file_name = models.CharField(_("file name"), max_length=200)
    reason = models.CharField(_("why it replaces the one before"), max_length=300, blank=True)
    columns = models.JSONField(_("columns"), default=dict, blank=True)
    given_in_at = models.DateTimeField(_("given in at"), default=timezone.now)
    given_in_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    given_in_post = models.ForeignKey("accounts.Post", models.PROTECT, null=True, blank=True, related_name="+")
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.MAPPING)
    attempts = models.PositiveSmallIntegerField(default=0)
    claim = models.UUIDField(null=True, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    rows_total = models.PositiveIntegerField(_("lines"), default=0)
    amount_total = models.DecimalField(_("billed (yuan)"), max_digits=14, decimal_places=2, default=0)
    errors = models.JSONField(default=list, blank=True)
    error_count = models.PositiveIntegerField(default=0)
    message = models.CharField(max_length=300, blank=True)

    objects = StatementUploadQuerySet.as_manager()

    class Meta:
        ordering = ["-given_in_at", "-id"]
        indexes = [models.Index(fields=["institution", "-given_in_at", "-id"], name="statement_upload_newest")]
        constraints = [
            # A double click, or the same file sent twice: there is one, and it is shown.
            models.UniqueConstraint(
                fields=["institution", "laboratory", "month", "file_sha256"],
                condition=~Q(status__in=("done", "refused", "failed", "discarded")),
                name="statement_upload_once_at_a_time",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=("checking", "recording")) | Q(claim__isnull=False, claimed_at__isnull=False),
                name="running_statement_is_claimed",
            ),
        ]
        verbose_name = _("statement given in")

    class Walls:
        institution = "institution_id"

    class Trail:
        # An error quotes what stands in a cell; where columns have slipped that may be a patient's name.
        digest = ("errors",)

    def __str__(self):
        return self.file_name

    def get_absolute_url(self) -> str:
        return reverse("bills:upload", args=[self.pk])

    @property
    def is_begun(self) -> bool:
        return self.status in self.BEGINS.values()

    @property
    def is_running(self) -> bool:
        return self.is_begun or self.status in self.BEGINS


class StatementQuerySet(InstitutionQuerySet):
    def standing(self) -> Self:
        """Not replaced by a later file."""
        return self.filter(superseded_at__isnull=True)


class Statement(models.Model):
    """A laboratory's monthly bill to a hospital (账单). A replaced one stays, with its lines, and counts no more."""

    laboratory = models.ForeignKey(Laboratory, models.PROTECT, related_name="statements")
    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="statements")
    month = models.CharField(_("month"), max_length=7, help_text="2026-09")
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.LIVE)
    upload = models.OneToOneField(
        StatementUpload, models.PROTECT, null=True, blank=True, related_name="statement", verbose_name=_("given in as")
    )
    superseded_at = models.DateTimeField(_("replaced at"), null=True, blank=True)
    superseded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("replaced by")
    )
    supersede_reason = models.CharField(_("why replaced"), max_length=300, blank=True)

    objects = StatementQuerySet.as_manager()

    class Meta:
        ordering = ["institution", "month", "laboratory"]
        constraints = [
            models.UniqueConstraint(
                fields=["laboratory", "institution", "month"],
                condition=Q(superseded_at__isnull=True),
                name="statement_once_a_month",
            ),
            both_or_neither("superseded"),
            models.CheckConstraint(
                name="statement_replaced_with_a_reason",
                condition=Q(superseded_at__isnull=True) | ~Q(supersede_reason=""),
            ),
        ]
        verbose_name = _("laboratory statement")

    class Walls:
        institution = "institution_id"


class StatementLine(models.Model):
    """One line of a bill: the laboratory says it received this sample and asks this amount. A negative amount is a
    credit for an earlier month."""

    statement = models.ForeignKey(Statement, models.PROTECT, related_name="lines")
    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="+")
    line_no = models.PositiveIntegerField(_("line"))
    sample_no = models.CharField(_("sample number"), max_length=40, db_index=True)
    test_code = models.CharField(_("test code"), max_length=40, blank=True)
    test_name = models.CharField(_("test as billed"), max_length=120, blank=True)
    received_on = models.DateField(_("received on"), null=True, blank=True)
    reported_on = models.DateField(_("reported on"), null=True, blank=True)
    amount = models.DecimalField(_("amount (yuan)"), max_digits=10, decimal_places=2)
    sheet_row = models.PositiveIntegerField(_("row of the file"), null=True, blank=True)

    objects = InstitutionQuerySet.as_manager()

    class Meta:
        ordering = ["statement", "line_no"]
        constraints = [models.UniqueConstraint(fields=["statement", "line_no"], name="statement_line_once")]
        verbose_name = _("statement line")

    class Walls:
        institution = "institution_id"
