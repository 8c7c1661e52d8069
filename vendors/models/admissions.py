"""Admission of a laboratory by a hospital: what was given in, who assessed it, how it stands (clauses A25, A41, B8).

Admission is each hospital's own: A25 and B8 ask it of the hospital that sends. What a laboratory *is* (its credentials,
its rounds of quality assessment) is one register for the county.
"""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit.constraints import both_or_neither
from catalog.models.common import person
from vendors.models.common import Route
from vendors.models.laboratories import Laboratory

IDENTITY = ("licence_holder", "contract_party", "invoice_issuer", "payee")


class AdmissionQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> Self:
        return self.filter(institution_id__in=user.institution_ids)

    def standing(self) -> Self:
        """Concluded in favour and not ended: open, restricted or suspended."""
        return self.filter(status__in=Admission.STANDING)


class Admission(models.Model):
    """One application of a laboratory to one hospital, from the first paper to the day it leaves or is barred."""

    class Status(models.TextChoices):
        APPLIED = "applied", pgettext_lazy("admission", "Applied")
        ASSESSING = "assessing", pgettext_lazy("admission", "Under assessment")
        ADMITTED = "admitted", pgettext_lazy("admission", "Admitted")
        RESTRICTED = "restricted", pgettext_lazy("admission", "Restricted")
        SUSPENDED = "suspended", pgettext_lazy("admission", "Suspended")
        DECLINED = "declined", pgettext_lazy("admission", "Not admitted")
        REPLACED = "replaced", pgettext_lazy("admission", "Replaced by a reassessment")
        LEFT = "left", pgettext_lazy("admission", "Left")
        BARRED = "barred", pgettext_lazy("admission", "Barred")

    STANDING = (Status.ADMITTED, Status.RESTRICTED, Status.SUSPENDED)
    MAKING = (Status.APPLIED, Status.ASSESSING)

    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="admissions")
    laboratory = models.ForeignKey(Laboratory, models.PROTECT, related_name="admissions")
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.APPLIED)
    # How the two work together, and why (A4, A24, B7).
    route = models.CharField(_("route"), max_length=12, choices=Route)
    route_reason = models.CharField(_("reason for the route"), max_length=300)
    # Q01: the one who holds the licence signs, bills and is paid; nobody stands in between.
    licence_holder = models.CharField(_("holder of the licence"), max_length=100)
    contract_party = models.CharField(_("party to the contract"), max_length=100)
    invoice_issuer = models.CharField(_("issuer of the invoices"), max_length=100)
    payee = models.CharField(_("name of the account paid"), max_length=100)
    tests = models.ManyToManyField("catalog.GeneTest", related_name="+", verbose_name=_("tests applied for"))
    applied_at = models.DateTimeField(_("applied at"), auto_now_add=True)
    applied_by = person(_("applied by"), null=False)
    concluded_at = models.DateTimeField(_("concluded at"), null=True, blank=True)
    concluded_by = person(_("concluded by"))
    conclusion = models.TextField(_("conclusion"), blank=True)
    # A25, B8: assessed again after the period; from the next day the way is shut.
    valid_to = models.DateField(_("admitted until"), null=True, blank=True)
    barred_until = models.DateField(_("barred until"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    ended_by = person(_("ended by"))
    last_reason = models.CharField(_("reason of the last change"), max_length=300, blank=True)

    objects = AdmissionQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("admission of a laboratory")
        constraints = [
            both_or_neither("concluded"),
            both_or_neither("ended"),
            models.UniqueConstraint(
                fields=["institution", "laboratory"],
                condition=Q(status__in=["applied", "assessing"]),
                name="one_admission_in_the_making",
            ),
            models.UniqueConstraint(
                fields=["institution", "laboratory"],
                condition=Q(status__in=["admitted", "restricted", "suspended"]),
                name="one_admission_standing",
            ),
            models.CheckConstraint(
                name="admission_stands_on_a_conclusion",
                condition=~Q(status__in=["admitted", "restricted", "suspended"])
                | Q(concluded_at__isnull=False, valid_to__isnull=False),
            ),
            # Q01: enforced where nobody can go round it.
            models.CheckConstraint(
                name="admission_has_one_identity",
                condition=~Q(status__in=["admitted", "restricted", "suspended"])
                | Q(contract_party=F("licence_holder"), invoice_issuer=F("licence_holder"), payee=F("licence_holder")),
            ),
        ]

    class Walls:
        institution = "institution_id"

    def __str__(self) -> str:
        return str(self.laboratory)

    def get_absolute_url(self) -> str:
        return reverse("vendors:admission", args=[self.pk])

    @property
    def is_one(self) -> bool:
        """Licence holder, contract party, invoice issuer and payee are one (Q01)."""
        return len({getattr(self, name).strip() for name in IDENTITY}) == 1


class Kept(models.Model):
    """Something recorded on an admission; nothing of it is ever changed, the next row takes its place."""

    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(_("recorded at"), auto_now_add=True)
    recorded_by = person(_("recorded by"), null=False)

    objects = AdmissionQuerySet.as_manager()

    class Meta:
        abstract = True


class AdmissionPaper(Kept):
    """What was found for one of the checks Q01–Q18: the latest row of a check counts; earlier ones tell of their days."""

    class Verdict(models.TextChoices):
        MET = "met", pgettext_lazy("check", "Met")
        NOT_MET = "not_met", pgettext_lazy("check", "Not met")
        RECTIFY = "rectify", pgettext_lazy("check", "To be put right")
        NOT_APPLICABLE = "na", pgettext_lazy("check", "Not applicable")

    admission = models.ForeignKey(Admission, models.PROTECT, related_name="papers")
    check_code = models.CharField(_("check"), max_length=4)
    verdict = models.CharField(_("finding"), max_length=8, choices=Verdict)
    number = models.CharField(_("number"), max_length=80, blank=True)
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_to = models.DateField(_("valid to"), null=True, blank=True)
    note = models.CharField(_("what was found"), max_length=500, blank=True)
    file = models.ForeignKey("documents.StoredFile", models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["check_code", "-id"]
        verbose_name = _("paper of an admission")
        constraints = [
            models.CheckConstraint(
                name="admission_paper_runs_forward",
                condition=Q(valid_from__isnull=True) | Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
            ),
            models.CheckConstraint(name="admission_paper_check_known", condition=Q(check_code__regex=r"^Q(0[1-9]|1[0-8])$")),
        ]  # fmt: skip

    class Walls:
        institution = "institution_id"


class SiteVisit(Kept):
    """The hospital went and looked (A25: 深入了解; at least two people)."""

    admission = models.ForeignKey(Admission, models.PROTECT, related_name="visits")
    visited_on = models.DateField(_("visited on"))
    place = models.CharField(_("address visited"), max_length=200)
    visitors = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+", verbose_name=_("visitors"))
    findings = models.TextField(_("findings"))
    passed = models.BooleanField(_("fit"))
    file = models.ForeignKey("documents.StoredFile", models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["-visited_on", "-id"]
        verbose_name = _("site visit")

    class Walls:
        institution = "institution_id"


class PanelMember(models.Model):
    """Somebody named to assess: declares interests first, and only then, without any, gives a score (B8, B9, X14)."""

    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="+")
    admission = models.ForeignKey(Admission, models.PROTECT, related_name="panel")
    user = person(_("member"), null=False)
    named_at = models.DateTimeField(_("named at"), auto_now_add=True)
    named_by = person(_("named by"), null=False)
    # Empty until declared.
    is_tied = models.BooleanField(_("tied to the laboratory"), null=True, blank=True)
    interest = models.CharField(_("interest declared"), max_length=300, blank=True)
    declared_at = models.DateTimeField(_("declared at"), null=True, blank=True)
    score = models.PositiveSmallIntegerField(_("score"), null=True, blank=True)
    opinion = models.CharField(_("opinion"), max_length=500, blank=True)
    scored_at = models.DateTimeField(_("scored at"), null=True, blank=True)
    released_at = models.DateTimeField(_("released at"), null=True, blank=True)
    released_by = person(_("released by"))

    objects = AdmissionQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        verbose_name = _("member of an assessment panel")
        constraints = [
            both_or_neither("released"),
            models.UniqueConstraint(
                fields=["admission", "user"], condition=Q(released_at__isnull=True), name="panel_member_once"
            ),
            # Whoever has declared nothing, or a tie, has no score: the database itself holds it.
            models.CheckConstraint(
                name="panel_scores_without_a_tie",
                condition=Q(score__isnull=True) | Q(declared_at__isnull=False, is_tied=False, score__lte=100),
            ),
            models.CheckConstraint(
                name="panel_score_has_its_time",
                condition=Q(score__isnull=True, scored_at__isnull=True) | Q(score__isnull=False, scored_at__isnull=False),
            ),
            models.CheckConstraint(
                name="panel_declaration_has_its_time",
                condition=Q(is_tied__isnull=True, declared_at__isnull=True)
                | Q(is_tied__isnull=False, declared_at__isnull=False),
            ),
        ]  # fmt: skip

    class Walls:
        institution = "institution_id"


class AdmissionSpan(models.Model):
    """How an admission stood from one moment to another: open, restricted to tests, or suspended. What X06 reads, of
    today as of any day gone by."""

    class Kind(models.TextChoices):
        OPEN = "open", pgettext_lazy("admission", "Admitted")
        RESTRICTED = "restricted", pgettext_lazy("admission", "Restricted")
        SUSPENDED = "suspended", pgettext_lazy("admission", "Suspended")

    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="+")
    laboratory = models.ForeignKey(Laboratory, models.PROTECT, related_name="+")
    admission = models.ForeignKey(Admission, models.PROTECT, related_name="spans")
    kind = models.CharField(max_length=10, choices=Kind)
    # Of a restriction: the tests that may still be sent.
    test_ids = ArrayField(models.BigIntegerField(), default=list, blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True)

    objects = AdmissionQuerySet.as_manager()

    class Meta:
        ordering = ["starts_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "laboratory"], condition=Q(ends_at__isnull=True), name="one_admission_span_open"
            ),
            models.CheckConstraint(
                name="admission_span_in_order", condition=Q(ends_at__isnull=True) | Q(ends_at__gte=F("starts_at"))
            ),
        ]
        verbose_name = _("span of an admission")

    class Walls:
        institution = "institution_id"
