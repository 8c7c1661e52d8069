"""What the catalog rests on: sources, each with its own system of levels; citations of a row; reviews when a newer
edition of a source comes; what counts as evidence here.

Clauses B2 (the latest norm, guideline or consensus, with place and level), B3 (adjusted in time), A22 (a test without a
guideline needs evidence and a departmental discussion). Systems of levels are kept apart and never converted into each
other (`vocab.md` §12): a citation bears a level of its own source's system, which the database holds.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit.constraints import both_or_neither
from catalog.models.common import person
from catalog.models.editions import UNCHECKED, Indication

BAR = "｜"


def words(name, longest=30):
    return ArrayField(models.CharField(max_length=longest), default=list, blank=True, verbose_name=name)


class LevelSystem(models.Model):
    """A body's own way of grading, as data (`catalog/data/level_systems.json`)."""

    code = models.CharField(max_length=20, primary_key=True)
    name = models.CharField(_("system of levels"), max_length=60)
    recommendations = words(_("levels of recommendation"))
    classes = words(_("evidence classes"))
    signs = words(_("words that tell its sources"), 40)
    note = models.CharField(_("note"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("system of levels")
        verbose_name_plural = _("systems of levels")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class EvidenceSourceQuerySet(models.QuerySet):
    def known_to(self, institution_id: int | None) -> EvidenceSourceQuerySet:
        """The county's, and the hospital's own."""
        return self.filter(Q(institution__isnull=True) | Q(institution=institution_id))

    def visible_to(self, user) -> EvidenceSourceQuerySet:
        return self.filter(Q(institution__isnull=True) | Q(institution__in=user.institution_ids))


class EvidenceSource(models.Model):
    """One edition of a norm, guideline, consensus or label. What it says stays; a newer edition is another source."""

    class Kind(models.TextChoices):
        NORM = "norm", _("National norm or guideline")
        PATHWAY = "pathway", _("Clinical pathway")
        GUIDELINE = "guideline", _("Guideline of a society")
        STANDARD = "standard", _("Classification or diagnostic standard")
        CONSENSUS = "consensus", _("Expert consensus")
        LABEL = "label", _("Drug label")
        LITERATURE = "literature", _("Paper")

    # What clause A22 calls guideline (norm) or pathway.
    GUIDELINES = (Kind.NORM, Kind.PATHWAY, Kind.GUIDELINE, Kind.STANDARD)

    institution = models.ForeignKey(
        "accounts.Institution", models.PROTECT, null=True, blank=True, related_name="evidence_sources",
        verbose_name=_("institution"), help_text=_("Empty for the county's library."),
    )  # fmt: skip
    title = models.CharField(_("title"), max_length=120)
    issuer = models.CharField(_("issuer"), max_length=80)
    year = models.PositiveSmallIntegerField(_("year"), null=True, blank=True)
    edition = models.CharField(_("edition"), max_length=40, blank=True)
    doc_no = models.CharField(_("document number"), max_length=80, blank=True)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    system = models.ForeignKey(LevelSystem, models.PROTECT, related_name="sources", verbose_name=_("system of levels"))
    in_force_from = models.DateField(_("in force from"), null=True, blank=True)
    file = models.ForeignKey(
        "documents.StoredFile", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("text (PDF)")
    )
    supersedes = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="newer", verbose_name=_("supersedes")
    )
    unsettled = models.BooleanField(
        _("still to be checked"), default=False, help_text=_("Edition and number are still to be checked (待核).")
    )
    registered_at = models.DateTimeField(_("registered at"), default=timezone.now)
    registered_by = person(_("registered by"), null=False)

    objects = EvidenceSourceQuerySet.as_manager()

    class Meta:
        verbose_name = _("source of evidence")
        verbose_name_plural = _("sources of evidence")
        ordering = ["title"]
        constraints = [
            models.UniqueConstraint(name="source_title_once", fields=["institution", "title"], nulls_distinct=False),
            # One newer edition; that links make no ring is held by a trigger.
            models.UniqueConstraint(
                name="source_one_newer", fields=["institution", "supersedes"], nulls_distinct=False,
                condition=Q(supersedes__isnull=False),
            ),
            models.CheckConstraint(
                name="source_not_its_own_follower", condition=Q(supersedes__isnull=True) | ~Q(supersedes=F("id"))
            ),
            models.CheckConstraint(
                name="source_year_or_unsettled", condition=Q(year__isnull=False) | Q(unsettled=True)
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"《{self.title}》"

    def get_absolute_url(self) -> str:
        return reverse("catalog:source", args=[self.pk])

    @property
    def marks(self) -> list[str]:
        return [UNCHECKED] if self.unsettled else []


class Citation(models.Model):
    """A row of an edition rests on this source, at this place, with this level of the source's own system."""

    indication = models.ForeignKey(Indication, models.CASCADE, related_name="citations", verbose_name=_("indication"))
    source = models.ForeignKey(
        EvidenceSource, models.PROTECT, related_name="citations", verbose_name=_("source of evidence")
    )
    rank = models.PositiveSmallIntegerField(default=0)
    recommendation = models.CharField(_("recommendation"), max_length=30, blank=True)
    evidence_class = models.CharField(_("evidence class"), max_length=30, blank=True)
    place = models.CharField(_("page or section"), max_length=80, blank=True)
    unsettled = models.BooleanField(_("still to be checked"), default=False)

    class Meta:
        verbose_name = _("citation")
        verbose_name_plural = _("citations")
        ordering = ["indication", "rank", "id"]
        constraints = [models.UniqueConstraint(name="source_cited_once_a_row", fields=["indication", "source"])]

    def __str__(self) -> str:
        return self.as_text

    @property
    def marks(self) -> list[str]:
        return [UNCHECKED] if self.unsettled or self.source.unsettled else []

    @property
    def as_text(self) -> str:
        """《title》｜level｜class｜place｜待核, as rows are kept, exported and read again."""
        parts = [str(self.source), self.recommendation, self.evidence_class, self.place]
        return BAR.join([*parts, UNCHECKED if self.unsettled else ""]).rstrip(BAR)


class ConsensusSupport(models.Model):
    """The two elements of clause A22 for a row that only a consensus (or less) speaks for: evidence and discussion."""

    indication = models.OneToOneField(Indication, models.CASCADE, related_name="support", verbose_name=_("indication"))
    evidence = models.TextField(_("evidence"), max_length=2000)
    file = models.ForeignKey(
        "documents.StoredFile", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("file (PDF)")
    )
    department = models.CharField(_("department"), max_length=60)
    discussed_on = models.DateField(_("discussed on"))
    present = models.CharField(_("present"), max_length=300)
    conclusion = models.TextField(_("conclusion"), max_length=2000)
    recorded_at = models.DateTimeField(_("recorded at"), default=timezone.now)
    recorded_by = person(_("recorded by"), null=False)

    class Meta:
        verbose_name = _("evidence and discussion")
        constraints = [
            models.CheckConstraint(
                name="support_has_both_elements",
                condition=~Q(evidence="") & ~Q(department="") & ~Q(present="") & ~Q(conclusion=""),
            ),
        ]

    @property
    def as_text(self) -> str:
        return f"{self.evidence}；{self.department} {self.discussed_on:%Y-%m-%d}，{self.present}：{self.conclusion}"


class SourceReviewQuerySet(models.QuerySet):
    def visible_to(self, user) -> SourceReviewQuerySet:
        return self.filter(institution__in=user.institution_ids)

    def open(self) -> SourceReviewQuerySet:
        """Nobody has concluded yet whether the row stands under the newer edition."""
        return self.filter(outcome="")


class SourceReview(models.Model):
    """A row in force whose source has a newer edition: who looks, until when, and what came of it (B2, B3).

    The row itself is frozen; this record opens it under the newer source, or closes it.
    """

    class Outcome(models.TextChoices):
        CONFIRMED = "confirmed", pgettext_lazy("review of a row", "Confirmed by the newer edition")
        CHANGE = "change", pgettext_lazy("review of a row", "To be changed in the next edition")
        CLOSED = "closed", pgettext_lazy("review of a row", "Closed")

    institution = models.ForeignKey(
        "accounts.Institution", models.PROTECT, related_name="source_reviews", verbose_name=_("institution")
    )
    indication = models.ForeignKey(Indication, models.PROTECT, related_name="reviews", verbose_name=_("indication"))
    source = models.ForeignKey(EvidenceSource, models.PROTECT, related_name="+", verbose_name=_("cited source"))
    newer = models.ForeignKey(EvidenceSource, models.PROTECT, related_name="reviews", verbose_name=_("newer edition"))
    owner = person(_("reviewed by"), null=False)
    due_on = models.DateField(_("due on"))
    closes_on = models.DateField(_("last day before the row closes"))
    opened_at = models.DateTimeField(_("opened at"), default=timezone.now)
    opened_by = person(_("opened by"), null=False)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    recommendation = models.CharField(_("recommendation"), max_length=30, blank=True)
    evidence_class = models.CharField(_("evidence class"), max_length=30, blank=True)
    place = models.CharField(_("page or section"), max_length=80, blank=True)
    concluded_at = models.DateTimeField(_("concluded at"), null=True, blank=True)
    concluded_by = person(_("concluded by"))

    objects = SourceReviewQuerySet.as_manager()

    class Walls:
        institution = "institution_id"

    class Meta:
        verbose_name = _("review of a row")
        verbose_name_plural = _("reviews of rows")
        ordering = ["due_on", "id"]
        constraints = [
            models.UniqueConstraint(
                name="row_reviewed_once_a_newer_edition", fields=["institution", "indication", "newer"]
            ),
            both_or_neither("concluded"),
            models.CheckConstraint(
                name="review_concluded_says_why",
                condition=Q(outcome="", concluded_at__isnull=True)
                | ~Q(outcome="") & ~Q(reason="") & Q(concluded_at__isnull=False),
            ),
            models.CheckConstraint(name="review_due_before_it_closes", condition=Q(closes_on__gte=F("due_on"))),
            # Confirmed means read at a place of the newer edition.
            models.CheckConstraint(
                name="review_confirmed_at_a_place", condition=~Q(outcome="confirmed") | ~Q(place="")
            ),
        ]
        indexes = [models.Index(fields=["institution", "indication"], name="review_of_a_row")]

    def __str__(self) -> str:
        return f"{self.indication.code} {self.newer}"

    def get_absolute_url(self) -> str:
        return reverse("catalog:source_review", args=[self.pk])


class EvidenceRule(models.Model):
    """What counts as evidence of an indication, set by the bureau or the hospital with the reason (`clauses.md` §0.2).

    Never edited: the next rule follows it. The narrower of the bureau's and the hospital's holds.
    """

    class Accepts(models.TextChoices):
        GUIDELINES = "guidelines", _("Norms, guidelines and pathways alone")
        B2 = "b2", _("Norms, guidelines and expert consensus (clause B2)")
        A22 = "a22", _("Other evidence too, by the route of clause A22")

        @property
        def rank(self) -> int:
            return list(type(self)).index(self)

    institution = models.ForeignKey(
        "accounts.Institution", models.PROTECT, related_name="evidence_rules", verbose_name=_("institution")
    )
    accepts = models.CharField(_("what counts as evidence"), max_length=12, choices=Accepts, default=Accepts.B2)
    grace_days = models.PositiveSmallIntegerField(_("days until an unreviewed row closes"))
    review_days = models.PositiveSmallIntegerField(_("working days for a review"))
    reason = models.CharField(_("reason"), max_length=300)
    set_at = models.DateTimeField(_("set at"), default=timezone.now)
    set_by = person(_("set by"), null=False)

    class Meta:
        verbose_name = _("rule on evidence")
        verbose_name_plural = _("rules on evidence")
        ordering = ["-set_at", "-id"]
        indexes = [models.Index(fields=["institution", "-set_at"], name="evidence_rule_latest")]
        constraints = [
            models.CheckConstraint(name="evidence_rule_says_why", condition=~Q(reason="")),
            models.CheckConstraint(
                name="evidence_rule_in_range", condition=Q(grace_days__lte=365) & Q(review_days__range=(1, 90))
            ),
        ]
