"""Editions of the drug rules, and what is known here of each drug: formulary, insurance, restriction."""

from datetime import date

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from audit.constraints import both_or_neither
from catalog.models.common import period


class RuleEditionQuerySet(models.QuerySet):
    def in_force(self, on: date) -> "RuleEditionQuerySet":
        return self.filter(
            Q(in_force_to__isnull=True) | Q(in_force_to__gte=on),
            in_force_from__lte=on,
            status__in=[RuleEdition.Status.IN_FORCE, RuleEdition.Status.SUPERSEDED],
        )

    def visible_to(self, user) -> "RuleEditionQuerySet":
        return self.filter(Q(institution__isnull=True) | Q(institution__in=user.institution_ids))


class RuleEdition(models.Model):
    """The drug–target rules change each year with labels and guiding principles (vocab.md 11): whole editions, read by
    a pharmacist and by medical affairs before they take force, and never edited after."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        CHECKED = "checked", _("Checked by a pharmacist")
        IN_FORCE = "in_force", _("In force")
        SUPERSEDED = "superseded", _("Superseded")

    number = models.CharField(_("edition number"), max_length=40)
    title = models.CharField(_("title"), max_length=120)
    institution = models.ForeignKey(
        "accounts.Institution", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("institution")
    )
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.DRAFT)
    based_on = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+")
    drafted_at = models.DateTimeField(auto_now_add=True)
    drafted_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    checked_at = models.DateTimeField(_("checked at"), null=True, blank=True)
    checked_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    approved_at = models.DateTimeField(_("approved at"), null=True, blank=True)
    approved_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    in_force_from = models.DateField(_("in force from"), null=True, blank=True)
    in_force_to = models.DateField(_("in force to"), null=True, blank=True)
    note = models.TextField(_("note"), blank=True)

    objects = RuleEditionQuerySet.as_manager()

    class Meta:
        verbose_name = _("edition of the drug rules")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                name="rule_edition_number_once", fields=["institution", "number"], nulls_distinct=False
            ),
            models.CheckConstraint(
                name="rule_edition_in_force_was_read",
                condition=Q(status__in=["draft", "checked"])
                | Q(checked_by__isnull=False, approved_by__isnull=False, in_force_from__isnull=False),
            ),
            models.CheckConstraint(
                name="rule_edition_period_forward",
                condition=Q(in_force_to__isnull=True) | Q(in_force_to__gte=F("in_force_from") - 1),
            ),
            both_or_neither("checked"),
            both_or_neither("approved"),
            ExclusionConstraint(
                name="rule_edition_one_in_force",
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
        return reverse("catalog:rule_edition", args=[self.pk])


class FormularyQuerySet(models.QuerySet):
    def on(self, day: date) -> "FormularyQuerySet":
        return self.filter(Q(valid_to__isnull=True) | Q(valid_to__gte=day), valid_from__lte=day)

    def visible_to(self, user) -> "FormularyQuerySet":
        return self.filter(institution__in=user.institution_ids)


class FormularyEntry(models.Model):
    """Clause A33: what a patient here can reach. One drug of one hospital over a period; a change is a new row."""

    class Insurance(models.TextChoices):
        A = "a", _("Class A")
        B = "b", _("Class B")
        NEGOTIATED = "negotiated", _("Negotiated (class B)")
        SELF_PAID = "self_paid", _("Self-paid")
        UNKNOWN = "unknown", _("Not recorded")

    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="formulary")
    drug = models.CharField(_("generic name"), max_length=60)
    in_formulary = models.BooleanField(_("in the hospital's formulary"), default=False)
    insurance = models.CharField(_("insurance class"), max_length=12, choices=Insurance, default=Insurance.UNKNOWN)
    is_essential = models.BooleanField(_("essential medicine"), default=False)
    restriction = models.CharField(_("restriction of payment"), max_length=300, blank=True)
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid to"), null=True, blank=True)
    recorded_at = models.DateTimeField(auto_now_add=True)
    recorded_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")

    objects = FormularyQuerySet.as_manager()

    class Meta:
        verbose_name = _("drug of the formulary")
        ordering = ["drug", "-valid_from"]
        constraints = [
            models.CheckConstraint(
                name="formulary_runs_forward",
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
            ),
            ExclusionConstraint(
                name="formulary_one_row_a_day",
                expressions=[
                    ("institution", RangeOperators.EQUAL),
                    ("drug", RangeOperators.EQUAL),
                    (period("valid_from", "valid_to"), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    class Walls:
        institution = "institution_id"

    def __str__(self) -> str:
        return self.drug
