"""What happened to a case, a record a step. Times are the hospital's; the trail's own times stand in the trail.

Rows of `origin` ledger are history: an unknown actor stays unknown, and the constraints of live rows exempt them.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.constraints import both_or_neither
from vendors.models import Origin


class Fact(models.Model):
    """A record of one case. `recorded_by` is who entered it here; who acted stands in the record's own field."""

    origin = models.CharField(max_length=10, choices=Origin, default=Origin.LIVE)

    class Meta:
        abstract = True

    class Walls:
        via = ("referral_id", "referrals_referral")


def person(related_name: str = "+", **options):
    return models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, blank=True, related_name=related_name, **options
    )


def known_when_live(name: str, *fields: str) -> models.CheckConstraint:
    """A live row names all of `fields`; history may not know."""
    return models.CheckConstraint(
        name=name, condition=Q(origin=Origin.LEDGER) | Q(**{f"{field}__isnull": False for field in fields})
    )


class Evidence(Fact):
    """A paper that supports a test without guideline support (A22)."""

    referral = models.ForeignKey("referrals.Referral", models.PROTECT, related_name="evidence")
    title = models.CharField(_("title"), max_length=300)
    source = models.CharField(_("journal or issuer"), max_length=200, blank=True)
    year = models.PositiveSmallIntegerField(_("year"), null=True, blank=True)
    level = models.CharField(_("level of evidence"), max_length=20, blank=True)
    recorded_at = models.DateTimeField()

    class Meta:
        verbose_name = _("evidence")


class DepartmentalDiscussion(Fact):
    """The department discussed a risky test or one without guideline support (A7, A22). Not an MDT."""

    referral = models.ForeignKey("referrals.Referral", models.PROTECT, related_name="discussions")
    held_at = models.DateTimeField(_("held at"))
    agreed = models.BooleanField(_("agreed"), default=True)
    deliberation = models.OneToOneField(
        "referrals.Deliberation", models.PROTECT, null=True, blank=True, related_name="discussion"
    )
    chair = person("chaired_discussions")
    # What was concluded also holds for the further steps planned; a step that comes bears a copy of it.
    covers_plan = models.BooleanField(_("covers the planned steps"), default=False)
    carried_from = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+")
    note = models.TextField(_("opinion"), blank=True)

    class Meta:
        constraints = [known_when_live("live_discussion_has_a_chair", "chair")]
        verbose_name = _("departmental discussion")


class MDTReview(Fact):
    """The multidisciplinary team decided whether to test (B5)."""

    class Conclusion(models.TextChoices):
        AGREE = "agree", _("Agree to test")
        DISAGREE = "disagree", _("Do not test")
        MORE_INFORMATION = "more_information", _("More information needed")
        CHANGE_TEST = "change_test", _("Change the test")

    referral = models.ForeignKey("referrals.Referral", models.PROTECT, related_name="mdt_reviews")
    concluded_at = models.DateTimeField(_("concluded at"))
    conclusion = models.CharField(_("conclusion"), max_length=20, choices=Conclusion)
    chair = person("chaired_mdts")
    covers_plan = models.BooleanField(_("covers the planned steps"), default=False)
    carried_from = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+")
    deliberation = models.OneToOneField(
        "referrals.Deliberation", models.PROTECT, null=True, blank=True, related_name="review"
    )
    reason_code = models.CharField(_("reason code"), max_length=30, blank=True)
    advice = models.TextField(_("treatment advice"), blank=True)
    note = models.TextField(_("reasons"), blank=True)

    class Meta:
        constraints = [known_when_live("live_mdt_has_a_chair", "chair")]
        verbose_name = _("MDT review")


class OutsourcingApproval(Fact):
    """Medical affairs approved sending the specimen outside (A25, B8)."""

    referral = models.ForeignKey("referrals.Referral", models.PROTECT, related_name="approvals")
    decided_at = models.DateTimeField(_("decided at"))
    decided_by = person("outsourcing_approvals")
    approved = models.BooleanField(_("approved"), default=True)

    class Meta:
        constraints = [known_when_live("live_approval_has_a_decider", "decided_by")]
        verbose_name = _("approval of outsourcing")


