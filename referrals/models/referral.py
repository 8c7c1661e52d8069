"""The referral: one request for one gene test for one patient (检测申请)."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Role
from vendors.models import Origin


class Status(models.TextChoices):
    """States a clinician understands (`vocab.md` §3.1)."""

    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Submitted")
    AWAITING_DISCUSSION = "awaiting_discussion", _("Awaiting departmental discussion")
    DISCUSSED = "discussed", _("Department agreed to test")
    DISCUSSION_DISAGREED = "discussion_disagreed", _("Department decided against testing")
    AWAITING_MDT = "awaiting_mdt", _("Awaiting MDT discussion")
    MDT_AGREED = "mdt_agreed", _("MDT agreed to test")
    MORE_INFORMATION = "more_information", _("More information needed")
    CHANGE_TEST = "change_test", _("Change of test advised")
    MDT_DISAGREED = "mdt_disagreed", _("MDT decided against testing")
    AWAITING_CONSENT = "awaiting_consent", _("Awaiting disclosure and consent")
    CONSENTED = "consented", _("Consented")
    PATIENT_REFUSED = "patient_refused", _("Refused by the patient")
    AWAITING_APPROVAL = "awaiting_approval", _("Awaiting approval of outsourcing")
    APPROVED = "approved", _("Outsourcing approved")
    AWAITING_CHARGE = "awaiting_charge", _("Awaiting charge")
    AWAITING_SAMPLING = "awaiting_sampling", _("Free of charge, awaiting sampling")
    CHARGED = "charged", _("Charged, awaiting sampling")
    SAMPLED = "sampled", _("Sampled")
    RECOLLECT = "recollect", _("Specimen unfit, to be taken again")
    SHIPPED = "shipped", _("Handed over")
    RECEIVED = "received", _("Received by the laboratory")
    REPORTED = "reported", _("Report returned")
    REVIEWED = "reviewed", _("Report reviewed")
    TOLD = "told", _("Patient told")
    FILED = "filed", _("Filed")
    WITHDRAWN = "withdrawn", _("Consent withdrawn")
    CANCELLED = "cancelled", _("Cancelled")
    VOIDED = "voided", _("Voided")


ENDED = (
    Status.FILED,
    Status.DISCUSSION_DISAGREED,
    Status.MDT_DISAGREED,
    Status.PATIENT_REFUSED,
    Status.WITHDRAWN,
    Status.CANCELLED,
    Status.VOIDED,
)
# Ended with nothing more to be tested: a fee that stands is paid back.
ENDED_EARLY = (Status.WITHDRAWN, Status.CANCELLED, Status.VOIDED, Status.PATIENT_REFUSED)
UNDER_WAY = tuple(status for status in Status if status not in ENDED)


class ReferralQuerySet(models.QuerySet):
    def visible_to(self, user) -> Self:
        """The cases the user's post may see, and the ones the user was let into by name."""
        scope = user.scope
        if scope == Role.Scope.NONE:
            mine = Q(pk__in=[])
        else:
            mine = Q(institution_id__in=user.institution_ids)
            if scope == Role.Scope.OWN:
                mine &= Q(requester_id__in=user.stands_for)
            elif scope == Role.Scope.DEPARTMENT:
                mine &= Q(department_id=user.post.department_id)
        if let_in := user.let_in_to(self.model):
            mine |= Q(pk__in=let_in, institution_id__in=user.institution_ids)
        return self.filter(mine)

    def under_way(self) -> Self:
        # Named one by one, so that the database finds the few under way without reading the many that ended.
        return self.filter(status__in=UNDER_WAY)

    def sampled(self) -> Self:
        return self.filter(collected_at__isnull=False)

    def first_visits(self) -> Self:
        return self.filter(first_visit=True)

    def clinical(self) -> Self:
        return self.filter(nature=Referral.Nature.CLINICAL)

    def research(self) -> Self:
        return self.filter(nature=Referral.Nature.RESEARCH)


