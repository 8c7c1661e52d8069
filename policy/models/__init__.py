"""The policy documents, their clauses, the hospital's own rules, and what it says it does about a clause."""

from policy.models.days import WorkingDay
from policy.models.documents import Clause, PolicyDocument
from policy.models.rules import Fulfilment, HospitalRule

__all__ = ["Clause", "Fulfilment", "HospitalRule", "PolicyDocument", "WorkingDay"]
