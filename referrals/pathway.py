"""The chart of a case as data: who may move it from where to where, past which rules of the policy.

    draft → submitted → (discussion) → (MDT) → consent → (approval, when sent outside) → charge → sampling
          → (shipping → receipt) → report → filed

Where each rule stands: what may be asked for at submission (X02, X04, X10); nobody decides on their own request
wherever somebody decides (X14); consent before the fee, the sample and the road (X05); the price where it is
charged (X07, X09); MDT and discussion before sampling (X01, X03); laboratory, charge and contract before the
specimen leaves (X06, X08, X13, X15, X16); the whole record before closing (X11); the target before the drug (X12).
"""

from __future__ import annotations

from django.utils.translation import pgettext_lazy

from audit.steps import Step
from referrals import gates  # noqa: F401  a step lists gates that are registered there
from referrals.models import Status

BEFORE_SAMPLING = {
    Status.SUBMITTED,
    Status.AWAITING_DISCUSSION,
    Status.AWAITING_MDT,
    Status.MDT_AGREED,
    Status.AWAITING_CONSENT,
    Status.CONSENTED,
    Status.APPROVED,
    Status.AWAITING_CHARGE,
    Status.CHARGED,
}

SUBMIT = Step(
    "request.submitted", {Status.DRAFT}, Status.SUBMITTED, "referrals.submit_referral",
    gates=["X02", "X04", "X10"], label=pgettext_lazy("step", "Request submitted"),
)  # fmt: skip
DISCUSS = Step(
    "discussion.concluded", {Status.SUBMITTED, Status.AWAITING_DISCUSSION}, Status.AWAITING_CONSENT,
    "referrals.conclude_discussion", gates=["X14"], label=pgettext_lazy("step", "Departmental discussion held"),
)  # fmt: skip
DISCUSS_THEN_MDT = Step(
    "discussion.concluded_for_mdt", {Status.SUBMITTED, Status.AWAITING_DISCUSSION}, Status.AWAITING_MDT,
    "referrals.conclude_discussion", gates=["X14"], label=pgettext_lazy("step", "Departmental discussion held"),
)  # fmt: skip
MDT_AGREE = Step(
    "mdt.agreed", {Status.SUBMITTED, Status.AWAITING_MDT}, Status.MDT_AGREED, "referrals.conclude_mdt",
    gates=["X14"], label=pgettext_lazy("step", "MDT concluded"),
)  # fmt: skip
MDT_DISAGREE = Step(
    "mdt.disagreed", {Status.SUBMITTED, Status.AWAITING_MDT}, Status.MDT_DISAGREED, "referrals.conclude_mdt",
    gates=["X14"], label=pgettext_lazy("step", "MDT concluded"),
)  # fmt: skip
CONSENT = Step(
    "consent.signed", {Status.SUBMITTED, Status.MDT_AGREED, Status.AWAITING_CONSENT}, Status.CONSENTED,
    "consent.record_consent", label=pgettext_lazy("step", "Consent signed"),
)  # fmt: skip
REFUSE_CONSENT = Step(
    "consent.refused", {Status.SUBMITTED, Status.MDT_AGREED, Status.AWAITING_CONSENT}, Status.PATIENT_REFUSED,
    "consent.record_consent", label=pgettext_lazy("step", "Refused by the patient"),
)  # fmt: skip
APPROVE = Step(
    "outsourcing.approved", {Status.CONSENTED}, Status.APPROVED, "referrals.approve_outsourcing",
    gates=["X14", "X06", "X13", "X15"], label=pgettext_lazy("step", "Outsourcing approved"),
)  # fmt: skip
CHARGE = Step(
    "charge.made", {Status.CONSENTED, Status.APPROVED, Status.AWAITING_CHARGE}, Status.CHARGED,
    "referrals.record_charge", gates=["X05", "X07", "X09"], label=pgettext_lazy("step", "Fee charged"),
)  # fmt: skip
COLLECT = Step(
    "specimen.collected", {Status.CONSENTED, Status.APPROVED, Status.CHARGED}, Status.SAMPLED,
    "referrals.collect_specimen", gates=["X01", "X03", "X05"], label=pgettext_lazy("step", "Sample taken"),
)  # fmt: skip
SHIP = Step(
    "shipment.handed_over", {Status.SAMPLED}, Status.SHIPPED, "referrals.hand_over_specimen",
    gates=["X05", "X06", "X08", "X13", "X15", "X16"], label=pgettext_lazy("step", "Sent out"),
)  # fmt: skip
RECEIVE = Step(
    "shipment.received", {Status.SHIPPED}, Status.RECEIVED, "referrals.record_receipt",
    label=pgettext_lazy("step", "Received by the laboratory"),
)  # fmt: skip
REPORT = Step(
    "result.returned", {Status.SAMPLED, Status.SHIPPED, Status.RECEIVED}, Status.REPORTED,
    "referrals.record_result", label=pgettext_lazy("step", "Report returned"),
)  # fmt: skip
FILE = Step(
    "record.filed", {Status.REPORTED}, Status.FILED, "referrals.file_record",
    gates=["X11"], label=pgettext_lazy("step", "Filed"),
)  # fmt: skip
WITHDRAW_CONSENT = Step(
    "consent.withdrawn", BEFORE_SAMPLING | {Status.SAMPLED}, Status.WITHDRAWN, "consent.record_withdrawal",
    label=pgettext_lazy("step", "Consent withdrawn"),
)  # fmt: skip
CANCEL = Step(
    "request.cancelled", BEFORE_SAMPLING | {Status.DRAFT}, Status.CANCELLED, "referrals.cancel_referral",
    label=pgettext_lazy("step", "Cancelled"),
)  # fmt: skip
# A drug changes no status of the case: the step is asked for its refusals, never moved.
PRESCRIBE = Step(
    "drug.prescribed", {Status.REPORTED, Status.FILED}, None, "referrals.prescribe_drug",
    gates=["X12"], label=pgettext_lazy("step", "Targeted drug ordered"),
)  # fmt: skip

# The way a case goes when nothing stops it, in order; a gate's place on the strip is its first step here.
MAIN_LINE = (
    SUBMIT, DISCUSS, MDT_AGREE, CONSENT, APPROVE, CHARGE, COLLECT, SHIP, RECEIVE, REPORT, FILE, PRESCRIBE,
)  # fmt: skip

# Gates that a live approval asks early although the rule bites on the day of shipping: what history broke, it
# broke on that day, so its approvals are not judged by them.
LOOKS_AHEAD = {APPROVE: frozenset({"X06", "X13", "X15"})}
