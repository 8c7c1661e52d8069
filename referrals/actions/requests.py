"""The request for a test: submitting, changing the test on the MDT's advice, adding information, cancelling."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Role, User
from audit import declaring
from audit.gates import Act, Refusal, Refused
from audit.steps import Step, move
from catalog.models import Indication
from referrals import identity, numbering, pathway, requesting
from referrals.actions import drafts, plan_rows
from referrals.actions.held import hold_for
from referrals.actions.onward import onward
from referrals.gates.discussing import WITHOUT_GUIDELINE
from referrals.gates.words import link
from referrals.models import (
    Correction,
    Deliberation,
    Evidence,
    Patient,
    PlannedStep,
    Referral,
    ReferralDraft,
    Study,
)

OWN_NAME = gettext_lazy(
    "A request is made in one's own name and post: who stands in for %(name)s requests no test for them. A doctor with "
    "request authority makes it in their own post."
)
# How long after a downtime its papers are still entered.
LATE_ENTRY = timedelta(days=30)
OPEN = (Deliberation.Phase.OPINIONS, Deliberation.Phase.DISCUSSION)


@dataclass(frozen=True)
class NewPatient:
    """A patient this hospital has no record of yet."""

    record_no: str
    name: str
    sex: str = Patient.Sex.UNKNOWN
    birth_year: int | None = None
    id_number: str = ""
    id_type: str = identity.IdType.RESIDENT
    phone: str = ""
    address: str = ""


@transaction.atomic
def register_patient(*, new: NewPatient, by: User) -> Patient:
    """Record a new patient of the post's hospital. ValidationError by field: a record number or an ID number
    already on record here names the patient it belongs to."""
    post: Any = by.post
    institution = post.institution
    wrong: dict[str, Any] = {}
    if not new.record_no.strip():
        wrong["record_no"] = _("Enter the record number.")
    elif Patient.objects.filter(institution=institution, record_no__iexact=new.record_no.strip()).exists():
        wrong["record_no"] = _("This record number belongs to a patient already on record: look it up above.")
    if new.id_number.strip():
        try:
            number = identity.check_id_number(new.id_number, new.id_type)
        except ValidationError as bad:
            wrong["id_number"] = bad.messages
        else:
            if known := requesting.find_patients(by, number):
                message = _("This ID number is on record here under record number %(record_no)s.")
                wrong["id_number"] = message % {"record_no": known[0].record_no}
            if new.id_type == identity.IdType.RESIDENT and new.birth_year and int(number[6:10]) != new.birth_year:
                wrong["birth_year"] = _("The year of birth differs from the one in the ID number.")
    if wrong:
        raise ValidationError(wrong)
    try:
        with transaction.atomic(), declaring.step("patient.recorded"):
            patient = Patient.objects.create(
                institution=institution,
                record_no=new.record_no.strip(),
                sex=new.sex,
                birth_year=new.birth_year,
            )
    except IntegrityError:
        message = _("This record number belongs to a patient already on record: look it up above.")
        raise ValidationError({"record_no": message}) from None
    details = {name: value for name, value in asdict(new).items() if name not in ("record_no", "sex", "birth_year")}
    identity.set_identity(patient=patient, by=by, **details)
    return patient


@transaction.atomic
def submit(
    *,
    by: User,
    patient: Patient | NewPatient,
    diagnosis_code: str,
    indication: Indication | None,
    necessity: str,
    nature: str = Referral.Nature.CLINICAL,
    study: Study | None = None,
    pathology: str = "",
    stage: str = "",
    first_visit: bool | None = None,
    first_visit_reason: str = "",
    earlier_result_reason: str = "",
    is_urgent: bool = False,
    evidence: Iterable[Mapping[str, Any]] = (),
    laboratory_chosen: bool = False,
    paper_at: datetime | None = None,
    draft: ReferralDraft | None = None,
    version: int = 0,
    window: str = "",
    at: datetime | None = None,
    steps: Iterable[Mapping[str, Any]] = (),
    begins: PlannedStep | None = None,
) -> Referral:
    """A request, numbered and submitted past X02, X04, X10 and X16, and taken onward by the system.

    `first_visit` None takes what the records say; another answer than theirs needs its reason. A result of the same
    gene within five years needs a reason to test again (`earlier_result_reason`). `laboratory_chosen` tells that a
    laboratory was named, which no request may do (X16). `paper_at` is the time on the paper of a request entered later, after a downtime:
    the case bears it as its time of request, and the mark. `steps` are further tests planned with it, `begins` is the
    planned step of an earlier request that this one carries out. ValidationError by field; Refused by rule.
    """
    at = at or timezone.now()
    if paper_at and not at - LATE_ENTRY <= paper_at <= at:
        message = _("The paper's time lies within the last %(days)s days.") % {"days": LATE_ENTRY.days}
        raise ValidationError({"paper_at": message})
    if not by.may("referrals.submit_referral") or by.post is None:
        raise PermissionDenied("referrals.submit_referral")
    if by.post.user_id != by.pk:
        # Proxy ordering is closed (A42): a lent post carries no request authority.
        raise Refused(Refusal("X04", OWN_NAME % {"name": by.post.user.name}, ("A23", "A42")))
    if by.post.department_id is None:
        raise ValidationError(_("Your post belongs to no department: choose a clinical post at the top of the page."))
    claimed = drafts.claim(draft, by) if draft else None
    known = _patient(patient, by)
    says = requesting.first_visit(known, diagnosis_code)
    answer = says.answer if first_visit is None else first_visit
    rows = requesting.filled(evidence)
    _check(
        patient=known, indication=indication, necessity=necessity, diagnosis_code=diagnosis_code, nature=nature,
        study=study, evidence=rows, earlier_result_reason=earlier_result_reason, at=at,
        first_visit_unexplained=answer != says.answer and not first_visit_reason.strip(),
    )  # fmt: skip
    referral = Referral.objects.create(
        institution=by.post.institution,
        department=by.post.department,
        number=numbering.referral_number(by.post.institution, at),
        requester=by,
        patient=known,
        diagnosis_code=diagnosis_code.strip().upper(),
        pathology=pathology.strip(),
        stage=stage.strip(),
        indication=indication,
        test=indication.test,  # type: ignore[union-attr]
        nature=nature,
        study=study if nature == Referral.Nature.RESEARCH else None,
        necessity=necessity.strip(),
        first_visit=answer,
        first_visit_reason=first_visit_reason.strip() or says.why[:200],
        earlier_result_reason=earlier_result_reason.strip(),
        is_urgent=is_urgent,
        entered_late=paper_at is not None,
        requested_at=paper_at or at,
    )
    add_evidence(referral=referral, rows=rows, by=by, at=at)
    plan_rows.write(referral, plan_rows.check(referral, steps, by=by, at=at))
    if begins:
        plan_rows.take_over(begins, referral, by=by, at=at)
    _take(referral, pathway.SUBMIT, by=by, at=at, laboratory_chosen=laboratory_chosen)
    if claimed:
        drafts.end(claimed, referral, version=version, window=window)
    return onward(referral, at=at)


def _patient(patient: Patient | NewPatient, by: User) -> Patient:
    if isinstance(patient, NewPatient):
        return register_patient(new=patient, by=by)
    # Two requests for one patient wait for each other, so that the second sees the first.
    return Patient.objects.select_for_update().get(pk=patient.pk, institution_id__in=by.institution_ids)


def _check(
    *, patient: Patient, indication: Indication | None, necessity: str, diagnosis_code: str, nature: str,
    study: Study | None, evidence: list, earlier_result_reason: str, at: datetime,
    first_visit_unexplained: bool = False, changing: Referral | None = None,
) -> None:  # fmt: skip
    """What a request has to say, by field."""
    wrong: dict[str, Any] = {}
    if indication is None:
        wrong["indication"] = _("Choose the test from the catalog.")
    if not diagnosis_code.strip():
        wrong["diagnosis_code"] = _("Enter the diagnosis (ICD-10).")
    if not necessity.strip():
        wrong["necessity"] = _("Say what the result will change in this patient's treatment.")
    if nature == Referral.Nature.RESEARCH and study is None:
        wrong["study"] = _("Choose the study this test belongs to.")
    if first_visit_unexplained:
        wrong["first_visit_reason"] = _("Your answer differs from the records: say why.")
    if indication:
        asked = requesting.papers_asked(indication, patient.institution_id, at)
        if len(evidence) < asked:
            few = _("The grade of this test asks for %(n)s papers of evidence.") % {"n": asked}
            wrong["evidence"] = str(WITHOUT_GUIDELINE) if indication.needs_evidence_and_discussion else few
        if requesting.earlier_results(patient, indication.test, at) and not earlier_result_reason.strip():
            wrong["earlier_result_reason"] = _(
                "There is a result of the same gene within five years: say why it is tested again."
            )
        under_way = requesting.same_test_under_way(patient, indication.test)
        if under_way and under_way != changing:
            message = _("The same test is already under way for this patient, as request %(number)s.")
            wrong["indication"] = message % {"number": under_way.number}
    if wrong:
        raise ValidationError(wrong)


def _take(referral: Referral, step: Step, *, by: User, at: datetime, laboratory_chosen: bool, **changes: Any) -> None:
    """Move, with X16 told whether a laboratory was named; refusals do not point at a case that was never made."""
    data = {"laboratory_chosen_by_requester": True} if laboratory_chosen else {}
    made_now = step is pathway.SUBMIT
    try:
        move(referral, step, by=by, act=Act(by=by, step=step.name, data=data), at=at, **changes)
    except Refused as refused:
        if not made_now:
            raise
        own = link("referrals:case", referral.pk)
        raise Refused(
            replace(one, mend="", mend_label="") if own and one.mend.startswith(own) else one
            for one in refused.refusals
        ) from None


@transaction.atomic
def add_evidence(
    *, referral: Referral, rows: Iterable[Mapping[str, Any]], by: User, at: datetime | None = None
) -> list[Evidence]:
    """Papers that support the test (A22): title, source, year, level."""
    with declaring.step("evidence.recorded"):
        return Evidence.objects.bulk_create(
            Evidence(
                referral=referral,
                title=row["title"].strip(),
                source=(row.get("source") or "").strip(),
                year=row.get("year") or None,
                level=(row.get("level") or "").strip(),
                recorded_at=at or timezone.now(),
            )
            for row in requesting.filled(rows)
        )


@transaction.atomic
def change_test(
    *,
    referral: Referral,
    by: User,
    indication: Indication | None,
    reason: str,
    necessity: str = "",
    earlier_result_reason: str = "",
    evidence: Iterable[Mapping[str, Any]] = (),
    laboratory_chosen: bool = False,
    at: datetime | None = None,
) -> Referral:
    """Another test, as the MDT advised. The old one stays in view as a correction; the gates of a request are asked
    again, and what the MDT concluded on the old test does not count for the new one."""
    at = at or timezone.now()
    _own(referral, by)
    referral = hold_for(referral, pathway.CHANGE, by=by, at=at)
    rows = requesting.filled(evidence)
    if not reason.strip():
        raise ValidationError({"reason": _("Give the reason.")})
    if indication and indication.pk == referral.indication_id:
        raise ValidationError({"indication": _("This is the test the MDT advised to change.")})
    _check(
        patient=referral.patient, indication=indication, necessity=necessity or referral.necessity,
        diagnosis_code=referral.diagnosis_code, nature=referral.nature, study=referral.study, evidence=rows,
        earlier_result_reason=earlier_result_reason or referral.earlier_result_reason, at=at, changing=referral,
    )  # fmt: skip
    _correct(referral, "indication", str(referral.indication or referral.test), str(indication), reason, by, at)
    changes = {
        "indication": indication,
        "test": indication.test,  # type: ignore[union-attr]
        "necessity": necessity.strip() or referral.necessity,
        "earlier_result_reason": earlier_result_reason.strip() or referral.earlier_result_reason,
    }
    # The gates judge the request as it will stand.
    for name, value in changes.items():
        setattr(referral, name, value)
    add_evidence(referral=referral, rows=rows, by=by, at=at)
    _take(referral, pathway.CHANGE, by=by, at=at, laboratory_chosen=laboratory_chosen, **changes)
    return onward(referral, at=at)


@transaction.atomic
def supplement(
    *,
    referral: Referral,
    by: User,
    note: str,
    pathology: str | None = None,
    stage: str | None = None,
    evidence: Iterable[Mapping[str, Any]] = (),
    at: datetime | None = None,
) -> Referral:
    """What the MDT asked for; what stood before stays in view, and the case waits for the MDT again."""
    at = at or timezone.now()
    _own(referral, by)
    referral = hold_for(referral, pathway.SUPPLEMENT, by=by, at=at)
    if not note.strip():
        raise ValidationError({"note": _("Write what is added.")})
    changes: dict[str, Any] = {}
    for name, value in (("pathology", pathology), ("stage", stage)):
        before = getattr(referral, name)
        if value is not None and value.strip() != before:
            _correct(referral, name, before, value.strip(), _("Asked for by the MDT"), by, at)
            changes[name] = value.strip()
    _correct(referral, "supplement", "", note.strip(), _("Asked for by the MDT"), by, at)
    add_evidence(referral=referral, rows=evidence, by=by, at=at)
    move(referral, pathway.SUPPLEMENT, by=by, at=at, **changes)
    return onward(referral, at=at)


@transaction.atomic
def cancel(*, referral: Referral, by: User, reason: str, at: datetime | None = None) -> Referral:
    """Before sampling the requester or medical affairs may end a request, with the reason. A fee that was charged
    is refunded first. A deliberation still open is called off."""
    at = at or timezone.now()
    if referral.requester_id not in by.stands_for and by.scope != Role.Scope.INSTITUTION:
        raise PermissionDenied("referrals.cancel_referral")
    referral = hold_for(referral, pathway.CANCEL, by=by, at=at)
    if not reason.strip():
        raise ValidationError({"reason": _("Give the reason.")})
    if referral.charges.filter(reversed_at__isnull=True).exists():
        message = _("The fee has been charged: refund it first, then cancel the request.")
        raise Refused(Refusal("charged", message, mend=link("referrals:charge", referral.pk)))
    move(referral, pathway.CANCEL, by=by, at=at, reason=reason.strip(), end_reason=reason.strip())
    close_deliberations(referral)
    return referral


def close_deliberations(referral: Referral) -> None:
    """A case that ended is deliberated no further."""
    from referrals import deliberating

    machine = User.objects.machine()
    for open_one in referral.deliberations.filter(status__in=OPEN):
        move(open_one, deliberating.CALL_OFF, by=machine)


def _own(referral: Referral, by: User) -> None:
    if referral.requester_id not in by.stands_for:
        raise PermissionDenied("referrals.submit_referral")


def _correct(referral: Referral, field: str, before: str, after: str, reason: str, by: User, at: datetime) -> None:
    Correction.objects.create(
        referral=referral, field=field, before=before, after=after, reason=reason.strip()[:200], corrected_at=at,
        corrected_by=by,
    )  # fmt: skip
