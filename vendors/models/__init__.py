"""Laboratories outside the hospital: who they are, whether they may take a specimen today, and at what price.

A laboratory is a medical institution with three credentials in force, a contract in force that lists the test
(clauses A25, A26, B8–B10), and prices published before they are charged (A13, B13, B14).
"""

from vendors.models.admissions import Admission, AdmissionPaper, AdmissionSpan, PanelMember, SiteVisit
from vendors.models.common import DateRange, InstitutionQuerySet, Origin, PeriodQuerySet, Route, days
from vendors.models.contracts import Contract, ContractItem, NotOutsourcingStatement
from vendors.models.laboratories import Credential, Laboratory
from vendors.models.price_changes import DraftCharge, DraftItem, PriceChange, PriceSheet
from vendors.models.price_items import PAID_BY_THE_PATIENT, InsuranceClass, ItemFacts, PriceItem, PricePart
from vendors.models.prices import Price
from vendors.models.procurements import ClauseTick, ContractDraft, DraftContractItem, Procurement
from vendors.models.publications import (
    Board,
    ComplaintChannel,
    PostingPlace,
    Publication,
    SiteCheck,
    canonical,
)
from vendors.models.quality import LaboratoryRound
from vendors.models.statements import Statement, StatementLine, StatementMapping, StatementUpload

__all__ = [
    "PAID_BY_THE_PATIENT",
    "Admission",
    "AdmissionPaper",
    "AdmissionSpan",
    "Board",
    "ClauseTick",
    "ComplaintChannel",
    "Contract",
    "ContractDraft",
    "ContractItem",
    "Credential",
    "DateRange",
    "DraftCharge",
    "DraftContractItem",
    "DraftItem",
    "InstitutionQuerySet",
    "InsuranceClass",
    "ItemFacts",
    "Laboratory",
    "LaboratoryRound",
    "NotOutsourcingStatement",
    "Origin",
    "PanelMember",
    "PeriodQuerySet",
    "PostingPlace",
    "Price",
    "PriceChange",
    "PriceItem",
    "PricePart",
    "PriceSheet",
    "Procurement",
    "Publication",
    "Route",
    "SiteCheck",
    "SiteVisit",
    "Statement",
    "StatementLine",
    "StatementMapping",
    "StatementUpload",
    "canonical",
    "days",
]
