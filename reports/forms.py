"""Shapes of what people send about a report."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from reports import periods, wording
from reports.figures import Figures
from reports.models import Report


class AskForm(forms.Form):
    """Which period a report is asked for."""

    period = forms.CharField(label=_("Period"), max_length=10)

    def clean_period(self) -> periods.Period:
        try:
            return periods.parse(self.cleaned_data["period"])
        except periods.NotAPeriod as fault:
            raise forms.ValidationError(str(fault)) from None


class NarrativeForm(forms.Form):
    """The office's own words, one box a part, and whom to call. `version` is the text the person started from."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(self, *args: Any, report: Report, **kwargs: Any):
        initial = {
            "version": report.narrative_version,
            "contact_name": report.contact_name,
            "contact_phone": report.contact_phone,
            **report.narrative,
        }
        super().__init__(*args, **{**kwargs, "initial": initial})
        labels = {"preamble": _("Opening paragraph"), **wording.HEADINGS}
        said = wording.counted(Figures.from_json(report.figures)) if report.figures else {}
        for key in wording.WRITTEN:
            self.fields[key] = forms.CharField(
                label=labels[key],
                required=False,
                max_length=wording.LONGEST,
                widget=forms.Textarea(attrs={"rows": 3}),
                help_text="".join(said.get(key, ())),
            )
        self.fields["contact_name"] = forms.CharField(label=_("Contact person"), required=False, max_length=60)
        self.fields["contact_phone"] = forms.CharField(label=_("Telephone"), required=False, max_length=40)

    def texts(self) -> dict[str, str]:
        return {key: self.cleaned_data[key] for key in wording.WRITTEN}

    def contact(self) -> dict[str, str]:
        return {key: self.cleaned_data[key] for key in ("contact_name", "contact_phone")}


class ReadForm(forms.Form):
    """A step taken on a text the person has read."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)


class SignOffForm(ReadForm):
    document_number = forms.CharField(
        label=_("Document number"),
        max_length=60,
        help_text=_("As the office gives it, e.g. 岚总医〔2026〕58号."),
    )


class ReturnForm(forms.Form):
    comment = forms.CharField(
        label=_("What has to be put right"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )
