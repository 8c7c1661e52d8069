"""The county's register of laboratories: who they are, their credentials, their rounds of quality assessment.

A4, A15–A17, A25, A41, B8. A renewed paper opens by itself the way that the lapsed one had shut.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from audit import declaring
from audit.refusing import needed
from catalog import changes
from documents.files import Upload
from vendors import checks
from vendors.actions.acting import hospital_of, in_order, kept, reason_of, refused
from vendors.models import Credential, Laboratory, LaboratoryRound

KEEP = "vendors.keep_laboratories"
FACTS = ("name", "uscc", "kind", "licence_no", "subjects", "foreign_controlled", "in_mainland")


def _facts(given: dict[str, Any]) -> dict[str, Any]:
    """The facts of a licensed institution, checked (A4, A41, Q01, Q02)."""
    facts = {**given, **needed(name=given["name"], uscc=given["uscc"].upper(), licence_no=given["licence_no"].upper())}
    wrong: dict[str, Any] = {}
    if not checks.is_credit_code(facts["uscc"]):
        wrong["uscc"] = _("This code fails its own check character.")
    if not checks.LICENCE_NO.fullmatch(facts["licence_no"]):
        wrong["licence_no"] = _("The registration number of a licence has 22 digits and capital letters.")
    if facts["kind"] not in Laboratory.Kind.values:
        wrong["kind"] = _("Only a licensed medical institution is a partner: say of which type.")
    if not facts["subjects"]:
        wrong["subjects"] = _("Name the subjects of diagnosis and treatment on the licence.")
    if checks.COMPANIES.search(facts["name"]):
        said = _("“%(name)s” is the name of a company, not of a medical institution (Q02).")
        raise refused("Q02", said % {"name": facts["name"]}, "A4", "B8")
    if wrong:
        raise ValidationError(wrong)
    return facts


@transaction.atomic
def register(*, code: str, by: Any, **given: Any) -> Laboratory:
    """A laboratory joins the register; that admits it nowhere."""
    hospital_of(by, KEEP)
    facts = _facts(given)
    code = needed(code=code)["code"].upper()
    if Laboratory.objects.filter(code=code).exists():
        raise ValidationError({"code": _("This code is taken.")})
    if Laboratory.objects.filter(uscc=facts["uscc"]).exists():
        raise ValidationError({"uscc": _("A laboratory with this unified social credit code is on record already.")})
    with declaring.step("laboratory.registered", clause="A4,A41"):
        return Laboratory.objects.create(code=code, **facts)


@transaction.atomic
def describe(*, laboratory: Laboratory, reason: str, by: Any, **given: Any) -> Laboratory:
    """Its facts as its licence says them now, with the reason of the change."""
    hospital_of(by, KEEP)
    reason, facts = reason_of(reason, "A4"), _facts(given)
    laboratory = Laboratory.objects.select_for_update().get(pk=laboratory.pk)
    if Laboratory.objects.filter(uscc=facts["uscc"]).exclude(pk=laboratory.pk).exists():
        raise ValidationError({"uscc": _("A laboratory with this unified social credit code is on record already.")})
    with declaring.step("laboratory.described", reason=reason, clause="A4,A41"):
        for name in FACTS:
            setattr(laboratory, name, facts[name])
        laboratory.save(update_fields=list(FACTS))
    changes.announce()
    return laboratory


@transaction.atomic
def record_credential(
    *, laboratory: Laboratory, kind: str, number: str, valid_from: date, by: Any, valid_to: date | None = None,
    kind_name: str = "", file: Upload | None = None,
) -> Credential:  # fmt: skip
    """A certificate, new or renewed. The former stays for its days."""
    hospital_of(by, KEEP)
    number = needed(number=number)["number"]
    if kind == Credential.Kind.OTHER:
        kind_name = needed(kind_name=kind_name)["kind_name"]
    if kind not in Credential.Kind.values:
        raise ValidationError({"kind": _("This kind is not known.")})
    in_order(valid_from, valid_to)
    known = Credential.objects.filter(laboratory=laboratory, kind=kind, number=number)
    if known.filter(valid_from=valid_from).exists() or (known.exists() and kind == Credential.Kind.OTHER):
        raise ValidationError({"number": _("This certificate is on record already.")})
    if known.exists():
        # A renewal keeps the number; the register tells the two apart by their first day.
        number = f"{number}（{valid_from.isoformat()}）"
    with declaring.step("laboratory.credential", clause="A25,B8"):
        made = Credential.objects.create(
            laboratory=laboratory, kind=kind, kind_name=kind_name, number=number, valid_from=valid_from,
            valid_to=valid_to, file=kept(file, by),
        )  # fmt: skip
    changes.announce()
    return made


@transaction.atomic
def record_round(
    *, laboratory: Laboratory, test: Any, organiser: str, name: str, held_on: date, passed: bool, by: Any,
    valid_to: date | None = None, file: Upload | None = None,
) -> LaboratoryRound:  # fmt: skip
    """A round of one test (Q05). The latest not passed shuts the way of this test alone, until the next is passed."""
    hospital_of(by, KEEP)
    given = needed(organiser=organiser, name=name)
    in_order(held_on, valid_to)
    if held_on > timezone.localdate():
        raise ValidationError({"held_on": _("This round is still to be held.")})
    if LaboratoryRound.objects.filter(laboratory=laboratory, test=test, **given).exists():
        raise ValidationError({"name": _("This round is on record already.")})
    with declaring.step("laboratory.round", clause="A15,B8"):
        made = LaboratoryRound.objects.create(
            laboratory=laboratory, test=test, held_on=held_on, passed=passed, valid_to=valid_to, recorded_by=by,
            file=kept(file, by), **given,
        )  # fmt: skip
    changes.announce()
    return made
