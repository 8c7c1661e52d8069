"""A patient as the hospital's own system (HIS) knows them: put here by record number, as often as it likes (A27)."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from audit import declaring
from referrals import identity
from referrals.actions.requests import NewPatient
from referrals.models import Identity, Patient

PERMISSION = "referrals.record_patient"


@transaction.atomic
def put_patient(*, new: NewPatient, by: User) -> tuple[Patient, bool]:
    """(the patient of the post's hospital with this record number, whether the record is new). What differs from the
    record is brought in line; the same again changes nothing. ValidationError by field: another record bears the ID
    number, or it is not one."""
    if not by.may(PERMISSION) or by.post is None or not by.sees_identity:
        raise PermissionDenied(PERMISSION)
    institution = by.post.institution
    number = new.record_no.strip()
    if not number or not new.name.strip():
        missing = {"record_no": number, "name": new.name.strip()}
        raise ValidationError({name: _("This has to be filled in.") for name, text in missing.items() if not text})
    _one_record_a_person(new, institution.pk)
    with declaring.step("patient.recorded"):
        patient = Patient.objects.select_for_update().filter(institution=institution, record_no=number).first()
        made = patient is None
        if patient is None:
            try:
                with transaction.atomic():
                    patient = Patient.objects.create(
                        institution=institution, record_no=number, sex=new.sex, birth_year=new.birth_year
                    )
            except IntegrityError:
                return put_patient(new=new, by=by)
        elif changed := _differs(patient, {"sex": new.sex, "birth_year": new.birth_year}):
            patient.save(update_fields=changed)
    _identify(patient, new, by)
    return patient, made


def _differs(patient: Patient, values: dict[str, Any]) -> list[str]:
    """Set what differs; what the other system does not know leaves what is known."""
    changed = [name for name, value in values.items() if value not in (None, "", "unknown", getattr(patient, name))]
    for name in changed:
        setattr(patient, name, values[name])
    return changed


def _one_record_a_person(new: NewPatient, institution: int) -> None:
    if not new.id_number.strip():
        return
    try:
        number = identity.check_id_number(new.id_number, new.id_type)
    except ValidationError as wrong:
        raise ValidationError({"id_number": wrong.messages}) from None
    index = identity.blind_index(number, "id_number")
    others = Identity.objects.filter(institution_id=institution, id_number_index=index)
    other = others.exclude(patient__record_no=new.record_no.strip()).select_related("patient").first()
    if other:
        message = _("This ID number is on record here under record number %(record_no)s.")
        raise ValidationError({"id_number": message % {"record_no": other.patient.record_no}})


def _identify(patient: Patient, new: NewPatient, by: User) -> None:
    """What is sent replaces what was known; what is left out stays."""
    known = Identity.objects.filter(patient=patient).first()
    values = {"id_number": new.id_number, "phone": new.phone, "address": new.address}
    for column, value in values.items():
        if known and not value.strip():
            values[column] = identity.decrypt(getattr(known, column), patient=patient.pk, column=column)
    if (
        known
        and known.name == new.name.strip()
        and all(
            values[column] == identity.decrypt(getattr(known, column), patient=patient.pk, column=column)
            for column in identity.ENCRYPTED
        )
    ):
        return
    # A number kept from before was checked when it came, whatever its kind.
    kept = not new.id_number.strip() and values["id_number"]
    kind = identity.IdType.OTHER if kept else new.id_type
    identity.set_identity(patient=patient, by=by, name=new.name, id_type=kind, **values)
