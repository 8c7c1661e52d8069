"""A drug beyond its label, or bought outside: asked for, discussed, approved, told and signed (A36–A39)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import notices
from accounts.models import User
from audit import declaring
from audit.gates import Refusal, Refused
from audit.refusing import may, needed
from audit.steps import Step, move
from documents import files
from referrals import special_uses as chart
from referrals.actions.drug_checks import no_pathology
from referrals.drug_checking import pathology_of
from referrals.gates.words import link
from referrals.models import DrugCheck, Patient, Referral, SpecialUse, SpecialUseOpinion

Kind, Side = SpecialUse.Kind, SpecialUseOpinion.Side
PHARMACIST = "R09"
SIGNERS = ("patient", "guardian", "relative")
# A place to buy at is never named (A38).
A_PLACE = re.compile(
    r"药房|药店|大药房|药品?超市|医药(?:公司|连锁|有限)|DTP|网店|淘宝|京东|美团|微信|扫码|二维码|代购|联系人|联系电话|1[3-9]\d{9}|https?:",
    re.IGNORECASE,
)
CLAUSES = {Kind.EXTENDED: ("A36", "A37"), Kind.OUTSIDE: ("A38", "A39")}


def _refused(use: Any, message: str, *, code: str = "special_use") -> Refused:
    return Refused(
        Refusal(code, message, CLAUSES[Kind(use.kind)], link("referrals:special_use", use.pk) if use.pk else "")
    )


def names_no_place(**texts: str) -> None:
    """Refuses a text that sends the patient to a place, a person or an account to buy from (A38)."""
    if wrong := [name for name, text in texts.items() if A_PLACE.search(text or "")]:
        message = _(
            "Where to buy is the patient's own choice: no pharmacy, company, contact or link may be named (A38)."
        )
        raise ValidationError(dict.fromkeys(wrong, message), code="A38")


@transaction.atomic
def request(
    *, patient: Patient, by: User, kind: str, drug: str, indication: str, necessity: str, line: str = "",
    evidence: Mapping[str, Any] | None = None, evidence_file: files.Upload | None = None, no_better_option: str = "",
    check: DrugCheck | None = None, referral: Referral | None = None,
) -> SpecialUse:  # fmt: skip
    """The doctor asks. Beyond the label: evidence and why nothing better is left (A36). Bought outside: the drug check
    that supports the drug, and why it cannot be had in time (A39)."""
    may(by, chart.REQUEST, patient)
    if kind not in Kind.values:
        raise ValidationError({"kind": _("Choose the kind of use.")})
    texts = needed(drug=drug, indication=indication, necessity=necessity)
    evidence = dict(evidence or {})
    names_no_place(
        necessity=necessity, no_better_option=no_better_option, evidence_title=str(evidence.get("title", ""))
    )
    now = timezone.now()
    if not pathology_of(patient, now):
        raise no_pathology(patient)
    if kind == Kind.EXTENDED:
        extra: dict[str, Any] = needed(
            evidence_title=str(evidence.get("title", "")), evidence_source=str(evidence.get("source", "")),
            no_better_option=no_better_option,
        )  # fmt: skip
        extra |= {"evidence_year": evidence.get("year"), "evidence_level": str(evidence.get("level", "")).strip()}
        if not extra["evidence_year"]:
            raise ValidationError({"evidence_year": _("This has to be filled in.")})
    else:
        extra = {"check_made": _supporting(check, patient, texts["drug"], texts["indication"])}
    with declaring.step("special_use.requested", clause=CLAUSES[Kind(kind)][0]):
        return SpecialUse.objects.create(
            institution_id=patient.institution_id,
            patient=patient,
            referral=referral,
            kind=kind,
            line=(line or "").strip(),
            evidence_file=files.store(evidence_file, by=by, institution=patient.institution) if evidence_file else None,
            requested_at=now,
            requested_by=by,
            **texts,
            **extra,
        )


def _supporting(check: DrugCheck | None, patient: Patient, drug: str, indication: str) -> DrugCheck:
    answers = DrugCheck.Answer
    if check is None or check.patient_id != patient.pk:
        raise ValidationError({"check": _("Name the drug check of this patient that supports the drug.")})
    if (check.drug, check.indication) != (drug, indication) or check.answer not in (
        answers.SUPPORTED, answers.NOT_REQUIRED,
    ):  # fmt: skip
        raise ValidationError({"check": _("This drug check does not support the drug for this indication.")})
    return check


@transaction.atomic
def give_opinion(*, use: SpecialUse, by: User, agrees: bool, note: str) -> SpecialUseOpinion:
    """A pharmacist speaks for pharmacy, everybody else for the clinic; never who asked (X14)."""
    may(by, chart.OPINION, use)
    note = needed(note=note)["note"]
    use = _held(use)
    if use.status != SpecialUse.Status.REQUESTED:
        raise _refused(use, _("The discussion is closed."))
    if use.requested_by_id == by.pk:
        raise _refused(use, _("Who asks for the use does not take part in its discussion."), code="X14")
    if use.opinions.filter(given_by=by).exists():
        raise _refused(use, _("You have given your opinion already."))
    names_no_place(note=note)
    side = Side.PHARMACY if by.post and by.post.role_id == PHARMACIST else Side.CLINICAL
    with declaring.step("special_use.opinion", clause="A37"):
        return SpecialUseOpinion.objects.create(
            use=use, side=side, agrees=agrees, note=note[:500], given_at=timezone.now(), given_by=by
        )


@transaction.atomic
def conclude(*, use: SpecialUse, by: User, agree: bool, conclusion: str) -> SpecialUse:
    """The chair closes the discussion. To agree, the clinic and, beyond the label, at least one pharmacist have to have
    agreed (A37)."""
    conclusion = needed(conclusion=conclusion)["conclusion"]
    use = _held(use, by, chart.CONCLUDE)
    if use.requested_by_id == by.pk:
        raise _refused(use, _("Who asks for the use does not chair its discussion."), code="X14")
    agreed = {one.side for one in use.opinions.all() if one.agrees}
    asked = [Side.CLINICAL, Side.PHARMACY] if use.kind == Kind.EXTENDED else [Side.CLINICAL]
    missing = [str(one.label) for one in asked if one not in agreed]
    if agree and missing:
        message = _("No agreeing opinion is recorded from: %(sides)s.") % {"sides": "、".join(missing)}
        raise _refused(use, message, code="A37")
    step = chart.CONCLUDE if agree else chart.CONCLUDE_AGAINST
    return _moved(use, step, by, concluded_at=timezone.now(), concluded_by=by, conclusion=conclusion[:500])


@transaction.atomic
def decide(*, use: SpecialUse, by: User, approve: bool, note: str) -> SpecialUse:
    """The hospital approves, or not; never who asked or chaired (A37, X14)."""
    note = needed(note=note)["note"]
    use = _held(use, by, chart.APPROVE)
    if by.pk in (use.requested_by_id, use.concluded_by_id):
        raise _refused(use, _("Who asked or chaired the discussion does not approve."), code="X14")
    step = chart.APPROVE if approve else chart.DISAPPROVE
    use = _moved(use, step, by, decided_at=timezone.now(), decided_by=by, decision_note=note[:300])
    text = _("The special use of %(drug)s: %(status)s.") % {"drug": use.drug, "status": use.get_status_display()}
    notices.tell([use.requested_by], text, link("referrals:special_use", use.pk))
    return use


@transaction.atomic
def tell(*, use: SpecialUse, by: User, **told: str) -> SpecialUse:
    """The words of the disclosure: necessity, cost, insurance, risks (A37). They are what the paper prints."""
    may(by, chart.REQUEST, use)
    use = _held(use)
    if use.status != SpecialUse.Status.APPROVED:
        raise _refused(use, _("Before the hospital's approval nothing is told or signed."), code="A37")
    texts = needed(**{name: told.get(name, "") for name in chart.TOLD})
    names_no_place(**texts)
    words = {"drug": use.drug, "indication": use.indication, "line": use.line, "kind": use.kind, **texts}
    digest = hashlib.sha256(json.dumps(words, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
    with declaring.step("special_use.told", clause="A37"):
        use.told, use.told_sha256 = words, digest
        use.save(update_fields=["told", "told_sha256"])
    return use


@transaction.atomic
def sign(
    *, use: SpecialUse, by: User, signer: str, signer_name: str, paper: files.Upload | None, signer_reason: str = "",
    signed_at: datetime | None = None,
) -> SpecialUse:  # fmt: skip
    """The signed paper comes back; the patient signs for themselves, or somebody else with the reason (practice.md 3)."""
    use = _held(use, by, chart.SIGN)
    if use.status == SpecialUse.Status.APPROVED and not use.told_sha256:
        raise _refused(use, _("Nothing has been told yet: write the disclosure and print it first."), code="A37")
    name = needed(signer_name=signer_name)["signer_name"]
    if signer not in SIGNERS:
        raise ValidationError({"signer": _("Say who signed.")})
    if signer != "patient" and not signer_reason.strip():
        raise ValidationError({"signer_reason": _("Say why the patient does not sign.")})
    if paper is None:
        raise ValidationError({"paper": _("Add the signed paper as a PDF.")})
    now = timezone.now()
    at = signed_at or now
    if at > now or (use.decided_at and at < use.decided_at):
        raise ValidationError({"signed_at": _("Signed after the approval, and not in the future.")})
    kept = files.store(paper, by=by, institution=use.institution, holds_identity=True)
    return _moved(
        use, chart.SIGN, by, signed_at=at, signed_by=by, signer=signer, signer_name=name[:60],
        signer_reason=signer_reason.strip()[:200], paper=kept,
    )  # fmt: skip


@transaction.atomic
def refuse(*, use: SpecialUse, by: User, reason: str = "") -> SpecialUse:
    return _moved(_held(use, by, chart.REFUSE), chart.REFUSE, by, reason=reason.strip())


@transaction.atomic
def withdraw(*, use: SpecialUse, by: User, reason: str) -> SpecialUse:
    reason = needed(reason=reason)["reason"]
    if use.prescriptions.exists():
        raise _refused(use, _("The drug has been prescribed on it: it stays as it is."))
    return _moved(_held(use, by, chart.WITHDRAW), chart.WITHDRAW, by, reason=reason)


def _moved(use: SpecialUse, step: Step, by: User, **changes: Any) -> SpecialUse:
    return move(use, step, by=by, clause=CLAUSES[Kind(use.kind)][-1], **changes)


def _held(use: SpecialUse, by: User | None = None, step: Step | None = None) -> SpecialUse:
    """The use as it stands, held; where a step is named, only for whom may take it."""
    if by is not None and step is not None and not by.may(step.permission, use):
        raise PermissionDenied(step.permission)
    return SpecialUse.objects.select_for_update(of=("self",)).select_related("institution", "patient").get(pk=use.pk)
