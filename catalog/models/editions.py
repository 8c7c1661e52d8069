"""The indication catalog: gene tests, the editions that list when each is indicated, and who may ask for it.

Clauses B2 and B3: a test is done for an indication that a norm, guideline or consensus names, and the list is
kept in dated editions. An edition once in force is never edited; a database trigger holds that, so a case can
be read years later against the list of its day.
"""

import re
from collections.abc import Iterator
from datetime import date

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from catalog.models.common import Grade, period

UNCHECKED = "待核"
TO_REVIEW = "待复核"
# Histology as clinicians write it, or as ICD-O codes it.
SMALL_CELL = re.compile(r"(?<!非)小细胞|804[1-5]/3")
COMBINED = re.compile("腺|鳞|大细胞|非小细胞|复合|混合")


class GeneTest(models.Model):
    """A test as a price list and a contract name it: genes, method and specimen, without the disease."""

    code = models.CharField(_("test code"), max_length=20, unique=True)
    name = models.CharField(_("test name"), max_length=60)
    genes = models.CharField(_("genes"), max_length=120)
    method = models.CharField(_("method"), max_length=60)
    specimen = models.CharField(_("specimen"), max_length=60)
    initials = models.CharField(_("pinyin initials"), max_length=80, blank=True)

    class Meta:
        verbose_name = _("gene test")
        verbose_name_plural = _("gene tests")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class EditionQuerySet(models.QuerySet):
    def in_force(self, on: date) -> "EditionQuerySet":
        return self.exclude(status=Edition.Status.DRAFT).filter(
            Q(in_force_to__isnull=True) | Q(in_force_to__gte=on), in_force_from__lte=on
        )

    def visible_to(self, user) -> "EditionQuerySet":
        return self.filter(Q(institution__isnull=True) | Q(institution__in=user.institution_ids))


class Edition(models.Model):
    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        IN_FORCE = "in_force", _("In force")
        RETIRED = "retired", _("Retired")

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
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.DRAFT)
    in_force_from = models.DateField(_("in force from"), null=True, blank=True)
    in_force_to = models.DateField(_("in force to"), null=True, blank=True)
    basis_for_history = models.BooleanField(_("basis for imported history"), default=False)
    note = models.TextField(_("note"), blank=True)

    objects = EditionQuerySet.as_manager()

    class Meta:
        verbose_name = _("catalog edition")
        verbose_name_plural = _("catalog editions")
        ordering = ["-in_force_from", "-id"]
        constraints = [
            models.UniqueConstraint(name="edition_number_once", fields=["institution", "number"], nulls_distinct=False),
            models.CheckConstraint(
                name="edition_in_force_has_first_day",
                condition=Q(status="draft") | Q(in_force_from__isnull=False),
            ),
            models.CheckConstraint(
                name="edition_period_runs_forward",
                condition=Q(in_force_to__isnull=True) | Q(in_force_to__gte=F("in_force_from")),
            ),
            models.CheckConstraint(
                name="edition_retired_has_last_day",
                condition=~Q(status="retired") | Q(in_force_to__isnull=False),
            ),
            ExclusionConstraint(
                name="edition_one_in_force",
                expressions=[
                    (Coalesce("institution", 0), RangeOperators.EQUAL),
                    (period("in_force_from", "in_force_to"), RangeOperators.OVERLAPS),
                ],
                condition=~Q(status="draft"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title}（{self.number}）"


class IndicationQuerySet(models.QuerySet):
    def search(self, words: str) -> "IndicationQuerySet":
        """Every word must be found in the code, tumour, genes, alteration, drugs, test or pinyin initials."""
        found = self
        for word in words.split():
            found = found.filter(
                Q(code__icontains=word)
                | Q(tumour__icontains=word)
                | Q(genes__icontains=word)
                | Q(alteration__icontains=word)
                | Q(drugs__icontains=word)
                | Q(icd10__icontains=word)
                | Q(test__code__icontains=word)
                | Q(test__name__icontains=word)
                | Q(test__initials__icontains=word)
                | Q(tumour_initials__icontains=word)
            )
        return found


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
    mdt_on_first_visit = models.CharField(_("MDT on first visit"), max_length=60)
    route_hint = models.CharField(_("in-house or outsourced"), max_length=40)
    germline = models.CharField(_("germline"), max_length=20)
    is_nucleic_acid_test = models.BooleanField(_("nucleic acid test"))
    turnaround_days = models.PositiveSmallIntegerField(_("turnaround in working days"))
    notes = models.TextField(_("notes"), blank=True)
    source_status = models.CharField(_("source status"), max_length=20)
    confidence = models.CharField(_("certainty"), max_length=12)

    objects = IndicationQuerySet.as_manager()

    class Meta:
        verbose_name = _("indication")
        verbose_name_plural = _("indications")
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(name="indication_once_an_edition", fields=["edition", "code"]),
        ]
        indexes = [models.Index(fields=["code"], name="indication_code")]

    def __str__(self) -> str:
        return f"{self.code} {self.tumour} {self.genes}"

    def get_absolute_url(self) -> str:
        return reverse("catalog:indication", args=[self.code])

    def covers(self, diagnosis_code: str) -> bool:
        """Whether an ICD-10 code lies in this line: C18-C20 covers C19.1 and C18—C20, C92.0 not C92.1."""
        low, _dash, high = re.sub("[—－–]", "-", diagnosis_code.strip().upper()).partition("-")
        return any(
            start <= low[: len(start)] and (high or low)[: len(end)] <= end for start, end in self._icd10_ranges()
        )

    def leaves_out(self, pathology: str) -> bool:
        """Whether the histological type lies outside the line's tumour where ICD-10 cannot tell: C34 codes small-cell
        and non-small-cell lung cancer alike. A combined carcinoma stays in."""
        of_non_small_cell = self.tumour.startswith("非小细胞")
        return bool(of_non_small_cell and SMALL_CELL.search(pathology) and not COMBINED.search(pathology))

    def _icd10_ranges(self) -> Iterator[tuple[str, str]]:
        for part in re.split(r"[;；、]", self.icd10_match):
            low, _dash, high = part.strip().upper().partition("-")
            if low:
                yield low, high or low

    @property
    def needs_evidence_and_discussion(self) -> bool:
        """Clause A22: graded so, or risky, whatever else speaks for the test."""
        return self.grade == Grade.DISCUSSION or self.is_risky

    @property
    def marks(self) -> list[str]:
        """待核 and 待复核, for display only: they do not by themselves break X02."""
        marks = []
        text = f"{self.evidence_class} {self.recommendation} {self.guideline} {self.source_status}"
        if TO_REVIEW in self.source_status or "当年版核对" in text or "原文核对" in text:
            marks.append(TO_REVIEW)
        if UNCHECKED in text:
            marks.append(UNCHECKED)
        return marks
