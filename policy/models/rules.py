"""What a hospital itself puts behind the clauses: its own rules (制度), and what it does outside this system.

Clauses A53, A54, B33 and B52: five sets of rules and the measure on outsourcing are drawn up, issued with a number and
kept up. A rule still being drafted is no rule (A53). Once issued its words stay; it is followed by another version.
"""

from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from policy.models.documents import Clause


class OwnQuerySet(models.QuerySet):
    def visible_to(self, user) -> "OwnQuerySet":
        return self.filter(institution__in=user.institution_ids)


class HospitalRuleQuerySet(OwnQuerySet):
    def in_force(self, on: date) -> "HospitalRuleQuerySet":
        """Issued, begun and not ended on that day."""
        return self.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on), starts_on__lte=on).exclude(
            status__in=[HospitalRule.Status.DRAFT, HospitalRule.Status.REVIEW, HospitalRule.Status.DISCARDED]
        )


class HospitalRule(models.Model):
    """One version of one of the hospital's rules, from its draft to its end (制度文件, `vocab.md` §3.2)."""

    class Kind(models.TextChoices):
        OUTSOURCING = "outsourcing", _("Measure on outsourced gene testing")
        CONSULTATION = "consultation", _("Consultation and discussion")
        EXTENDED_USE = "extended_use", _("Extended use of antitumour drugs")
        THIRD_PARTY = "third_party", _("Co-operation with third parties")
        RESTRICTED = "restricted", _("Clinical use of restricted technologies")
        TRIALS = "trials", _("Clinical trials and clinical research")
        OUTSOURCED_LIST = "outsourced_list", _("List of outsourced tests")
        COMPLAINTS = "complaints", _("Complaints and reports")
        INTERVIEWS = "interviews", _("Reminder interviews")
        PRICES = "prices", _("Charges and publication of prices")
        RECORDS = "records", _("Filing in the medical record")
        SPECIMENS = "specimens", _("Lending of pathology specimens")
        OTHER = "other", pgettext_lazy("kind of rule", "Other")

    class Status(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("hospital rule", "Being drafted")
        REVIEW = "review", pgettext_lazy("hospital rule", "Under deliberation")
        ISSUED = "issued", pgettext_lazy("hospital rule", "Issued")
        REPEALED = "repealed", pgettext_lazy("hospital rule", "Repealed")
        DISCARDED = "discarded", pgettext_lazy("hospital rule", "Draft dropped")

    institution = models.ForeignKey(
        "accounts.Institution", models.PROTECT, related_name="rules", verbose_name=_("institution")
    )
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    title = models.CharField(_("title"), max_length=120)
    version = models.PositiveSmallIntegerField(_("version"), default=1)
    replaces = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="replaced_by", verbose_name=_("replaces")
    )
    basis = models.ManyToManyField(Clause, related_name="rules", verbose_name=_("basis"), blank=True)
    drafted_in = models.CharField(_("drafting department"), max_length=60)
    drafted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    drafted_at = models.DateTimeField(_("drafted at"), auto_now_add=True)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.DRAFT)
    returned_reason = models.CharField(_("why returned"), max_length=300, blank=True)
    meeting = models.CharField(_("deliberated by"), max_length=120, blank=True)
    met_on = models.DateField(_("deliberated on"), null=True, blank=True)
    doc_no = models.CharField(_("document number"), max_length=60, blank=True)
    issued_on = models.DateField(_("issued on"), null=True, blank=True)
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("issued by")
    )
    starts_on = models.DateField(_("in force from"), null=True, blank=True)
    ends_on = models.DateField(_("in force to"), null=True, blank=True)
    ended_reason = models.CharField(_("why ended"), max_length=300, blank=True)
    review_by = models.DateField(_("next review by"), null=True, blank=True)
    file = models.ForeignKey(
        "documents.StoredFile", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("text (PDF)")
    )

    objects = HospitalRuleQuerySet.as_manager()

    class Walls:
        institution = "institution_id"

    class Meta:
        verbose_name = _("rule of the hospital")
        verbose_name_plural = _("rules of the hospital")
        ordering = ["kind", "title", "-version"]
        indexes = [models.Index(fields=["institution", "status"], name="hospital_rule_status")]
        constraints = [
            models.CheckConstraint(
                name="hospital_rule_issued_whole",
                condition=~Q(status="issued")
                | Q(issued_on__isnull=False, issued_by__isnull=False, starts_on__isnull=False, file__isnull=False)
                & ~Q(doc_no=""),
            ),
            models.CheckConstraint(
                name="hospital_rule_runs_forward",
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
            ),
            models.CheckConstraint(
                name="hospital_rule_repealed_whole",
                condition=~Q(status="repealed") | Q(ends_on__isnull=False) & ~Q(ended_reason=""),
            ),
            # Nobody issues what they drafted (X14).
            models.CheckConstraint(
                name="hospital_rule_two_people", condition=Q(issued_by__isnull=True) | ~Q(issued_by=F("drafted_by"))
            ),
            models.UniqueConstraint(
                name="hospital_rule_number_once", fields=["institution", "doc_no"], condition=~Q(doc_no="")
            ),
        ]

    def __str__(self) -> str:
        return f"《{self.title}》{self.doc_no}"

    def get_absolute_url(self) -> str:
        return reverse("policy:rule", args=[self.pk])

    def is_in_force(self, on: date) -> bool:
        issued = self.status in (self.Status.ISSUED, self.Status.REPEALED)
        return bool(issued and self.starts_on and self.starts_on <= on and (self.ends_on is None or self.ends_on >= on))


