"""Which clauses the records of cases carry out, and where to count them in a hospital."""

from __future__ import annotations

from typing import Any

from django.db.models import Model, Q
from django.utils.translation import gettext_lazy as _

from policy import coverage
from referrals.models import (
    Allocation,
    BlockLoan,
    Charge,
    ChargeImport,
    DepartmentalDiscussion,
    DrugCheck,
    Evidence,
    FeeDeferral,
    Filing,
    LabelPrint,
    MatchSample,
    MDTReview,
    MDTSeat,
    MonitoringExport,
    OutsourcingApproval,
    PathologyBasis,
    PlannedStep,
    Prescription,
    Reconciliation,
    Referral,
    Result,
    Shipment,
    SpecialUse,
    Specimen,
    Study,
    WayChange,
)

CASES = "referrals:list"


def of(model: type[Model], path: str = "referral__institution_id", **having: Any) -> coverage.Rows:
    """The rows of this model in a hospital, reached by `path`."""
    return lambda institution: model._default_manager.filter(**{path: institution}, **having)


def _requests(institution: int) -> Any:
    return Referral.objects.filter(institution_id=institution)


def _with_necessity(institution: int) -> Any:
    return _requests(institution).exclude(Q(necessity="") | Q(necessity__isnull=True))


def _targeted_drugs(claim: Any) -> None:
    here, uses = "institution_id", "referrals:special_uses"
    bases, extended = of(PathologyBasis, here), of(SpecialUse, here, kind=SpecialUse.Kind.EXTENDED)
    outside = of(SpecialUse, here, kind=SpecialUse.Kind.OUTSIDE)
    clinical = of(PathologyBasis, here, kind=PathologyBasis.Kind.CLINICAL)
    page = "referrals:pathology_bases"
    claim("A30", "record", _("Pathology on record before a drug"), page, rows=bases, at="recorded_at")
    exception = _("Clinical diagnosis by exception, with guideline and approver")
    claim("A32", "record", exception, page, rows=clinical, at="recorded_at")
    checks = _("Drug checks with result, rule and edition")
    claim("A31", "record", checks, "referrals:drug_checks", rows=of(DrugCheck, here), at="asked_at")
    way = _("Use beyond the label: evidence, discussion, approval, consent")
    claim(["A36", "A37"], "record", way, uses, rows=extended, at="requested_at")
    claim("A37", "form", _("Disclosure and consent of a special use"), uses)
    claim(["A38", "A39"], "record", _("Drugs bought outside"), uses, rows=outside, at="requested_at")
    review = _("Monthly review of drug and result, with its notice")
    claim("A34", "record", review, "referrals:match_notices", rows=of(MatchSample, here), at="drawn_at")
    export = _("Export of monitoring data")
    claim("A35", "record", export, "referrals:match_samples", rows=of(MonitoringExport, here), at="made_at")


def claim_all() -> None:
    claim = coverage.claim
    closed = of(Reconciliation, "institution_id", closed_at__isnull=False)
    claim("A28", "record", _("Months reconciled and closed"), "bills:months", rows=closed, at="closed_at")
    claim("B31", "record", _("Charges beside settlements, month by month"), "bills:margin", rows=closed, at="closed_at")
    claim(["A5", "A6"], "record", _("Request with diagnosis and indication"), CASES, rows=_requests, at="requested_at")
    claim("A21", "record", _("What the result will change"), CASES, rows=_with_necessity, at="requested_at")
    plans = of(PlannedStep)
    claim(
        ["A21", "B16"], "record", _("Further steps planned, each on a stated result"), CASES, rows=plans, at="began_at"
    )
    claim("A22", "record", _("Evidence"), CASES, rows=of(Evidence), at="recorded_at")
    discussions = of(DepartmentalDiscussion)
    claim(["A7", "A22"], "record", _("Departmental discussion"), CASES, rows=discussions, at="held_at")
    seats = of(MDTSeat, "team__institution_id", ended_on__isnull=True)
    claim("A8", "record", _("MDT teams and their seats"), "referrals:teams", rows=seats)
    claim(["A9", "B5"], "record", _("MDT conclusion"), CASES, rows=of(MDTReview), at="concluded_at")
    approvals = of(OutsourcingApproval)
    claim(["A24", "B7", "B8"], "record", _("Approval of outsourcing"), CASES, rows=approvals, at="decided_at")
    allocated = of(Allocation, route=Referral.Route.OUTSOURCED)
    looked_at = _("Laboratories looked at for a case, the one chosen and why, and its way out")
    claim(
        ["A24", "A25", "A26", "A29", "B7", "B8", "B10", "B23"], "record", looked_at, CASES, rows=allocated, at="made_at"
    )
    ways = of(WayChange)
    claim(["A25", "B8"], "record", _("Ways out shut and opened, told on each case"), CASES, rows=ways, at="noticed_at")
    charges = of(Charge)
    claim(
        ["A28", "B13"], "record", _("Hospital's own charge with receipt number"), CASES, rows=charges, at="charged_at"
    )
    put_off = _("Arrears and green channel with approval and day")
    claim("A28", "record", put_off, CASES, rows=of(FeeDeferral), at="approved_at")
    from_his = of(ChargeImport, "institution_id", status="done")
    claim(
        ["A28", "B13"], "record", _("Charges of HIS held against requests and prices"), "referrals:charge_imports",
        rows=from_his, at="given_in_at",
    )  # fmt: skip
    refunds = of(Charge, reversed_at__isnull=False)
    claim("B13", "record", _("Refunds with reason and day"), CASES, rows=refunds, at="reversed_at")
    claim(["A13", "B14"], "page", _("What patient and insurance pay, told before consent"))
    claim("B11", "record", _("Specimens taken"), CASES, rows=of(Specimen), at="collected_at")
    claim(["B11", "B6"], "record", _("Specimens sent out"), CASES, rows=of(Shipment), at="shipped_at")
    claim("B11", "record", _("Labels printed"), "referrals:labels", rows=of(LabelPrint), at="printed_at")
    received = of(Shipment, received_at__isnull=False)
    claim("B11", "record", _("Receipt by the laboratory, with temperature"), CASES, rows=received, at="received_at")
    loans = of(BlockLoan, "institution_id")
    claim(
        ["A29", "B23"],
        "record",
        _("Loans of blocks and slides"),
        "referrals:block_loans",
        rows=loans,
        at="requested_at",
    )
    claim("B11", "record", _("Results returned"), CASES, rows=of(Result), at="reported_at")
    claim(["A27", "B12"], "record", _("Three documents in the record"), CASES, rows=of(Filing), at="filed_at")
    studies = of(Study, "institution_id")
    claim(
        ["A47", "A48", "A49"], "record", _("Studies and ethics approvals"), "referrals:studies", rows=studies,
        at="hospital_approved_on",
    )  # fmt: skip
    claim("A31", "record", _("Targeted drugs ordered"), CASES, rows=of(Prescription), at="prescribed_at")
    _targeted_drugs(claim)
    claim("B18", "page", _("Encrypted identity, readings in the trail, letting in by name"))
    claim("B23", "page", _("Request without a field for a laboratory"), "referrals:new")
