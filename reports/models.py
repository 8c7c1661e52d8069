"""A report of one hospital on one period, revision by revision, and who took a copy.

The row is the request, the work and the result at once: one per institution, period and revision, by constraint.
Figures are frozen when it is built; what they were is read from here, never counted anew.
"""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit.constraints import both_or_neither
from reports import periods


class Status(models.TextChoices):
    BUILDING = "building", pgettext_lazy("state of a report", "Being built")
    FAILED = "failed", pgettext_lazy("state of a report", "Building failed")
    BUILT = "built", pgettext_lazy("state of a report", "Built, to be reviewed")
    REVIEWED = "reviewed", pgettext_lazy("state of a report", "Reviewed, to be signed off")
    SIGNED_OFF = "signed_off", pgettext_lazy("state of a report", "Signed off, to be submitted")
    SUBMITTED = "submitted", pgettext_lazy("state of a report", "Submitted")
    RECEIVED = "received", pgettext_lazy("state of a report", "Received")
    RETURNED = "returned", pgettext_lazy("state of a report", "Returned")


UNBUILT = (Status.BUILDING, Status.FAILED)
# What the bureau may open: before these a report is the hospital's own draft.
DELIVERED = (Status.SUBMITTED, Status.RECEIVED, Status.RETURNED)
SIGNED = (Status.SIGNED_OFF, *DELIVERED)
MOST_ATTEMPTS = 3


def actor() -> models.ForeignKey:
    return models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")


class ReportQuerySet(models.QuerySet):
    def visible_to(self, user) -> Self:
        """The hospital's own reports; for the bureau those delivered to it."""
        mine = self.filter(institution_id__in=user.institution_ids)
        if user.is_machine or not (user.post and user.post.institution.is_bureau):
            return mine
        return mine.filter(status__in=DELIVERED)

    def states_for(self, user) -> Self:
        """How far each report is, for whoever supervises: no figures, no text, no document."""
        return self.filter(institution_id__in=user.institution_ids).defer("figures", "narrative", "checkpoint")

    def of(self, institution, period: periods.Period) -> Self:
        return self.filter(institution=institution, period=period.code).order_by("-revision")

    def waiting(self) -> Self:
        """To be built, or left behind by someone who died."""
        return self.filter(status=Status.BUILDING).order_by("id")


