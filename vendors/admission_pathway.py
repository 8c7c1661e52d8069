"""The steps of a laboratory's admission by a hospital (A25, A41, B8).

    applied → under assessment → admitted ⇄ restricted → suspended → left → barred

Medical affairs gathers and opens; the panel assesses; the vice-president concludes and lifts; medical affairs or the
discipline office restrict and suspend at once. What has to stand before a step is told by `vendors.readiness` and asked
again by the action.
"""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit.gates import Refusal
from audit.steps import LABELS, Step, tells_its_turn
from vendors.models import Admission

S = Admission.Status
KEEP, DECIDE, SHUT = "vendors.keep_admissions", "vendors.decide_admission", "vendors.suspend_laboratory"

OPEN = Step("admission.assessment_opened", {S.APPLIED}, S.ASSESSING, KEEP, label=_("Open the assessment"))
RETURN = Step("admission.returned", {S.ASSESSING}, S.APPLIED, KEEP, label=_("Send the application back"))
ADMIT = Step("admission.admitted", {S.ASSESSING}, S.ADMITTED, DECIDE, label=_("Admit the laboratory"))
ADMIT_PARTLY = Step(
    "admission.admitted_partly", {S.ASSESSING}, S.RESTRICTED, DECIDE, label=_("Admit the laboratory for some tests")
)
DECLINE = Step("admission.declined", {S.ASSESSING}, S.DECLINED, DECIDE, label=_("Do not admit the laboratory"))
EXTEND = Step("admission.extended", {S.ADMITTED}, S.ADMITTED, DECIDE, label=_("Admit for further tests"))
RESTRICT = Step(
    "admission.restricted", {S.ADMITTED, S.RESTRICTED}, S.RESTRICTED, SHUT, label=_("Restrict the laboratory to tests")
)
UNRESTRICT = Step("admission.unrestricted", {S.RESTRICTED}, S.ADMITTED, DECIDE, label=_("Lift the restriction"))
SUSPEND = Step("admission.suspended", {S.ADMITTED, S.RESTRICTED}, S.SUSPENDED, SHUT, label=_("Suspend the laboratory"))
RESUME = Step("admission.resumed", {S.SUSPENDED}, S.ADMITTED, DECIDE, label=_("Lift the suspension"))
RESUME_PARTLY = Step(
    "admission.resumed_partly",
    {S.SUSPENDED},
    S.RESTRICTED,
    DECIDE,
    label=_("Lift the suspension, restricted as before"),
)
REPLACE = Step(
    "admission.replaced", set(Admission.STANDING), S.REPLACED, DECIDE, label=_("Replaced by the reassessment")
)
LEAVE = Step("admission.left", set(Admission.STANDING), S.LEFT, DECIDE, label=_("The laboratory leaves"))
BAR = Step(
    "admission.barred",
    {S.APPLIED, S.ASSESSING, *Admission.STANDING, S.DECLINED, S.LEFT},
    S.BARRED,
    DECIDE,
    label=_("Bar the laboratory"),
)
STEPS = (
    OPEN, RETURN, ADMIT, ADMIT_PARTLY, DECLINE, EXTEND, RESTRICT, UNRESTRICT, SUSPEND, RESUME, RESUME_PARTLY, REPLACE,
    LEAVE, BAR,
)  # fmt: skip


@tells_its_turn(Admission, ended={S.REPLACED, S.BARRED})
def stands_elsewhere(admission: Admission, step: Step) -> Refusal:
    """A step out of its turn: where the admission stands."""
    said = _("“%(step)s” cannot be done now: the admission of %(laboratory)s stands at “%(status)s”.")
    values = {
        "step": step.label,
        "laboratory": admission.laboratory.name,
        "status": admission.get_status_display(),
    }
    return Refusal("out_of_turn", said % values, ("A25",), admission.get_absolute_url())


# Writes that move nothing.
LABELS |= {
    "laboratory.registered": pgettext_lazy("act", "Laboratory registered"),
    "laboratory.described": pgettext_lazy("act", "Facts of a laboratory recorded"),
    "laboratory.credential": pgettext_lazy("act", "Credential of a laboratory recorded"),
    "laboratory.round": pgettext_lazy("act", "Quality assessment of a laboratory recorded"),
    "admission.applied": pgettext_lazy("act", "Admission of a laboratory applied for"),
    "admission.identity": pgettext_lazy("act", "Names on an admission put right"),
    "admission.paper": pgettext_lazy("act", "Paper of an admission recorded"),
    "admission.visited": pgettext_lazy("act", "Site visit recorded"),
    "admission.member_named": pgettext_lazy("act", "Member of the assessment panel named"),
    "admission.member_released": pgettext_lazy("act", "Member of the assessment panel released"),
    "admission.interest_declared": pgettext_lazy("act", "Interests declared before an assessment"),
    "admission.scored": pgettext_lazy("act", "Laboratory scored"),
}
