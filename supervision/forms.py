"""The shape of what a browser sends."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import Department, Institution
from documents import files
from documents.files import BadUpload, Upload
from supervision import queries
from vendors.models import Laboratory

ALL = ("", _("All"))


class LedgerUpload(forms.Form):
    ledger = forms.FileField(
        label=_("Ledger workbook"),
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx"}),
        error_messages={
            "required": _("Choose the ledger workbook first."),
            "empty": _("The file is empty."),
        },
        max_length=255,
    )
    # 413 where the file was too large, 422 for every other fault.
    status = 422

    def clean_ledger(self) -> Upload:
        try:
            return files.check(self.cleaned_data["ledger"])
        except BadUpload as bad:
            if "too_large" in [error.code for error in bad.error_list]:
                self.__dict__["status"] = 413
            raise


class PeriodField(forms.CharField):
    """A quarter from a list, or any period an address names; gives its two ends."""

    def __init__(self, **options: Any):
        super().__init__(required=False, max_length=7, widget=forms.Select, **options)

    def offer(self, codes: list[str], chosen: str) -> None:
        listed = codes if not chosen or chosen in codes else [chosen, *codes]
        self.widget.choices = [ALL, *((code, period_label(code)) for code in listed)]

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        ends = queries.span(text)
        if ends is None:
            raise ValidationError(_("This is not a period such as 2026Q3 or 2026-09."))
        return ends


def period_label(code: str) -> str:
    """2026Q3 as 2026年第三季度, as an office writes it."""
    found = queries.PERIOD.fullmatch(code)
    if not found:
        return code
    year, quarter, half, month = found.groups()
    if quarter:
        return f"{year}年第{'一二三四'[int(quarter) - 1]}季度"
    if half:
        return f"{year}年{'上下'[int(half) - 1]}半年"
    return f"{year}年{int(month)}月" if month else f"{year}年"


class ScopedFilter(forms.Form):
    """A filter form whose choices are those of the reader's institutions."""

    q = forms.CharField(required=False, label=_("Number"), max_length=40)

    def __init__(self, data: Any, *, user: Any):
        super().__init__(data)
        self.hospitals = list(Institution.objects.filter(pk__in=user.institution_ids, kind=Institution.Kind.HOSPITAL))
        if "institution" in self.fields:
            if len(self.hospitals) > 1:
                named = [(one.code, one.name) for one in self.hospitals]
                self.fields["institution"].choices = [ALL, *named]
            else:
                del self.fields["institution"]

    @property
    def asked(self) -> dict[str, Any] | None:
        """What is asked for; None when the address asks for something that doesn't exist."""
        return self.cleaned_data if self.is_valid() else None


class FindingFilter(ScopedFilter):
    institution = forms.ChoiceField(required=False, label=_("Hospital"))
    gate = forms.ChoiceField(required=False, label=_("Rule"))
    department = forms.TypedChoiceField(required=False, label=_("Department"), coerce=int, empty_value=None)
    doctor = forms.CharField(required=False, label=_("Doctor (name or staff number)"), max_length=60)
    period = PeriodField(label=_("Period"))
    clause = forms.CharField(required=False, max_length=6, widget=forms.HiddenInput)
    ledger_import = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)

    def __init__(self, data: Any, *, user: Any, found: Any):
        super().__init__(data, user=user)
        self.order_fields(["q", "institution", "gate", "department", "doctor", "period"])
        self.fields["q"].label = _("Referral number")
        present = sorted(set(found.order_by().values_list("gate", flat=True).distinct()))
        self.fields["gate"].choices = [ALL, *((code, f"{code} {queries.title_of(code)}") for code in present)]
        several = len(self.hospitals) > 1
        places = Department.objects.filter(institution__in=self.hospitals).select_related("institution")
        self.fields["department"].choices = [
            ALL, *((one.pk, f"{one.institution.name} {one.name}" if several else one.name) for one in places)
        ]  # fmt: skip
        self.fields["period"].offer(queries.quarters(found, "judged_as_of"), self.data.get("period", ""))


class DifferenceFilter(ScopedFilter):
    institution = forms.ChoiceField(required=False, label=_("Hospital"))
    laboratory = forms.ChoiceField(required=False, label=_("Laboratory"))
    period = PeriodField(label=_("Month"))

    def __init__(self, data: Any, *, user: Any, found: Any):
        super().__init__(data, user=user)
        self.order_fields(["q", "institution", "laboratory", "period"])
        self.fields["q"].label = _("Sample or referral number")
        named = [(one.code, one.name) for one in Laboratory.objects.all()]
        self.fields["laboratory"].choices = [ALL, *named]
        self.fields["period"].offer(queries.months(found), self.data.get("period", ""))
