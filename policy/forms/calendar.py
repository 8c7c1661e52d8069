"""Marking days in the calendar."""

from django import forms
from django.utils.translation import gettext_lazy as _

from documents.fields import day_field


class MarkDaysForm(forms.Form):
    """One line of the State Council's notice: a run of days off, or a weekend day to be worked."""

    first = day_field(_("First day"))
    last = day_field(_("Last day"))
    is_working = forms.TypedChoiceField(
        label=_("These days are"),
        choices=[("no", _("Days off")), ("yes", _("Working days"))],
        coerce=lambda value: value == "yes",
    )
    name = forms.CharField(label=_("Holiday"), max_length=40, help_text=_("e.g. Spring Festival"))
    basis = forms.CharField(
        label=_("Notice"), max_length=120, help_text=_("Number and title of the notice of the State Council's office")
    )
