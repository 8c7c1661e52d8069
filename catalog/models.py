"""The indication catalog: gene tests, the editions that list when each is indicated, and who may ask for it.

Clauses B2 and B3: a test is done for an indication that a norm, guideline or consensus names, and the list is
kept in dated editions. An edition once in force is never edited; a database trigger holds that, so a case can
be read years later against the list of its day.
"""

import re
from collections.abc import Iterator
from datetime import date

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

UNCHECKED = "待核"
TO_REVIEW = "待复核"


def period(start: str, end: str) -> Func:
    """A range of days with both ends in it; an open end runs on."""
    return Func(F(start), F(end), Value("[]"), function="daterange")


class Grade(models.TextChoices):
    """Who must look before the test is done (clauses A22, A23, B5), lightest first."""

    ROUTINE = "routine", _("Routine")
    DISCUSSION = "discussion", _("Needs departmental discussion")
    MDT = "mdt", _("Needs MDT")

    @property
    def rank(self) -> int:
        return list(type(self)).index(self)


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


class NotIndicated(models.Model):
    """A test that is asked for again and again and has no place in the catalog, with the answer to give."""

    code = models.CharField(_("code"), max_length=8, unique=True)
    item = models.CharField(_("test"), max_length=120)
    why = models.CharField(_("why not"), max_length=120)
    handling = models.CharField(_("handling"), max_length=120)
    message = models.CharField(_("answer to give"), max_length=200, blank=True)
    basis = models.CharField(_("basis"), max_length=120)
    confidence = models.CharField(_("certainty"), max_length=12)

    class Meta:
        verbose_name = _("test not indicated")
        verbose_name_plural = _("tests not indicated")
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.code} {self.item}"


class DrugTargetRule(models.Model):
    """Clause A31: which target stands before which drug, for which indication and line; not by drug alone."""

    class Need(models.TextChoices):
        TEST = "test", _("Test required")
        PATHOLOGY = "pathology", _("Pathology required, gene test recommended")
        NONE = "none", _("No test required")
        LABEL = "label", _("As the label of each drug says")

    code = models.CharField(_("code"), max_length=8, unique=True)
    drugs = models.CharField(_("drugs"), max_length=120)
    indication = models.CharField(_("indication"), max_length=120)
    line = models.CharField(_("line or setting"), max_length=80, blank=True)
    biomarker = models.CharField(_("required biomarker"), max_length=120, blank=True)
    need = models.CharField(_("need"), max_length=12, choices=Need)
    need_as_written = models.CharField(_("need as written"), max_length=60)
    accepted_result = models.CharField(_("accepted result"), max_length=60, blank=True)
    accepted_specimen = models.CharField(_("accepted specimen"), max_length=60, blank=True)
    not_sufficient = models.CharField(_("not sufficient"), max_length=80, blank=True)
    basis = models.CharField(_("basis"), max_length=80)
    confidence = models.CharField(_("certainty"), max_length=12)

    class Meta:
        verbose_name = _("drug–target rule")
        verbose_name_plural = _("drug–target rules")
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.code} {self.drugs} {self.indication}"

    @property
    def drug_names(self) -> list[str]:
        return [name.strip() for name in re.split(r"[/／、]", self.drugs) if name.strip()]


class InstitutionQuerySet(models.QuerySet):
    def visible_to(self, user) -> "InstitutionQuerySet":
        return self.filter(institution__in=user.institution_ids)


class RequestAuthorityQuerySet(InstitutionQuerySet):
    def in_force(self, on: date) -> "RequestAuthorityQuerySet":
        """Granted, not ended and not suspended on that day."""
        return self.filter(
            Q(ends_on__isnull=True) | Q(ends_on__gte=on),
            Q(suspended_on__isnull=True) | Q(suspended_on__gt=on),
            starts_on__lte=on,
        )


class RequestAuthority(models.Model):
    """Clauses A23 and A42: up to which grade a doctor may ask for tests in an institution."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="request_authorities", verbose_name=_("doctor")
    )
    institution = models.ForeignKey("accounts.Institution", models.PROTECT, verbose_name=_("institution"))
    grade = models.CharField(_("grade"), max_length=12, choices=Grade)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("to"), null=True, blank=True)
    suspended_on = models.DateField(_("suspended on"), null=True, blank=True)
    suspended_reason = models.TextField(_("why suspended"), blank=True)
    suspended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("suspended by"),
    )
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("granted by")
    )

    objects = RequestAuthorityQuerySet.as_manager()

    class Walls:
        institution = "institution_id"

    class Meta:
        verbose_name = _("request authority")
        verbose_name_plural = _("request authorities")
        ordering = ["user", "-starts_on"]
        constraints = [
            models.CheckConstraint(
                name="request_authority_runs_forward",
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
            ),
            models.CheckConstraint(
                name="request_authority_suspension_whole",
                condition=Q(suspended_on__isnull=True, suspended_by__isnull=True, suspended_reason="")
                | Q(suspended_on__isnull=False, suspended_by__isnull=False) & ~Q(suspended_reason=""),
            ),
            # Nobody widens his own authority (X14).
            models.CheckConstraint(name="request_authority_not_by_self", condition=~Q(granted_by=F("user"))),
            ExclusionConstraint(
                name="request_authority_no_overlap",
                expressions=[
                    ("user", RangeOperators.EQUAL),
                    ("institution", RangeOperators.EQUAL),
                    ("grade", RangeOperators.EQUAL),
                    (period("starts_on", "ends_on"), RangeOperators.OVERLAPS),
                ],
                condition=Q(suspended_on__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.get_grade_display()}"


class InHouseCapability(models.Model):
    """Clauses A2 and A14: a test the institution does itself, once it is registered."""

    institution = models.ForeignKey("accounts.Institution", models.PROTECT, verbose_name=_("institution"))
    test = models.ForeignKey(GeneTest, models.PROTECT, verbose_name=_("gene test"))
    registered_on = models.DateField(_("registered on"))
    ends_on = models.DateField(_("to"), null=True, blank=True)

    objects = InstitutionQuerySet.as_manager()

    class Walls:
        institution = "institution_id"

    class Meta:
        verbose_name = _("in-house capability")
        verbose_name_plural = _("in-house capabilities")
        ordering = ["institution", "test"]
        constraints = [
            models.CheckConstraint(
                name="capability_runs_forward",
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("registered_on")),
            ),
            ExclusionConstraint(
                name="capability_no_overlap",
                expressions=[
                    ("institution", RangeOperators.EQUAL),
                    ("test", RangeOperators.EQUAL),
                    (period("registered_on", "ends_on"), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.institution} {self.test}"
