"""What is typed about laboratories and their admission."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from accounts.queries import holders
from documents.fields import PDFField, day_field, long_text
from vendors import checks
from vendors.forms.fields import OneTest, SeveralTests
from vendors.models import AdmissionPaper, Credential, Laboratory, Route

SCORE = "vendors.score_admission"


def yes_no(label: Any, yes: Any, no: Any, **options: Any) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=label,
        choices=[("", _("Choose")), ("yes", yes), ("no", no)],
        coerce=lambda value: value == "yes",
        **options,
    )


class LaboratoryForm(forms.Form):
    name = forms.CharField(label=_("Name as on the licence"), max_length=100)
    uscc = forms.CharField(label=_("Unified social credit code"), max_length=18)
    kind = forms.ChoiceField(label=_("Type of institution"), choices=Laboratory.Kind.choices)
    licence_no = forms.CharField(label=_("Licence registration number (22 digits)"), max_length=22)
    subjects = forms.MultipleChoiceField(
        label=_("Subjects of diagnosis and treatment on the licence"), choices=Laboratory.Subject.choices,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    foreign_controlled = yes_no(_("Set up or controlled by a foreign organisation"), _("yes"), _("no"))
    in_mainland = yes_no(_("Tests on the mainland, samples and data stay there"), _("yes"), _("no"))


class RegisterForm(LaboratoryForm):
    code = forms.CharField(label=_("Short code"), max_length=20)
    field_order = ("code",)


class DescribeForm(LaboratoryForm):
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=long_text())


class CredentialForm(forms.Form):
    kind = forms.ChoiceField(label=_("Kind"), choices=Credential.Kind.choices)
    kind_name = forms.CharField(label=_("Name of another kind"), max_length=60, required=False)
    number = forms.CharField(label=_("Certificate number"), max_length=48)
    valid_from = day_field(_("Valid from"))
    valid_to = day_field(_("Valid to"), required=False)
    file = PDFField(label=_("File (PDF)"), required=False)


class RoundForm(forms.Form):
    test = OneTest()
    organiser = forms.CharField(label=_("Organiser"), max_length=80)
    name = forms.CharField(label=_("Round"), max_length=60)
    held_on = day_field(_("Result of"))
    passed = yes_no(_("Result"), _("Passed"), _("Not passed"))
    valid_to = day_field(_("Next result due by"), required=False)
    file = PDFField(label=_("File (PDF)"), required=False)


class NamesForm(forms.Form):
    licence_holder = forms.CharField(label=_("Holder of the licence"), max_length=100)
    contract_party = forms.CharField(label=_("Party to the contract"), max_length=100)
    invoice_issuer = forms.CharField(label=_("Issuer of the invoices"), max_length=100)
    payee = forms.CharField(label=_("Name of the account paid"), max_length=100)


class PutNamesForm(NamesForm):
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=long_text())


class ApplyForm(NamesForm):
    laboratory = forms.ModelChoiceField(
        label=_("Laboratory"), queryset=Laboratory.objects.order_by("code"), empty_label=_("Choose")
    )
    route = forms.ChoiceField(label=_("Route"), choices=Route.choices)
    route_reason = forms.CharField(label=_("Why by this route"), max_length=300, widget=long_text())
    tests = SeveralTests()
    field_order = ("laboratory", "route", "route_reason")


class PaperForm(forms.Form):
    check = forms.ChoiceField(label=pgettext_lazy("admission", "Check"), choices=checks.codes)
    verdict = forms.ChoiceField(label=pgettext_lazy("admission", "Finding"), choices=AdmissionPaper.Verdict.choices)
    number = forms.CharField(label=_("Number"), max_length=80, required=False)
    valid_from = day_field(_("Valid from"), required=False)
    valid_to = day_field(_("Valid to"), required=False)
    note = forms.CharField(label=_("What was found"), max_length=500, required=False, widget=long_text())
    file = PDFField(label=_("File (PDF)"), required=False)


class VisitForm(forms.Form):
    visited_on = day_field(_("Visited on"), initial=timezone.localdate)
    place = forms.CharField(label=_("Address visited"), max_length=200)
    visitors = forms.ModelMultipleChoiceField(
        label=_("Visitors"), queryset=User.objects.none(), widget=forms.CheckboxSelectMultiple
    )
    findings = forms.CharField(label=_("Findings"), max_length=4000, widget=long_text(4))
    passed = yes_no(_("Conclusion of the visit"), _("Fit"), _("Not fit"))
    file = PDFField(label=_("File (PDF)"), required=False)

    def __init__(self, *args: Any, institution: int, **options: Any):
        super().__init__(*args, **options)
        people = holders(institution, SCORE, "vendors.keep_admissions", "vendors.suspend_laboratory")
        self.fields["visitors"].queryset = people.order_by("username")  # type: ignore[attr-defined]


class MemberForm(forms.Form):
    user = forms.ModelChoiceField(label=_("Member"), queryset=User.objects.none(), empty_label=_("Choose"))

    def __init__(self, *args: Any, institution: int, **options: Any):
        super().__init__(*args, **options)
        self.fields["user"].queryset = holders(institution, SCORE).order_by("username")  # type: ignore[attr-defined]


class ReleaseForm(MemberForm):
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=long_text())


class DeclareForm(forms.Form):
    is_tied = yes_no(
        _("A tie to this laboratory: employment, shares, relatives, fees, gifts, research money"),
        _("There is a tie"), _("There is none"),
    )  # fmt: skip
    interest = forms.CharField(label=_("Which tie"), max_length=300, required=False, widget=long_text())


class ScoreForm(forms.Form):
    score = forms.IntegerField(label=_("Score (0–100)"), min_value=0, max_value=100)
    opinion = forms.CharField(label=_("Grounds"), max_length=500, widget=long_text(3))


class EmptyForm(forms.Form):
    """A step that asks for nothing but the button."""


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=long_text())


class ConcludeForm(forms.Form):
    decision = forms.ChoiceField(
        label=_("Decision"),
        choices=[
            ("admit", _("Admit for all tests applied for")), ("restrict", _("Admit for some tests only")),
            ("decline", _("Do not admit")),
        ],
    )  # fmt: skip
    tests = SeveralTests(required=False)
    valid_to = day_field(_("Admitted until"), required=False, help_text=_("Empty: as long as the rules allow."))
    conclusion = forms.CharField(label=_("Conclusion"), max_length=2000, widget=long_text(3))

    def __init__(self, *args: Any, admission: Any = None, **options: Any):
        super().__init__(*args, **options)
        if admission is not None:
            self.fields["tests"].queryset = admission.tests.order_by("code")  # type: ignore[attr-defined]


class TestsForm(forms.Form):
    """A reason, and the tests it is about."""

    tests = SeveralTests()
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=long_text())


class RestrictForm(TestsForm):
    def __init__(self, *args: Any, admission: Any = None, **options: Any):
        super().__init__(*args, **options)
        if admission is not None:
            self.fields["tests"].queryset = admission.tests.order_by("code")  # type: ignore[attr-defined]


class BarForm(forms.Form):
    until = day_field(_("Barred until"), required=False, help_text=_("Empty: for good."))
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=long_text())
