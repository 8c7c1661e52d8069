"""What is typed about the statement of sending nothing out."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from documents.fields import PDFField, day_field, long_text


class StateForm(forms.Form):
    number = forms.CharField(label=_("Document number of the statement"), max_length=60)
    valid_from = day_field(_("First day"))
    reason = forms.CharField(
        label=_("Reason"), max_length=300, widget=long_text(3),
        help_text=_("Why nothing is sent out, and how patients who need a test are served."),
    )  # fmt: skip
    file = PDFField(label=_("The statement, sealed (PDF)"))


class EndForm(forms.Form):
    last_day = day_field(_("Last day"))
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=long_text(3))
