"""The records of a case. One file a concept; import them from here."""

from referrals.models.charge_imports import ChargeImport, ChargeRow
from referrals.models.charges import Charge, FeeDeferral
from referrals.models.corrections import Correction, PatientMerge
from referrals.models.deliberation import Deliberation, MDTSeat, MDTTeam, Opinion
from referrals.models.drugs import (
    DrugCheck,
    OutsideReport,
    PathologyBasis,
    SpecialUse,
    SpecialUseOpinion,
)
from referrals.models.facts import (
    DepartmentalDiscussion,
    Evidence,
    Filing,
    MDTReview,
    OutsourcingApproval,
    Prescription,
    Result,
    ResultFinding,
    Specimen,
)
from referrals.models.labels import LabelPrint
from referrals.models.loans import BlockLoan
from referrals.models.match_reviews import MatchReview, MatchSample, MonitoringExport
from referrals.models.matching import Reconciliation, StatementDifference
from referrals.models.patients import Identity, Patient
from referrals.models.plans import PlannedStep
from referrals.models.referral import Referral, Status
from referrals.models.requests import Allocation, ReferralDraft, WayChange
from referrals.models.shipping import Shipment, ShipmentBatch
from referrals.models.studies import EthicsApproval, Study

__all__ = [
    "Allocation",
    "BlockLoan",
    "Charge",
    "ChargeImport",
    "ChargeRow",
    "Correction",
    "Deliberation",
    "DepartmentalDiscussion",
    "DrugCheck",
    "EthicsApproval",
    "Evidence",
    "FeeDeferral",
    "Filing",
    "Identity",
    "LabelPrint",
    "MDTReview",
    "MDTSeat",
    "MDTTeam",
    "MatchReview",
    "MatchSample",
    "MonitoringExport",
    "Opinion",
    "OutsideReport",
    "OutsourcingApproval",
    "PathologyBasis",
    "Patient",
    "PatientMerge",
    "PlannedStep",
    "Prescription",
    "Reconciliation",
    "Referral",
    "ReferralDraft",
    "Result",
    "ResultFinding",
    "Shipment",
    "ShipmentBatch",
    "SpecialUse",
    "SpecialUseOpinion",
    "Specimen",
    "StatementDifference",
    "Status",
    "Study",
    "WayChange",
]
