"""What is typed about a person's request authority, training and qualification."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.models import Grade, Qualification
from documents import files
from documents.fields import day_field, long_text


def a_year_on() -> Any:
    return timezone.localdate() + timedelta(days=365)


class GrantForm(forms.Form):
    grade = forms.ChoiceField(label=_("Up to the grade"), choices=Grade.choices)
    starts_on = day_field(_("From"), initial=timezone.localdate)
    ends_on = day_field(_("To"), initial=a_year_on)


class RenewForm(forms.Form):
    ends_on = day_field(_("Renewed to"), initial=a_year_on)


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=long_text())


class PaperForm(forms.Form):
    """With a file that has to be a PDF."""

    file = forms.FileField(label=_("File (PDF)"), required=False)

    def clean_file(self) -> Any:
        given = self.cleaned_data.get("file")
        return files.check(given, kinds=(files.PDF,)) if given else None


class TrainingForm(PaperForm):
    title = forms.CharField(label=_("Title of the training"), max_length=120)
    held_on = day_field(_("Held on"))
    passed = forms.TypedChoiceField(
        label=_("Result"), choices=[("yes", _("Passed")), ("no", _("Not passed"))], coerce=lambda value: value == "yes"
    )
    score = forms.CharField(label=_("Score or remark"), max_length=60, required=False)
    field_order = ("title", "held_on", "passed", "score", "file")


class QualificationForm(PaperForm):
    kind = forms.ChoiceField(label=_("Qualification"), choices=Qualification.Kind.choices)
    number = forms.CharField(label=_("Certificate number"), max_length=60)
    valid_from = day_field(_("Valid from"))
    valid_to = day_field(_("Valid to"), required=False)
    field_order = ("kind", "number", "valid_from", "valid_to", "file")
