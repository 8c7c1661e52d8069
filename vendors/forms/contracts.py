"""What is typed about procurements and contracts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from documents.fields import PDFField, day_field, long_text
from vendors import contracting
from vendors.forms.fields import OneTest
from vendors.models import Contract, Laboratory, Procurement


def money(label: Any) -> forms.DecimalField:
    return forms.DecimalField(label=label, max_digits=12, decimal_places=2, min_value=0)


def laboratory_field() -> forms.ModelChoiceField:
    every = Laboratory.objects.order_by("code")
    return forms.ModelChoiceField(label=_("Laboratory"), queryset=every, empty_label=_("Choose"))


class ProcurementForm(forms.Form):
    number = forms.CharField(label=_("Procurement number"), max_length=60)
    subject = forms.CharField(
        label=_("What is bought"), max_length=60, help_text=_("Purchases with the same words are counted together.")
    )
    method = forms.ChoiceField(label=_("Procurement method"), choices=Procurement.Method.choices)
    notice = forms.CharField(label=_("Notice: where and number"), max_length=200)
    noticed_on = day_field(_("Notice published on"))
    bids = forms.CharField(label=_("Bids, one a line: bidder and offer"), widget=long_text(4), max_length=4000)
    laboratory = laboratory_field()
    award_no = forms.CharField(label=_("Award notice number"), max_length=60)
    awarded_on = day_field(_("Awarded on"))
    budget = money(_("Budget (yuan)"))
    amount = money(_("Award amount (yuan)"))
    file = PDFField(label=_("Procurement file (PDF)"))

    def clean_bids(self) -> list[str]:
        return self.cleaned_data["bids"].splitlines()


class AnswerForm(forms.Form):
    answer = forms.CharField(label=_("Why this is no splitting"), max_length=500, widget=long_text(3))


class ContractForm(forms.Form):
    laboratory = laboratory_field()
    supplements = forms.ModelChoiceField(
        label=_("Supplement to"), queryset=Contract.objects.none(), required=False,
        empty_label=_("A contract of its own"),
    )  # fmt: skip
    renews = forms.ModelChoiceField(
        label=_("Renewal of"), queryset=Contract.objects.none(), required=False, empty_label=_("No renewal"),
        help_text=_("Its tests and prices are taken over into the draft; it begins after the former one ends."),
    )  # fmt: skip
    procurement = forms.ModelChoiceField(
        label=_("Procurement"), queryset=Procurement.objects.none(), required=False, empty_label=_("Choose")
    )
    number = forms.CharField(label=_("Contract number"), max_length=60)
    party = forms.CharField(label=_("Party to the contract"), max_length=100)
    invoice_issuer = forms.CharField(label=_("Issuer of the invoices"), max_length=100)
    payee = forms.CharField(label=_("Name of the account paid"), max_length=100)
    valid_from = day_field(_("In force from"))
    valid_to = day_field(_("In force to"))
    file = PDFField(label=_("Text of the contract (PDF)"))

    def __init__(self, *args: Any, by: Any, **options: Any):
        super().__init__(*args, **options)
        self.fields["procurement"].queryset = Procurement.objects.visible_to(by)  # type: ignore[attr-defined]
        mine = Contract.objects.visible_to(by).order_by("number")
        self.fields["supplements"].queryset = mine  # type: ignore[attr-defined]
        self.fields["renews"].queryset = mine  # type: ignore[attr-defined]


class ItemForm(forms.Form):
    test = OneTest()
    settlement_price = money(_("Settlement price (yuan)"))
    turnaround_days = forms.IntegerField(label=_("Turnaround (working days)"), min_value=1, max_value=365)


class TakeOutForm(forms.Form):
    test = OneTest()


def _clauses() -> list[tuple[str, str]]:
    return [(code, f"{code} {row['title']}") for code, row in contracting.clauses().items()]


class TickForm(forms.Form):
    clause = forms.ChoiceField(label=_("Clause"), choices=_clauses)
    page = forms.IntegerField(label=pgettext_lazy("contract", "Page"), min_value=1, max_value=999)
    quote = forms.CharField(label=_("Words of the text"), max_length=300, widget=long_text())


class TerminateForm(forms.Form):
    last_day = day_field(_("Last day"))
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=long_text())