class Specimen(Fact):
    """Tissue or blood taken for the test."""

    referral = models.ForeignKey("referrals.Referral", models.PROTECT, related_name="specimens")
    collected_at = models.DateTimeField(_("collected at"))
    collected_by = person()
    kind = models.CharField(_("kind of specimen"), max_length=60, blank=True)
    tumour_cell_percent = models.PositiveSmallIntegerField(_("tumour cells (%)"), null=True, blank=True)
    barcode = models.CharField(_("barcode"), max_length=40, blank=True)
    assessed_at = models.DateTimeField(_("assessed at"), null=True, blank=True)
    assessed_by = person()
    is_fit = models.BooleanField(_("fit for the test"), null=True)
    unfit_reason = models.CharField(_("why unfit"), max_length=200, blank=True)
    batch = models.ForeignKey(
        "referrals.ShipmentBatch", models.PROTECT, null=True, blank=True, related_name="specimens"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(tumour_cell_percent__isnull=True) | Q(tumour_cell_percent__lte=100),
                name="tumour_cells_at_most_100_percent",
            ),
            known_when_live("live_specimen_has_a_collector", "collected_by"),
            models.UniqueConstraint(fields=["barcode"], condition=~Q(barcode=""), name="barcode_once"),
            both_or_neither("assessed"),
        ]
        verbose_name = _("specimen")


class Result(Fact):
    """The report came back."""

    class Outcome(models.TextChoices):
        POSITIVE = "positive", _("Positive")
        NEGATIVE = "negative", _("Negative")
        UNKNOWN = "unknown", _("Not stated")

    referral = models.ForeignKey("referrals.Referral", models.PROTECT, related_name="results")
    reported_at = models.DateTimeField(_("reported at"))
    outcome = models.CharField(_("result"), max_length=10, choices=Outcome, default=Outcome.UNKNOWN)
    findings = models.CharField(_("main findings"), max_length=500, blank=True)
    report_no = models.CharField(_("report number"), max_length=60, blank=True)
    specimen = models.ForeignKey(Specimen, models.PROTECT, null=True, blank=True, related_name="results")
    signed_out_by = models.CharField(_("signed by, at the laboratory"), max_length=60, blank=True)
    pdf = models.ForeignKey("documents.StoredFile", models.PROTECT, null=True, blank=True, related_name="+")
    entered_by = person()
    supersedes = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="superseded_by")
    reviewed_at = models.DateTimeField(_("reviewed at"), null=True, blank=True)
    reviewed_by = person()
    review_note = models.TextField(_("opinion of the review"), blank=True)
    told_at = models.DateTimeField(_("patient told at"), null=True, blank=True)
    told_by = person()

    class Meta:
        constraints = [
            both_or_neither("reviewed"),
            both_or_neither("told"),
            known_when_live("live_result_names_who_entered_it", "entered_by"),
        ]
        verbose_name = _("result")


class ResultFinding(models.Model):
    """One alteration a report names: gene by its current symbol, the variant as written in HGVS or in words."""

    result = models.ForeignKey(Result, models.PROTECT, related_name="alterations")
    gene = models.CharField(_("gene"), max_length=40)
    variant = models.CharField(_("variant"), max_length=160, blank=True)
    significance = models.CharField(_("significance"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("alteration found")

    class Walls:
        via = ("result_id", "referrals_result")


class Filing(Fact):
    """Consent, order and result are in the patient's record (A27, B12). False is known to be missing; null is not
    recorded."""

    referral = models.ForeignKey("referrals.Referral", models.PROTECT, related_name="filings")
    filed_at = models.DateTimeField(_("filed at"))
    consent_filed = models.BooleanField(_("consent filed"), null=True)
    order_filed = models.BooleanField(_("order filed"), null=True)
    result_filed = models.BooleanField(_("result filed"), null=True)
    filed_by = person()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="live_filing_is_complete",
                condition=Q(origin=Origin.LEDGER)
                | Q(consent_filed=True, order_filed=True, result_filed=True, filed_by__isnull=False),
            )
        ]
        verbose_name = _("filing")


class Prescription(Fact):
    """A targeted drug ordered on the strength of a result (A31); X12 asks the drug rules."""

    referral = models.ForeignKey("referrals.Referral", models.PROTECT, related_name="prescriptions")
    drug = models.CharField(_("drug"), max_length=60)
    indication = models.CharField(_("indication"), max_length=120)
    line = models.CharField(_("line or setting"), max_length=120, blank=True)
    since = models.DateField(_("day of progression or relapse"), null=True, blank=True)
    prescribed_at = models.DateTimeField()
    prescribed_by = person()
    # The answer of the drug rules it stands on, or the special use that was approved and consented to.
    check_made = models.ForeignKey(
        "referrals.DrugCheck", models.PROTECT, null=True, blank=True, related_name="prescriptions"
    )
    special_use = models.ForeignKey(
        "referrals.SpecialUse", models.PROTECT, null=True, blank=True, related_name="prescriptions"
    )

    class Meta:
        verbose_name = _("prescription")
