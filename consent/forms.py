"""The shape of what is typed on the tablet and at the desk."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from consent import paper, strokes
from consent.models import Consent
from consent.signing import Choices, Method, Signature, Signer
from documents import files
from referrals.identity import IdType

SCANS = (files.PDF, files.JPEG, files.PNG)
SIGNERS = (
    (Consent.Signer.PATIENT, _("I am the patient")),
    (Consent.Signer.RELATIVE, _("I am a near relative, signing for the patient")),
    (Consent.Signer.GUARDIAN, _("I am the patient's guardian")),
)
MOMENT = "%Y-%m-%dT%H:%M"


class Moment(forms.DateTimeInput):
    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format=MOMENT)


class DiscloseForm(forms.Form):
    shown = forms.CharField(widget=forms.HiddenInput)
    told_at = forms.DateTimeField(
        label=_("Told at"),
        required=False,
        widget=Moment(),
        help_text=_("Leave empty if you are telling the patient now."),
    )


class SignerForm(forms.Form):
    """Who signs and how; errors of the rules come back by the names of these fields."""

    shown = forms.CharField(widget=forms.HiddenInput)
    strokes = forms.CharField(widget=forms.HiddenInput, required=False, label=_("Signature"))
    signer = forms.ChoiceField(label=_("Who signs"), choices=SIGNERS, widget=forms.RadioSelect)
    age_confirmed = forms.BooleanField(
        label=_("The patient's paper was checked: 18 years old, or 16 and living on their own labour"), required=False
    )
    signer_name = forms.CharField(label=_("Name of the one who signs"), max_length=60, required=False)
    relation = forms.CharField(
        label=_("Relation to the patient"), max_length=30, required=False, help_text=_("For example: daughter, husband")
    )
    reason = forms.CharField(
        label=_("Why the patient cannot or should not be told"),
        max_length=200,
        required=False,
        help_text=_("A guardian states why the patient cannot sign."),
    )
    id_type = forms.ChoiceField(label=_("Paper shown"), choices=IdType.choices, required=False)
    id_number = forms.CharField(label=_("Number of the paper"), max_length=40, required=False)
    typed = forms.BooleanField(label=_("I cannot write: my typed name stands for the signature"), required=False)
    witness_number = forms.CharField(label=_("Witness: staff number"), max_length=40, required=False)
    witness_password = forms.CharField(
        label=_("Witness: password"),
        max_length=128,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    told_again = forms.BooleanField(label=_("I have told the patient the changed text"), required=False)

    WHERE = {"witness": "witness_number", "method": "typed"}

    def __init__(self, *args: Any, request: HttpRequest | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        self.request = request

    def clean_strokes(self) -> list:
        return strokes.read(self.cleaned_data["strokes"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        data["witness"] = self._witness(data) if data.get("witness_number") else None
        return data

    def _witness(self, data: dict[str, Any]) -> Any:
        """Another member of staff of this hospital, who proves it with their own password."""
        user: Any = authenticate(
            self.request, username=data["witness_number"].strip(), password=data.get("witness_password", "")
        )
        asking: Any = self.request.user if self.request else None
        mine = asking.institution_ids if asking else ()
        if user is None or not any(post.institution_id in mine for post in user.posts_now):
            self.add_error("witness_number", _("Staff number and password do not fit a person of this hospital."))
            return None
        return user

    @property
    def signed_by(self) -> Signer:
        data = self.cleaned_data
        return Signer(
            kind=data["signer"],
            name=data["signer_name"],
            relation=data["relation"],
            reason=data["reason"],
            id_number=data["id_number"],
            id_type=data["id_type"] or IdType.RESIDENT,
            age_confirmed=data["age_confirmed"],
        )

    @property
    def signature(self) -> Signature:
        data = self.cleaned_data
        if data["typed"]:
            return Signature(Method.TYPED, (), data["witness"])
        return Signature(Method.DRAWN, data["strokes"], data["witness"])

    def add_faults(self, fault: ValidationError) -> None:
        """Put what a rule found at the field it speaks of."""
        if not hasattr(fault, "error_dict"):
            self.add_error(None, fault)
            return
        for name, errors in fault.error_dict.items():
            field = self.WHERE.get(name, name)
            self.add_error(field if field in self.fields else None, errors)

    def typed_so_far(self) -> dict[str, Any]:
        """What stands on the page, to be drawn again over a changed text; a signature is given anew."""
        kept = {name: self.data.get(name) for name in self.fields if name in self.data}
        return {name: value for name, value in kept.items() if name not in ("shown", "strokes", "witness_password")}


class ConsentForm(SignerForm):
    privacy = forms.BooleanField(
        label=_("I separately consent to the handling of my sensitive personal information as described here"),
        required=False,
    )
    germline = forms.ChoiceField(
        label=_("Heritable findings"), choices=Choices.GERMLINE, widget=forms.RadioSelect, required=False
    )
    leftover = forms.ChoiceField(
        label=_("Specimen that is left"), choices=Choices.LEFTOVER, widget=forms.RadioSelect, required=False
    )

    @property
    def choices(self) -> Choices:
        data = self.cleaned_data
        return Choices(privacy=data["privacy"], germline=data["germline"], leftover=data["leftover"])


class PaperForm(ConsentForm):
    """What stands on a paper signed by hand, and its scan."""

    scan = forms.FileField(label=_("Scan of the signed paper"), help_text=_("PDF, JPG or PNG, all pages in one file"))
    check_code = forms.CharField(
        label=_("Check code printed on the paper"), max_length=12, help_text=_("Eight characters at the top right")
    )
    signed_at = forms.DateTimeField(label=_("Signed at"), widget=Moment())
    field_order = ["check_code", "scan", "signed_at", "signer", "age_confirmed", "signer_name", "relation", "reason",
                   "id_type", "id_number", "privacy", "germline", "leftover", "shown"]  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("typed", "witness_number", "witness_password", "told_again", "strokes"):
            del self.fields[name]
        signer: Any = self.fields["signer"]
        signer.choices = Consent.Signer.choices
        self.fields["privacy"].label = _("The separate consent to handling personal information is signed")

    def clean(self) -> dict[str, Any]:
        data = forms.Form.clean(self) or self.cleaned_data
        data["typed"], data["strokes"], data["witness"] = False, [], None
        return data

    def clean_scan(self) -> files.Upload:
        return files.check(self.cleaned_data["scan"], kinds=SCANS)

    def clean_check_code(self) -> str:
        """The paper that was signed is the text of now, or it is printed and signed again."""
        code = self.cleaned_data["check_code"].strip().upper()
        if code != paper.check_code(self.data.get("shown", "")):
            raise ValidationError(
                _(
                    "This paper is not the text in force: price, place or test has changed since it was printed. Tell the "
                    "patient again and have a newly printed paper signed."
                )
            )
        return code


class SayNoForm(forms.Form):
    """A refusal: nothing has to be given but who says it."""

    signer = forms.ChoiceField(label=_("Who says no"), choices=SIGNERS, widget=forms.RadioSelect)
    reason = forms.CharField(
        label=_("Reason"), max_length=200, required=False, help_text=_("You need not give a reason.")
    )
    strokes = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})

    def clean_strokes(self) -> list:
        return strokes.read(self.cleaned_data["strokes"])


class WithdrawForm(forms.Form):
    reason = forms.CharField(
        label=pgettext_lazy("withdrawal", "Reason"),
        max_length=200,
        required=False,
        help_text=_("The patient need not give a reason."),
    )
    asked = forms.BooleanField(label=_("The patient (or the one who signed) asks to take the consent back"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
