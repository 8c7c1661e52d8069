"""The fee of a case: the hospital's own entry of it, what put it off, and its refund (practice.md 1 and 2; A28, B13)."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import IntegerRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import Func, Q
from django.utils.translation import gettext_lazy as _

from audit.constraints import both_or_neither
from referrals.models.facts import Fact, known_when_live, person
from vendors.models import Origin

# A settlement of several items is divided by its lines; one without a line is wholly this case's.
LINES = Func(
    "settlement_line",
    "settlement_line",
    RangeBoundary(inclusive_lower=True, inclusive_upper=True),
    function="int4range",
    output_field=IntegerRangeField(),
)


class FeeDeferral(Fact):
    """Leave to test before the fee is paid: approved arrears or the green channel (practice.md 1). Who charges is
    another person than who gave it."""

    class Kind(models.TextChoices):
        ARREARS = "arrears", _("Approved arrears")
        GREEN_CHANNEL = "green_channel", _("Green channel")

    referral = models.ForeignKey("referrals.Referral", models.PROTECT, related_name="deferrals")
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    approved_at = models.DateTimeField(_("approved at"))
    approved_by = person("fee_deferrals")
    document = models.CharField(_("number of the approval"), max_length=60)
    basis = models.CharField(_("why the fee is put off"), max_length=300)
    until = models.DateField(_("to be settled by"))
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = person()
    withdrawn_reason = models.CharField(_("why withdrawn"), max_length=200, blank=True)

    class Meta:
        constraints = [known_when_live("live_deferral_has_an_approver", "approved_by"), both_or_neither("withdrawn")]
        verbose_name = _("approval to put off the fee")


class Charge(Fact):
    """The hospital's own entry of the fee: a receipt, an inpatient account entry, approved arrears or the green
    channel all count (practice.md 1; A28, B13).

    `receipt_no` is the number HIS gave the entry: 结算号 of an outpatient's settlement, 记账流水号 on an inpatient's
    account, the number of the approval while the fee is put off. `institution` is set where that number was checked;
    a ledger's rows and those from before the check have none.
    """

    class Kind(models.TextChoices):
        RECEIPT = "receipt", _("Outpatient receipt")
        INPATIENT = "inpatient", _("Entry on the inpatient account")
        ARREARS = "arrears", _("Approved arrears")
        GREEN_CHANNEL = "green_channel", _("Green channel")

    class Cause(models.TextChoices):
        BEFORE_SAMPLING = "before_sampling", _("Before sampling")
        UNFIT = "unfit", _("Specimen unfit")
        WITHDRAWN = "withdrawn", _("Consent withdrawn")
        CANCELLED = "cancelled", _("Request cancelled")
        VOIDED = "voided", _("Entry voided")

    # Put off: the hospital has the entry, the money is still to come.
    DEFERRED = (Kind.ARREARS, Kind.GREEN_CHANNEL)

    referral = models.ForeignKey("referrals.Referral", models.PROTECT, related_name="charges")
    institution = models.ForeignKey("accounts.Institution", models.PROTECT, null=True, blank=True, related_name="+")
    charged_at = models.DateTimeField(_("charged at"))
    amount = models.DecimalField(_("amount (yuan)"), max_digits=10, decimal_places=2)
    receipt_no = models.CharField(_("receipt or settlement number"), max_length=60, blank=True)
    settlement_line = models.PositiveSmallIntegerField(_("line of the settlement"), null=True, blank=True)
    inpatient_no = models.CharField(_("admission number"), max_length=40, blank=True)
    invoice_code = models.CharField(_("receipt code"), max_length=20, blank=True)
    invoice_no = models.CharField(_("receipt number"), max_length=20, blank=True)
    price = models.ForeignKey("vendors.Price", models.PROTECT, null=True, blank=True, related_name="charges")
    charged_by = person()
    kind = models.CharField(_("kind of entry"), max_length=20, choices=Kind, default=Kind.RECEIPT)
    consent = models.ForeignKey("consent.Consent", models.PROTECT, null=True, blank=True, related_name="charges")
    deferral = models.OneToOneField(FeeDeferral, models.PROTECT, null=True, blank=True, related_name="charge")
    # When a fee that was put off was paid or entered on the account.
    settled_at = models.DateTimeField(_("settled at"), null=True, blank=True)
    settled_by = person()
    reversed_at = models.DateTimeField(null=True, blank=True)
    reversed_by = person()
    reversal_no = models.CharField(_("refund number"), max_length=60, blank=True)
    reversal_reason = models.CharField(_("why refunded"), max_length=200, blank=True)
    reversal_cause = models.CharField(_("cause of the refund"), max_length=20, choices=Cause, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["institution", "charged_at"], name="charge_day"),
            models.Index(fields=["institution", "settled_at"], name="charge_settled_day", condition=Q(settled_at__isnull=False)),
            models.Index(fields=["institution", "reversed_at"], name="charge_refund_day", condition=Q(reversed_at__isnull=False)),
        ]  # fmt: skip
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="charge_not_negative"),
            known_when_live("live_charge_names_its_price", "price", "charged_by"),
            models.CheckConstraint(
                condition=Q(origin=Origin.LEDGER) | ~Q(receipt_no=""), name="live_charge_has_a_hospital_entry"
            ),
            both_or_neither("settled"),
            models.CheckConstraint(
                name="deferred_charge_was_approved",
                condition=Q(institution__isnull=True)
                | ~Q(kind__in=("arrears", "green_channel"))
                | Q(deferral__isnull=False, settled_at__isnull=True),
            ),
            models.CheckConstraint(
                name="settled_charge_was_put_off", condition=Q(settled_at__isnull=True) | Q(deferral__isnull=False)
            ),
            models.CheckConstraint(
                name="account_entry_names_the_admission",
                condition=Q(institution__isnull=True) | ~Q(kind="inpatient") | ~Q(inpatient_no=""),
            ),
            models.CheckConstraint(
                name="receipt_code_with_its_number",
                condition=Q(invoice_code="", invoice_no="") | ~Q(invoice_code="") & ~Q(invoice_no=""),
            ),
            # One entry of HIS serves one case, or each case its own line of it.
            ExclusionConstraint(
                name="hospital_entry_serves_one_case",
                expressions=[
                    ("institution", RangeOperators.EQUAL),
                    ("kind", RangeOperators.EQUAL),
                    ("inpatient_no", RangeOperators.EQUAL),
                    ("receipt_no", RangeOperators.EQUAL),
                    (LINES, RangeOperators.OVERLAPS),
                ],
                condition=Q(reversed_at__isnull=True, origin=Origin.LIVE, kind__in=("receipt", "inpatient")),
            ),
            # A fiscal receipt belongs to one settlement.
            ExclusionConstraint(
                name="fiscal_receipt_of_one_settlement",
                expressions=[
                    ("institution", RangeOperators.EQUAL),
                    ("invoice_code", RangeOperators.EQUAL),
                    ("invoice_no", RangeOperators.EQUAL),
                    ("receipt_no", RangeOperators.NOT_EQUAL),
                ],
                condition=Q(reversed_at__isnull=True, kind="receipt") & ~Q(invoice_no=""),
            ),
        ]  # fmt: skip
        verbose_name = _("charge")

    @property
    def is_put_off(self) -> bool:
        """Whether the money is still to come."""
        return self.kind in self.DEFERRED and self.deferral_id is not None
