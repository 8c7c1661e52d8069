"""The catalog: what is indicated, what is not, what drugs ask for, and who may ask."""

from catalog.models.authority import InHouseCapability, RequestAuthority
from catalog.models.common import Grade
from catalog.models.drugs import FormularyEntry, RuleEdition
from catalog.models.editions import Edition, GeneTest, Indication
from catalog.models.rules import DrugTargetRule, NotIndicated

__all__ = [
    "DrugTargetRule",
    "Edition",
    "FormularyEntry",
    "GeneTest",
    "Grade",
    "InHouseCapability",
    "Indication",
    "NotIndicated",
    "RequestAuthority",
    "RuleEdition",
]
