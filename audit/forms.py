from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit import queries
from audit.models import Event


class TrailForm(forms.Form):
    """What to look for in the trail."""

    person = forms.CharField(label=_("Person (name or staff number)"), required=False, max_length=60)
    table = forms.ChoiceField(label=_("Kind of record"), required=False)
    row = forms.CharField(label=_("Record number inside the system"), required=False, max_length=40)
    op = forms.ChoiceField(label=_("What happened"), required=False, choices=[("", _("Anything")), *Event.Op.choices])
    start = forms.DateField(
        label=pgettext_lazy("first day", "From"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    end = forms.DateField(
        label=pgettext_lazy("last day", "To"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    undeclared = forms.BooleanField(label=_("Only undeclared writes"), required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        kinds = sorted(queries.tables().items(), key=lambda item: item[1])
        self.fields["table"].choices = [("", _("Any kind")), *kinds]


class AcknowledgeForm(forms.Form):
    found = forms.CharField(
        label=_("What was found"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Who wrote, with which tool, why, and what was done about it."),
    )
