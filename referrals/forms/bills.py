"""The shape of what finance types about laboratories' bills."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from documents.fields import PDFField, long_text
from documents.files import BadUpload, Upload
from documents.spreadsheets import check_table
from referrals.actions.settling import ways
from referrals.billing.waiting import last_month
from referrals.models import Reconciliation
from vendors.models import Laboratory
from vendors.statement_reading import FIELDS, Preview

ACCEPT = ".xlsx,.csv,.txt"


def month_field(label: Any, **options: Any) -> forms.CharField:
    """A month, typed as 2026-09 or chosen in the browser's own calendar."""
    return forms.RegexField(
        r"^20\d{2}-(0[1-9]|1[0-2])$",
        label=label,
        widget=forms.TextInput(attrs={"type": "month", "placeholder": "2026-09"}),
        error_messages={"invalid": _("A month is written as 2026-09.")},
        **options,
    )


class StatementForm(forms.Form):
    laboratory = forms.ModelChoiceField(
        queryset=Laboratory.objects.none(), label=_("Laboratory"), empty_label=_("Choose")
    )
    month = month_field(_("Month"))
    statement = forms.FileField(
        label=_("The laboratory's statement"),
        widget=forms.ClearableFileInput(attrs={"accept": ACCEPT}),
        error_messages={"required": _("Choose the statement first."), "empty": _("The file is empty.")},
        max_length=255,
    )
    reason = forms.CharField(
        label=_("Why it replaces the one before"),
        max_length=300,
        required=False,
        help_text=_("Only where a statement of this month stands already."),
    )
    status = 422

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        field: Any = self.fields["laboratory"]
        field.queryset = Laboratory.objects.order_by("name")
        self.fields["month"].initial = last_month()

    def clean_statement(self) -> Upload:
        try:
            return check_table(self.cleaned_data["statement"])
        except BadUpload as bad:
            if "too_large" in [error.code for error in bad.error_list]:
                self.__dict__["status"] = 413
            raise


class ColumnsForm(forms.Form):
    """Which of the file's headings is which of our fields."""

    def __init__(self, data: Any = None, *, preview: Preview, known: dict[str, str]):
        super().__init__(data)
        offered = [one for one in dict.fromkeys(preview.headings) if one and one not in preview.not_theirs]
        for one in FIELDS:
            self.fields[one.name] = forms.ChoiceField(
                label=one.label,
                required=one.required,
                choices=[("", _("Not in this statement")), *((heading, heading) for heading in offered)],
                initial=known.get(one.name) or preview.guesses.get(one.name, ""),
                error_messages={"required": _("Say which column this is.")},
            )


class SettleForm(forms.Form):
    """What becomes of differences of one kind."""

    resolution = forms.ChoiceField(label=_("What becomes of it"), widget=forms.RadioSelect)
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=long_text())

    def __init__(self, data: Any = None, files: Any = None, *, kind: str, many: bool = False, **kwargs: Any):
        super().__init__(data, files, **kwargs)
        choices = [(one.value, one.label) for one in ways(kind, many=many)]
        field: Any = self.fields["resolution"]
        field.choices = choices
        if not many:
            self.fields["evidence"] = PDFField(
                label=_("Paper that gives the ground (PDF)"),
                required=False,
                help_text=_("Asked for where more is paid than contract and records say."),
            )


class NoteForm(forms.Form):
    note = forms.CharField(label=_("Why it goes back"), max_length=300, widget=long_text())


class SupplementForm(forms.Form):
    of = forms.ModelChoiceField(
        queryset=Reconciliation.objects.none(), label=_("Closed month"), empty_label=_("Choose")
    )
    sample_no = forms.CharField(label=_("Sample number"), max_length=40)
    amount = forms.DecimalField(
        label=_("More owed (yuan)"), max_digits=10, decimal_places=2, help_text=_("With a minus where less is owed.")
    )
    reason = forms.CharField(label=_("Reason"), max_length=250, widget=long_text())

    def __init__(self, data: Any = None, *, month: Reconciliation, **kwargs: Any):
        super().__init__(data, **kwargs)
        closed = Reconciliation.objects.filter(
            institution=month.institution_id, laboratory=month.laboratory_id, closed_at__isnull=False
        )
        field: Any = self.fields["of"]
        field.queryset = closed.select_related("laboratory")
        field.label_from_instance = lambda one: one.month


class MarginForm(forms.Form):
    laboratory = forms.ModelChoiceField(
        queryset=Laboratory.objects.none(), label=_("Laboratory"), required=False, empty_label=_("All")
    )
    first = month_field(_("From month"), required=False)
    last = month_field(_("To month"), required=False)

    def __init__(self, data: Any = None, **kwargs: Any):
        super().__init__(data, **kwargs)
        field: Any = self.fields["laboratory"]
        field.queryset = Laboratory.objects.order_by("name")
        field.empty_label = _("All")

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        first, last = given.get("first"), given.get("last")
        if first and last and first > last:
            raise ValidationError(_("The first month lies after the last."))
        return given
