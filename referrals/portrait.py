"""The facts of one case as its page shows them: who, what, and which edition, price and contract each was kept with."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from audit.gates import GATES, Verdict
from audit.steps import Step
from documents import together
from documents.templatetags.formats import NONE, day, moment
from referrals import fees, pathway, ways
from referrals.deliberating import reason_label
from referrals.drug_checking import formulary_rows, supported_drugs
from referrals.gates import Case, load_page, local_day
from referrals.gates.case import POINTED_AT, covers
from referrals.gates.words import link, yuan
from referrals.history import steps_taken
from referrals.models import Referral, Result
from referrals.strip import case_judgements


@dataclass
class Section:
    """One group of facts; `anchor` is where a refusal's link leads."""

    anchor: str
    title: str
    rows: list[tuple] = field(default_factory=list)
    empty: str = ""


# Whom and what the page names beside the records themselves.
NAMED = {
    "discussions": ("chair",),
    "mdt_reviews": ("chair", "deliberation"),
    "consents": ("price",),
    "approvals": ("decided_by",),
    "charges": ("price", "charged_by", "settled_by", "reversed_by"),
    "specimens": ("collected_by", "batch"),
    "shipments": ("contract", "shipped_by", "batch"),
    "results": ("reviewed_by", "told_by"),
    "filings": ("filed_by",),
    "prescriptions": ("prescribed_by",),
}


def load(pk: int) -> Case:
    """The case with everything its page names, in three queries however many records it has."""
    related = (*POINTED_AT, "institution", "department", "patient__identity")
    (case,) = load_page(Referral.objects.select_related(*related).filter(pk=pk))
    _name(case)
    return case


def _name(case: Case) -> None:
    """Put on the records whom and what they point at, and on the results their alterations: one query."""
    pointers: list[tuple[Any, str, type[models.Model]]] = []
    wanted: dict[type[models.Model], set[Any]] = defaultdict(set)
    for name, pointed_at in NAMED.items():
        for row in getattr(case, name):
            for pointer in pointed_at:
                column: Any = row._meta.get_field(pointer)
                if (key := getattr(row, column.attname)) is not None:
                    pointers.append((row, pointer, column.related_model))
                    wanted[column.related_model].add(key)
    found: dict[str, Any] = {
        model._meta.label: model._base_manager.filter(pk__in=keys).order_by() for model, keys in wanted.items()
    }
    altered: Any = Result._meta.get_field("alterations").related_model
    if case.results:
        rows = altered._base_manager.filter(result__in=[one.pk for one in case.results])
        found["alterations"] = rows.order_by("pk")
        found["formulary"] = formulary_rows(case, timezone.now())
    read = together.rows(found)
    by_key = {label: {one.pk: one for one in rows} for label, rows in read.items()}
    for row, pointer, model in pointers:
        setattr(row, pointer, by_key[model._meta.label][getattr(row, f"{pointer}_id")])
    case.__dict__["formulary"] = {one.drug: one for one in read.get("formulary", [])}
    for result in case.results:
        own = [one for one in read["alterations"] if one.result_id == result.pk]
        known = result.__dict__.setdefault("_prefetched_objects_cache", {})["alterations"] = result.alterations.all()
        known._result_cache, known._prefetch_done = own, True


def patient(case: Case, user: Any) -> dict[str, Any]:
    """Name and record number for those who may read identity; sex and age for everyone."""
    person = case.referral.patient
    age = timezone.localdate().year - person.birth_year if person.birth_year else None
    shown = {"sex": person.get_sex_display(), "age": age, "name": "", "record_no": ""}
    if user.sees_identity:
        identity = getattr(person, "identity", None)
        shown |= {"name": identity.name if identity else "", "record_no": person.record_no}
    return shown