class Report(models.Model):
    """What a hospital tells the bureau about one period (B21, B36, B38)."""

    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="reports")
    period_kind = models.CharField(_("length of the period"), max_length=8)
    period = models.CharField(_("period"), max_length=8)
    period_start = models.DateField(_("first day"))
    period_end = models.DateField(_("last day"))
    revision = models.PositiveSmallIntegerField(_("revision"), default=1)
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.BUILDING)

    figures = models.JSONField(_("figures"), null=True)
    figures_sha256 = models.CharField(max_length=64, blank=True)
    # When the figures were counted.
    counted = models.DateTimeField(_("data as of"), null=True)
    narrative = models.JSONField(_("text"), default=dict)
    narrative_version = models.PositiveIntegerField(default=0)
    # The version of the text that the paper shows; a draft's paper is set anew when someone asks for it.
    paper_version = models.PositiveIntegerField(default=0)
    # The trail as it stood then: {"size", "root", "note"}; its QR stands on the last annex.
    checkpoint = models.JSONField(_("trail checkpoint"), null=True)

    document_number = models.CharField(_("document number"), max_length=60, blank=True)
    contact_name = models.CharField(_("contact"), max_length=60, blank=True)
    contact_phone = models.CharField(_("telephone"), max_length=40, blank=True)
    pdf = models.ForeignKey("documents.StoredFile", models.PROTECT, null=True, related_name="+")
    sha256 = models.CharField(_("SHA-256 of the document"), max_length=64, blank=True)

    stage = models.CharField(max_length=20, blank=True)
    percent = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    # Last sign of life of whoever builds it.
    heartbeat = models.DateTimeField(null=True)

    requested_at = models.DateTimeField(default=timezone.now)
    requested_by = actor()
    built_at = models.DateTimeField(null=True)
    built_by = actor()
    reviewed_at = models.DateTimeField(null=True)
    reviewed_by = actor()
    signed_off_at = models.DateTimeField(null=True)
    signed_off_by = actor()
    submitted_at = models.DateTimeField(null=True)
    submitted_by = actor()
    received_at = models.DateTimeField(null=True)
    received_by = actor()
    returned_at = models.DateTimeField(null=True)
    returned_by = actor()
    return_comment = models.TextField(_("why it was returned"), blank=True)

    objects = ReportQuerySet.as_manager()

    class Meta:
        ordering = ["-period_end", "institution", "-revision"]
        constraints = [
            models.UniqueConstraint(fields=["institution", "period", "revision"], name="report_once"),
            models.UniqueConstraint(
                fields=["institution", "document_number"],
                condition=~Q(document_number=""),
                name="document_number_once",
            ),
            *(
                both_or_neither(step)
                for step in ("requested", "built", "reviewed", "signed_off", "submitted", "received", "returned")
            ),
            models.CheckConstraint(
                name="built_report_has_figures_and_paper",
                condition=Q(status__in=["building", "failed"])
                | Q(figures__isnull=False, pdf__isnull=False, built_at__isnull=False)
                & ~Q(figures_sha256="")
                & ~Q(sha256=""),
            ),
            models.CheckConstraint(
                name="signed_report_has_number_and_signer",
                condition=~Q(status__in=["signed_off", "submitted", "received", "returned"])
                | Q(signed_off_at__isnull=False, reviewed_at__isnull=False) & ~Q(document_number=""),
            ),
            # Nobody signs off what they reviewed themselves (X14).
            models.CheckConstraint(
                name="signer_is_not_reviewer",
                condition=Q(signed_off_by__isnull=True) | ~Q(signed_off_by=models.F("reviewed_by")),
            ),
            models.CheckConstraint(
                name="returned_report_says_why", condition=~Q(status="returned") | ~Q(return_comment="")
            ),
        ]
        verbose_name = _("report")
        verbose_name_plural = _("reports")

    class Walls:
        institution = "institution_id"

    def __str__(self) -> str:
        return f"{self.institution} {self.span.label}"

    def get_absolute_url(self) -> str:
        return reverse("reports:detail", args=[self.pk])

    @property
    def span(self) -> periods.Period:
        return periods.Period(self.period_start, self.period_kind)

    @property
    def is_unbuilt(self) -> bool:
        return self.status in UNBUILT

    @property
    def is_delivered(self) -> bool:
        return self.status in DELIVERED

    @property
    def is_editable(self) -> bool:
        return self.status in (Status.BUILT, Status.REVIEWED)

    @property
    def is_latest(self) -> bool:
        newer = Report.objects.filter(
            institution_id=self.institution_id, period=self.period, revision__gt=self.revision
        )
        return not newer.exists()


class ReportReceiptQuerySet(models.QuerySet):
    def visible_to(self, user) -> Self:
        return self.filter(institution_id__in=user.institution_ids)


class ReportReceipt(models.Model):
    """Someone took a copy of a report: who, when, and the hash of exactly what they took."""

    class Kind(models.TextChoices):
        PDF = "pdf", "PDF"
        JSON = "json", "JSON"
        CSV = "csv", "CSV"

    report = models.ForeignKey(Report, models.PROTECT, related_name="receipts")
    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="+")
    kind = models.CharField(_("file"), max_length=4, choices=Kind)
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    downloaded_at = models.DateTimeField(_("downloaded at"), default=timezone.now)
    downloaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("downloaded by")
    )
    # The post's own words, as they were that day.
    post = models.CharField(_("post"), max_length=120, blank=True)

    objects = ReportReceiptQuerySet.as_manager()

    class Meta:
        ordering = ["-downloaded_at", "-id"]
        indexes = [models.Index(fields=["report", "-downloaded_at"], name="receipt_by_report")]
        verbose_name = _("download receipt")

    class Walls:
        institution = "institution_id"
