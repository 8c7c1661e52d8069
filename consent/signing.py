"""Who may sign, and how.

Adults with capacity sign for themselves. A guardian signs under 18 (those of 16 and over who live on their own labour
excepted; Civil Code arts. 17–19) and for adults without capacity. A relative signs where the patient cannot or should
not be told, with the reason (Civil Code art. 1219).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent import strokes as drawing
from consent.models import Consent
from referrals.identity import IdType, Tampered, check_id_number, decrypt
from referrals.models import Identity, Patient

Who = Consent.Signer
Method = Consent.Method
ADULT, SELF_SUPPORTING, OWN_INFORMATION = 18, 16, 14
RELATIVE_NEEDS = _("A near relative who signs must state the reason and the relation.")


@dataclass(frozen=True)
class Signer:
    """Who signs. `age_confirmed`: at 16 and 17 that the patient lives on their own labour; where only the year of birth
    is known, that the patient's paper shows 18 years."""

    kind: str
    name: str = ""
    relation: str = ""
    reason: str = ""
    id_number: str = ""
    id_type: str = IdType.RESIDENT
    age_confirmed: bool = False


@dataclass(frozen=True)
class Signature:
    """How it was signed: strokes on the screen, a name typed before a witness, or a scan of the paper."""

    method: str = Method.DRAWN
    strokes: Sequence[Any] = ()
    witness: Any = None
    scan: Any = None


@dataclass(frozen=True)
class Choices:
    """What the patient chose. `privacy` is the separate consent to handling sensitive personal information."""

    GERMLINE = (("know", _("I want to know")), ("not_know", _("I don't want to know")))
    LEFTOVER = (
        ("destroy", _("Destroy it after the test")),
        ("return", _("Give it back to me or to the hospital's archive")),
        ("ask", _("You may contact me about research; I would sign separately")),
    )

    privacy: bool = False
    germline: str = ""
    leftover: str = ""


@dataclass(frozen=True)
class Age:
    """Between which whole years the patient is; equal where the date of birth is known."""

    low: int
    high: int

    @property
    def is_minor(self) -> bool:
        return self.high < ADULT

    @property
    def is_adult(self) -> bool:
        return self.low >= ADULT

    @property
    def may_support_self(self) -> bool:
        return self.is_minor and self.high >= SELF_SUPPORTING


def age_of(patient: Patient, on: date) -> Age | None:
    """The patient's age that day, by the ID number where this person may read it, else by the year of birth."""
    if born := _born(patient):
        years = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
        return Age(years, years)
    if patient.birth_year:
        return Age(on.year - patient.birth_year - 1, on.year - patient.birth_year)
    return None


def _born(patient: Patient) -> date | None:
    sealed = Identity.objects.filter(patient=patient).values_list("id_number", flat=True).first()
    try:
        number = check_id_number(decrypt(sealed, patient=patient.pk, column="id_number"))
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except (Tampered, ValidationError, ValueError):
        return None


def check_signer(signer: Signer, patient: Patient, on: date) -> Signer:
    """The signer as kept, or ValidationError by field."""
    if signer.kind not in Who.values:
        raise ValidationError({"signer": _("Choose who signs.")})
    age = age_of(patient, on)
    if signer.kind == Who.PATIENT:
        _patient_may_sign(signer, age)
        return Signer(kind=signer.kind, name=signer.name.strip(), age_confirmed=signer.age_confirmed)
    return _another_signs(signer, age)


def _patient_may_sign(signer: Signer, age: Age | None) -> None:
    if age is None or age.is_adult:
        return
    if age.is_minor and not age.may_support_self:
        raise ValidationError({"signer": _("The patient is under 18: a guardian signs.")})
    if not signer.age_confirmed:
        message = (
            _("A patient of 16 or 17 signs only if they live on their own labour; confirm this, or a guardian signs.")
            if age.is_minor
            else _("Only the year of birth is recorded: check the patient's paper and confirm that they are 18.")
        )
        raise ValidationError({"age_confirmed": message})


def _another_signs(signer: Signer, age: Age | None) -> Signer:
    reason = signer.reason.strip()
    wrong: dict[str, Any] = {}
    if signer.kind == Who.RELATIVE and age and age.is_minor:
        raise ValidationError({"signer": _("The patient is under 18: a guardian signs.")})
    if signer.kind == Who.GUARDIAN and not reason and age and age.is_minor:
        reason = str(_("The patient is under 18."))
    if not reason:
        wrong["reason"] = (
            RELATIVE_NEEDS
            if signer.kind == Who.RELATIVE
            else _("Say why an adult patient has a guardian sign: no or limited capacity, and who found so.")
        )
    if not signer.relation.strip():
        wrong["relation"] = RELATIVE_NEEDS if signer.kind == Who.RELATIVE else _("Enter the relation to the patient.")
    if not signer.name.strip():
        wrong["signer_name"] = _("Enter the name of the one who signs.")
    number = ""
    try:
        number = check_id_number(signer.id_number, signer.id_type) if signer.id_number.strip() else ""
    except ValidationError as fault:
        wrong["id_number"] = fault.messages
    if not number and "id_number" not in wrong:
        wrong["id_number"] = _("Enter the number of the paper that the signer showed.")
    if wrong:
        raise ValidationError(wrong)
    return Signer(
        kind=signer.kind,
        name=signer.name.strip(),
        relation=signer.relation.strip(),
        reason=reason,
        id_number=number,
        id_type=signer.id_type,
    )


def check_signature(signature: Signature, signer: Signer, by: Any) -> Signature:
    """The signature as kept, or ValidationError: a drawn one has ink, a typed one a name and a witness other than the
    one who tells, a paper one its scan."""
    if signature.method == Method.DRAWN:
        strokes = drawing.check(list(signature.strokes))
        if not strokes:
            raise ValidationError({"strokes": _("Please sign in the box.")})
        return Signature(Method.DRAWN, strokes, signature.witness)
    if signature.method == Method.TYPED:
        if signature.witness is None or signature.witness.pk == by.pk:
            raise ValidationError(
                {"witness": _("A name typed instead of signed is confirmed by another staff member.")}
            )
        if not signer.name:
            raise ValidationError({"signer_name": _("Enter the name of the one who signs.")})
        return Signature(Method.TYPED, (), signature.witness)
    if signature.method == Method.PAPER:
        if signature.scan is None:
            raise ValidationError({"scan": _("Add the scan of the signed paper.")})
        return Signature(Method.PAPER, (), signature.witness, signature.scan)
    raise ValidationError({"method": _("Choose how it is signed.")})


def check_choices(choices: Choices) -> Choices:
    """Each question answered; nothing is chosen for the patient."""
    wrong = {}
    if not choices.privacy:
        wrong["privacy"] = _(
            "Handling sensitive personal information needs its own consent. Without it the test cannot be done."
        )
    if choices.germline not in dict(Choices.GERMLINE):
        wrong["germline"] = _("Choose whether you want to know about heritable findings.")
    if choices.leftover not in dict(Choices.LEFTOVER):
        wrong["leftover"] = _("Choose what happens to the specimen that is left.")
    if wrong:
        raise ValidationError(wrong)
    return choices


def today() -> date:
    return timezone.localdate()
