"""What is typed at the cashier's window: the numbers of the hospital's entry, a refund, leave to put off a fee."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from documents.fields import day_field, long_text
from referrals.forms.stations import StationForm, moment_field
from referrals.models import Charge, FeeDeferral, Referral

PAID = [(kind.value, kind.label) for kind in (Charge.Kind.RECEIPT, Charge.Kind.INPATIENT)]


def _number(label: Any, longest: int, **options: Any) -> forms.CharField:
    widget = forms.TextInput(attrs={"autocomplete": "off"})
    return forms.CharField(label=label, max_length=longest, required=False, widget=widget, **options)


class EntryForm(StationForm):
    """An entry of HIS: a settlement with its fiscal receipt, or a line on the inpatient account."""

    receipt_no = forms.CharField(
        label=_("Settlement or account entry number"),
        max_length=60,
        required=False,
        help_text=_("The number HIS gave (结算号, 记账流水号); may be scanned."),
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"}),
    )
    kind = forms.ChoiceField(
        label=_("Kind of entry"), choices=PAID, initial=Charge.Kind.RECEIPT, widget=forms.RadioSelect
    )
    inpatient_no = _number(_("Admission number"), 40, help_text=_("For an entry on the inpatient account."))
    invoice_code = _number(_("Receipt code (票据代码)"), 20)
    invoice_no = _number(_("Receipt number (票据号码)"), 20)
    settlement_line = forms.IntegerField(
        label=_("Line of the settlement"), required=False, min_value=1, max_value=9999,
        help_text=_("Only where HIS settled several items under one number."),
    )  # fmt: skip


class ChargeForm(EntryForm):
    def __init__(self, data: Any = None, *, referral: Referral, deferral: FeeDeferral | None = None, **kwargs: Any):
        initial = {"kind": deferral.kind if deferral else Charge.Kind.RECEIPT}
        super().__init__(data, referral=referral, initial=initial, **kwargs)
        kinds: Any = self.fields["kind"]
        # Sent all the same, it is refused in the action's own words.
        kinds.choices = Charge.Kind.choices
        kinds.widget.choices = [*PAID, *([(deferral.kind, deferral.get_kind_display())] if deferral else [])]


class SettleForm(EntryForm):
    """A fee that was put off is paid."""


class RefundForm(StationForm):
    reversal_no = forms.CharField(label=_("Refund number"), max_length=60, required=False)
    reason = forms.CharField(label=_("Why refunded"), max_length=200)
    at = moment_field(_("Refunded at"), help_text=_("When the money went back to the patient. Empty: now."))


class PutOffForm(StationForm):
    kind = forms.ChoiceField(label=_("Kind"), choices=FeeDeferral.Kind.choices, widget=forms.RadioSelect)
    document = forms.CharField(label=_("Number of the approval"), max_length=60)
    basis = forms.CharField(label=_("Why the fee is put off"), max_length=300, widget=long_text())
    until = day_field(_("To be settled by"), required=False)
