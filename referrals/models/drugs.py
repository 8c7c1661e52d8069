"""Targeted drugs: the pathology they stand on, reports from outside, checks, special uses, and the sample review.

Clauses A30–A39. The rules themselves are the catalog's; a check keeps what was asked, what was answered, and on what.
"""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Role
from audit.constraints import both_or_neither

User = "accounts.User"


class OfAPatient(models.QuerySet):
    """Rows of a patient: a doctor sees their own and those of patients they ask tests for; a head the department's."""

    own = "recorded_by"

    def visible_to(self, user: Any) -> Self:
        found = self.filter(institution_id__in=user.institution_ids)
        if user.scope == Role.Scope.NONE:
            return found.none()
        if user.scope == Role.Scope.OWN:
            mine = Q(**{f"{self.own}__in": user.stands_for})
            return found.filter(mine | Q(patient__in=_patients_of(requester_id__in=user.stands_for)))
        if user.scope == Role.Scope.DEPARTMENT:
            mine = Q(**{self.own: user.pk})
            return found.filter(mine | Q(patient__in=_patients_of(department_id=user.post.department_id)))
        return found


def _patients_of(**where: Any) -> models.QuerySet:
    from referrals.models.referral import Referral

    return Referral.objects.filter(**where).order_by().values("patient_id")


class AskedByQuerySet(OfAPatient):
    own = "asked_by"


class RequestedByQuerySet(OfAPatient):
    own = "requested_by"


class PathologyBasis(models.Model):
    """The pathology before an antitumour drug (A30), or, where there can be none, a clinical diagnosis by a guideline
    that somebody else approved (A32)."""

    class Kind(models.TextChoices):
        PATHOLOGY = "pathology", _("Pathology report")
        CLINICAL = "clinical", _("Clinical diagnosis by exception")

    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="+")
    patient = models.ForeignKey("referrals.Patient", models.PROTECT, related_name="pathology_bases")
    kind = models.CharField(_("kind of basis"), max_length=10, choices=Kind, default=Kind.PATHOLOGY)
    diagnosis = models.CharField(_("diagnosis"), max_length=200)
    diagnosed_on = models.DateField(_("diagnosed on"))
    report_no = models.CharField(_("number of the pathology report"), max_length=60, blank=True)
    issuer = models.CharField(_("diagnosed at"), max_length=120, blank=True)
    reason = models.CharField(_("why no pathology can be had"), max_length=300, blank=True)
    guideline = models.CharField(_("guideline followed"), max_length=200, blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    objects = OfAPatient.as_manager()

    class Meta:
        verbose_name = _("pathology before a drug")
        constraints = [
            both_or_neither("approved"),
            models.CheckConstraint(
                name="pathology_basis_whole",
                condition=Q(kind="pathology") & ~Q(report_no="")
                | Q(kind="clinical") & ~Q(reason="") & ~Q(guideline=""),
            ),
            models.CheckConstraint(
                name="clinical_diagnosis_approved_by_another",
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("recorded_by")),
            ),
        ]

    class Walls:
        institution = "institution_id"

    @property
    def stands(self) -> bool:
        return self.kind == self.Kind.PATHOLOGY or self.approved_at is not None


class OutsideReport(models.Model):
    """A report of a test this hospital did not ask for. That there is one says nothing against anybody; before it
    supports a drug, pathology or medical affairs has reviewed it."""

    class Source(models.TextChoices):
        PATIENT = "patient", _("The patient's own doing")
        HOSPITAL = "hospital", _("Another hospital")
        UNKNOWN = "unknown", _("Not known")

    class Outcome(models.TextChoices):
        POSITIVE = "positive", _("Positive")
        NEGATIVE = "negative", _("Negative")
        UNKNOWN = "unknown", _("Not stated")

    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="+")
    patient = models.ForeignKey("referrals.Patient", models.PROTECT, related_name="outside_reports")
    source = models.CharField(_("where it comes from"), max_length=10, choices=Source)
    issuer = models.CharField(_("issued by"), max_length=120)
    report_no = models.CharField(_("report number"), max_length=60, blank=True)
    reported_on = models.DateField(_("reported on"))
    collected_on = models.DateField(_("specimen taken on"), null=True, blank=True)
    genes = models.CharField(_("genes read"), max_length=300)
    method = models.CharField(_("method"), max_length=80)
    specimen = models.CharField(_("specimen"), max_length=80)
    outcome = models.CharField(_("result"), max_length=10, choices=Outcome)
    # [{"gene", "variant", "significance"}], as the report words them.
    alterations = models.JSONField(_("alterations"), default=list, blank=True)
    findings = models.CharField(_("main findings"), max_length=500, blank=True)
    pdf = models.ForeignKey("documents.StoredFile", models.PROTECT, null=True, blank=True, related_name="+")
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    reviewed_at = models.DateTimeField(null=True, blank=True)
    reviewed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    is_accepted = models.BooleanField(_("accepted"), null=True)
    review_note = models.CharField(_("opinion of the review"), max_length=300, blank=True)

    objects = OfAPatient.as_manager()

    class Meta:
        verbose_name = _("outside report")
        indexes = [models.Index(fields=["institution", "-recorded_at", "-id"], name="outside_report_newest")]
        constraints = [
            both_or_neither("reviewed"),
            models.CheckConstraint(
                name="outside_report_review_whole",
                condition=Q(reviewed_at__isnull=True, is_accepted__isnull=True)
                | Q(reviewed_at__isnull=False, is_accepted__isnull=False),
            ),
            models.CheckConstraint(
                name="outside_report_reviewed_by_another",
                condition=Q(reviewed_by__isnull=True) | ~Q(reviewed_by=F("recorded_by")),
            ),
        ]

    class Walls:
        institution = "institution_id"

    def __str__(self) -> str:
        return f"{self.issuer} {self.report_no}".strip()

    def get_absolute_url(self) -> str:
        return reverse("referrals:outside_report", args=[self.pk])


