"""Mending an ordinary mistake: the new value, the reason, and the old value kept in view (`referrals.correcting`).

A correction that changes what a rule judged takes the case back to that rule, or is refused with the way to go.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import notices
from accounts.models import User
from audit import declaring
from audit.gates import Refusal, Refused, Verdict, judge
from audit.refusing import needed
from audit.steps import move
from documents.templatetags.formats import masked
from referrals import entries, identity, pathway, requesting
from referrals.actions import specimens
from referrals.actions.held import hold, refuse
from referrals.actions.onward import onward
from referrals.correcting import BY_NAME, NO, NOT_OPEN, OFFICE, SHUT, YES, Correctable
from referrals.gates import Case
from referrals.gates.words import link
from referrals.models import Correction, Referral, Result
from vendors.models import Origin

STEP = "correction.made"


@transaction.atomic
def correct(
    *, referral: Referral, by: User, field: str, value: Any, reason: str, was: str | None = None,
    at: datetime | None = None,
) -> Correction:  # fmt: skip
    """Put one value right. `was` is the old value the page was drawn with: another one meanwhile is refused.

    PermissionDenied: not yours. ValidationError by field `value` or `reason`. Refused: not by a correction.
    """
    at = at or timezone.now()
    entry = BY_NAME.get(field)
    if entry is None:
        raise ValidationError(_("This is not corrected here."))
    if not entry.may(by, referral):
        raise PermissionDenied(entry.permissions[0])
    reason = needed(reason=reason)["reason"][:200]
    referral = hold(referral)
    if referral.status not in entry.statuses:
        raise refuse("closed", NOT_OPEN if referral.status in SHUT else entry.closed, referral)
    row = entry.row(referral)
    if row is None:
        raise refuse("missing", _("Nothing of this is recorded yet."), referral)
    if entry.hidden:
        return onward_after(referral, _identity(entry, referral, row, str(value or ""), reason, by, at))
    before, new = entry.value(row), cleaned(entry, value)
    if was is not None and was != before:
        raise refuse("stale", _("Somebody has corrected this meanwhile: look again. Nothing was saved."), referral)
    if new == before:
        raise ValidationError({"value": _("This is what stands already.")})
    # A ledger's case keeps what the ledger says; what it left empty may be filled in, and a patient is a patient.
    if before and entry.of != "patient" and getattr(row, "origin", Origin.LIVE) == Origin.LEDGER:
        message = _("This comes from the hospital's ledger: mend it there and import the ledger again.")
        raise refuse("ledger", message, referral)
    if entry.kind == "staff" and by.pk in (referral.requester_id, _staff(new).pk):
        raise refuse(
            "X14", _("Nobody names themselves here, or fills in a case they requested: a colleague has to."), referral
        )
    back_to_mdt = EFFECTS.get(field, _nothing)(referral, row, new, by, at)
    with declaring.step(STEP, reason=reason):
        setattr(row, entry.column, _typed(entry, new))
        row.save(update_fields=[entry.column])
        made = Correction.objects.create(
            referral=referral, field=field, before=before, after=new, reason=reason, corrected_at=at, corrected_by=by
        )
    if back_to_mdt:
        _send_back(referral, reason, at)
    return onward_after(referral, made, at)


def onward_after(referral: Referral, made: Correction, at: datetime | None = None) -> Correction:
    onward(referral, at=at)
    return made


def cleaned(entry: Correctable, value: Any) -> str:
    """The value as text in its own shape; ValidationError when it does not fit."""
    text = {True: YES, False: NO, None: ""}.get(value, value) if not isinstance(value, int) or isinstance(value, bool) \
        else str(value)  # fmt: skip
    text = str(text).strip()
    wrong = ""
    if not text and entry.required:
        wrong = _("This has to be filled in.")
    elif len(text) > entry.longest:
        wrong = _("At most %(n)s characters.") % {"n": entry.longest}
    elif entry.kind == "yes_no" and text not in (YES, NO):
        wrong = _("Answer yes or no.")
    elif entry.kind == "choice" and text not in dict(entry.choices):
        wrong = _("Choose one of the values.")
    elif entry.kind == "number" and text:
        most = min(entry.most, timezone.localdate().year) if entry.column == "birth_year" else entry.most
        if not text.isdecimal() or not entry.least <= int(text) <= most:
            wrong = _("A whole number from %(least)s to %(most)s.") % {"least": entry.least, "most": most}
        else:
            text = str(int(text))
    elif entry.kind == "staff" and not _known(text):
        wrong = _("No such staff number.")
    if wrong:
        raise ValidationError({"value": wrong})
    return text.upper() if entry.name == "diagnosis_code" else text


def _known(username: str) -> bool:
    """A person who works or worked in some post: a chair may have been a remote expert."""
    return User.objects.filter(username=username, kind=User.Kind.PERSON, posts__isnull=False).exists()


def _staff(username: str) -> User:
    return User.objects.get(username=username)


def _typed(entry: Correctable, text: str) -> Any:
    if entry.kind == "staff":
        return _staff(text)
    if entry.kind == "yes_no":
        return text == YES
    if entry.kind == "number":
        return int(text) if text else None
    return text


# What a new value means for the rules: each says whether the case goes back to the MDT, or refuses.


def _nothing(referral: Referral, row: Any, new: str, by: User, at: datetime) -> bool:
    return False


def _diagnosis(referral: Referral, row: Any, new: str, by: User, at: datetime) -> bool:
    """The catalog line has to cover the new diagnosis (X02); what the MDT and the patient decided on stays the same
    disease."""
    line, old = referral.indication, referral.diagnosis_code
    if line is not None and not line.covers(new):
        message = _(
            "The indication %(line)s does not cover %(diagnosis)s, so this would be another request: cancel this one "
            "before sampling, or have medical affairs void it, and request anew."
        )
        raise _away(
            "X02", message % {"line": line, "diagnosis": new}, ("B2", "B3"), link("referrals:cancel", referral.pk)
        )
    if old and requesting.malignancy(old) != requesting.malignancy(new):
        if referral.mdt_concluded_at or referral.consented_at:
            message = _(
                "The MDT or the patient has decided on another malignancy (%(old)s): another disease is another "
                "request. Cancel this one before sampling, or have medical affairs void it."
            )
            raise _away("X01", message % {"old": old}, ("B5",), link("referrals:cancel", referral.pk))
        if referral.first_visit is False and requesting.first_visit(referral.patient, new).answer:
            message = _(
                "No MDT conclusion is on record for this malignancy, so this becomes a first visit: correct “first "
                "visit” first."
            )
            raise _away("X01", message, ("B5",), _here(referral, "first_visit"))
    return False


def _first_visit(referral: Referral, row: Any, new: str, by: User, at: datetime) -> bool:
    """A first visit waits for the MDT (X01); nobody leaves an MDT by a correction of their own."""
    if new == YES:
        return _now_a_first_visit(referral, at)
    if referral.first_visit and not _mdt_agreed(referral, at) and not _office(referral, by):
        says = requesting.first_visit(referral.patient, referral.diagnosis_code)
        if says.answer:
            message = _(
                "The records show no MDT conclusion for this malignancy, so the MDT still has to look at the case. If "
                "the patient is not here for the first time all the same, ask medical affairs to correct it."
            )
            raise _away("X01", message, ("B5",), link("referrals:case", referral.pk, anchor="mdt"))
    return False


def _now_a_first_visit(referral: Referral, at: datetime) -> bool:
    if _mdt_agreed(referral, at):
        return False
    if referral.status in pathway.MDT_AGAIN.sources:
        return True
    if referral.status in pathway.REFUND.sources and referral.charges.filter(reversed_at__isnull=True).exists():
        message = _(
            "A first visit needs the MDT before the test, and the fee has been charged: refund it first, then correct "
            "this; the case goes back to the MDT."
        )
        raise _away("X01", message, ("B5",), link("referrals:charge", referral.pk))
    if referral.collected_at:
        message = _(
            "The sample has been taken: whether an MDT was due before can no longer be settled by a correction. Ask "
            "medical affairs, who may void the entry or record the shortcoming."
        )
        raise refuse("X01", message, referral, anchor="mdt", clauses=("B5",))
    return False


def _mdt_agreed(referral: Referral, at: datetime) -> bool:
    """Whether the case would pass X01 as a first visit."""
    former = referral.first_visit
    referral.first_visit = True
    try:
        return judge("X01", Case(referral), at).verdict == Verdict.PASSES
    finally:
        referral.first_visit = former


def _office(referral: Referral, by: User) -> bool:
    return by.may(OFFICE, referral) and by.pk != referral.requester_id


def _send_back(referral: Referral, reason: str, at: datetime) -> None:
    """To the MDT again; what the patient consented to lapses with it."""
    machine = User.objects.machine()
    # A specimen that proved unfit keeps its own record of when it was taken; the next follows a new consent.
    failed: dict[str, Any] = {"collected_at": None}
    move(referral, pathway.MDT_AGAIN, by=machine, at=at, reason=reason, consented_at=None, approved_at=None, **failed)
    with declaring.step(pathway.MDT_AGAIN.name, reason=reason):
        lapse = _("It became a first visit: the MDT decides first.")
        referral.consents.filter(withdrawn_at__isnull=True, lapsed_at__isnull=True).update(
            lapsed_at=at, lapse_reason=lapse
        )
        text = _("Case %(number)s became a first visit and waits for the MDT again.") % {"number": referral.number}
        notices.tell([referral.requester], text, link("referrals:case", referral.pk))


def _tumour_cells(referral: Referral, row: Any, new: str, by: User, at: datetime) -> bool:
    """A specimen found fit keeps enough tumour cells for its test."""
    least = specimens.minimum_tumour_cells(referral.test)
    counted = specimens.counts_tumour_cells(referral.test, row.kind)
    if row.is_fit and counted and (not new or int(new) < least):
        message = _(
            "The specimen was found fit, and with this share it would not be (at least %(least)s%%): pathology has to "
            "look at it again and find it unfit."
        )
        raise refuse("specimen", message % {"least": least}, referral, anchor="specimen")
    return False


def _report_no(referral: Referral, row: Any, new: str, by: User, at: datetime) -> bool:
    others = Result.objects.filter(referral__institution_id=referral.institution_id, report_no=new)
    others = others.filter(referral__laboratory_id=referral.laboratory_id).exclude(  # type: ignore[misc]
        referral__patient_id=referral.patient_id
    )
    if found := others.select_related("referral").first():
        message = _("This report has been taken in for request %(number)s of another patient.")
        raise refuse("mismatch", message % {"number": found.referral.number}, referral, anchor="result")
    return False


def _receipt_no(referral: Referral, row: Any, new: str, by: User, at: datetime) -> bool:
    """The number of HIS in its shape, and of this case alone (practice.md 2)."""
    if row.is_put_off:
        raise refuse("charge", _("The fee was put off: its number is that of the approval."), referral, anchor="charge")
    try:
        entry = entries.checked(
            kind=row.kind, receipt_no=new, settlement_line=row.settlement_line, invoice_code=row.invoice_code,
            invoice_no=row.invoice_no, inpatient_no=row.inpatient_no or "-",
        )  # fmt: skip
        entries.serve_this_case_alone(entry, referral)
    except ValidationError as wrong:
        raise ValidationError({"value": wrong.messages}) from None
    return False


def _finding(referral: Referral, row: Any, new: str, by: User, at: datetime) -> bool:
    if referral.prescriptions.exists():
        message = _("A drug has been ordered on this report: enter a corrected report instead.")
        raise refuse("X12", message, referral, anchor="result")
    return False


def _birth_year(referral: Referral, row: Any, new: str, by: User, at: datetime) -> bool:
    known = identity.birth_year(referral.patient_id)
    if known and known != int(new):
        message = _("The ID number on record says %(year)s: if that is wrong, correct the ID number first.")
        raise _away("identity", message % {"year": known}, (), _here(referral, "identity.id_number"))
    return False


EFFECTS = {
    "diagnosis_code": _diagnosis,
    "first_visit": _first_visit,
    "specimen.tumour_cell_percent": _tumour_cells,
    "charge.receipt_no": _receipt_no,
    "result.report_no": _report_no,
    "result.outcome": _finding,
    "result.findings": _finding,
    "patient.birth_year": _birth_year,
}


def _here(referral: Referral, field: str) -> str:
    page = link("referrals:corrections", referral.pk)
    return f"{page}?field={field}" if page else ""


def _away(code: str, message: str, clauses: tuple[str, ...], mend: str) -> Refused:
    return Refused(Refusal(code, message, clauses, mend, _("Go there")))


def _identity(
    entry: Correctable, referral: Referral, row: Any, value: str, reason: str, by: User, at: datetime
) -> Correction:
    """Who the patient is: the trail keeps a digest of what stood, the view only a masked form."""
    if entry.column == "name":
        before, after = masked(row.name), masked(value)
        if value.strip() == row.name:
            raise ValidationError({"value": _("This is what stands already.")})
        with declaring.step(STEP, reason=reason):
            identity.correct_name(patient=referral.patient, by=by, name=value)
    else:
        before = identity.tail(identity.decrypt(row.id_number, patient=row.pk, column="id_number"))
        after = identity.tail(value)
        with declaring.step(STEP, reason=reason):
            identity.correct_id_number(patient=referral.patient, by=by, id_number=value)
    with declaring.step(STEP, reason=reason):
        return Correction.objects.create(
            referral=referral, field=entry.name, before=before, after=after, reason=reason, corrected_at=at,
            corrected_by=by,
        )  # fmt: skip
