"""A request may plan further steps (序贯检测; practice.md, what each would miss most): PCR first, NGS only if negative.

The plan stands on the first request, priced and consented to as a whole; each step that comes is a request of its own,
one line of the ledger, gated anew on its day.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit.constraints import both_or_neither
from referrals.models.facts import person


class PlannedStep(models.Model):
    """One further test of a request, and on which result of the test before it, it is done."""

    class After(models.TextChoices):
        NEGATIVE = "negative", _("when the step before is negative")
        UNCLEAR = "unclear", _("when the step before gives no usable result")
        NOT_POSITIVE = "not_positive", _("when the step before is negative or gives no usable result")
        POSITIVE = "positive", _("when the step before is positive")

    class Status(models.TextChoices):
        PLANNED = "planned", pgettext_lazy("planned step", "Planned")
        BEGUN = "begun", pgettext_lazy("planned step", "Begun")
        NOT_NEEDED = "not_needed", pgettext_lazy("planned step", "Not needed")
        SKIPPED = "skipped", pgettext_lazy("planned step", "Given up")

    referral = models.ForeignKey("referrals.Referral", models.PROTECT, related_name="planned_steps")
    position = models.PositiveSmallIntegerField(_("step"))
    # The row as it stood when it was planned; the row in force on its day is what is requested then (X02).
    indication = models.ForeignKey("catalog.Indication", models.PROTECT, related_name="+")
    after = models.CharField(_("condition"), max_length=12, choices=After)
    # Of a positive result: only for one of these genes; empty for any.
    genes = models.CharField(_("positive for the genes"), max_length=120, blank=True)
    necessity = models.TextField(_("what the result will change"))
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.PLANNED)
    begun = models.OneToOneField(
        "referrals.Referral", models.PROTECT, null=True, blank=True, related_name="plan_step", verbose_name=_("request")
    )
    began_at = models.DateTimeField(_("begun at"), null=True, blank=True)
    began_by = person()
    dropped_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    dropped_by = person()
    drop_reason = models.CharField(_("why not done"), max_length=300, blank=True)

    class Meta:
        ordering = ["referral", "position"]
        verbose_name = _("planned step")
        constraints = [
            models.UniqueConstraint(fields=["referral", "position"], name="planned_step_once"),
            models.CheckConstraint(name="planned_step_follows_the_first", condition=Q(position__gte=2)),
            both_or_neither("began"),
            both_or_neither("dropped"),
            models.CheckConstraint(
                name="planned_step_begun_names_its_request",
                condition=Q(status="begun", begun__isnull=False, began_at__isnull=False)
                | ~Q(status="begun") & Q(begun__isnull=True, began_at__isnull=True),
            ),
            models.CheckConstraint(
                name="planned_step_not_done_says_why",
                condition=Q(status__in=["not_needed", "skipped"], dropped_at__isnull=False) & ~Q(drop_reason="")
                | Q(status__in=["planned", "begun"], dropped_at__isnull=True),
            ),
        ]

    class Walls:
        via = ("referral_id", "referrals_referral")

    def __str__(self) -> str:
        return f"{self.referral} {self.position}"

    def get_absolute_url(self) -> str:
        return self.referral.get_absolute_url()

    @property
    def institution_id(self) -> int:
        return self.referral.institution_id
