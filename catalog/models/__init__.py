"""The catalog: what is indicated, what is not, what drugs ask for, and who may ask."""

from catalog.models.authority import InHouseCapability, RequestAuthority
from catalog.models.capability import (
    CapabilityEquipment,
    CapabilityProduct,
    CapabilityStaff,
    IntakeOpinion,
    QualityRound,
    TechnologyIntake,
)
from catalog.models.common import Grade
from catalog.models.drugs import FormularyEntry, RuleEdition
from catalog.models.editions import Edition, GeneTest, Indication
from catalog.models.evidence import (
    Citation,
    ConsensusSupport,
    EvidenceRule,
    EvidenceSource,
    LevelSystem,
    SourceReview,
)
from catalog.models.genes import Gene
from catalog.models.grading import GradeRules
from catalog.models.making import (
    CommentAnswer,
    EditionExpert,
    EditionSignOff,
    RowChange,
    RowComment,
    SheetImport,
)
from catalog.models.rules import DrugTargetRule, NotIndicated
from catalog.models.staff import Qualification, Training

__all__ = [
    "CapabilityEquipment",
    "CapabilityProduct",
    "CapabilityStaff",
    "Citation",
    "CommentAnswer",
    "ConsensusSupport",
    "DrugTargetRule",
    "Edition",
    "EditionExpert",
    "EditionSignOff",
    "EvidenceRule",
    "EvidenceSource",
    "FormularyEntry",
    "Gene",
    "GeneTest",
    "Grade",
    "GradeRules",
    "InHouseCapability",
    "Indication",
    "IntakeOpinion",
    "LevelSystem",
    "NotIndicated",
    "Qualification",
    "QualityRound",
    "RequestAuthority",
    "RowChange",
    "RowComment",
    "RuleEdition",
    "SheetImport",
    "SourceReview",
    "TechnologyIntake",
    "Training",
]