class Referral(models.Model):
    """One request. The `…_at` stamps repeat the time of the step from its own record, so that lists and
    indicators read one row and the database can hold the order of steps; only actions write them."""

    class Nature(models.TextChoices):
        CLINICAL = "clinical", _("Clinical")
        RESEARCH = "research", _("Research")

    class Route(models.TextChoices):
        """Where the test is done; set by the system, never by the requester (A24, X16)."""

        IN_HOUSE = "in_house", _("In-house")
        OUTSOURCED = "outsourced", _("Sent to a laboratory")

    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="referrals")
    number = models.CharField(_("referral number"), max_length=40)
    department = models.ForeignKey("accounts.Department", models.PROTECT, null=True, related_name="referrals")
    requester = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="referrals")
    patient = models.ForeignKey("referrals.Patient", models.PROTECT, related_name="referrals")
    diagnosis_code = models.CharField(_("diagnosis (ICD-10)"), max_length=20, blank=True)
    first_visit = models.BooleanField(_("first visit for a malignancy"), null=True)
    indication = models.ForeignKey("catalog.Indication", models.PROTECT, null=True, related_name="referrals")
    test = models.ForeignKey("catalog.GeneTest", models.PROTECT, related_name="referrals")
    nature = models.CharField(_("nature"), max_length=10, choices=Nature, default=Nature.CLINICAL)
    study = models.ForeignKey("referrals.Study", models.PROTECT, null=True, related_name="referrals")
    laboratory = models.ForeignKey("vendors.Laboratory", models.PROTECT, null=True, related_name="referrals")
    route = models.CharField(_("route"), max_length=10, choices=Route, blank=True)
    route_reason = models.CharField(_("why sent outside"), max_length=200, blank=True)
    contract = models.ForeignKey("vendors.Contract", models.PROTECT, null=True, related_name="referrals")
    is_urgent = models.BooleanField(_("urgent"), default=False)
    necessity = models.TextField(_("what the result will change"), blank=True)
    first_visit_reason = models.CharField(_("why a first visit, or why not"), max_length=200, blank=True)
    pathology = models.CharField(_("histological type"), max_length=120, blank=True)
    stage = models.CharField(_("stage"), max_length=40, blank=True)
    earlier_result_reason = models.CharField(_("why test again"), max_length=200, blank=True)
    end_reason = models.CharField(_("why it ended"), max_length=300, blank=True)
    entered_late = models.BooleanField(_("entered later, after a downtime"), default=False)
    evidence_count = models.PositiveSmallIntegerField(_("papers of evidence"), null=True)
    status = models.CharField(_("status"), max_length=24, choices=Status, default=Status.DRAFT)
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.LIVE)

    requested_at = models.DateTimeField(_("requested at"))
    discussed_at = models.DateTimeField(null=True)
    mdt_concluded_at = models.DateTimeField(null=True)
    consented_at = models.DateTimeField(null=True)
    approved_at = models.DateTimeField(null=True)
    charged_at = models.DateTimeField(null=True)
    collected_at = models.DateTimeField(null=True)
    shipped_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(null=True)
    reported_at = models.DateTimeField(null=True)
    reviewed_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)
    filed_at = models.DateTimeField(null=True)

    objects = ReferralQuerySet.as_manager()

    class Meta:
        ordering = ["-requested_at", "-id"]
        indexes = [
            models.Index(fields=["department", "status", "-requested_at", "-id"], name="referral_department_list"),
            models.Index(fields=["institution", "status", "-requested_at", "-id"], name="referral_institution_list"),
            models.Index(fields=["institution", "-requested_at", "-id"], name="referral_newest"),
            models.Index(fields=["requester", "-requested_at", "-id"], name="referral_own_list"),
            # The county's list, over several institutions at once.
            models.Index(fields=["-requested_at", "-id"], name="referral_newest_of_all"),
            # The few under way, in the order of every worklist; the many that ended are not in it.
            models.Index(
                fields=["institution", "-requested_at", "-id"],
                name="referral_under_way",
                condition=Q(status__in=[status.value for status in UNDER_WAY]),
            ),
            # Where a fee may still have to be paid back.
            models.Index(
                fields=["institution", "-requested_at", "-id"],
                name="referral_ended_early",
                condition=Q(status__in=[status.value for status in ENDED_EARLY], reported_at__isnull=True),
            ),
            models.Index(
                fields=["institution", "-requested_at", "-id"],
                name="referral_voided_late",
                condition=Q(status="voided", reported_at__isnull=False),
            ),
            models.Index(fields=["institution", "collected_at"], name="referral_by_sampling"),
            models.Index(fields=["institution", "shipped_at"], name="referral_by_shipping"),
            models.Index(fields=["institution", "filed_at"], name="referral_by_filing"),
        ]
        constraints = [
            # The number first: a laboratory's line names a number, and its index finds it without statistics.
            models.UniqueConstraint(fields=["number", "institution"], name="referral_number_once"),
            models.CheckConstraint(
                name="live_referral_knows_who_and_where",
                condition=Q(origin=Origin.LEDGER)
                | Q(requester__isnull=False, department__isnull=False, first_visit__isnull=False),
            ),
            models.CheckConstraint(
                name="sampled_after_consent",
                condition=Q(origin=Origin.LEDGER)
                | Q(collected_at__isnull=True)
                | Q(consented_at__isnull=False, collected_at__gte=F("consented_at")),
            ),
            models.CheckConstraint(
                name="charged_after_consent",
                condition=Q(origin=Origin.LEDGER)
                | Q(charged_at__isnull=True)
                | Q(consented_at__isnull=False, charged_at__gte=F("consented_at")),
            ),
            models.CheckConstraint(
                name="shipped_with_consent_and_charge",
                condition=Q(origin=Origin.LEDGER)
                | Q(shipped_at__isnull=True)
                | Q(consented_at__isnull=False, laboratory__isnull=False)
                & (Q(nature="research") | Q(charged_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="live_request_says_why",
                condition=Q(origin=Origin.LEDGER) | Q(status__in=["draft", "voided", "cancelled"]) | ~Q(necessity=""),
            ),
            models.CheckConstraint(
                name="told_after_review",
                condition=Q(told_at__isnull=True) | Q(reviewed_at__isnull=False) | Q(origin=Origin.LEDGER),
            ),
            models.CheckConstraint(
                name="research_never_charged",
                condition=Q(origin=Origin.LEDGER) | Q(nature="clinical") | Q(charged_at__isnull=True),
            ),
            models.CheckConstraint(
                name="received_after_shipping",
                condition=Q(origin=Origin.LEDGER) | Q(received_at__isnull=True) | Q(shipped_at__isnull=False),
            ),
        ]
        verbose_name = _("referral")

    class Walls:
        institution = "institution_id"

    def __str__(self):
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("referrals:case", args=[self.pk])

    @property
    def is_research(self) -> bool:
        return self.nature == self.Nature.RESEARCH

    @property
    def is_outsourced(self) -> bool:
        return self.laboratory_id is not None
