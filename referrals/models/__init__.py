"""The records of a case. One file a concept; import them from here."""

from referrals.models.facts import (
    Charge,
    DepartmentalDiscussion,
    Evidence,
    Filing,
    MDTReview,
    OutsourcingApproval,
    Prescription,
    Result,
    Shipment,
    Specimen,
)
from referrals.models.matching import StatementDifference
from referrals.models.patients import Identity, Patient
from referrals.models.referral import Referral, Status
from referrals.models.studies import EthicsApproval, Study

__all__ = [
    "Charge",
    "DepartmentalDiscussion",
    "EthicsApproval",
    "Evidence",
    "Filing",
    "Identity",
    "MDTReview",
    "OutsourcingApproval",
    "Patient",
    "Prescription",
    "Referral",
    "Result",
    "Shipment",
    "Specimen",
    "StatementDifference",
    "Status",
    "Study",
]
