"""The indication catalog: gene tests, the editions that list when each is indicated, and who may ask for it.

Clauses B2 and B3: a test is done for an indication that a norm, guideline or consensus names, and the list is
kept in dated editions. An edition once in force is never edited; a database trigger holds that, so a case can
be read years later against the list of its day.
"""

import re
from datetime import date

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit.constraints import both_or_neither
from catalog.models import searching
from catalog.models.common import Grade, period, person
from catalog.models.grading import Cost, Risk, Support

UNCHECKED = "待核"
TO_REVIEW = "待复核"
# Histology as clinicians write it, or as ICD-O codes it.
SMALL_CELL = re.compile(r"(?<!非)小细胞|804[1-5]/3")
COMBINED = re.compile("腺|鳞|大细胞|非小细胞|复合|混合")
UNSETTLED = (UNCHECKED, "当年版核对", "原文核对")


class GeneTest(models.Model):
    """A test as a price list and a contract name it: genes, method and specimen, without the disease."""

    code = models.CharField(_("test code"), max_length=20, unique=True)
    name = models.CharField(_("test name"), max_length=60)
    genes = models.CharField(_("genes"), max_length=120)
    method = models.CharField(_("method"), max_length=60)
    specimen = models.CharField(_("specimen"), max_length=60)
    initials = models.CharField(_("pinyin initials"), max_length=80, blank=True)
    says = searching.kept(searching.TEST)

    class Meta:
        verbose_name = _("gene test")
        verbose_name_plural = _("gene tests")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class EditionQuerySet(models.QuerySet):
    def binding(self) -> "EditionQuerySet":
        """Those that count on some days: in force, approved for a day to come, or superseded."""
        return self.filter(status__in=Edition.BINDING)

    def in_force(self, on: date) -> "EditionQuerySet":
        return self.binding().filter(Q(in_force_to__isnull=True) | Q(in_force_to__gte=on), in_force_from__lte=on)

    def visible_to(self, user) -> "EditionQuerySet":
        """What binds is for everybody of the hospital; what is being written for those who write or decide it, and
        for the experts named."""
        here = self.filter(Q(institution__isnull=True) | Q(institution__in=user.institution_ids))
        if user.is_machine or any(user.may(one) for one in Edition.MAKERS):
            return here
        named = Q(pk__in=self.model.objects.filter(experts__user_id=user.pk).values("pk"))
        return here.filter(Q(status__in=Edition.BINDING) | named)