class DrugCheck(models.Model):
    """One question to the drug rules, with its answer and what the answer stands on. Never changed afterwards."""

    class Answer(models.TextChoices):
        SUPPORTED = "supported", _("Supported")
        NOT_SUPPORTED = "not_supported", _("Not supported")
        NOT_REQUIRED = "not_required", _("No test required")
        CANNOT_TELL = "cannot_tell", _("Cannot be told")

    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="+")
    patient = models.ForeignKey("referrals.Patient", models.PROTECT, related_name="drug_checks")
    referral = models.ForeignKey(
        "referrals.Referral", models.PROTECT, null=True, blank=True, related_name="drug_checks"
    )
    drug = models.CharField(_("drug"), max_length=60)
    indication = models.CharField(_("indication"), max_length=120)
    line = models.CharField(_("line or setting"), max_length=120, blank=True)
    since = models.DateField(_("day of progression or relapse"), null=True, blank=True)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    answer = models.CharField(_("answer"), max_length=14, choices=Answer)
    why = models.CharField(_("why"), max_length=600)
    rule = models.ForeignKey("catalog.DrugTargetRule", models.PROTECT, null=True, blank=True, related_name="+")
    result = models.ForeignKey("referrals.Result", models.PROTECT, null=True, blank=True, related_name="+")
    outside = models.ForeignKey(OutsideReport, models.PROTECT, null=True, blank=True, related_name="+")
    pathology = models.CharField(_("pathology"), max_length=300)
    # What was looked at, as it stood: [{"target", "report", "found", "reported_on", "specimen", "method"}], [[report, why]]
    used = models.JSONField(_("reports it stands on"), default=list)
    others = models.JSONField(_("reports that do not count"), default=list)

    objects = AskedByQuerySet.as_manager()

    class Meta:
        verbose_name = _("drug check")
        indexes = [models.Index(fields=["institution", "-asked_at", "-id"], name="drug_check_newest")]
        constraints = [
            models.CheckConstraint(
                name="supported_stands_on_a_report",
                condition=~Q(answer="supported") | Q(result__isnull=False) | Q(outside__isnull=False),
            )
        ]

    class Walls:
        institution = "institution_id"

    def __str__(self) -> str:
        return f"{self.drug} {self.indication}"

    def get_absolute_url(self) -> str:
        return reverse("referrals:drug_check", args=[self.pk])


