"""What the hospital finds when it looks at itself: its ledger read in, and the rules each case broke (B21)."""

from __future__ import annotations

from datetime import timedelta
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.constraints import both_or_neither
from referrals.models import Referral


class LedgerImportQuerySet(models.QuerySet):
    def visible_to(self, user) -> Self:
        """One's own institution's, and the shell's imports of several where some row is one's own."""
        mine = LedgerEntry.objects.filter(ledger_import=models.OuterRef("pk"), institution__in=user.institution_ids)
        return self.filter(Q(institution__in=user.institution_ids) | Q(models.Exists(mine), institution__isnull=True))

    def open(self) -> Self:
        return self.filter(status__in=LedgerImport.OPEN)

    def due(self) -> Self:
        """Waiting, or begun by a worker that has given no sign of life for a while."""
        silent = timezone.now() - LedgerImport.SILENT
        return self.filter(
            Q(status=LedgerImport.Status.WAITING) | Q(status=LedgerImport.Status.RUNNING, progress__beat_at__lt=silent)
        ).order_by("requested_at", "pk")


class LedgerImport(models.Model):
    """One workbook given in. All of it is recorded, or none.

    `dry_run` looks the workbook through and takes everything back. `institution` is empty where the shell took
    in several institutions' rows.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Being read")
        DONE = "done", _("Finished")
        REFUSED = "refused", _("Errors in the workbook")
        FAILED = "failed", _("Failed")

    OPEN = (Status.WAITING, Status.RUNNING)
    SILENT = timedelta(seconds=30)
    MOST_ATTEMPTS = 3

    institution = models.ForeignKey(
        "accounts.Institution", models.PROTECT, null=True, blank=True, related_name="ledger_imports"
    )
    file = models.ForeignKey("documents.StoredFile", models.PROTECT, null=True, blank=True, related_name="+")
    file_sha256 = models.CharField(max_length=64)
    file_name = models.CharField(_("file name"), max_length=200)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    requested_post = models.ForeignKey("accounts.Post", models.PROTECT, null=True, blank=True, related_name="+")
    requested_at = models.DateTimeField(_("given in at"), default=timezone.now)
    dry_run = models.BooleanField(_("check only"), default=False)
    check_run = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="confirmed_as")
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    claim = models.UUIDField(null=True, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    rows_total = models.PositiveIntegerField(_("rows"), default=0)
    errors = models.JSONField(default=list, blank=True)
    error_count = models.PositiveIntegerField(default=0)
    result = models.JSONField(default=dict, blank=True)
    message = models.CharField(max_length=300, blank=True)

    objects = LedgerImportQuerySet.as_manager()

    class Meta:
        ordering = ["-requested_at", "-id"]
        indexes = [models.Index(fields=["institution", "-requested_at", "-id"], name="ledger_import_newest")]
        constraints = [
            # A double click, or the same file sent twice: there is one, and it is shown.
            models.UniqueConstraint(
                fields=["institution", "file_sha256", "dry_run"],
                condition=Q(status__in=("waiting", "running")),
                nulls_distinct=False,
                name="ledger_import_once_at_a_time",
            ),
            models.CheckConstraint(
                condition=~Q(status="running") | Q(claim__isnull=False, claimed_at__isnull=False),
                name="running_import_is_claimed",
            ),
            models.CheckConstraint(
                condition=Q(status__in=("waiting", "running")) | Q(finished_at__isnull=False),
                name="ended_import_has_a_time",
            ),
        ]
        verbose_name = _("ledger import")

    class Walls:
        institution = "institution_id"

    class Trail:
        # An error quotes what stands in a cell; where columns have slipped that may be a patient's name.
        digest = ("errors",)

    def __str__(self):
        return self.file_name

    def get_absolute_url(self) -> str:
        return reverse("supervision:import", args=[self.pk])

    @property
    def is_open(self) -> bool:
        return self.status in self.OPEN

    @property
    def confirmable(self) -> bool:
        """A finished check without errors may be followed by the import itself."""
        return self.dry_run and self.status == self.Status.DONE and self.file_id is not None

    @property
    def retryable(self) -> bool:
        return self.status == self.Status.FAILED and self.file_id is not None


class ImportProgress(models.Model):
    """How far a running import is, and that its worker lives. Committed while the import itself is not yet.

    Not in the trail: it changes every second and says nothing about the data.
    """

    class Phase(models.TextChoices):
        READING = "reading", _("Reading the workbook")
        CHECKING = "checking", _("Checking and comparing")
        WRITING = "writing", _("Recording")
        JUDGING = "judging", _("Judging each case by the rules")
        MATCHING = "matching", _("Matching the laboratories' statements")

    ledger_import = models.OneToOneField(LedgerImport, models.CASCADE, primary_key=True, related_name="progress")
    phase = models.CharField(max_length=10, choices=Phase, default=Phase.READING)
    rows_done = models.PositiveIntegerField(default=0)
    rows_total = models.PositiveIntegerField(default=0)
    phase_began_at = models.DateTimeField(default=timezone.now)
    beat_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("import progress")

    class Walls:
        via = ("ledger_import_id", "supervision_ledgerimport")


class LedgerEntry(models.Model):
    """The row a case was read from, as the hospital wrote it, without the patient's name.

    A later workbook with the same number is compared with this, whatever has happened to the case since.
    """

    ledger_import = models.ForeignKey(LedgerImport, models.PROTECT, related_name="entries")
    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="+")
    referral = models.OneToOneField(Referral, models.PROTECT, related_name="ledger_entry")
    row = models.PositiveIntegerField(_("row of the workbook"))
    content = models.JSONField()

    class Meta:
        ordering = ["ledger_import", "row"]
        indexes = [models.Index(fields=["ledger_import", "institution"])]
        verbose_name = _("ledger entry")

    class Walls:
        institution = "institution_id"


class FindingQuerySet(models.QuerySet):
    def visible_to(self, user) -> Self:
        """Findings on the cases the user's post may see: the same scope, asked of the case."""
        return self.filter(institution_id__in=user.institution_ids, referral__in=Referral.objects.visible_to(user))

    def open(self) -> Self:
        return self.filter(status=Finding.Status.OPEN)


