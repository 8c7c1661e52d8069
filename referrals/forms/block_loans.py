"""The shape of what is typed about loans of blocks and slides."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from documents.fields import day_field, long_text
from referrals.models import BlockLoan, Patient, Referral, Study


class LoanForm(forms.Form):
    record_no = forms.CharField(label=_("Record number of the patient"), max_length=40)
    purpose = forms.ChoiceField(
        label=pgettext_lazy("loan", "Purpose"), choices=BlockLoan.Purpose.choices, widget=forms.RadioSelect
    )
    borrower = forms.ChoiceField(label=_("Borrower"), choices=BlockLoan.Borrower.choices, widget=forms.RadioSelect)
    destination = forms.CharField(label=_("Where it goes"), max_length=120, help_text=_("Name of the institution."))
    blocks = forms.CharField(
        label=_("Block numbers"), max_length=200,
        help_text=_("Of the blocks lent, or of those the slides were cut from."),
    )  # fmt: skip
    block_count = forms.IntegerField(
        label=_("Blocks"), min_value=0, max_value=100, initial=1, help_text=_("0 when the blocks stay and slides go.")
    )
    slide_count = forms.IntegerField(label=_("Slides"), min_value=0, max_value=200, initial=0)
    reason = forms.CharField(label=_("Why"), max_length=300, widget=long_text())
    referral = forms.CharField(
        label=_("Request number"), max_length=40, required=False,
        help_text=_("For a test elsewhere: this hospital's own request that is sent outside."),
    )  # fmt: skip
    study = forms.CharField(
        label=_("Study number"), max_length=60, required=False, help_text=_("For research: a study registered here.")
    )

    def __init__(self, data: Any = None, *, user: Any):
        super().__init__(data)
        self.user = user

    def _one(self, name: str, found: Any, **where: Any) -> Any:
        if not self.cleaned_data.get(name):
            return None
        one = found.filter(**where).first()
        if one is None:
            self.add_error(name, _("No such record, or not one of yours."))
        return one

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        here = {"institution_id__in": self.user.institution_ids}
        data["patient"] = self._one(
            "record_no", Patient.objects.visible_to(self.user), record_no=data.get("record_no"), **here
        )
        data["referral"] = self._one("referral", Referral.objects.visible_to(self.user), number=data.get("referral"))
        data["study"] = self._one("study", Study.objects.visible_to(self.user), number=data.get("study"))
        data.pop("record_no", None)
        return data


class LoanDecisionForm(forms.Form):
    approve = forms.TypedChoiceField(
        label=_("Decision"), choices=[("yes", _("Lend")), ("no", _("Do not lend"))],
        coerce=lambda value: value == "yes", widget=forms.RadioSelect,
    )  # fmt: skip
    remains_enough = forms.BooleanField(label=_("Enough tissue remains here for the patient's care"), required=False)
    note = forms.CharField(label=_("What remains, and why"), max_length=300, widget=long_text())


class LendForm(forms.Form):
    borrower_name = forms.CharField(label=_("Name of the borrower"), max_length=60)
    borrower_paper = forms.CharField(
        label=_("Identity paper, last four characters"), max_length=4, help_text=_("The paper is seen, not copied.")
    )
    deposit = forms.DecimalField(label=_("Deposit (yuan)"), max_digits=8, decimal_places=2, min_value=0, required=False)
    deposit_no = forms.CharField(label=_("Deposit receipt number"), max_length=60, required=False)
    has_undertaking = forms.BooleanField(label=_("A written undertaking was signed"), required=False)
    due_on = day_field(_("Due back on"), required=False, help_text=_("Empty: as the hospital's rule says."))


class TakeBackForm(forms.Form):
    state = forms.ChoiceField(label=_("State on return"), choices=BlockLoan.Return.choices, widget=forms.RadioSelect)
    blocks_back = forms.IntegerField(label=_("Blocks that came back"), min_value=0)
    slides_back = forms.IntegerField(label=_("Slides that came back"), min_value=0)
    note = forms.CharField(
        label=_("Inspection"), max_length=300, required=False, widget=long_text(),
        help_text=_("Unless complete: what is missing, and what the patient was told."),
    )  # fmt: skip
    patient_told_on = day_field(
        _("Patient told on"),
        required=False,
        help_text=_("Unless complete: what is lost of the tissue is told to the patient."),
    )

    def __init__(self, data: Any = None, *, loan: BlockLoan):
        super().__init__(data)
        lent = _("Lent: %(n)s")
        self.fields["blocks_back"].help_text = lent % {"n": loan.block_count}
        self.fields["slides_back"].help_text = lent % {"n": loan.slide_count}