def next_step(case: Case) -> dict[str, Any] | None:
    """The step this case waits for, and what stops it."""
    referral, taken = case.referral, {step for step, _at in steps_taken(case)}
    for step in pathway.MAIN_LINE:
        if step not in taken and step.target and referral.status in step.sources and _due(step, case):
            stops = [one for one in case_judgements(case) if one.step is step and one.verdict == Verdict.REFUSES]
            return {"label": step.label, "stops": stops}
    return None


def _due(step: Step, case: Case) -> bool:
    """Whether a case like this goes through the step at all."""
    referral, asked = case.referral, case.asked(timezone.now())
    if step is pathway.DISCUSS:
        return bool(asked and asked.discussion)
    if step is pathway.MDT_AGREE:
        return bool(referral.first_visit) or bool(asked and asked.mdt)
    if step in (pathway.APPROVE, pathway.SHIP, pathway.RECEIVE):
        return referral.is_outsourced
    if step is pathway.CHARGE:
        return not referral.is_research
    return True


def sections(case: Case, user: Any) -> list[Section]:
    return [
        _request(case, user),
        _discussion(case),
        _mdt(case),
        _consent(case),
        _charge(case),
        _specimen(case),
        _shipment(case, user),
        _result(case),
        _filing(case),
    ]


def _yes(value: bool | None) -> str:
    return _("not recorded") if value is None else _("yes") if value else _("no")


def _known(*rows: tuple) -> list[tuple]:
    """The rows that say anything."""
    return [row for row in rows if row[1]]


def _person(person: Any) -> str:
    return person.name if person else _("not recorded")


def _request(case: Case, user: Any) -> Section:
    referral, line = case.referral, case.referral.indication
    rows: list[tuple] = [
        (_("Referral number"), referral.number),
        (_("Requested at"), moment(referral.requested_at)),
        (_("Department"), referral.department.name if referral.department else NONE),
        (_("Requesting doctor"), _person(referral.requester)),
        (_("Diagnosis (ICD-10)"), referral.diagnosis_code),
        *_known((_("Histological type"), referral.pathology), (pgettext("tumour", "Stage"), referral.stage)),
        (_("First visit for a malignancy"), _yes(referral.first_visit)),
        (_("Test"), referral.test.name),
        (_("Nature"), referral.get_nature_display()),
    ]
    if line:
        catalog = link("catalog:indication", line.code) if user.may("catalog.view_catalog") else ""
        rows += [
            (_("Indication"), f"{line.code} {line.tumour} {line.setting}", catalog),
            (_("Grade"), line.get_grade_display(), "", "、".join(line.marks)),
            (_("Catalog edition"), str(line.edition)),
        ]
    else:
        rows.append((_("Indication"), _("none of the catalog")))
    if referral.is_research:
        rows.append((_("Study"), str(referral.study) if referral.study else _("not recorded")))
    rows += _known((_("What the result will change in the treatment"), referral.necessity))
    return Section("facts", _("Request"), rows)


def _discussion(case: Case) -> Section:
    papers = case.referral.evidence_count if case.referral.evidence_count is not None else len(case.evidence) or None
    rows: list[tuple] = [(_("Papers of evidence"), papers)] if papers is not None or case.discussions else []
    rows += [(one.title, f"{one.source} {one.year or ''}") for one in case.evidence]
    for one in case.discussions:
        agreed = _("agreed") if one.agreed else _("not agreed")
        rows += [(_("Departmental discussion"), f"{moment(one.held_at)} {agreed}"), (_("Chair"), _person(one.chair))]
    title = _("Evidence and departmental discussion")
    return Section("discussion", title, rows, _("No evidence and no departmental discussion is recorded."))


def _mdt(case: Case) -> Section:
    rows: list[tuple] = []
    for one in case.mdt_reviews:
        rows += [
            (_("Concluded at"), moment(one.concluded_at)),
            (_("Conclusion"), one.get_conclusion_display()),
            (_("Chair"), _person(one.chair)),
        ]
        if one.reason_code:
            rows.append((_("Reason code"), f"{one.reason_code} {reason_label(one.reason_code)}"))
        rows += _known((_("Advice on treatment"), one.advice), (_("Reasons"), one.note))
        if one.deliberation_id:
            minutes = link("referrals:minutes", one.deliberation_id)
            rows.append((_("Minutes"), one.deliberation.number, minutes))
    return Section("mdt", _("MDT"), rows, _("No MDT conclusion is recorded."))


