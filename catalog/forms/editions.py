"""The shape of what a browser sends while an edition is made."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog import rows
from catalog.models import Edition, GeneTest, Grade, Indication, RowComment
from catalog.models.grading import CRITERIA
from documents.fields import day_field, long_text

REASON = 300


class StartForm(forms.Form):
    """From what a draft begins, and which tumours the hospital mainly treats."""

    source = forms.ChoiceField(
        label=_("Begin from"),
        choices=[
            ("in_force", _("the edition in force")),
            ("starter", _("the starter library (100 rows)")),
            ("empty", _("an empty list")),
        ],
        widget=forms.RadioSelect,
        initial="in_force",
    )
    tumours = forms.MultipleChoiceField(
        label=_("Tumours the hospital mainly treats"),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "choices-wide"}),
        help_text=_("Only the rows of the ticked tumours are taken; with none ticked all are."),
    )
    number = forms.CharField(label=_("Edition number"), max_length=40)
    title = forms.CharField(label=_("Title"), max_length=120, required=False)
    note = forms.CharField(label=_("What this edition is for"), required=False, max_length=500, widget=long_text(2))

    def __init__(self, *args: Any, tumours: list[tuple[str, int]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        field: Any = self.fields["tumours"]
        field.choices = [(name, f"{name}（{n}）") for name, n in tumours]


class HeadForm(forms.Form):
    number = forms.CharField(label=_("Edition number"), max_length=40)
    title = forms.CharField(label=_("Title"), max_length=120)
    note = forms.CharField(label=_("What this edition is for"), required=False, max_length=500, widget=long_text(2))


class ExpertForm(forms.Form):
    """A person of the hospital whose post takes part in reviews."""

    user = forms.ChoiceField(label=_("Expert"))
    discipline = forms.CharField(label=_("Discipline"), max_length=40, required=False)

    def __init__(self, *args: Any, people: list[Any], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.people = {str(one.pk): one for one in people}
        field: Any = self.fields["user"]
        field.choices = [
            ("", _("Choose")),
            *((key, f"{one.name}（{one.username}）") for key, one in self.people.items()),
        ]

    def clean_user(self) -> Any:
        return self.people[self.cleaned_data["user"]]


class RowsFilter(forms.Form):
    q = forms.CharField(required=False, label=_("Search"), max_length=60)
    tumour = forms.ChoiceField(required=False, label=_("Tumour"))
    which = forms.ChoiceField(
        required=False,
        label=_("Rows"),
        choices=[
            ("", _("All")),
            ("to_review", _("Not yet confirmed")),
            ("unsettled", _("Marked 待核")),
            ("ungraded", _("Criteria of the grade not recorded")),
            ("changed", _("Changed in this edition")),
            ("commented", _("With comments")),
            ("objections", _("With open objections")),
        ],
    )

    def __init__(self, *args: Any, tumours: list[tuple[str, int]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        field: Any = self.fields["tumour"]
        field.choices = [("", _("All tumours")), *((name, f"{name}（{n}）") for name, n in tumours)]


class RowForm(forms.ModelForm):
    """One row with the reason of its change. `seen` is the last change the person saw."""

    reason = forms.CharField(
        label=_("Reason of this change"), max_length=REASON, widget=long_text(2),
        help_text=_("Kept with the former and the new values, your name and the time."),
    )  # fmt: skip
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)
    comment = forms.IntegerField(widget=forms.HiddenInput, required=False)
    test = forms.ModelChoiceField(
        GeneTest.objects.all(), label=_("Test"), required=False, empty_label=_("Choose"),
        help_text=_("Leave empty to have a test made of genes, alteration and method."),
    )  # fmt: skip

    class Meta:
        model = Indication
        fields = (
            "code", "tumour", "icd10", "icd10_match", "setting", "genes", "alteration", "test", "method_primary",
            "method_alternative", "specimen", "purpose", "drugs", "drug_note", "guideline", "issuer", "year", "doc_no",
            "second_source", "recommendation", "evidence_class", "risk_level", "risk_basis", "cost_level",
            "cost_basis", "evidence_support", "evidence_basis", "grade", "grade_reason", "is_risky",
            "mdt_on_first_visit",
            "route_hint", "germline", "is_nucleic_acid_test", "turnaround_days", "notes",
        )  # fmt: skip
        widgets = {"notes": long_text()}

    def __init__(self, *args: Any, fixed_code: bool = False, **kwargs: Any):
        super().__init__(*args, **kwargs)
        grade: Any = self.fields["grade"]
        grade.choices = [("", _("Choose")), *Grade.choices]
        for name, (choices, _basis) in CRITERIA.items():
            criterion: Any = self.fields[name]
            criterion.choices = [("", _("not recorded")), *choices.choices]
        self.fields["grade_reason"].help_text = _("Only where the grade is another than the three criteria make.")
        self.fields["icd10_match"].help_text = _("Codes the system compares with: C34, C18-C20;C48.")
        self.fields["genes"].help_text = _("Current HGNC symbols, divided by 、.")
        if fixed_code:
            del self.fields["code"]

    def _post_clean(self) -> None:
        """The action fills and checks the row; a form must not write into it."""

    def values(self) -> dict[str, Any]:
        """The row's content, without its code, reason and stamps."""
        known = {field.name for field in rows.content_fields()}
        return {name: value for name, value in self.cleaned_data.items() if name in known}


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=REASON, widget=long_text(2))


