"""The shape of a request as typed in a browser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from catalog import queries as catalog
from catalog.models import Indication
from documents.fields import long_text
from referrals import requesting
from referrals.identity import IdType
from referrals.models import Patient, PlannedStep, Referral
from referrals.planning import MOST_STEPS

ROWS = 3
EVIDENCE_MAX = 10
AS_RECORDED, YES, NO = "", "yes", "no"


class RequestForm(forms.Form):
    """The request itself. Who the patient is follows from the number typed; there is no laboratory to choose."""

    patient_query = forms.CharField(
        label=_("Record number or ID number"),
        max_length=40,
        help_text=_("A patient on record is shown below; for a new one the fields to fill open."),
    )
    diagnosis_code = forms.CharField(label=_("Diagnosis (ICD-10)"), max_length=20, help_text=_("For example C34.1"))
    pathology = forms.CharField(label=_("Histological type"), max_length=120, required=False)
    stage = forms.CharField(
        label=pgettext_lazy("tumour", "Stage"), max_length=40, required=False, help_text=_("For example cT2N2M1b, IV")
    )
    test_query = forms.CharField(
        label=_("Search the catalog of tests"),
        max_length=60,
        required=False,
        help_text=_("Gene, tumour, drug, test or pinyin initials, for example EGFR"),
    )
    indication = forms.IntegerField(required=False, widget=forms.HiddenInput)
    nature = forms.ChoiceField(
        label=_("Nature"), choices=Referral.Nature.choices, initial=Referral.Nature.CLINICAL, widget=forms.RadioSelect
    )
    study = forms.TypedChoiceField(label=_("Study"), required=False, coerce=int, empty_value=None)
    necessity = forms.CharField(
        label=_("What the result will change in the treatment"), widget=long_text(2), max_length=1000
    )
    first_visit = forms.ChoiceField(
        label=_("First visit for this malignancy"),
        required=False,
        choices=[
            (AS_RECORDED, _("As the records say")),
            (YES, pgettext_lazy("answer", "Yes")),
            (NO, pgettext_lazy("answer", "No")),
        ],
        widget=forms.RadioSelect,
    )
    first_visit_reason = forms.CharField(
        label=_("Reason, when the answer differs from the records"), max_length=200, required=False
    )
    earlier_result_reason = forms.CharField(label=_("Why test the same gene again"), max_length=200, required=False)
    is_urgent = forms.BooleanField(label=_("Urgent"), required=False)
    entered_late = forms.BooleanField(
        label=_("Entered later, after a downtime"),
        required=False,
        help_text=_("Only for a request first written on paper while the system was down."),
    )
    paper_at = forms.DateTimeField(
        label=_("The paper's time"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.user = user
        today = timezone.localdate()
        listed = requesting.studies(user.post.institution_id, today) if user.post else []
        self.fields["study"].choices = [("", _("None")), *((one.pk, str(one)) for one in listed)]  # type: ignore[attr-defined]
        self.studies = {one.pk: one for one in listed}

    def clean_indication(self) -> Indication | None:
        """A line of the edition in force for this hospital, or none."""
        key = self.cleaned_data["indication"]
        edition = catalog.edition_in_force(self.user.post.institution_id, timezone.localdate())
        if not key or edition is None:
            return None
        return Indication.objects.filter(pk=key, edition=edition).select_related("test", "edition").first()

    def clean_study(self) -> Any:
        return self.studies.get(self.cleaned_data["study"])

    def clean(self) -> dict[str, Any]:
        """The paper's time and the mark of a later entry come together; the mark alone is not enough."""
        cleaned = super().clean() or {}
        if cleaned.get("entered_late") and not cleaned.get("paper_at") and "paper_at" not in self.errors:
            self.add_error("paper_at", _("Give the time that stands on the paper."))
        if not cleaned.get("entered_late"):
            cleaned["paper_at"] = None
        return cleaned

    def clean_first_visit(self) -> bool | None:
        return {YES: True, NO: False}.get(self.cleaned_data["first_visit"])

    @property
    def asked(self) -> dict[str, Any]:
        """What `actions.requests.submit` is given, without the patient."""
        names = (
            "diagnosis_code", "pathology", "stage", "indication", "nature", "study", "necessity", "first_visit",
            "first_visit_reason", "earlier_result_reason", "is_urgent", "paper_at",
        )  # fmt: skip
        return {name: self.cleaned_data.get(name) for name in names}


class NewPatientForm(forms.Form):
    """Who a patient is that the hospital has no record of."""

    record_no = forms.CharField(label=_("Record number"), max_length=40)
    name = forms.CharField(label=pgettext_lazy("of a person", "Name"), max_length=60)
    sex = forms.ChoiceField(label=_("Sex"), choices=Patient.Sex.choices[:2], widget=forms.RadioSelect)
    birth_year = forms.IntegerField(label=_("Year of birth"), validators=[MinValueValidator(1900)])
    id_type = forms.ChoiceField(label=_("Kind of paper"), choices=IdType.choices, initial=IdType.RESIDENT)
    id_number = forms.CharField(
        label=_("ID number"), max_length=30, required=False, help_text=_("Leave empty when the patient has none.")
    )
    phone = forms.CharField(label=_("Phone"), max_length=30, required=False)
    address = forms.CharField(label=_("Address"), max_length=120, required=False)

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **{**kwargs, "prefix": "new"})
        this_year = timezone.localdate().year
        self.fields["birth_year"].validators.append(MaxValueValidator(this_year))


