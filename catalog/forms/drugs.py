"""What is typed about the drug list and the drug rules."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from catalog.models import FormularyEntry
from documents.fields import day_field, long_text


class EntryForm(forms.Form):
    drug = forms.CharField(label=_("Generic name"), max_length=60)
    in_formulary = forms.BooleanField(label=_("In the hospital's formulary"), required=False)
    insurance = forms.ChoiceField(label=_("Insurance class"), choices=FormularyEntry.Insurance.choices)
    is_essential = forms.BooleanField(label=_("Essential medicine"), required=False)
    restriction = forms.CharField(label=_("Restriction of payment"), max_length=300, required=False, widget=long_text())
    valid_from = day_field(_("Valid from"))
    valid_to = day_field(_("Valid to"), required=False, help_text=_("Empty: until the next change."))


class SheetForm(forms.Form):
    file = forms.FileField(label=_("Sheet (XLSX)"))


class DraftForm(forms.Form):
    number = forms.CharField(label=_("Edition number"), max_length=40)
    title = forms.CharField(label=_("Title"), max_length=120)
    note = forms.CharField(label=_("Note"), required=False, widget=long_text())


class ApproveForm(forms.Form):
    starts_on = day_field(_("In force from"))


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=long_text())


class RuleForm(forms.Form):
    """The wording a reader sees, and the criteria the machine reads."""

    code = forms.CharField(label=_("Code"), max_length=8)
    drugs = forms.CharField(label=_("Drugs"), max_length=120)
    indication = forms.CharField(label=pgettext_lazy("of a drug", "Indication"), max_length=120, required=False)
    line = forms.CharField(label=_("Line or setting"), max_length=80, required=False)
    biomarker = forms.CharField(label=_("Required biomarker"), max_length=120, required=False)
    need_as_written = forms.CharField(label=_("Need as written"), max_length=60)
    accepted_result = forms.CharField(label=_("Accepted result"), max_length=60, required=False)
    accepted_specimen = forms.CharField(label=_("Accepted specimen"), max_length=60, required=False)
    not_sufficient = forms.CharField(label=_("Not sufficient"), max_length=80, required=False)
    basis = forms.CharField(label=_("Basis of the rule"), max_length=80)
    confidence = forms.CharField(label=_("Certainty"), max_length=12)
    mark = forms.CharField(label=_("Source mark"), max_length=120, required=False)
    names = forms.CharField(
        label=_("Names of the drugs"),
        widget=long_text(3),
        help_text=_("One a line, as doctors type it."),
    )
    reason = forms.CharField(label=_("Reason of the change"), max_length=300, widget=long_text())

    @property
    def asked(self) -> dict[str, Any]:
        given = dict(self.cleaned_data)
        given["names"] = given["names"].splitlines()
        return {"code": given.pop("code"), "reason": given.pop("reason"), "values": given}
