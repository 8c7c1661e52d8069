"""The way of a report: built → reviewed → signed off → submitted → received, or returned with a comment.

Building is done by the machine; everything after is done by people, each step by its own post.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit.steps import LABELS, Step
from reports.models import Status

BUILT = Step(
    "report.built",
    {Status.BUILDING},
    Status.BUILT,
    "reports.build_report",
    label=pgettext_lazy("step of a report", "Build"),
)
FAILED = Step(
    "report.failed",
    {Status.BUILDING},
    Status.FAILED,
    "reports.build_report",
    label=pgettext_lazy("step of a report", "Give up building"),
)
RETRIED = Step(
    "report.retried",
    {Status.FAILED},
    Status.BUILDING,
    "reports.build_report",
    label=_("Try building again"),
)
# Whoever changes a reviewed text sends it back to review.
EDITED = Step(
    "report.edited",
    {Status.BUILT, Status.REVIEWED},
    Status.BUILT,
    "reports.edit_narrative",
    label=_("Edit the text"),
)
REVIEWED = Step(
    "report.reviewed",
    {Status.BUILT},
    Status.REVIEWED,
    "reports.review_report",
    label=pgettext_lazy("step of a report", "Review"),
)
SIGNED_OFF = Step(
    "report.signed_off",
    {Status.REVIEWED},
    Status.SIGNED_OFF,
    "reports.sign_off_report",
    label=pgettext_lazy("step of a report", "Sign off"),
)
SUBMITTED = Step(
    "report.submitted",
    {Status.SIGNED_OFF},
    Status.SUBMITTED,
    "reports.submit_report",
    label=pgettext_lazy("step of a report", "Submit to the bureau"),
)
RECEIVED = Step(
    "report.received",
    {Status.SUBMITTED},
    Status.RECEIVED,
    "reports.receive_report",
    label=pgettext_lazy("step of a report", "Receive"),
)
RETURNED = Step(
    "report.returned",
    {Status.SUBMITTED},
    Status.RETURNED,
    "reports.return_report",
    label=pgettext_lazy("step of a report", "Return with a comment"),
)

# The steps people take, in order, with the page that takes each.
BY_PEOPLE = {
    "review": REVIEWED,
    "sign_off": SIGNED_OFF,
    "submit": SUBMITTED,
    "receive": RECEIVED,
    "return": RETURNED,
}

# What the trail calls the writes that move nothing.
LABELS |= {
    "report.asked": _("Report asked for"),
    "report.building": _("Report being built"),
    "report.paper": _("Draft paper set anew"),
    "report.downloaded": _("Copy of a report taken"),
}