class SpecialUse(models.Model):
    """A drug given outside its label (A36, A37), or bought outside because it cannot be procured in time (A38, A39).
    Discussed, approved and consented to, in this order, before it is prescribed."""

    class Kind(models.TextChoices):
        EXTENDED = "extended", _("Use beyond the label")
        OUTSIDE = "outside", _("Drug bought outside")

    class Status(models.TextChoices):
        REQUESTED = "requested", _("Awaiting discussion")
        DISCUSSED = "discussed", _("Awaiting approval")
        APPROVED = "approved", _("Awaiting disclosure and consent")
        CONSENTED = "consented", _("May be prescribed")
        DISCUSSED_AGAINST = "discussed_against", _("Discussion decided against")
        NOT_APPROVED = "not_approved", _("Not approved")
        REFUSED = "refused", _("Refused by the patient")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="+")
    patient = models.ForeignKey("referrals.Patient", models.PROTECT, related_name="special_uses")
    referral = models.ForeignKey("referrals.Referral", models.PROTECT, null=True, blank=True, related_name="+")
    kind = models.CharField(_("kind of use"), max_length=10, choices=Kind)
    status = models.CharField(_("status"), max_length=20, choices=Status, default=Status.REQUESTED)
    drug = models.CharField(_("drug"), max_length=60)
    indication = models.CharField(_("indication"), max_length=120)
    line = models.CharField(_("line or setting"), max_length=120, blank=True)
    necessity = models.CharField(_("why it is necessary"), max_length=500)
    # Use beyond the label
    evidence_title = models.CharField(_("evidence"), max_length=300, blank=True)
    evidence_source = models.CharField(_("journal or issuer"), max_length=200, blank=True)
    evidence_year = models.PositiveSmallIntegerField(_("year"), null=True, blank=True)
    evidence_level = models.CharField(_("level, as its source words it"), max_length=40, blank=True)
    evidence_file = models.ForeignKey("documents.StoredFile", models.PROTECT, null=True, blank=True, related_name="+")
    no_better_option = models.CharField(_("why there is no better option"), max_length=500, blank=True)
    # Drug bought outside
    check_made = models.ForeignKey(
        DrugCheck, models.PROTECT, null=True, blank=True, related_name="special_uses", verbose_name=_("drug check")
    )
    requested_at = models.DateTimeField()
    requested_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    concluded_at = models.DateTimeField(null=True, blank=True)
    concluded_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    conclusion = models.CharField(_("conclusion of the discussion"), max_length=500, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    decision_note = models.CharField(_("note of the approval"), max_length=300, blank=True)
    # Disclosure and consent: the words shown, their digest, who signed, and the signed paper.
    told = models.JSONField(_("what was told"), default=dict)
    told_sha256 = models.CharField(max_length=64, blank=True)
    signer = models.CharField(_("signed by"), max_length=12, blank=True)
    signer_name = models.CharField(_("name of the signer"), max_length=60, blank=True)
    signer_reason = models.CharField(_("why not the patient"), max_length=200, blank=True)
    signed_at = models.DateTimeField(_("signed at"), null=True, blank=True)
    signed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    paper = models.ForeignKey("documents.StoredFile", models.PROTECT, null=True, blank=True, related_name="+")

    objects = RequestedByQuerySet.as_manager()

    class Meta:
        verbose_name = _("special use of a drug")
        indexes = [models.Index(fields=["institution", "status", "-requested_at", "-id"], name="special_use_list")]
        constraints = [
            both_or_neither("concluded"),
            both_or_neither("decided"),
            both_or_neither("signed"),
            models.CheckConstraint(
                name="special_use_in_order",
                condition=~Q(status__in=["approved", "consented"])
                | Q(concluded_at__isnull=False, decided_at__isnull=False, decided_at__gte=F("concluded_at")),
            ),
            models.CheckConstraint(
                name="special_use_consent_on_paper",
                condition=~Q(status="consented")
                | Q(signed_at__isnull=False, paper__isnull=False, signed_at__gte=F("decided_at")),
            ),
            models.CheckConstraint(
                name="special_use_decided_by_another",
                condition=(Q(decided_by__isnull=True) | ~Q(decided_by=F("requested_by")))
                & (Q(concluded_by__isnull=True) | ~Q(concluded_by=F("requested_by"))),
            ),
            models.CheckConstraint(
                name="extended_use_has_evidence",
                condition=Q(kind="outside") | ~Q(evidence_title="") & ~Q(no_better_option=""),
            ),
            models.CheckConstraint(
                name="outside_drug_has_a_check", condition=Q(kind="extended") | Q(check_made__isnull=False)
            ),
        ]

    class Trail:
        digest = ("signer_name",)

    class Walls:
        institution = "institution_id"

    def __str__(self) -> str:
        return f"{self.drug} {self.indication}"

    def get_absolute_url(self) -> str:
        return reverse("referrals:special_use", args=[self.pk])


class SpecialUseOpinion(models.Model):
    """What one expert said in the discussion; clinical and pharmacy each have to be heard (A37)."""

    class Side(models.TextChoices):
        CLINICAL = "clinical", _("Clinical")
        PHARMACY = "pharmacy", _("Pharmacy")

    use = models.ForeignKey(SpecialUse, models.PROTECT, related_name="opinions")
    side = models.CharField(_("speaks for"), max_length=10, choices=Side)
    agrees = models.BooleanField(_("agrees"))
    note = models.CharField(_("opinion"), max_length=500)
    given_at = models.DateTimeField()
    given_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("opinion on a special use")
        constraints = [models.UniqueConstraint(name="special_use_opinion_once", fields=["use", "given_by"])]

    class Walls:
        via = ("use_id", "referrals_specialuse")
