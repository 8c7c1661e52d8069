"""What is typed into the register and about the hospital's rules."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from documents.fields import PDFField, day_field, long_text
from policy.models import HospitalRule, PolicyDocument


class DocumentForm(forms.Form):
    code = forms.CharField(label=_("Code"), max_length=12, help_text=_("A letter and up to eleven letters or digits."))
    title = forms.CharField(label=_("Title"), max_length=200)
    kind = forms.ChoiceField(label=_("Kind"), choices=PolicyDocument.Kind.choices)
    issuer = forms.CharField(label=_("Issuer"), max_length=100)
    doc_no = forms.CharField(label=_("Document number"), max_length=80, required=False)
    issued_on = day_field(_("Issued on"), required=False)
    in_force_from = day_field(_("In force from"), required=False)
    in_force_to = day_field(_("In force to"), required=False, help_text=_("Leave empty while it has no end."))
    supersedes = forms.ModelChoiceField(
        PolicyDocument.objects.defer("text"), label=_("Supersedes"), required=False, empty_label=_("None")
    )
    duty = forms.CharField(label=_("What it asks"), required=False, widget=long_text(3))


class DatesForm(forms.Form):
    doc_no = forms.CharField(label=_("Document number"), max_length=80, required=False)
    issued_on = day_field(_("Issued on"), required=False)
    in_force_from = day_field(_("In force from"), required=False)
    in_force_to = day_field(_("In force to"), required=False)
    source = forms.CharField(
        label=_("Compared with"),
        max_length=200,
        help_text=_("The gazette, website or original the dates were read in."),
    )


class SupersedeForm(forms.Form):
    former = forms.ModelChoiceField(
        PolicyDocument.objects.defer("text"), label=_("Document it supersedes"), empty_label=_("Choose")
    )

    def __init__(self, *args: Any, document: PolicyDocument, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["former"].queryset = PolicyDocument.objects.exclude(pk=document.pk).defer("text")  # type: ignore[attr-defined]


class FulfilmentForm(forms.Form):
    how = forms.CharField(label=_("How this hospital carries it out"), max_length=1000, widget=long_text(4))
    department = forms.CharField(label=_("Responsible department"), max_length=60)
    review_by = day_field(_("Next review by"))
    upload = PDFField(label=_("Proof (PDF)"), required=False)


class DraftForm(forms.Form):
    kind = forms.ChoiceField(label=_("Kind of rule"), choices=[("", _("Choose")), *HospitalRule.Kind.choices])
    title = forms.CharField(label=_("Title"), max_length=120)
    drafted_in = forms.CharField(label=_("Drafting department"), max_length=60)
    upload = PDFField(label=_("Text (PDF)"), required=False)


class ReviseForm(forms.Form):
    title = forms.CharField(label=_("Title"), max_length=120)
    drafted_in = forms.CharField(label=_("Drafting department"), max_length=60)
    upload = PDFField(label=_("Text (PDF)"), required=False, help_text=_("Leave empty to keep the text as it is."))


class DeliberateForm(forms.Form):
    meeting = forms.CharField(
        label=_("Deliberated by"), max_length=120, help_text=_("Such as 院长办公会 or 医疗质量管理委员会")
    )
    met_on = day_field(_("Deliberated on"))


class IssueForm(forms.Form):
    doc_no = forms.CharField(
        label=_("Document number"), max_length=60, help_text=_("As given by the hospital's office.")
    )
    issued_on = day_field(_("Issued on"))
    starts_on = day_field(_("In force from"))
    review_by = day_field(_("Next review by"))


class RepealForm(forms.Form):
    ends_on = day_field(_("Last day in force"))
    reason = forms.CharField(label=_("Reason"), max_length=300)


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=300)


class ReviewForm(forms.Form):
    review_by = day_field(_("Next review by"))
