"""The shape of what is typed at the stations from approval to the filed record."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from documents.fields import day_field, long_text
from referrals.forms.drugs import DrugFields
from referrals.models import Referral, Result, Shipment, SpecialUse
from referrals.models.shipping import COLDEST, WARMEST

ALTERATIONS = 4


def moment_field(label: Any, **options: Any) -> forms.DateTimeField:
    """A time typed or picked; empty means now."""
    return forms.DateTimeField(
        label=label,
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
        **options,
    )


def celsius_field(label: Any, **options: Any) -> forms.DecimalField:
    """A logger's reading in °C, to one place."""
    field = forms.DecimalField(
        label=label, max_digits=4, decimal_places=1, min_value=COLDEST, max_value=WARMEST,
        widget=forms.NumberInput(attrs={"inputmode": "decimal", "step": "0.1"}), **options,
    )  # fmt: skip
    field.unit = "℃"  # type: ignore[attr-defined]
    return field


class StationForm(forms.Form):
    """Carries the status the page was drawn for, so that a stale page is known."""

    drawn = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *args: Any, referral: Referral, **kwargs: Any):
        kwargs.setdefault("initial", {}).setdefault("drawn", referral.status)
        super().__init__(data, *args, **kwargs)
        self.referral = referral

    @property
    def asked(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "drawn"}


class PlainForm(StationForm):
    """Nothing to type: the button is the answer."""


class ReasonForm(StationForm):
    reason = forms.CharField(label=_("Reason"), max_length=200, widget=long_text())


class CollectForm(StationForm):
    barcode = forms.CharField(
        label=_("Barcode of the label"),
        max_length=40,
        help_text=_("Scan the label on the tube or block; it has to be this case's."),
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"}),
    )
    kind = forms.ChoiceField(label=_("Specimen"))
    at = moment_field(_("Taken at"), help_text=_("Empty: now."))

    def __init__(self, data: Any = None, *, referral: Referral, **kwargs: Any):
        super().__init__(data, referral=referral, **kwargs)
        kinds: Any = self.fields["kind"]
        kinds.choices = [(one, one) for one in referral.test.specimen.split("；") if one]


class AssessForm(StationForm):
    tumour_cell_percent = forms.IntegerField(
        label=_("Tumour cells"), required=False, min_value=0, max_value=100,
        widget=forms.NumberInput(attrs={"autofocus": True, "inputmode": "numeric"}),
    )  # fmt: skip
    is_fit = forms.TypedChoiceField(
        label=_("The specimen is"),
        choices=[("yes", _("Fit for the test")), ("no", _("Unfit: to be taken again"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(label=_("Why unfit"), max_length=200, required=False)

    def __init__(self, data: Any = None, *, referral: Referral, least: int = 0, **kwargs: Any):
        super().__init__(data, referral=referral, **kwargs)
        percent: Any = self.fields["tumour_cell_percent"]
        percent.unit = "%"
        if least:
            percent.help_text = _("This test needs at least %(least)s%%.") % {"least": least}
        else:
            percent.help_text = _("Not counted for this specimen.")


class RejectForm(StationForm):
    failure = forms.ChoiceField(
        label=_("What went wrong"), choices=Shipment.Failure.choices, initial=Shipment.Failure.REFUSED,
        widget=forms.RadioSelect,
    )  # fmt: skip
    reason = forms.CharField(
        label=_("Why rejected"), max_length=200,
        help_text=_("As the laboratory or the carrier wrote it."),
    )  # fmt: skip
    at = moment_field(_("Rejected at"), help_text=_("Empty: now."))


class ReceiveForm(StationForm):
    at = moment_field(_("Received at"), help_text=_("As the laboratory signed; empty: now."))
    celsius = celsius_field(_("Temperature on arrival"), required=False)


class ResultForm(StationForm):
    barcode = forms.CharField(
        label=_("Specimen barcode on the report"),
        max_length=40,
        help_text=_("Scan it from the report; a report of another specimen is not taken in."),
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"}),
    )
    report_no = forms.CharField(label=_("Report number"), max_length=60)
    signed_out_by = forms.CharField(label=_("Signed by, at the laboratory"), max_length=60)
    reported_at = moment_field(_("Reported at"), help_text=_("Empty: now."))
    outcome = forms.ChoiceField(label=_("Result"), choices=Result.Outcome.choices, widget=forms.RadioSelect)
    findings = forms.CharField(
        label=_("Main findings"), max_length=500, required=False, widget=long_text(),
        help_text=_("Empty: put together from the alterations below."),
    )  # fmt: skip
    pdf = forms.FileField(label=_("Report (PDF)"))


class CorrectionForm(ResultForm):
    reason = forms.CharField(label=_("Why corrected"), max_length=200)


class AlterationForm(forms.Form):
    gene = forms.CharField(label=_("Gene"), max_length=40, required=False)
    variant = forms.CharField(label=_("Variant"), max_length=160, required=False)
    significance = forms.CharField(label=_("Significance"), max_length=60, required=False)


Alterations = forms.formset_factory(AlterationForm, extra=ALTERATIONS, max_num=20)


class ReviewForm(StationForm):
    note = forms.CharField(
        label=_("Opinion"), required=False, max_length=1000, widget=long_text(3),
        help_text=_("What the result changes in the treatment."),
    )  # fmt: skip


class TellForm(StationForm):
    at = moment_field(_("Told at"), help_text=_("Empty: now."))


class DrugForm(StationForm, DrugFields):
    since = day_field(
        _("Day of progression or relapse"), required=False,
        help_text=_("Where the line asks for a report made after it, such as after progress on a TKI."),
    )  # fmt: skip
    special_use = forms.ModelChoiceField(
        label=_("Special use it stands on"), queryset=SpecialUse.objects.none(), required=False, empty_label=_("None"),
        help_text=_("Beyond the label or bought outside: approved by the hospital and consented to in writing."),
    )  # fmt: skip
    field_order = ("drug", "indication", "line", "since", "special_use")

    def __init__(self, data: Any = None, *, referral: Referral, **kwargs: Any):
        super().__init__(data, referral=referral, **kwargs)
        use: Any = self.fields["special_use"]
        use.queryset = SpecialUse.objects.filter(patient_id=referral.patient_id, status=SpecialUse.Status.CONSENTED)


class StudyForm(forms.Form):
    number = forms.CharField(label=_("Study number"), max_length=60)
    title = forms.CharField(label=_("Title of the study"), max_length=200)
    hospital_approved_on = day_field(_("Approved by the hospital on"), required=False)


class StudyDatesForm(forms.Form):
    hospital_approved_on = day_field(_("Approved by the hospital on"), required=False)
    ended_on = day_field(_("Ended on"), required=False)


class EthicsForm(forms.Form):
    number = forms.CharField(label=_("Approval number"), max_length=60)
    protocol_version = forms.CharField(label=_("Protocol version"), max_length=40, required=False)
    valid_from = day_field(_("Valid from"))
    valid_to = day_field(_("Valid to"))
    covers_site = forms.BooleanField(label=_("Covers this hospital"), required=False, initial=True)
