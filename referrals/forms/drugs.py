"""What is typed about targeted drugs: a check, the pathology, a report from outside, a special use, a review."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from catalog import queries as catalog
from documents import files
from documents.fields import day_field, long_text
from referrals.models import MatchReview, OutsideReport, PathologyBasis, Patient, SpecialUse


class OfPatientForm(forms.Form):
    """Names a patient of the post's hospital by record number."""

    record_no = forms.CharField(label=_("Record number"), max_length=40)

    def __init__(self, *args: Any, user: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_record_no(self) -> str:
        number = self.cleaned_data["record_no"].strip()
        self.patient = (
            Patient.objects.visible_to(self.user).select_related("institution").filter(record_no=number).first()
        )
        if self.patient is None:
            raise ValidationError(_("No patient with this record number is known here."))
        return number

    @property
    def asked(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "record_no"}


class DrugFields(forms.Form):
    drug = forms.CharField(label=_("Drug"), max_length=60, widget=forms.TextInput(attrs={"list": "drugs"}))
    indication = forms.CharField(
        label=pgettext_lazy("of a drug", "Indication"), max_length=120, widget=forms.TextInput(attrs={"list": "uses"})
    )
    line = forms.CharField(
        label=_("Line or setting"), max_length=120, required=False, widget=forms.TextInput(attrs={"list": "lines"})
    )


def lists(institution: Any, on: Any) -> dict[str, list[str]]:
    """What the rules in force name, to choose from."""
    uses = [(rule, use) for rule in catalog.rules_in_force(institution, on) for use in rule.read_uses]
    return {
        "drugs": sorted({name for rule, _use in uses for name in rule.drug_names}),
        "uses": sorted({name for _rule, use in uses for name in use.indications}),
        "lines": sorted({name for _rule, use in uses for name in use.lines}),
    }


class CheckForm(OfPatientForm, DrugFields):
    since = day_field(
        _("Day of progression or relapse"), required=False,
        help_text=_("Where the line asks for a report made after it, such as after progress on a TKI."),
    )  # fmt: skip
    field_order = ("record_no", "drug", "indication", "line", "since")


class PathologyForm(OfPatientForm):
    kind = forms.ChoiceField(label=_("Kind of basis"), choices=PathologyBasis.Kind.choices, initial="pathology")
    diagnosis = forms.CharField(label=_("Diagnosis"), max_length=200)
    diagnosed_on = day_field(_("Diagnosed on"))
    issuer = forms.CharField(label=_("Diagnosed at"), max_length=120, required=False)
    report_no = forms.CharField(
        label=_("Number of the pathology report"), max_length=60, required=False,
        help_text=_("For a pathology report."),
    )  # fmt: skip
    reason = forms.CharField(
        label=_("Why no pathology can be had"), max_length=300, required=False, widget=long_text(),
        help_text=_("For a clinical diagnosis by exception; somebody else approves it."),
    )  # fmt: skip
    guideline = forms.CharField(
        label=_("Guideline followed"),
        max_length=200,
        required=False,
        help_text=_("For a clinical diagnosis by exception."),
    )


class OutsideReportForm(OfPatientForm):
    source = forms.ChoiceField(
        label=_("Where it comes from"), choices=OutsideReport.Source.choices, widget=forms.RadioSelect
    )
    issuer = forms.CharField(label=_("Issued by"), max_length=120)
    report_no = forms.CharField(label=_("Report number"), max_length=60, required=False)
    reported_on = day_field(_("Reported on"))
    collected_on = day_field(_("Specimen taken on"), required=False)
    genes = forms.CharField(
        label=_("Genes read"), max_length=300, help_text=_("As the report lists them, with the exons where it says so.")
    )
    method = forms.CharField(label=_("Method"), max_length=80)
    specimen = forms.CharField(label=_("Specimen"), max_length=80)
    outcome = forms.ChoiceField(label=_("Result"), choices=OutsideReport.Outcome.choices, widget=forms.RadioSelect)
    findings = forms.CharField(
        label=_("Main findings"), max_length=500, required=False, widget=long_text(),
        help_text=_("Empty: put together from the alterations below."),
    )  # fmt: skip
    pdf = forms.FileField(label=_("Report (PDF)"), required=False)

    def clean_pdf(self) -> Any:
        given = self.cleaned_data.get("pdf")
        return files.check(given, kinds=(files.PDF,)) if given else None


class ReviewOutsideForm(forms.Form):
    accepted = forms.TypedChoiceField(
        label=_("The report is"),
        choices=[("yes", _("Accepted: it may support a drug here")), ("no", _("Not accepted"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    note = forms.CharField(
        label=_("Opinion"), max_length=300, widget=long_text(3),
        help_text=_("Laboratory, method, specimen, patient and quality of the report."),
    )  # fmt: skip


class SpecialUseForm(OfPatientForm, DrugFields):
    kind = forms.ChoiceField(label=_("Kind of use"), choices=SpecialUse.Kind.choices, widget=forms.RadioSelect)
    necessity = forms.CharField(label=_("Why it is necessary"), max_length=500, widget=long_text(3))
    evidence_title = forms.CharField(
        label=_("Evidence"), max_length=300, required=False, help_text=_("For a use beyond the label.")
    )
    evidence_source = forms.CharField(label=_("Journal or issuer"), max_length=200, required=False)
    evidence_year = forms.IntegerField(label=_("Year"), min_value=1990, max_value=2100, required=False)
    evidence_level = forms.CharField(
        label=_("Level of evidence"), max_length=40, required=False, help_text=_("As its own source words it.")
    )
    evidence_file = forms.FileField(label=_("Paper (PDF)"), required=False)
    no_better_option = forms.CharField(
        label=_("Why there is no better option"), max_length=500, required=False, widget=long_text(),
        help_text=_("For a use beyond the label."),
    )  # fmt: skip
    check = forms.IntegerField(
        label=_("Number of the drug check"), required=False, min_value=1,
        help_text=_("For a drug bought outside: the check that supports it."),
    )  # fmt: skip
    field_order = ("record_no", "kind", "drug", "indication", "line", "necessity")

    def clean_evidence_file(self) -> Any:
        given = self.cleaned_data.get("evidence_file")
        return files.check(given, kinds=(files.PDF,)) if given else None

    @property
    def asked(self) -> dict[str, Any]:
        given = super().asked
        evidence = {name: given.pop(f"evidence_{name}") for name in ("title", "source", "year", "level")}
        return {**given, "evidence": evidence}


class OpinionForm(forms.Form):
    agrees = forms.TypedChoiceField(
        label=_("Opinion"), choices=[("yes", _("Agree")), ("no", _("Disagree"))],
        coerce=lambda value: value == "yes", widget=forms.RadioSelect,
    )  # fmt: skip
    note = forms.CharField(label=_("Reasons"), max_length=500, widget=long_text(3))


class ConcludeForm(forms.Form):
    agree = forms.TypedChoiceField(
        label=_("Conclusion"), choices=[("yes", _("Agree to the use")), ("no", _("Decide against it"))],
        coerce=lambda value: value == "yes", widget=forms.RadioSelect,
    )  # fmt: skip
    conclusion = forms.CharField(label=_("Reasons"), max_length=500, widget=long_text(3))


class DecideForm(forms.Form):
    approve = forms.TypedChoiceField(
        label=_("Decision"), choices=[("yes", _("Approve")), ("no", _("Do not approve"))],
        coerce=lambda value: value == "yes", widget=forms.RadioSelect,
    )  # fmt: skip
    note = forms.CharField(label=_("Reasons"), max_length=300, widget=long_text())


class TellForm(forms.Form):
    necessity = forms.CharField(label=_("Why the drug is necessary"), max_length=800, widget=long_text(3))
    cost = forms.CharField(label=_("What it costs"), max_length=300, widget=long_text())
    insurance = forms.CharField(label=_("What insurance pays"), max_length=300, widget=long_text())
    risks = forms.CharField(label=_("Risks"), max_length=800, widget=long_text(3))


class SignForm(forms.Form):
    signer = forms.ChoiceField(
        label=_("Signed by"),
        choices=[("patient", _("The patient")), ("guardian", _("A guardian")), ("relative", _("A close relative"))],
        widget=forms.RadioSelect,
    )
    signer_name = forms.CharField(label=_("Name of the signer"), max_length=60)
    signer_reason = forms.CharField(label=_("Why not the patient"), max_length=200, required=False)
    paper = forms.FileField(label=_("Signed paper (PDF)"))

    def clean_paper(self) -> Any:
        return files.check(self.cleaned_data["paper"], kinds=(files.PDF,))


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=200, widget=long_text())


class MonthForm(forms.Form):
    month = forms.DateField(
        label=_("Month"), input_formats=["%Y-%m"], widget=forms.DateInput(attrs={"type": "month"}, format="%Y-%m")
    )


class DrawForm(MonthForm):
    size = forms.IntegerField(label=_("Size of the sample"), min_value=1, max_value=200, initial=20)


class ExportForm(MonthForm):
    form = forms.ChoiceField(label=_("Format"), choices=[("xlsx", "XLSX"), ("csv", "CSV")])


class MatchForm(forms.Form):
    item = forms.IntegerField(widget=forms.HiddenInput)
    verdict = forms.ChoiceField(label=_("Verdict"), choices=MatchReview.Verdict.choices)
    note = forms.CharField(label=_("Remark"), max_length=300, required=False)
