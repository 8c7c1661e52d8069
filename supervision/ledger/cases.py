"""Recording cases: the patient, the referral, and one record for each step the ledger stamps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from consent.models import Consent
from referrals.identity import name_fields
from referrals.models import (
    Charge,
    DepartmentalDiscussion,
    Filing,
    Identity,
    MDTReview,
    OutsourcingApproval,
    Patient,
    Referral,
    Result,
    Shipment,
    Specimen,
    Status,
)
from supervision.ledger.columns import CASES
from supervision.ledger.comparing import SEXES, New, content
from supervision.ledger.known import Known
from supervision.ledger.reading import Line
from supervision.models import LedgerEntry, LedgerImport
from vendors.models import Origin

CHUNK = 500
ENDED = {"已归档": Status.FILED, "患者拒绝": Status.PATIENT_REFUSED, "MDT不同意": Status.MDT_DISAGREED}
NATURES = {"诊疗": Referral.Nature.CLINICAL, "研究": Referral.Nature.RESEARCH}
CONCLUSIONS = {
    "同意检测": MDTReview.Conclusion.AGREE,
    "不同意检测": MDTReview.Conclusion.DISAGREE,
    "需补充资料": MDTReview.Conclusion.MORE_INFORMATION,
    "建议改项": MDTReview.Conclusion.CHANGE_TEST,
}
OUTCOMES = {"阳性": Result.Outcome.POSITIVE, "阴性": Result.Outcome.NEGATIVE}
GUARDIANS = {"监护人", "法定监护人", "法定代理人"}
# Where a case under way stands: at the furthest step that has a time.
FURTHEST = (
    ("reported_at", Status.REPORTED),
    ("received_at", Status.RECEIVED),
    ("shipped_at", Status.SHIPPED),
    ("collected_at", Status.SAMPLED),
    ("charged_at", Status.CHARGED),
    ("approved_at", Status.APPROVED),
    ("consented_at", Status.CONSENTED),
)
AFTER_MDT = {
    "同意检测": Status.MDT_AGREED,
    "不同意检测": Status.MDT_DISAGREED,
    "需补充资料": Status.AWAITING_MDT,
    "建议改项": Status.AWAITING_MDT,
}


def standing(line: Line) -> Status:
    """The status of a case: its end, or the furthest step stamped."""
    if line["status"] in ENDED:
        return ENDED[line["status"]]
    for name, status in FURTHEST:
        if line[name] is not None:
            return status
    if line["mdt_at"] is not None:
        return AFTER_MDT[line["mdt_conclusion"]]
    if line["discussed_at"] is not None:
        return Status.AWAITING_MDT if line["first_visit"] else Status.AWAITING_CONSENT
    return Status.SUBMITTED


def write_cases(
    new: New, known: Known, ledger_import: LedgerImport, report: Callable[[str, int, int], None]
) -> list[int]:
    """Record every new case, some hundreds at a time; returns their ids."""
    lines, made = new[CASES], []
    patients = dict(new.patients)
    for start in range(0, len(lines), CHUNK):
        report("writing", start, len(lines))
        chunk = lines[start : start + CHUNK]
        write_patients(chunk, known, patients)
        made += write_chunk(chunk, known, patients, ledger_import)
    report("writing", len(lines), len(lines))
    return made


def write_patients(lines: list[Line], known: Known, patients: dict[tuple[str, str], int]) -> None:
    """Patients by record number, and their names on the table of identities."""
    fresh: dict[tuple[str, str], Line] = {}
    for line in lines:
        key = (line["institution"], line["record_no"])
        if key not in patients:
            fresh.setdefault(key, line)
    made = Patient.objects.bulk_create(
        Patient(
            institution=known.institutions[line["institution"]],
            record_no=line["record_no"],
            sex=SEXES.get(line["sex"], Patient.Sex.UNKNOWN),
            birth_year=line["birth_year"],
            origin=Origin.LEDGER,
        )
        for line in fresh.values()
    )
    Identity.objects.bulk_create(
        Identity(patient=patient, institution_id=patient.institution_id, **name_fields(line["patient_name"]))
        for patient, line in zip(made, fresh.values(), strict=True)
    )
    patients |= {key: patient.pk for key, patient in zip(fresh, made, strict=True)}


def write_chunk(
    lines: list[Line], known: Known, patients: dict[tuple[str, str], int], ledger_import: LedgerImport
) -> list[int]:
    referrals = Referral.objects.bulk_create(referral(line, known, patients) for line in lines)
    facts: dict[type, list[Any]] = {}
    for case, line in zip(referrals, lines, strict=True):
        for fact in steps(case, line, known):
            facts.setdefault(type(fact), []).append(fact)
    for model, rows in facts.items():
        model._default_manager.bulk_create(rows)  # type: ignore[attr-defined]
    LedgerEntry.objects.bulk_create(
        LedgerEntry(
            ledger_import=ledger_import,
            institution_id=case.institution_id,
            referral=case,
            row=line.row,
            content=content(line),
        )
        for case, line in zip(referrals, lines, strict=True)
    )
    return [case.pk for case in referrals]


def referral(line: Line, known: Known, patients: dict[tuple[str, str], int]) -> Referral:
    place = line["institution"]
    return Referral(
        institution=known.institutions[place],
        number=line["number"],
        department_id=known.pk("departments", line["department"] and (place, line["department"])),
        requester_id=known.pk("users", line["requester"]),
        patient_id=patients[place, line["record_no"]],
        diagnosis_code=line["diagnosis"],
        first_visit=line["first_visit"],
        indication_id=known.pk("indications", line["indication"]),
        test_id=known.tests[line["test"]],
        nature=NATURES[line["nature"]],
        laboratory_id=known.pk("laboratories", line["laboratory"]),
        evidence_count=line["evidence_count"],
        status=standing(line),
        origin=Origin.LEDGER,
        requested_at=line["requested_at"],
        discussed_at=line["discussed_at"],
        mdt_concluded_at=line["mdt_at"],
        consented_at=line["consented_at"],
        approved_at=line["approved_at"],
        charged_at=line["charged_at"],
        collected_at=line["collected_at"],
        shipped_at=line["shipped_at"],
        received_at=line["received_at"],
        reported_at=line["reported_at"],
        filed_at=line["filed_at"],
    )


def steps(case: Referral, line: Line, known: Known) -> Iterator[Any]:
    """One record for each step that has a time."""
    of: dict[str, Any] = {"referral": case, "origin": Origin.LEDGER}
    if line["discussed_at"]:
        yield DepartmentalDiscussion(**of, held_at=line["discussed_at"])
    if line["mdt_at"]:
        yield MDTReview(
            **of,
            concluded_at=line["mdt_at"],
            conclusion=CONCLUSIONS[line["mdt_conclusion"]],
            chair_id=known.pk("users", line["mdt_chair"]),
        )
    if line["consented_at"]:
        yield consent(of, case, line)
    if line["approved_at"]:
        yield OutsourcingApproval(
            **of, decided_at=line["approved_at"], decided_by_id=known.pk("users", line["approver"])
        )
    if line["charged_at"]:
        yield Charge(**of, charged_at=line["charged_at"], amount=line["charged_amount"], receipt_no=line["receipt_no"])
    if line["collected_at"]:
        yield Specimen(**of, collected_at=line["collected_at"], tumour_cell_percent=line["tumour_cells"])
    if line["shipped_at"]:
        yield Shipment(
            **of,
            laboratory_id=case.laboratory_id,  # type: ignore[misc]
            shipped_at=line["shipped_at"],
            received_at=line["received_at"],
        )
    if line["reported_at"]:
        outcome = OUTCOMES.get(line["outcome"], Result.Outcome.UNKNOWN)
        yield Result(**of, reported_at=line["reported_at"], outcome=outcome, findings=line["findings"])
    if line["filed_at"]:
        filed = {name: line[name] for name in ("consent_filed", "order_filed", "result_filed")}
        yield Filing(**of, filed_at=line["filed_at"], **filed)


def consent(of: dict[str, Any], case: Referral, line: Line) -> Consent:
    """The ledger says who signed; which edition, laboratory and price the form named it doesn't say."""
    signer: str = Consent.Signer.RELATIVE
    if line["signer"] in GUARDIANS:
        signer = Consent.Signer.GUARDIAN
    elif line["signer"] in ("本人", "患者", "患者本人"):
        signer = Consent.Signer.PATIENT
    elif not line["signer"]:
        signer = ""
    relation = "" if signer in ("", Consent.Signer.PATIENT) else line["signer"]
    return Consent(
        **of,
        signed_at=line["consented_at"],
        signer=signer,
        relation=relation,
        reason=line["reason"],
        test_id=case.test_id,
    )
