"""The report: taken in for the specimen it belongs to, corrected without losing the original, reviewed, told
(A27, B12)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import notices
from accounts.delegations import one_with
from accounts.models import User
from audit import declaring
from audit.refusing import needed
from audit.steps import Step, move
from documents import files
from referrals import barcodes, pathway
from referrals.actions.held import hold_for, newest, not_in_future, refuse
from referrals.actions.onward import onward
from referrals.actions.specimens import fit_to_go_on
from referrals.gates.words import link
from referrals.models import Referral, Result, ResultFinding, Specimen, Status

# Names that clinicians write, with the symbols kept (`vocab.md` §12).
SYMBOLS = {
    "HER2": "ERBB2", "HER-2": "ERBB2", "C-MET": "MET", "CMET": "MET", "PD-L1": "CD274", "PDL1": "CD274", "MLL": "KMT2A",
    "TRKA": "NTRK1", "H3F3A": "H3-3A", "HIST1H3B": "H3C2",
}  # fmt: skip


def symbol(gene: str) -> str:
    """The current symbol of a gene as it is stored."""
    gene = gene.strip()
    return SYMBOLS.get(gene.upper(), gene)


def current(referral: Referral) -> Result | None:
    """The report in force: the one nothing supersedes."""
    return newest(referral.results.filter(superseded_by__isnull=True))


@transaction.atomic
def record_result(
    *,
    referral: Referral,
    by: User,
    barcode: str,
    reported_at: datetime | None,
    outcome: str,
    report_no: str,
    signed_out_by: str,
    pdf: files.Upload,
    findings: str = "",
    alterations: Iterable[Mapping[str, str]] = (),
    at: datetime | None = None,
) -> Result:
    """The report of this case's own specimen is taken in, with its PDF. `barcode` is the specimen the report names; a
    report of another specimen is refused and nothing is kept."""
    referral = hold_for(referral, pathway.REPORT, by=by)
    specimen = _specimen_named(referral, barcode)
    if referral.status == Status.SAMPLED:
        _may_be_tested_here(referral, specimen)
    reported_at = not_in_future(reported_at, "reported_at", since=_since(referral, specimen))
    move(referral, pathway.REPORT, by=by, at=at or reported_at, reported_at=reported_at)
    result = _keep(
        referral, by, specimen, None, reported_at=reported_at, outcome=outcome, report_no=report_no,
        signed_out_by=signed_out_by, findings=findings, alterations=alterations, pdf=pdf,
    )  # fmt: skip
    _tell_requester(referral)
    onward(referral)
    return result


@transaction.atomic
def correct_result(
    *,
    referral: Referral,
    by: User,
    barcode: str,
    reported_at: datetime | None,
    outcome: str,
    report_no: str,
    signed_out_by: str,
    pdf: files.Upload,
    reason: str,
    findings: str = "",
    alterations: Iterable[Mapping[str, str]] = (),
) -> Result:
    """A corrected report replaces the one in force, which stays in view; it is reviewed and told anew."""
    referral = hold_for(referral, pathway.CORRECT_RESULT, by=by)
    reason = needed(reason=reason)["reason"]
    former = current(referral)
    if former is None:
        raise refuse("result", _("No report is recorded."), referral, anchor="result")
    specimen = _specimen_named(referral, barcode)
    reported_at = not_in_future(reported_at, "reported_at", since=former.reported_at)
    move(
        referral, pathway.CORRECT_RESULT, by=by, reason=reason, reported_at=reported_at, reviewed_at=None, told_at=None,
    )  # fmt: skip
    result = _keep(
        referral, by, specimen, former, reported_at=reported_at, outcome=outcome, report_no=report_no,
        signed_out_by=signed_out_by, findings=findings, alterations=alterations, pdf=pdf,
    )  # fmt: skip
    _tell_requester(referral)
    onward(referral)
    return result


def _tell_requester(referral: Referral) -> None:
    text = _("A report of case %(number)s has come in: review it.") % {"number": referral.number}
    notices.tell([referral.requester], text, link("referrals:case", referral.pk))


def _specimen_named(referral: Referral, scanned: str) -> Specimen | None:
    """The case's specimen, if the report names it. A specimen of a ledger without a barcode is named by the referral's
    number."""
    specimen = barcodes.current(referral)
    shipment = newest(referral.shipments.filter(rejected_at__isnull=True))
    if shipment and shipment.specimen_id:
        specimen = shipment.specimen
    expected = (specimen.barcode if specimen else "") or referral.number
    if barcodes.clean(scanned) != expected.upper():
        message = _("The report does not match the specimen sent: it may not be taken in.")
        raise refuse("mismatch", message, referral, anchor="result")
    return specimen


def _may_be_tested_here(referral: Referral, specimen: Specimen | None) -> None:
    if referral.laboratory_id:
        message = _("The specimen has not left for %(laboratory)s yet, so no report of it can be there.")
        raise refuse("mismatch", message % {"laboratory": referral.laboratory}, referral, anchor="shipment")
    if not fit_to_go_on(specimen):
        raise refuse("specimen", _("The specimen has not been found fit yet."), referral, anchor="specimen")


def _since(referral: Referral, specimen: Specimen | None) -> datetime | None:
    return referral.shipped_at or (specimen.collected_at if specimen else None)


def _keep(
    referral: Referral, by: User, specimen: Specimen | None, former: Result | None, *, reported_at: datetime,
    outcome: str, report_no: str, signed_out_by: str, findings: str, alterations: Iterable[Mapping[str, str]],
    pdf: files.Upload,
) -> Result:  # fmt: skip
    texts = needed(report_no=report_no, signed_out_by=signed_out_by)
    rows = [
        (symbol(one["gene"]), (one.get("variant") or "").strip(), (one.get("significance") or "").strip())
        for one in alterations
        if (one.get("gene") or "").strip()
    ]
    if outcome not in (Result.Outcome.POSITIVE, Result.Outcome.NEGATIVE, Result.Outcome.UNKNOWN):
        raise ValidationError({"outcome": _("Choose the result.")})
    if outcome == Result.Outcome.POSITIVE and not rows and not findings.strip():
        raise ValidationError({"findings": _("A positive report names what was found.")})
    _not_of_another(referral, texts["report_no"], pdf)
    summary = findings.strip() or "；".join(f"{gene} {variant}".strip() for gene, variant, _said in rows)
    result = Result.objects.create(
        referral=referral,
        reported_at=reported_at,
        outcome=outcome,
        findings=summary[:500],
        report_no=texts["report_no"][:60],
        specimen=specimen,
        signed_out_by=texts["signed_out_by"][:60],
        pdf=files.store(pdf, by=by, institution=referral.institution, holds_identity=True),
        entered_by=by,
        supersedes=former,
    )
    ResultFinding.objects.bulk_create(
        ResultFinding(result=result, gene=gene[:40], variant=variant[:160], significance=said[:60])
        for gene, variant, said in rows
    )
    return result


def _not_of_another(referral: Referral, report_no: str, pdf: files.Upload) -> None:
    """The same report, by its number or its very file, is not taken in for two patients."""
    others = Result.objects.filter(referral__institution_id=referral.institution_id).exclude(
        referral__patient_id=referral.patient_id
    )
    same = others.filter(pdf__sha256=pdf.sha256) | others.filter(  # type: ignore[misc]
        report_no=report_no, referral__laboratory_id=referral.laboratory_id
    )
    if found := same.select_related("referral").first():
        message = _("This report has been taken in for request %(number)s of another patient.")
        raise refuse("mismatch", message % {"number": found.referral.number}, referral, anchor="result")


@transaction.atomic
def review(*, referral: Referral, by: User, note: str = "", at: datetime | None = None) -> Result:
    """The requesting doctor, or a colleague, has read the report; never who entered it."""
    at = at or timezone.now()
    referral, result = _in_force(referral, pathway.REVIEW, by)
    if result.entered_by_id in one_with(by):
        message = _("Who entered the report does not review it: a colleague has to.")
        raise refuse("X14", message, referral, anchor="result")
    move(referral, pathway.REVIEW, by=by, at=at, reviewed_at=at)
    with declaring.step(pathway.REVIEW.name):
        result.reviewed_at, result.reviewed_by, result.review_note = at, by, note.strip()
        result.save(update_fields=["reviewed_at", "reviewed_by", "review_note"])
    onward(referral, at=at)
    return result


@transaction.atomic
def tell(*, referral: Referral, by: User, at: datetime | None = None) -> Result:
    """The patient was told what the report says."""
    referral, result = _in_force(referral, pathway.TELL, by)
    at = not_in_future(at, "at", since=result.reviewed_at)
    move(referral, pathway.TELL, by=by, at=at, told_at=at)
    with declaring.step(pathway.TELL.name):
        result.told_at, result.told_by = at, by
        result.save(update_fields=["told_at", "told_by"])
    onward(referral, at=at)
    return result


def _in_force(referral: Referral, step: Step, by: User) -> tuple[Referral, Result]:
    referral = hold_for(referral, step, by=by)
    result = current(referral)
    if result is None:
        raise refuse("result", _("No report is recorded."), referral, anchor="result")
    return referral, result