class OpenReviewForm(forms.Form):
    due = day_field(_("Comments until"), required=False)


class CheckForm(forms.Form):
    note = forms.CharField(label=_("What the check found"), required=False, max_length=1000, widget=long_text(3))


class ApproveForm(forms.Form):
    starts_on = day_field(_("In force from"))
    document_number = forms.CharField(
        label=_("Document number"), max_length=60, required=False,
        help_text=_("As the office gives it, e.g. 岚总医〔2026〕58号."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["starts_on"].widget.attrs["min"] = timezone.localdate().isoformat()


class CommentForm(forms.Form):
    kind = forms.ChoiceField(label=_("Kind of comment"), choices=RowComment.Kind.choices, widget=forms.RadioSelect)
    text = forms.CharField(label=_("Comment"), max_length=2000, widget=long_text(3))


class SignOffForm(forms.Form):
    agreed = forms.TypedChoiceField(
        label=_("On the whole edition"),
        choices=[("yes", _("I agree")), ("no", _("I do not agree"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    note = forms.CharField(
        label=_("Opinion"),
        required=False,
        max_length=2000,
        widget=long_text(3),
        help_text=_("Required when you do not agree."),
    )


class DifferenceForm(forms.Form):
    """Which other edition to compare with."""

    other = forms.ChoiceField(label=_("Compare with"), required=False)

    def __init__(self, *args: Any, editions: list[Edition], **kwargs: Any):
        super().__init__(*args, **kwargs)
        field: Any = self.fields["other"]
        field.choices = [(str(one.pk), str(one)) for one in editions]


class LibraryForm(forms.Form):
    """Rows of the starter library to take into the draft."""

    codes = forms.MultipleChoiceField(label=_("Rows"), widget=forms.CheckboxSelectMultiple)
    reason = forms.CharField(label=_("Reason"), max_length=REASON, widget=long_text(2))

    def __init__(self, *args: Any, lines: list[Indication], **kwargs: Any):
        super().__init__(*args, **kwargs)
        field: Any = self.fields["codes"]
        field.choices = [(one.code, f"{one.code} {one.tumour} · {one.test.name}") for one in lines]


class SheetForm(forms.Form):
    sheet = forms.FileField(label=_("Sheet (XLSX or CSV)"))


class ConfirmSheetForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"), max_length=REASON, widget=long_text(2), help_text=_("Kept with every row the sheet changes.")
    )