def _consent(case: Case) -> Section:
    rows: list[tuple] = []
    for one in case.consents:
        rows += [
            (_("Signed at"), moment(one.signed_at)),
            (_("Signed by"), one.relation or one.get_signer_display(), "", one.reason),
        ]
        if one.price_id:
            rows.append((_("Price told"), yuan(one.price.amount)))
        if one.withdrawn_at:
            rows.append((_("Withdrawn at"), moment(one.withdrawn_at)))
        if one.lapsed_at:
            rows.append((_("Lapsed"), moment(one.lapsed_at), "", one.lapse_reason))
    return Section("consent", _("Informed consent"), rows, _("No consent is recorded."))


def _charge(case: Case) -> Section:
    return Section("charge", _("Charge"), fees.rows(case), _("No charge is recorded."))


def _specimen(case: Case) -> Section:
    rows: list[tuple] = []
    for one in case.specimens:
        cells = NONE if one.tumour_cell_percent is None else f"{one.tumour_cell_percent}%"
        rows += [(_("Sampled at"), moment(one.collected_at), "", one.kind), (_("Tumour cells"), cells)]
        if one.barcode:
            rows.append((_("Specimen barcode"), one.barcode))
        if one.is_fit is not None:
            unfit = _("Unfit: to be taken again")
            fit = _("Fit for the test") if one.is_fit else f"{unfit}：{one.unfit_reason}"
            rows.append((_("Assessment"), fit, "", moment(one.assessed_at)))
    return Section("specimen", _("Sample"), rows, _("No sample is recorded."))


def _shipment(case: Case, user: Any) -> Section:
    referral = case.referral
    rows: list[tuple] = []
    for one in case.approvals:
        decided = _("approved") if one.approved else _("not approved")
        rows += [
            (_("Outsourcing"), f"{moment(one.decided_at)} {decided}"),
            (_("Approved by"), _person(one.decided_by)),
        ]
    for one in case.shipments:
        laboratory = case.registers.laboratories[one.laboratory_id]
        where = link("vendors:laboratory", laboratory.pk) if user.may("vendors.view_vendors") else ""
        rows += [
            (_("Laboratory"), laboratory.name, where),
            *_known((_("Way out"), _way(one))),
            (_("Handed over at"), moment(one.shipped_at)),
            (_("Contract"), *_contract(case, one)),
            (_("Received at"), moment(one.received_at)),
        ]
        if one.batch:
            rows.append((_("Batch"), one.batch.number, "", f"{one.batch.carrier} {one.batch.waybill}".strip()))
        if one.unscanned_reason:
            rows.append((_("Not scanned"), one.unscanned_reason))
        if one.celsius is not None:
            bad = _("outside the range of its batch") if one.is_too_warm_or_cold else ""
            rows.append((_("Temperature on arrival"), f"{one.celsius} ℃", "", bad))
        if one.rejected_at:
            what = one.get_failure_display() or _("Rejected by the laboratory")
            rows.append((what, moment(one.rejected_at), "", one.rejection_reason))
    if not case.shipments and referral.laboratory_id and not ways.names_hidden(user, referral):
        rows.append((_("Laboratory"), case.registers.laboratories[referral.laboratory_id].name))
    return Section("shipment", _("Sending out"), rows, _("Done in-house; nothing is sent out."))


def _way(shipment: Any) -> str:
    """By which of the three ways of A24, and why."""
    return "：".join(one for one in (str(shipment.get_outside_route_display()), shipment.outside_reason) if one)


