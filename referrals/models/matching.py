"""A laboratory's month at a hospital, reconciled (A28): where its bill and the hospital's own records differ, how each
difference was settled by two persons, and the month closed by two offices."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit.constraints import both_or_neither
from vendors.models import Origin


def person(**options):
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", **options
    )


class ReconciliationQuerySet(models.QuerySet):
    def visible_to(self, user) -> Self:
        return self.filter(institution_id__in=user.institution_ids)

    def open(self) -> Self:
        return self.filter(closed_at__isnull=True)


class Reconciliation(models.Model):
    """One laboratory's month at one hospital (月度对账). Finance signs its figures, medical affairs countersigns and
    thereby closes it; a closed month is never written again (walls of the database)."""

    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="reconciliations")
    laboratory = models.ForeignKey("vendors.Laboratory", models.PROTECT, related_name="reconciliations")
    month = models.CharField(_("month"), max_length=7, help_text="2026-09")
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.LIVE)
    # The figures finance signed; closing asks whether they still hold.
    figures = models.JSONField(_("figures"), default=dict, blank=True)
    signed_at = models.DateTimeField(_("signed by finance at"), null=True, blank=True)
    signed_by = person(verbose_name=_("signed by"))
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    closed_by = person(verbose_name=_("countersigned by"))
    sheet = models.ForeignKey("documents.StoredFile", models.PROTECT, null=True, blank=True, related_name="+")

    objects = ReconciliationQuerySet.as_manager()

    class Meta:
        ordering = ["-month", "laboratory", "institution"]
        constraints = [
            models.UniqueConstraint(fields=["institution", "laboratory", "month"], name="reconciliation_once_a_month"),
            both_or_neither("signed"),
            both_or_neither("closed"),
            models.CheckConstraint(
                name="closed_month_is_signed_by_two",
                condition=Q(closed_at__isnull=True)
                | Q(signed_at__isnull=False, sheet__isnull=False) & ~Q(closed_by=models.F("signed_by")),
            ),
        ]
        verbose_name = _("monthly reconciliation")

    class Walls:
        institution = "institution_id"

    def __str__(self):
        return f"{self.laboratory.name} {self.month}"

    def get_absolute_url(self) -> str:
        return reverse("bills:month", args=[self.pk])

    @property
    def is_closed(self) -> bool:
        return self.closed_at is not None


class StatementDifferenceQuerySet(models.QuerySet):
    def visible_to(self, user) -> Self:
        return self.filter(institution_id__in=user.institution_ids)

    def of_open_months(self) -> Self:
        return self.filter(Q(reconciliation__isnull=True) | Q(reconciliation__closed_at__isnull=True))

    def open(self) -> Self:
        """Nobody has said yet what becomes of it."""
        return self.filter(settled_at__isnull=True)

    def awaiting_second(self) -> Self:
        """Settled by one person, to be confirmed by another."""
        return self.filter(settled_at__isnull=False, confirmed_at__isnull=True)

    def settled(self) -> Self:
        return self.filter(confirmed_at__isnull=False)


class StatementDifference(models.Model):
    """One way in which a line of a bill and the hospital's own records differ, or a received case never billed."""

    class Kind(models.TextChoices):
        NO_REFERRAL = "no_referral", _("Billed without a referral")
        NOT_SENT = "not_sent", _("Never sent to this laboratory")
        BILLED_TWICE = "billed_twice", _("Billed twice")
        BEFORE_RECEIPT = "before_receipt", _("Billed before receipt")
        TEST_DIFFERS = "test_differs", _("Another test than requested")
        AMOUNT_DIFFERS = "amount_differs", _("Amount differs from the contract")
        NOT_IN_CONTRACT = "not_in_contract", _("In no contract of the day")
        RESULT_MISSING = "result_missing", _("No result returned")
        CHARGE_MISSING = "charge_missing", _("Patient not charged, or refunded")
        NOT_BILLED = "not_billed", _("Received but never billed")
        SUPPLEMENT = "supplement", _("Supplement to a closed month")

    class Resolution(models.TextChoices):
        ACCEPTED = "accepted", pgettext_lazy("difference", "Accepted as billed")
        CONTRACT_PRICE = "contract_price", pgettext_lazy("difference", "Paid at the contract's price")
        REFUSED = "refused", pgettext_lazy("difference", "Not paid")
        DISPUTED = "disputed", pgettext_lazy("difference", "Disputed with the laboratory, held back")
        CREDITED = "credited", pgettext_lazy("difference", "Paid now, credited next month")
        NEXT_BILL = "next_bill", pgettext_lazy("difference", "To be billed later")
        WRITTEN_OFF = "written_off", pgettext_lazy("difference", "Nothing owed")

    kind = models.CharField(_("difference"), max_length=16, choices=Kind)
    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="statement_differences")
    laboratory = models.ForeignKey("vendors.Laboratory", models.PROTECT, related_name="+")
    reconciliation = models.ForeignKey(Reconciliation, models.PROTECT, null=True, related_name="differences")
    sample_no = models.CharField(_("sample number"), max_length=40)
    line = models.ForeignKey("vendors.StatementLine", models.PROTECT, null=True, related_name="differences")
    earlier_line = models.ForeignKey("vendors.StatementLine", models.PROTECT, null=True, related_name="+")
    referral = models.ForeignKey("referrals.Referral", models.PROTECT, null=True, related_name="differences")
    expected_amount = models.DecimalField(_("by contract (yuan)"), max_digits=10, decimal_places=2, null=True)
    billed_amount = models.DecimalField(_("billed (yuan)"), max_digits=10, decimal_places=2, null=True)
    occurred_on = models.DateField(_("day"), null=True)

    resolution = models.CharField(_("what becomes of it"), max_length=16, choices=Resolution, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    evidence = models.ForeignKey("documents.StoredFile", models.PROTECT, null=True, blank=True, related_name="+")
    settled_at = models.DateTimeField(_("settled at"), null=True, blank=True)
    settled_by = person(verbose_name=_("settled by"))
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)
    confirmed_by = person(verbose_name=_("confirmed by"))
    returned_note = models.CharField(_("why sent back"), max_length=300, blank=True)

    objects = StatementDifferenceQuerySet.as_manager()

    class Meta:
        ordering = ["institution", "kind", "sample_no", "id"]
        indexes = [
            models.Index(fields=["institution", "kind", "sample_no"]),
            models.Index(fields=["reconciliation", "kind", "id"], name="difference_of_a_month"),
            models.Index(
                fields=["institution", "id"], name="difference_unsettled", condition=Q(confirmed_at__isnull=True)
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "line", "referral"],
                name="difference_once",
                nulls_distinct=False,
                condition=~Q(kind="supplement"),
            ),
            both_or_neither("settled"),
            both_or_neither("confirmed"),
            models.CheckConstraint(
                name="settled_difference_says_how_and_why",
                condition=Q(settled_at__isnull=True) | ~Q(resolution="") & ~Q(reason=""),
            ),
            models.CheckConstraint(
                name="difference_confirmed_by_another",
                condition=Q(confirmed_at__isnull=True)
                | Q(settled_at__isnull=False) & ~Q(confirmed_by=models.F("settled_by")),
            ),
        ]
        verbose_name = _("statement difference")

    class Walls:
        institution = "institution_id"

    def __str__(self):
        return f"{self.get_kind_display()} {self.sample_no}"

    def get_absolute_url(self) -> str:
        return reverse("bills:difference", args=[self.pk])

    @property
    def stands(self) -> str:
        """open, awaiting (the second person) or settled."""
        return "settled" if self.confirmed_at else "awaiting" if self.settled_at else "open"
