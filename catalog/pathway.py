"""The steps of a catalog edition."""

from django.utils.translation import gettext_lazy as _

from audit.steps import Step
from catalog.models import Edition, RuleEdition

Status = Edition.Status

PUT_IN_FORCE = Step(
    "catalog.edition_in_force",
    {Status.DRAFT},
    Status.IN_FORCE,
    "catalog.decide_edition",
    label=_("Put the catalog edition in force"),
)
RETIRE = Step(
    "catalog.edition_retired",
    {Status.IN_FORCE},
    Status.RETIRED,
    "catalog.decide_edition",
    label=_("Retire the catalog edition"),
)

# Editions of the drug rules: a pharmacist reads them against the labels, medical affairs puts them in force.

R = RuleEdition.Status
CHECK_RULES = Step(
    "drug_rules.checked",
    {R.DRAFT},
    R.CHECKED,
    "catalog.check_drug_rules",
    label=_("Drug rules checked by a pharmacist"),
)
RETURN_RULES = Step(
    "drug_rules.returned", {R.CHECKED}, R.DRAFT, "catalog.approve_drug_rules", label=_("Drug rules sent back")
)
APPROVE_RULES = Step(
    "drug_rules.in_force", {R.CHECKED}, R.IN_FORCE, "catalog.approve_drug_rules", label=_("Drug rules put in force")
)
SUPERSEDE_RULES = Step(
    "drug_rules.superseded",
    {R.IN_FORCE},
    R.SUPERSEDED,
    "catalog.approve_drug_rules",
    label=_("Drug rules superseded"),
)