class Finding(models.Model):
    """A case whose history breaks a rule, found by the hospital itself (self-inspection, clause B21).

    Message and facts are kept as they read when it was found.
    """

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        LIFTED = "lifted", _("Lifted by later facts")

    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="findings")
    referral = models.ForeignKey(Referral, models.PROTECT, related_name="findings")
    department = models.ForeignKey("accounts.Department", models.PROTECT, null=True, related_name="findings")
    gate = models.CharField(_("rule"), max_length=6)
    clauses = ArrayField(models.CharField(max_length=6), verbose_name=_("clauses"))
    step = models.CharField(_("step"), max_length=60)
    judged_as_of = models.DateTimeField(_("time of the step"))
    message = models.CharField(_("finding"), max_length=500)
    facts = models.JSONField(_("facts"), default=list)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.OPEN)
    found_at = models.DateTimeField(_("found at"), default=timezone.now)
    ledger_import = models.ForeignKey(LedgerImport, models.PROTECT, null=True, blank=True, related_name="findings")

    objects = FindingQuerySet.as_manager()

    class Meta:
        ordering = ["-judged_as_of", "-id"]
        indexes = [
            models.Index(fields=["institution", "-judged_as_of", "-id"], name="finding_newest"),
            models.Index(fields=["institution", "gate", "-judged_as_of", "-id"], name="finding_by_gate"),
            models.Index(fields=["department", "-judged_as_of", "-id"], name="finding_by_department"),
        ]
        constraints = [models.UniqueConstraint(fields=["referral", "gate"], name="finding_once")]
        verbose_name = _("finding")

    class Walls:
        institution = "institution_id"

    def __str__(self):
        return f"{self.gate} {self.message}"

    def get_absolute_url(self) -> str:
        return reverse("supervision:finding", args=[self.pk])


class AlertQuerySet(models.QuerySet):
    def visible_to(self, user) -> Self:
        return self.filter(institution_id__in=user.institution_ids)

    def open(self) -> Self:
        """The discipline office has not given its opinion yet."""
        return self.filter(reviewed_at__isnull=True)


class Alert(models.Model):
    """A laboratory bills a test that did not go the hospital's own way (预警): no request of this hospital, or nothing
    ever sent to this laboratory. Raised by the matching, explained by an office, judged by the discipline office
    (A28, B29, B31). What the bill said is kept as it read when it was raised."""

    class Kind(models.TextChoices):
        NO_REFERRAL = "no_referral", _("Suspected test outside the hospital")
        NOT_SENT = "not_sent", _("Billed by a laboratory it was not sent to")

    class Outcome(models.TextChoices):
        SUBSTANTIATED = "substantiated", _("Substantiated")
        REASONABLE = "reasonable", _("Reasonably explained")

    kind = models.CharField(_("alert"), max_length=16, choices=Kind)
    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="alerts")
    laboratory = models.ForeignKey("vendors.Laboratory", models.PROTECT, related_name="+")
    line = models.ForeignKey("vendors.StatementLine", models.PROTECT, related_name="alerts")
    month = models.CharField(_("month"), max_length=7)
    sample_no = models.CharField(_("sample number"), max_length=40)
    test = models.CharField(_("test as billed"), max_length=120, blank=True)
    amount = models.DecimalField(_("billed (yuan)"), max_digits=10, decimal_places=2)
    received_on = models.DateField(_("received on"), null=True)
    referral = models.ForeignKey(Referral, models.PROTECT, null=True, related_name="alerts")
    raised_at = models.DateTimeField(_("raised at"), default=timezone.now)
    explanation = models.TextField(_("explanation"), blank=True)
    explained_at = models.DateTimeField(_("explained at"), null=True, blank=True)
    explained_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    outcome = models.CharField(_("opinion"), max_length=16, choices=Outcome, blank=True)
    opinion = models.TextField(_("grounds of the opinion"), blank=True)
    reviewed_at = models.DateTimeField(_("reviewed at"), null=True, blank=True)
    reviewed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    objects = AlertQuerySet.as_manager()

    class Meta:
        ordering = ["-raised_at", "-id"]
        indexes = [models.Index(fields=["institution", "-raised_at", "-id"], name="alert_newest")]
        constraints = [
            models.UniqueConstraint(fields=["kind", "line"], name="alert_once_a_line"),
            both_or_neither("explained"),
            both_or_neither("reviewed"),
            models.CheckConstraint(
                name="reviewed_alert_has_an_outcome",
                condition=Q(reviewed_at__isnull=True) | ~Q(outcome="") & ~Q(opinion=""),
            ),
            models.CheckConstraint(
                name="alert_reviewed_by_another",
                condition=Q(reviewed_by__isnull=True) | ~Q(reviewed_by=models.F("explained_by")),
            ),
        ]
        verbose_name = _("alert")

    class Walls:
        institution = "institution_id"

    def __str__(self):
        return f"{self.get_kind_display()} {self.sample_no}"

    def get_absolute_url(self) -> str:
        return reverse("supervision:alert", args=[self.pk])
