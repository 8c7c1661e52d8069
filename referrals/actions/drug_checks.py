"""Asking the drug rules, and what has to be on record before: the pathology (A30, A32) and outside reports, reviewed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import notices
from accounts.models import User
from audit import declaring
from audit.gates import Refusal, Refused
from audit.refusing import may, needed
from catalog.targets import engine
from documents import files
from referrals.drug_checking import answer_for, pathology_of, said
from referrals.gates.words import link
from referrals.models import DrugCheck, OutsideReport, PathologyBasis, Patient, Referral
from referrals.readings import keys_of

CHECK = "referrals.check_drug"
RECORD_PATHOLOGY = "referrals.record_pathology"
APPROVE_CLINICAL = "referrals.approve_clinical_diagnosis"
RECORD_OUTSIDE = "referrals.record_outside_report"
REVIEW_OUTSIDE = "referrals.review_outside_report"
VIEW = "referrals.view_drug_work"


def no_pathology(patient: Patient) -> Refused:
    message = _(
        "No pathology of this patient is on record. Before an antitumour drug it has to be; where there can be none, an "
        "approved clinical diagnosis."
    )
    mend = f"{link('referrals:pathology_bases')}?record_no={patient.record_no}"
    return Refused(Refusal("A30", message, ("A30", "A32"), mend, _("Record the pathology")))


@transaction.atomic
def ask(
    *,
    patient: Patient,
    by: User,
    drug: str,
    indication: str,
    line: str = "",
    since: date | None = None,
    referral: Referral | None = None,
    at: datetime | None = None,
) -> DrugCheck:
    """One question to the rules in force now, answered and kept, whatever the answer is (A31)."""
    at = at or timezone.now()
    may(by, CHECK, patient)
    texts = needed(drug=drug, indication=indication)
    if since and since > timezone.localdate(at):
        raise ValidationError({"since": _("This day lies in the future.")})
    pathology = pathology_of(patient, at)
    if not pathology:
        raise no_pathology(patient)
    line = (line or "").strip()
    answer = answer_for(patient, at, drug=texts["drug"], indication=texts["indication"], line=line, since=since)
    with declaring.step("drug_check.asked", clause="A31"):
        return keep(
            answer, patient=patient, by=by, at=at, drug=texts["drug"], indication=texts["indication"], line=line,
            since=since, referral=referral, pathology=pathology,
        )  # fmt: skip


def keep(answer: engine.Answer, *, patient: Patient, by: User, at: datetime, drug: str, **fields: Any) -> DrugCheck:
    """The answer as it stood: rule and edition, the reports it stands on, and why each other does not count."""
    used = [
        {
            "key": one.reading.key, "target": one.target, "found": one.found, "report": one.reading.label,
            "reported_on": one.reading.reported_on.isoformat(), "specimen": one.reading.specimen,
            "method": one.reading.method, **one.reading.more,
        }
        for one in answer.used
    ]  # fmt: skip
    others = [
        {"key": one.key, "report": one.label, "reported_on": one.reported_on.isoformat(), "why": why, **one.more}
        for one, why in answer.others
    ]
    first = keys_of(used) if answer.status == engine.SUPPORTED else {}
    return DrugCheck.objects.create(
        institution_id=patient.institution_id,
        patient=patient,
        asked_at=at,
        asked_by=by,
        drug=drug,
        answer=answer.status,
        why=str(said(answer, drug))[:600],
        rule=answer.rule,
        result_id=first.get("result"),
        outside_id=first.get("outside"),
        used=used,
        others=others,
        **fields,
    )


@transaction.atomic
def record_pathology(
    *, patient: Patient, by: User, kind: str, diagnosis: str, diagnosed_on: date, report_no: str = "", issuer: str = "",
    reason: str = "", guideline: str = "",
) -> PathologyBasis:  # fmt: skip
    """The pathology report on record (A30), or the request for a clinical diagnosis by exception (A32)."""
    may(by, RECORD_PATHOLOGY, patient)
    texts = {"diagnosis": diagnosis}
    clinical = kind == PathologyBasis.Kind.CLINICAL
    texts |= {"reason": reason, "guideline": guideline} if clinical else {"report_no": report_no}
    texts = needed(**texts)
    if diagnosed_on > timezone.localdate():
        raise ValidationError({"diagnosed_on": _("This day lies in the future.")})
    with declaring.step("pathology.recorded", clause="A32" if clinical else "A30"):
        return PathologyBasis.objects.create(
            institution_id=patient.institution_id,
            patient=patient,
            kind=kind,
            diagnosed_on=diagnosed_on,
            issuer=issuer.strip(),
            recorded_at=timezone.now(),
            recorded_by=by,
            **texts,
        )


@transaction.atomic
def approve_clinical_diagnosis(*, basis: PathologyBasis, by: User) -> PathologyBasis:
    """Somebody other than who asked approves the exception (A32, X14)."""
    may(by, APPROVE_CLINICAL, basis)
    now = PathologyBasis.objects.select_for_update().get(pk=basis.pk)
    if now.recorded_by_id == by.pk:
        raise Refused(Refusal("X14", _("Who asks for the exception does not approve it."), ("A32",)))
    if now.kind != PathologyBasis.Kind.CLINICAL or now.approved_at:
        raise Refused(Refusal("stale", _("There is nothing to approve here any more."), ("A32",)))
    with declaring.step("pathology.clinical_approved", clause="A32"):
        now.approved_at, now.approved_by = timezone.now(), by
        now.save(update_fields=["approved_at", "approved_by"])
    return now


@transaction.atomic
def record_outside_report(
    *, patient: Patient, by: User, source: str, issuer: str, reported_on: date, genes: str, method: str, specimen: str,
    outcome: str, report_no: str = "", collected_on: date | None = None, findings: str = "",
    alterations: Iterable[Mapping[str, str]] = (), pdf: files.Upload | None = None,
) -> OutsideReport:  # fmt: skip
    """A report from outside comes into the record, with where it comes from. It accuses nobody."""
    may(by, RECORD_OUTSIDE, patient)
    texts = needed(issuer=issuer, genes=genes, method=method, specimen=specimen)
    if source not in OutsideReport.Source.values:
        raise ValidationError({"source": _("Say where the report comes from.")})
    if outcome not in OutsideReport.Outcome.values:
        raise ValidationError({"outcome": _("Choose the result.")})
    if reported_on > timezone.localdate():
        raise ValidationError({"reported_on": _("This day lies in the future.")})
    if collected_on and collected_on > reported_on:
        raise ValidationError({"collected_on": _("The specimen was taken before the report was made.")})
    rows = [
        {name: (one.get(name) or "").strip()[:160] for name in ("gene", "variant", "significance")}
        for one in alterations
        if (one.get("gene") or "").strip()
    ]
    if outcome == OutsideReport.Outcome.POSITIVE and not rows and not findings.strip():
        raise ValidationError({"findings": _("A positive report names what was found.")})
    summary = findings.strip() or "；".join(f"{one['gene']} {one['variant']}".strip() for one in rows)
    with declaring.step("outside_report.recorded", clause="A31"):
        return OutsideReport.objects.create(
            institution_id=patient.institution_id,
            patient=patient,
            source=source,
            reported_on=reported_on,
            collected_on=collected_on,
            report_no=report_no.strip(),
            outcome=outcome,
            alterations=rows,
            findings=summary[:500],
            pdf=files.store(pdf, by=by, institution=patient.institution, holds_identity=True) if pdf else None,
            recorded_at=timezone.now(),
            recorded_by=by,
            **texts,
        )


@transaction.atomic
def review_outside_report(*, report: OutsideReport, by: User, accepted: bool, note: str) -> OutsideReport:
    """Pathology or medical affairs says whether the report may be relied on here (measures on mutual recognition, 2022).
    Never who took it in."""
    may(by, REVIEW_OUTSIDE, report)
    note = needed(note=note)["note"]
    now = OutsideReport.objects.select_for_update().get(pk=report.pk)
    if now.recorded_by_id == by.pk:
        raise Refused(Refusal("X14", _("Who took the report in does not review it: a colleague has to."), ("A31",)))
    if now.reviewed_at:
        raise Refused(Refusal("stale", _("This report has been reviewed already."), ("A31",)))
    with declaring.step("outside_report.reviewed", clause="A31"):
        now.reviewed_at, now.reviewed_by, now.is_accepted, now.review_note = timezone.now(), by, accepted, note[:300]
        now.save(update_fields=["reviewed_at", "reviewed_by", "is_accepted", "review_note"])
    verdict = _("accepted") if accepted else _("not accepted")
    text = _("The outside report %(report)s has been reviewed: %(verdict)s.") % {"report": now, "verdict": verdict}
    notices.tell([now.recorded_by], text, link("referrals:outside_report", now.pk))
    return now
