"""The shape of a correction, of a merging, as typed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from referrals.correcting import YES_NO, Correctable


def _value(field: Correctable) -> forms.Field:
    """A field of the value's own shape; the action checks it once more."""
    label, help_text = _("Right value"), ""
    if field.kind in ("choice", "yes_no"):
        options = YES_NO if field.kind == "yes_no" else field.choices
        return forms.ChoiceField(label=label, choices=options, widget=forms.RadioSelect)
    if field.kind == "number":
        return forms.IntegerField(
            label=label, required=field.required, min_value=field.least, max_value=field.most or None
        )
    if field.name == "identity.id_number":
        help_text = _("A resident's ID number has 18 places; the number of another paper may be shorter.")  # type: ignore[assignment]
    if field.kind == "staff":
        help_text = _("Staff number, as on the paper record.")  # type: ignore[assignment]
    widget = forms.Textarea(attrs={"rows": 3}) if field.kind == "area" else forms.TextInput()
    return forms.CharField(
        label=label, max_length=field.longest, required=field.required, widget=widget, help_text=help_text
    )


class CorrectionForm(forms.Form):
    """One value put right. The old one stays in view."""

    was = forms.CharField(required=False, widget=forms.HiddenInput, strip=False)
    reason = forms.CharField(
        label=_("Why it was wrong"), max_length=200, help_text=_("For example: mistyped, taken from another report.")
    )
    field_order = ("was", "value", "reason")

    def __init__(self, *args: Any, field: Correctable, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["value"] = _value(field)
        self.order_fields(self.field_order)


class FindTwoForm(forms.Form):
    one = forms.CharField(label=_("Record kept"), max_length=40, help_text=_("Record number, ID number or phone"))
    other = forms.CharField(
        label=_("Record merged into it"), max_length=40, help_text=_("Record number, ID number or phone")
    )


class MergeForm(forms.Form):
    reason = forms.CharField(
        label=_("Why they are one patient"), max_length=200, help_text=_("For example: the same ID card was shown.")
    )
