"""The chart of a hospital's rule (制度): drafted, deliberated, issued, ended by its next version or repealed.

draft → review → issued → repealed        review → draft (returned)        draft → discarded
"""

from __future__ import annotations

from django.utils.translation import pgettext_lazy

from audit.steps import Step
from policy.models import HospitalRule

S = HospitalRule.Status
KEEP = "policy.keep_rules"
ISSUE = "policy.issue_rules"

DELIBERATE = Step(
    "rule.deliberated", {S.DRAFT}, S.REVIEW, KEEP, label=pgettext_lazy("step", "Rule put up for deliberation")
)
RETURN = Step("rule.returned", {S.REVIEW}, S.DRAFT, ISSUE, label=pgettext_lazy("step", "Rule returned to its draft"))
ISSUED = Step("rule.issued", {S.REVIEW}, S.ISSUED, ISSUE, label=pgettext_lazy("step", "Rule issued"))
REPEAL = Step("rule.repealed", {S.ISSUED}, S.REPEALED, ISSUE, label=pgettext_lazy("step", "Rule repealed"))
DISCARD = Step("rule.discarded", {S.DRAFT}, S.DISCARDED, KEEP, label=pgettext_lazy("step", "Draft of a rule dropped"))