class EvidenceForm(forms.Form):
    """One paper."""

    title = forms.CharField(label=pgettext_lazy("evidence", "Title"), max_length=300, required=False)
    source = forms.CharField(label=_("Journal or issuer"), max_length=200, required=False)
    year = forms.IntegerField(
        label=pgettext_lazy("evidence", "Year"),
        required=False,
        validators=[MinValueValidator(1950), MaxValueValidator(2100)],
    )
    level = forms.CharField(
        label=_("Level of evidence"), max_length=20, required=False, help_text="1A / 1B / 2A / 2B / 3"
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        said = [name for name in ("source", "year", "level") if cleaned.get(name)]
        if said and not cleaned.get("title"):
            self.add_error("title", _("Enter the title of the paper."))
        return cleaned


class EvidenceRows:
    """Some rows of evidence with names of their own: evidence-0-title …"""

    def __init__(self, data: Any = None):
        rows = ROWS
        if data is not None:
            named = [key.split("-")[1] for key in data if key.startswith("evidence-") and key.endswith("-title")]
            numbers = [int(one) for one in named if one.isdecimal()]
            rows = min(max([ROWS - 1, *numbers]) + 1, EVIDENCE_MAX)
        self.forms = [EvidenceForm(data, prefix=f"evidence-{n}") for n in range(rows)]

    def __iter__(self) -> Any:
        return iter(self.forms)

    def is_valid(self) -> bool:
        checked = [form.is_valid() for form in self.forms]
        return all(checked)

    @property
    def rows(self) -> list[Mapping[str, Any]]:
        return requesting.filled(form.cleaned_data for form in self.forms)

    @property
    def any_typed(self) -> bool:
        return any(form.has_changed() for form in self.forms)


class PlanForm(forms.Form):
    """One further step; a row without a test is no step."""

    code = forms.CharField(
        label=_("Further test (catalog code)"), max_length=16, required=False,
        widget=forms.TextInput(attrs={"list": "plan-lines", "autocomplete": "off"}),
    )  # fmt: skip
    after = forms.ChoiceField(label=_("Done"), choices=[("", _("Choose")), *PlannedStep.After.choices], required=False)
    genes = forms.CharField(
        label=_("Positive for the genes"), max_length=120, required=False,
        help_text=_("Only for a positive result; empty: any gene."),
    )  # fmt: skip
    necessity = forms.CharField(
        label=_("What the result will change in the treatment"), max_length=1000, required=False, widget=long_text()
    )


class PlanRows:
    """The further steps of a request with names of their own: plan-0-code …"""

    def __init__(self, data: Any = None, *, institution: Any):
        self.institution = institution
        self.forms = [PlanForm(data, prefix=f"plan-{n}") for n in range(MOST_STEPS)]

    def __iter__(self) -> Any:
        return iter(self.forms)

    def is_valid(self) -> bool:
        checked = [form.is_valid() for form in self.forms]
        return all(checked)

    @property
    def any_typed(self) -> bool:
        return any(form.has_changed() for form in self.forms)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The rows that name a test, in order, without gaps."""
        typed = [form.cleaned_data for form in self.forms if form.is_valid() and form.cleaned_data.get("code")]
        now = timezone.now()
        return [
            {**one, "indication": catalog.indication_in_force(one["code"].strip().upper(), self.institution, now)}
            for one in typed
        ]

    def put_errors(self, wrong: dict[str, Any]) -> dict[str, Any]:
        """Takes the errors that stand at a row (`plan-0-code`), and gives back the rest."""
        filled = [form for form in self.forms if form.is_valid() and form.cleaned_data.get("code")]
        rest = {}
        for name, said in wrong.items():
            number, _dash, field = name.removeprefix("plan-").partition("-")
            if name.startswith("plan-") and number.isdecimal() and int(number) < len(filled):
                filled[int(number)].add_error(field, said)
            else:
                rest[name] = said
        return rest


class BeginForm(forms.Form):
    """Going on with a planned step."""

    position = forms.IntegerField(widget=forms.HiddenInput)
    necessity = forms.CharField(
        label=_("What the result will change in the treatment"), max_length=1000, widget=long_text()
    )
    earlier_result_reason = forms.CharField(
        label=_("Why test the same gene again"), max_length=200, required=False,
        help_text=_("Left empty where only this plan has tested the gene: the plan is the reason."),
    )  # fmt: skip


class DropForm(forms.Form):
    position = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=long_text())


class CancelForm(forms.Form):
    drawn = forms.CharField(required=False, widget=forms.HiddenInput)
    reason = forms.CharField(label=_("Reason"), max_length=200, widget=long_text(3))


class SupplementForm(forms.Form):
    drawn = forms.CharField(required=False, widget=forms.HiddenInput)
    note = forms.CharField(label=_("What is added"), widget=long_text(4), max_length=2000)
    pathology = forms.CharField(label=_("Histological type"), max_length=120, required=False)
    stage = forms.CharField(label=pgettext_lazy("tumour", "Stage"), max_length=40, required=False)


class ChangeTestForm(forms.Form):
    drawn = forms.CharField(required=False, widget=forms.HiddenInput)
    test_query = forms.CharField(label=_("Search the catalog of tests"), max_length=60, required=False)
    indication = forms.IntegerField(required=False, widget=forms.HiddenInput)
    necessity = forms.CharField(
        label=_("What the result will change in the treatment"), widget=long_text(2), max_length=1000
    )
    reason = forms.CharField(label=_("Why this test instead"), max_length=200)
    earlier_result_reason = forms.CharField(label=_("Why test the same gene again"), max_length=200, required=False)

    def __init__(self, *args: Any, user: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.user = user

    clean_indication = RequestForm.clean_indication