def _contract(case: Case, shipment: Any) -> tuple[str, str, str]:
    """The contract the shipment was kept with; for a ledger, which names none, the one in force that day."""
    contract, note = shipment.contract, ""
    if contract is None:
        on, key = local_day(shipment.shipped_at), (case.referral.institution_id, shipment.laboratory_id)
        listing = [
            one
            for one in case.registers.contracts.get(key, [])
            if (one.pk, case.referral.test_id) in case.registers.contract_tests
        ]
        contract = next((one for one in listing if covers(one.valid_from, one.valid_to, on)), None)
        note = _("not named in the ledger; in force that day")
    if contract is None:
        return _("none in force that day"), "", ""
    return f"{contract.number}（{day(contract.valid_from)}—{day(contract.valid_to)}）", "", note


def _result(case: Case) -> Section:
    rows: list[tuple] = []
    for one in case.results:
        rows += [
            (_("Reported at"), moment(one.reported_at)),
            (_("Result"), one.get_outcome_display(), "", _("for research only") if case.referral.is_research else ""),
            (_("Main findings"), one.findings),
        ]
        if one.report_no:
            paper = link("referrals:report", case.referral.pk, one.pk) if one.pdf_id else ""
            rows.append(
                (_("Report number"), one.report_no, paper, _("corrects the one before") if one.supersedes_id else "")
            )
        rows += [
            (alteration.gene, alteration.variant, "", alteration.significance) for alteration in one.alterations.all()
        ]
        if one.reviewed_at:
            rows.append((_("Reviewed"), f"{moment(one.reviewed_at)} {_person(one.reviewed_by)}", "", one.review_note))
        if one.told_at:
            rows.append((_("The patient was told"), f"{moment(one.told_at)} {_person(one.told_by)}"))
    rows += _supported(case)
    for one in case.prescriptions:
        check = link("referrals:drug_check", one.check_made_id) if one.check_made_id else ""
        rows.append((_("Drug"), f"{one.drug} {one.indication} {one.line}".strip(), check))
    return Section("result", _("Result"), rows, _("No report is recorded."))


def _supported(case: Case) -> list[tuple]:
    """The drugs this report supports here, those the hospital has first, and what insurance does (A31, A33)."""
    rows = []
    for one in supported_drugs(case, timezone.now(), case.__dict__.get("formulary")):
        entry = one.entry
        if entry is None:
            reach = _("not recorded in the formulary")
        else:
            listed = _("in the formulary") if entry.in_formulary else _("not in the formulary")
            reach = "；".join(str(text) for text in (listed, entry.get_insurance_display(), entry.restriction) if text)
        words = {"record_no": case.referral.patient.record_no, "drug": one.drug, "indication": one.indications}
        ask = f"{link('referrals:drug_checks')}?{urlencode(words)}"
        rows.append((_("Supports"), f"{one.drug}　{one.indications}", ask, f"{one.code} {one.found}；{reach}"))
    return rows


def _filing(case: Case) -> Section:
    rows: list[tuple] = []
    for one in case.filings:
        rows += [
            (_("Filed at"), moment(one.filed_at)),
            (_("Consent in the record"), _yes(one.consent_filed)),
            (_("Order in the record"), _yes(one.order_filed)),
            (_("Result in the record"), _yes(one.result_filed)),
        ]
    return Section("filing", _("Filing"), rows, _("Not filed yet."))


def findings(case: Case, user: Any) -> list[dict[str, Any]] | None:
    """The findings of self-inspection on this case; None for a post that does not see findings."""
    if not user.may("supervision.view_findings"):
        return None
    return [
        {"finding": one, "title": GATES[one.gate].title if one.gate in GATES else one.gate}
        for one in case.referral.findings.order_by("judged_as_of", "gate")
    ]


def differences(case: Case, user: Any) -> list[Any] | None:
    """What the laboratories' statements say otherwise about this case; None for a post that does not see them."""
    if not user.may("referrals.view_statement_differences"):
        return None
    return list(case.referral.differences.select_related("laboratory").order_by("kind", "pk"))