class Edition(models.Model):
    """A dated list (clauses A40, B3): drafted by medical affairs, reviewed by experts, checked, approved, in force."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        EXPERT_REVIEW = "expert_review", _("Expert review")
        MEDICAL_CHECK = "medical_check", _("Check by medical affairs")
        APPROVAL = "approval", _("Awaiting approval")
        IN_FORCE = "in_force", pgettext_lazy("catalog edition", "In force")
        SUPERSEDED = "superseded", pgettext_lazy("catalog edition", "Superseded")
        DISCARDED = "discarded", _("Discarded")

    BINDING = (Status.IN_FORCE, Status.SUPERSEDED)
    # The rows may still be written.
    WRITABLE = (Status.DRAFT, Status.EXPERT_REVIEW)
    UNDER_WAY = (Status.DRAFT, Status.EXPERT_REVIEW, Status.MEDICAL_CHECK, Status.APPROVAL)
    MAKERS = ("catalog.draft_edition", "catalog.check_edition", "catalog.decide_edition")

    number = models.CharField(_("edition number"), max_length=40)
    title = models.CharField(_("title"), max_length=120)
    institution = models.ForeignKey(
        "accounts.Institution",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="catalog_editions",
        verbose_name=_("institution"),
        help_text=_("Empty for the county's starter catalog."),
    )
    status = models.CharField(_("status"), max_length=16, choices=Status, default=Status.DRAFT)
    in_force_from = models.DateField(_("in force from"), null=True, blank=True)
    in_force_to = models.DateField(_("in force to"), null=True, blank=True)
    basis_for_history = models.BooleanField(_("basis for imported history"), default=False)
    note = models.TextField(_("note"), blank=True)
    based_on = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="followed_by", verbose_name=_("begun from")
    )
    drafted_at = models.DateTimeField(_("drafted at"), null=True, blank=True)
    drafted_by = person(_("drafted by"))
    review_due = models.DateField(_("comments until"), null=True, blank=True)
    checked_at = models.DateTimeField(_("checked at"), null=True, blank=True)
    checked_by = person(_("checked by"))
    check_note = models.TextField(_("what the check found"), blank=True)
    approved_at = models.DateTimeField(_("approved at"), null=True, blank=True)
    approved_by = person(_("approved by"))
    # The edition whose period the approval ended, and its last day before that: what calling back puts right.
    follows = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("follows on")
    )
    follows_ended = models.DateField(_("former last day of the edition it follows"), null=True, blank=True)
    document_number = models.CharField(_("document number"), max_length=60, blank=True)
    announced_on = models.DateField(_("told to the doctors on"), null=True, blank=True)
    back_reason = models.TextField(_("why returned or discarded"), blank=True)

    objects = EditionQuerySet.as_manager()

    class Meta:
        verbose_name = _("catalog edition")
        verbose_name_plural = _("catalog editions")
        ordering = ["-in_force_from", "-id"]
        constraints = [
            models.UniqueConstraint(name="edition_number_once", fields=["institution", "number"], nulls_distinct=False),
            models.CheckConstraint(
                name="edition_in_force_has_first_day",
                condition=~Q(status__in=["in_force", "superseded"]) | Q(in_force_from__isnull=False),
            ),
            models.CheckConstraint(
                name="edition_period_runs_forward",
                condition=Q(in_force_to__isnull=True) | Q(in_force_to__gte=F("in_force_from")),
            ),
            models.CheckConstraint(
                name="edition_superseded_has_last_day",
                condition=~Q(status="superseded") | Q(in_force_to__isnull=False),
            ),
            both_or_neither("drafted"),
            both_or_neither("checked"),
            both_or_neither("approved"),
            # Nobody approves or checks what they drafted (X14).
            models.CheckConstraint(
                name="edition_approved_by_another",
                condition=Q(approved_by__isnull=True)
                | ~Q(approved_by=F("drafted_by")) & (Q(checked_by__isnull=True) | ~Q(approved_by=F("checked_by"))),
            ),
            models.CheckConstraint(
                name="edition_checked_by_another",
                condition=Q(checked_by__isnull=True) | ~Q(checked_by=F("drafted_by")),
            ),
            models.CheckConstraint(
                name="edition_discarded_says_why", condition=~Q(status="discarded") | ~Q(back_reason="")
            ),
            ExclusionConstraint(
                name="edition_one_in_force",
                expressions=[
                    (Coalesce("institution", 0), RangeOperators.EQUAL),
                    (period("in_force_from", "in_force_to"), RangeOperators.OVERLAPS),
                ],
                condition=Q(status__in=["in_force", "superseded"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title}（{self.number}）"

    def get_absolute_url(self) -> str:
        return reverse("catalog:edition", args=[self.pk])

    @property
    def is_writable(self) -> bool:
        return self.status in self.WRITABLE

    @property
    def is_binding(self) -> bool:
        return self.status in self.BINDING


class IndicationQuerySet(models.QuerySet):
    def search(self, words: str) -> "IndicationQuerySet":
        """Every word must be found in the line or its test: a gene by any name, a drug, a tumour, ICD-10, initials."""
        return searching.search(self, words)

    def covering_condition(self, diagnosis_code: str) -> Q:
        """The condition by which these lines cover a diagnosis, to filter or rank by."""
        return searching.covering(self, diagnosis_code)


class Indication(models.Model):
    """A line of an edition: for this tumour in this situation this test is indicated, on this authority."""

    edition = models.ForeignKey(Edition, models.PROTECT, related_name="indications", verbose_name=_("catalog edition"))
    test = models.ForeignKey(GeneTest, models.PROTECT, related_name="indications", verbose_name=_("gene test"))
    code = models.CharField(_("indication code"), max_length=16)
    tumour = models.CharField(_("tumour"), max_length=60)
    tumour_english = models.CharField(_("tumour in English"), max_length=80, blank=True)
    tumour_initials = models.CharField(_("pinyin initials"), max_length=60, blank=True)
    icd10 = models.CharField(_("ICD-10"), max_length=60)
    icd10_match = models.CharField(_("ICD-10 matched"), max_length=60)
    setting = models.CharField(_("clinical setting"), max_length=120)
    genes = models.CharField(_("genes"), max_length=120)
    alteration = models.CharField(_("alteration"), max_length=120)
    method_primary = models.CharField(_("preferred method"), max_length=60)
    method_alternative = models.CharField(_("other methods"), max_length=80, blank=True)
    specimen = models.CharField(_("specimen"), max_length=60)
    purpose = models.CharField(_("purpose"), max_length=60)
    drugs = models.CharField(_("drugs"), max_length=120, blank=True)
    drug_note = models.CharField(_("note on drugs"), max_length=120, blank=True)
    guideline = models.CharField(_("guideline"), max_length=120)
    issuer = models.CharField(_("issuer"), max_length=80)
    year = models.PositiveSmallIntegerField(_("year"))
    doc_no = models.CharField(_("document number"), max_length=80, blank=True)
    second_source = models.CharField(_("second source"), max_length=200, blank=True)
    recommendation = models.CharField(_("recommendation"), max_length=60)
    evidence_class = models.CharField(_("evidence class"), max_length=40)
    recommendation_confidence = models.CharField(_("certainty of the recommendation"), max_length=12)
    grade = models.CharField(_("grade"), max_length=12, choices=Grade)
    is_risky = models.BooleanField(
        _("risky test"),
        default=False,
        help_text=_("A risky test needs evidence and a departmental discussion even with a guideline (clause A22)."),
    )
    # The three criteria of the grade, each with its reasoning (A23); empty where nobody has recorded them yet.
    risk_level = models.CharField(_("risk"), max_length=10, choices=Risk, blank=True)
    risk_basis = models.CharField(_("why this risk"), max_length=160, blank=True)
    cost_level = models.CharField(_("cost level"), max_length=10, choices=Cost, blank=True)
    cost_basis = models.CharField(_("why this cost level"), max_length=160, blank=True)
    evidence_support = models.CharField(_("evidence support"), max_length=10, choices=Support, blank=True)
    evidence_basis = models.CharField(_("why this evidence support"), max_length=160, blank=True)
    grade_reason = models.CharField(_("why another grade than proposed"), max_length=300, blank=True)
    mdt_on_first_visit = models.CharField(_("MDT on first visit"), max_length=60)
    route_hint = models.CharField(_("in-house or outsourced"), max_length=40)
    germline = models.CharField(_("germline"), max_length=20)
    is_nucleic_acid_test = models.BooleanField(_("nucleic acid test"))
    turnaround_days = models.PositiveSmallIntegerField(_("turnaround in working days"))
    notes = models.TextField(_("notes"), blank=True)
    source_status = models.CharField(_("source status"), max_length=20)
    confidence = models.CharField(_("certainty"), max_length=12)
    reviewed_on = models.DateField(_("reviewed on"), null=True, blank=True)
    reviewed_by = person(_("reviewed by"))
    says = searching.kept(searching.LINE)

    objects = IndicationQuerySet.as_manager()

    class Meta:
        verbose_name = _("indication")
        verbose_name_plural = _("indications")
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(name="indication_once_an_edition", fields=["edition", "code"]),
            # 已复核 only by a named expert on a day.
            models.CheckConstraint(
                name="indication_reviewed_by_somebody",
                condition=Q(reviewed_on__isnull=True, reviewed_by__isnull=True)
                | Q(reviewed_on__isnull=False, reviewed_by__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["code"], name="indication_code"),
            # The ranges of an edition, read from the index alone.
            models.Index(fields=["edition", "icd10_match"], name="indication_ranges"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.tumour} {self.genes}"

    def get_absolute_url(self) -> str:
        return reverse("catalog:indication", args=[self.code])

    def covers(self, diagnosis_code: str) -> bool:
        """Whether an ICD-10 code lies in this line: C18-C20 covers C19.1 and C18—C20, C92.0 not C92.1."""
        return searching.in_ranges(self.icd10_match, diagnosis_code)

    def leaves_out(self, pathology: str) -> bool:
        """Whether the histological type lies outside the line's tumour where ICD-10 cannot tell: C34 codes small-cell
        and non-small-cell lung cancer alike. A combined carcinoma stays in."""
        of_non_small_cell = self.tumour.startswith("非小细胞")
        return bool(of_non_small_cell and SMALL_CELL.search(pathology) and not COMBINED.search(pathology))

    @property
    def needs_evidence_and_discussion(self) -> bool:
        """Clause A22: graded so, or risky, whatever else speaks for the test."""
        return self.grade == Grade.DISCUSSION or self.is_risky

    @property
    def unchecked(self) -> list[str]:
        """The names of the fields that themselves say they are not settled: 待核, 按当年版核对, 按原文核对."""
        return [
            str(Indication._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
            for name in ("guideline", "doc_no", "second_source", "recommendation", "evidence_class")
            if any(word in getattr(self, name) for word in UNSETTLED)
        ]

    @property
    def is_reviewed(self) -> bool:
        return self.reviewed_on is not None

    @property
    def marks(self) -> list[str]:
        """What is not yet a fact. 待复核: no named expert has confirmed the row. 待核: the row itself says so.

        Shown wherever the row is; by themselves they do not break X02.
        """
        marks = [] if self.is_reviewed else [TO_REVIEW]
        return [*marks, UNCHECKED] if self.unchecked else marks
