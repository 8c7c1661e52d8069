"""The register of policy documents, their clauses, and which of them is in force on a day.

Clause A1: every rule hangs on a dated basis and outlives the plan that brought it. A document whose dates
nobody has checked yet carries `dates_verified=False` and is shown as 待核; it still counts.
"""

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class PolicyDocumentQuerySet(models.QuerySet):
    def visible_to(self, user) -> "PolicyDocumentQuerySet":
        """The basis of the rules is no secret to anybody who works under them."""
        return self

    def in_force(self, on: date) -> "PolicyDocumentQuerySet":
        """Documents in force on that day, first and last day included.

        A document with no known first day counts from its issue; with neither it is taken as in force,
        because an unchecked date must not silence a rule.
        """
        started = Q(in_force_from__lte=on) | Q(in_force_from__isnull=True) & (
            Q(issued_on__lte=on) | Q(issued_on__isnull=True)
        )
        return self.filter(started).exclude(in_force_to__lt=on)


class PolicyDocument(models.Model):
    class Kind(models.TextChoices):
        PLAN = "plan", _("Action plan")
        LAW = "law", _("Law")
        REGULATION = "regulation", _("Administrative regulation")
        RULE = "rule", _("Departmental rule")
        STANDARD = "standard", _("Standard")

    code = models.CharField(_("code"), max_length=12, unique=True)
    title = models.CharField(_("title"), max_length=200)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    issuer = models.CharField(_("issuer"), max_length=100, blank=True)
    doc_no = models.CharField(_("document number"), max_length=80, blank=True)
    issued_on = models.DateField(_("issued on"), null=True, blank=True)
    in_force_from = models.DateField(_("in force from"), null=True, blank=True)
    in_force_to = models.DateField(_("in force to"), null=True, blank=True)
    dates_verified = models.BooleanField(_("dates verified"), default=False)
    supersedes = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="superseded_by",
        verbose_name=_("supersedes"),
    )
    articles = models.CharField(_("articles"), max_length=200, blank=True)
    duty = models.TextField(_("what it asks"), blank=True)
    text = models.TextField(_("full text"), blank=True)
    order = models.PositiveSmallIntegerField(_("order"), default=0)
    kept_here = models.BooleanField(
        default=False,
        help_text="Number and dates were entered or checked here: loading the register leaves them alone.",
    )

    objects = PolicyDocumentQuerySet.as_manager()

    class Meta:
        verbose_name = _("policy document")
        verbose_name_plural = _("policy documents")
        ordering = ["order", "code"]
        constraints = [
            models.CheckConstraint(
                name="policy_document_period_runs_forward",
                condition=Q(in_force_to__isnull=True)
                | Q(in_force_from__isnull=True)
                | Q(in_force_to__gte=F("in_force_from")),
            ),
        ]

    def __str__(self) -> str:
        return f"《{self.title}》{self.doc_no}"

    def get_absolute_url(self) -> str:
        return reverse("policy:document", args=[self.code])


class ClauseQuerySet(models.QuerySet):
    def visible_to(self, user) -> "ClauseQuerySet":
        return self


class Clause(models.Model):
    """One requirement of a document: its words, who owes it, and what the software does about it."""

    code = models.CharField(_("code"), max_length=8, unique=True)
    document = models.ForeignKey(
        PolicyDocument, models.PROTECT, related_name="clauses", verbose_name=_("policy document")
    )
    section = models.CharField(_("section"), max_length=60)
    quote = models.TextField(_("quote"))
    meaning = models.TextField(_("meaning in English"))
    actor = models.CharField(_("who owes it"), max_length=100)
    system = models.TextField(_("what the software lets and prevents"))
    record = models.TextField(_("record"))
    deadline = models.CharField(_("deadline or period"), max_length=200, blank=True)
    indicator = models.TextField(_("indicator"), blank=True)
    tag = models.CharField(_("theme"), max_length=20)
    order = models.PositiveSmallIntegerField(_("order"), default=0)

    objects = ClauseQuerySet.as_manager()

    class Meta:
        verbose_name = _("clause")
        verbose_name_plural = _("clauses")
        ordering = ["order"]

    def __str__(self) -> str:
        return f"{self.code}「{self.quote}」"

    def get_absolute_url(self) -> str:
        return reverse("policy:clause", args=[self.code])
