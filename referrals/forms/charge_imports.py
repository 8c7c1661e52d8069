"""The shape of a file of charges in the browser."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from documents.fields import long_text
from documents.files import Upload
from documents.spreadsheets import check_table


class ChargeFileForm(forms.Form):
    charges = forms.FileField(
        label=_("File of charges"),
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.csv"}),
        error_messages={"required": _("Choose the file first."), "empty": _("The file is empty.")},
        max_length=255,
    )

    def clean_charges(self) -> Upload:
        return check_table(self.cleaned_data["charges"])


class DiscardForm(forms.Form):
    reason = forms.CharField(label=_("Why discarded"), max_length=300, widget=long_text())
