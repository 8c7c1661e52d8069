"""The steps of a catalog edition and of an objection to one of its rows.

    draft → expert review → check by medical affairs → awaiting approval → in force → superseded

Each station may give it back to the draft, with the reason; a draft may be discarded, with the reason. An approval for
a day to come may be called back before that day, with the reason. What has to
stand before a step is told by `catalog.readiness` and asked again by the action.
"""

from django.utils.translation import gettext_lazy as _

from audit.steps import LABELS, Step
from catalog.models import Edition, RowComment, RuleEdition

Status = Edition.Status

OPEN_REVIEW = Step(
    "catalog.review_opened",
    {Status.DRAFT},
    Status.EXPERT_REVIEW,
    "catalog.draft_edition",
    label=_("Open the expert review"),
)
CLOSE_REVIEW = Step(
    "catalog.review_closed",
    {Status.EXPERT_REVIEW},
    Status.MEDICAL_CHECK,
    "catalog.draft_edition",
    label=_("Close the expert review"),
)
CHECK = Step(
    "catalog.edition_checked",
    {Status.MEDICAL_CHECK},
    Status.APPROVAL,
    "catalog.check_edition",
    label=_("Pass the check of medical affairs"),
)
PUT_IN_FORCE = Step(
    "catalog.edition_in_force",
    {Status.APPROVAL},
    Status.IN_FORCE,
    "catalog.decide_edition",
    label=_("Put the catalog edition in force"),
)
# The starter, which nobody of a hospital drafted: only the system's account takes this step.
LOAD = Step(
    "catalog.edition_loaded",
    {Status.DRAFT},
    Status.IN_FORCE,
    "catalog.decide_edition",
    label=_("Load the starter edition"),
)
SUPERSEDE = Step(
    "catalog.edition_superseded",
    {Status.IN_FORCE},
    Status.SUPERSEDED,
    "catalog.decide_edition",
    label=_("End the catalog edition"),
)
# Approved for a day that has not come: nothing was judged by it yet, so it may still be called back.
CALL_BACK = Step(
    "catalog.approval_called_back",
    {Status.IN_FORCE},
    Status.APPROVAL,
    "catalog.decide_edition",
    label=_("Call back the approval of the catalog edition"),
)
REINSTATE = Step(
    "catalog.edition_reinstated",
    {Status.SUPERSEDED},
    Status.IN_FORCE,
    "catalog.decide_edition",
    label=_("The former catalog edition goes on"),
)
RETURN_FROM_REVIEW = Step(
    "catalog.returned_from_review",
    {Status.EXPERT_REVIEW},
    Status.DRAFT,
    "catalog.draft_edition",
    label=_("Take the edition back from the experts"),
)
RETURN_FROM_CHECK = Step(
    "catalog.returned_from_check",
    {Status.MEDICAL_CHECK},
    Status.DRAFT,
    "catalog.check_edition",
    label=_("Return the edition from the check"),
)
RETURN_FROM_APPROVAL = Step(
    "catalog.returned_from_approval",
    {Status.APPROVAL},
    Status.DRAFT,
    "catalog.decide_edition",
    label=_("Return the edition without approval"),
)
DISCARD = Step(
    "catalog.edition_discarded",
    {Status.DRAFT},
    Status.DISCARDED,
    "catalog.draft_edition",
    label=_("Discard the draft"),
)
RETURNS = {
    Status.EXPERT_REVIEW: RETURN_FROM_REVIEW,
    Status.MEDICAL_CHECK: RETURN_FROM_CHECK,
    Status.APPROVAL: RETURN_FROM_APPROVAL,
}

# Objections

OPEN = {RowComment.Status.OPEN}
ACCEPT_OBJECTION = Step(
    "catalog.objection_accepted",
    OPEN,
    RowComment.Status.ACCEPTED,
    "catalog.draft_edition",
    label=_("Accept the objection"),
)
REJECT_OBJECTION = Step(
    "catalog.objection_rejected",
    OPEN,
    RowComment.Status.REJECTED,
    "catalog.draft_edition",
    label=_("Reject the objection"),
)
WITHDRAW_OBJECTION = Step(
    "catalog.objection_withdrawn",
    OPEN,
    RowComment.Status.WITHDRAWN,
    "catalog.review_edition",
    label=_("Withdraw the objection"),
)

# Writes that move nothing.
LABELS |= {
    "catalog.drafted": _("Draft of a catalog edition begun"),
    "catalog.titled": _("Head of the draft changed"),
    "catalog.expert_named": _("Expert named"),
    "catalog.expert_released": _("Expert released"),
    "catalog.row_written": _("Row of the catalog written"),
    "catalog.row_removed": _("Row of the catalog removed"),
    "catalog.row_confirmed": _("Row of the catalog confirmed"),
    "catalog.row_confirmation_taken_back": _("Confirmation of a row taken back"),
    "catalog.commented": _("Comment on the catalog written"),
    "catalog.answered": _("Comment on the catalog answered"),
    "catalog.signed_off": _("Catalog edition signed off by an expert"),
    "catalog.source_registered": _("Source of evidence registered"),
    "catalog.source_completed": _("Source of evidence completed"),
    "catalog.source_superseded": _("Newer edition of a source registered"),
    "catalog.review_handed_over": _("Review of a row handed over"),
    "catalog.source_review_confirmed": _("Row confirmed under a newer edition"),
    "catalog.source_review_change": _("Row to be changed for a newer edition"),
    "catalog.source_review_closed": _("Row closed for a newer edition"),
    "catalog.evidence_rule_set": _("What counts as evidence set"),
    "catalog.support_recorded": _("Evidence and discussion of a row recorded"),
    "catalog.sheet_given": _("Sheet for the catalog given in"),
    "catalog.sheet_taken": _("Sheet taken into the catalog"),
}

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
