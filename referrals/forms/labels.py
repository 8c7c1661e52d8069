"""The shape of an order for labels."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from referrals import labels
from referrals.actions.labelling import COPIES


class LabelsForm(forms.Form):
    stock = forms.ChoiceField(label=_("Label stock"))
    start = forms.IntegerField(
        label=_("Begin at place"), min_value=1, initial=1, required=False,
        help_text=_("Of an A4 sheet begun before: along the rows, from the top left."),
    )  # fmt: skip
    copies = forms.IntegerField(label=_("Labels a specimen"), min_value=1, max_value=COPIES, initial=1)
    reason = forms.CharField(
        label=_("Why printed again"), max_length=200, required=False,
        help_text=_("Needed for a label that was printed before."),
    )  # fmt: skip

    def __init__(self, data: Any = None):
        super().__init__(data, initial={"stock": labels.default_stock().code, "start": 1, "copies": 1})
        stock: Any = self.fields["stock"]
        stock.choices = [(one.code, one.label) for one in labels.STOCKS.values()]

    @property
    def asked(self) -> dict[str, Any]:
        return {**self.cleaned_data, "start": self.cleaned_data["start"] or 1}
