"""The records of a case. One file a concept; import them from here."""

from referrals.models.corrections import Correction, PatientMerge
from referrals.models.deliberation import Deliberation, MDTSeat, MDTTeam, Opinion
from referrals.models.facts import (
    Charge,
    DepartmentalDiscussion,
    Evidence,
    Filing,
    MDTReview,
    OutsourcingApproval,
    Prescription,
    Result,
    ResultFinding,
    Shipment,
    ShipmentBatch,
    Specimen,
)
from referrals.models.matching import StatementDifference
from referrals.models.patients import Identity, Patient
from referrals.models.referral import Referral, Status
from referrals.models.requests import Allocation, ReferralDraft
from referrals.models.studies import EthicsApproval, Study

__all__ = [
    "Allocation",
    "Charge",
    "Correction",
    "Deliberation",
    "DepartmentalDiscussion",
    "EthicsApproval",
    "Evidence",
    "Filing",
    "Identity",
    "MDTReview",
    "MDTSeat",
    "MDTTeam",
    "Opinion",
    "OutsourcingApproval",
    "Patient",
    "PatientMerge",
    "Prescription",
    "Referral",
    "ReferralDraft",
    "Result",
    "ResultFinding",
    "Shipment",
    "ShipmentBatch",
    "Specimen",
    "StatementDifference",
    "Status",
    "Study",
]