# The rules every hospital has to have, and the clause that asks for each.
REQUIRED: dict[str, tuple[str, ...]] = {
    HospitalRule.Kind.OUTSOURCING: ("B33", "B1"),
    HospitalRule.Kind.CONSULTATION: ("A53",),
    HospitalRule.Kind.EXTENDED_USE: ("A53",),
    HospitalRule.Kind.THIRD_PARTY: ("A53",),
    HospitalRule.Kind.RESTRICTED: ("A53",),
    HospitalRule.Kind.TRIALS: ("A53",),
}


class FulfilmentQuerySet(OwnQuerySet):
    def standing(self) -> "FulfilmentQuerySet":
        return self.filter(ended_at__isnull=True)


class Fulfilment(models.Model):
    """What a hospital says it does about a clause outside this system: how, by whom, with what proof, until when.

    A clause that the system carries out needs none. Saying it anew ends the former; nothing is edited.
    """

    institution = models.ForeignKey(
        "accounts.Institution", models.PROTECT, related_name="fulfilments", verbose_name=_("institution")
    )
    clause = models.ForeignKey(Clause, models.PROTECT, related_name="fulfilments", verbose_name=_("clause"))
    how = models.TextField(_("how it is carried out"), max_length=1000)
    department = models.CharField(_("responsible department"), max_length=60)
    file = models.ForeignKey(
        "documents.StoredFile", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("proof")
    )
    review_by = models.DateField(_("next review by"))
    stated_at = models.DateTimeField(_("stated at"), auto_now_add=True)
    stated_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    objects = FulfilmentQuerySet.as_manager()

    class Walls:
        institution = "institution_id"

    class Meta:
        verbose_name = _("statement on a clause")
        verbose_name_plural = _("statements on clauses")
        ordering = ["clause__order", "-stated_at"]
        constraints = [
            models.UniqueConstraint(
                name="fulfilment_one_standing", fields=["institution", "clause"], condition=Q(ended_at__isnull=True)
            ),
            models.CheckConstraint(
                name="fulfilment_ended_whole",
                condition=Q(ended_at__isnull=True, ended_by__isnull=True)
                | Q(ended_at__isnull=False, ended_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.clause_id} {self.department}"
