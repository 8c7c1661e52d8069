"""The chart of a case as data: who may move it from where to where, past which rules of the policy.

    request → (departmental discussion) → (MDT) → allocated → consent → (approval, when sent outside) → charge
            → specimen → (shipment → receipt) → result → review → patient told → filed

Where each rule stands: what may be asked for at submission (X02, X04, X10); nobody decides on their own request
wherever somebody decides (X14); consent before the fee, the sample and the road (X05); the price where it is
charged (X07, X09); MDT and discussion before consent, fee and sampling (X01, X03); laboratory, charge and contract
before the specimen leaves (X06, X08, X13, X15, X16); the whole record before closing (X11); the target before the
drug (X12). Steps marked as the system's own are taken by `referrals.actions.onward` as soon as they can be.
"""

from __future__ import annotations

from django.utils.translation import pgettext_lazy

from audit.steps import Step
from referrals import gates  # noqa: F401  a step lists gates that are registered there
from referrals.models import Status

S = Status
# The system's own steps ask no post's permission: only the machine may take them.
SYSTEM = "referrals.system"
AFTER_CONSENT = {
    S.CONSENTED, S.AWAITING_APPROVAL, S.APPROVED, S.AWAITING_CHARGE, S.AWAITING_SAMPLING,
}  # fmt: skip
BEFORE_SAMPLING = AFTER_CONSENT | {
    S.SUBMITTED, S.AWAITING_DISCUSSION, S.DISCUSSED, S.AWAITING_MDT, S.MORE_INFORMATION, S.CHANGE_TEST, S.MDT_AGREED,
    S.AWAITING_CONSENT, S.CHARGED,
}  # fmt: skip
BEFORE_RESULT = BEFORE_SAMPLING | {S.SAMPLED, S.RECOLLECT, S.SHIPPED, S.RECEIVED}
UNDER_WAY = BEFORE_RESULT | {S.REPORTED, S.REVIEWED, S.TOLD}

# Request

SUBMIT = Step(
    "request.submitted", {S.DRAFT}, S.SUBMITTED, "referrals.submit_referral",
    gates=["X02", "X04", "X10", "X16"], label=pgettext_lazy("step", "Request submitted"),
)  # fmt: skip
CHANGE = Step(
    "request.changed", {S.CHANGE_TEST}, S.SUBMITTED, "referrals.submit_referral",
    gates=["X02", "X04", "X10", "X16"], label=pgettext_lazy("step", "Test changed"),
)  # fmt: skip
SUPPLEMENT = Step(
    "request.supplemented", {S.MORE_INFORMATION}, S.AWAITING_MDT, "referrals.submit_referral",
    label=pgettext_lazy("step", "Information added"),
)  # fmt: skip

# Discussion and MDT

ASK_DISCUSSION = Step(
    "discussion.asked", {S.SUBMITTED}, S.AWAITING_DISCUSSION, SYSTEM,
    label=pgettext_lazy("step", "Departmental discussion needed"),
)  # fmt: skip
DISCUSS = Step(
    "discussion.concluded", {S.AWAITING_DISCUSSION}, S.DISCUSSED, "referrals.conclude_discussion",
    gates=["X14"], label=pgettext_lazy("step", "Departmental discussion held"),
)  # fmt: skip
DISCUSS_AGAINST = Step(
    "discussion.disagreed", {S.AWAITING_DISCUSSION}, S.DISCUSSION_DISAGREED, "referrals.conclude_discussion",
    gates=["X14"], label=pgettext_lazy("step", "Department decided against testing"),
)  # fmt: skip
ASK_MDT = Step(
    "mdt.asked", {S.SUBMITTED, S.DISCUSSED}, S.AWAITING_MDT, SYSTEM,
    label=pgettext_lazy("step", "MDT needed"),
)  # fmt: skip
# A correction made it a first visit after the case had passed the MDT by; the fee is refunded first.
MDT_AGAIN = Step(
    "mdt.asked_again",
    {S.AWAITING_CONSENT, S.CONSENTED, S.AWAITING_APPROVAL, S.APPROVED, S.AWAITING_CHARGE, S.AWAITING_SAMPLING},
    S.AWAITING_MDT, SYSTEM, label=pgettext_lazy("step", "MDT needed"),
)  # fmt: skip
MDT_AGREE = Step(
    "mdt.agreed", {S.AWAITING_MDT}, S.MDT_AGREED, "referrals.conclude_mdt",
    gates=["X14"], label=pgettext_lazy("step", "MDT concluded"),
)  # fmt: skip
MDT_DISAGREE = Step(
    "mdt.disagreed", {S.AWAITING_MDT}, S.MDT_DISAGREED, "referrals.conclude_mdt",
    gates=["X14"], label=pgettext_lazy("step", "MDT concluded"),
)  # fmt: skip
MDT_MORE_INFORMATION = Step(
    "mdt.more_information", {S.AWAITING_MDT}, S.MORE_INFORMATION, "referrals.conclude_mdt",
    gates=["X14"], label=pgettext_lazy("step", "MDT asked for more information"),
)  # fmt: skip
MDT_CHANGE_TEST = Step(
    "mdt.change_test", {S.AWAITING_MDT}, S.CHANGE_TEST, "referrals.conclude_mdt",
    gates=["X14"], label=pgettext_lazy("step", "MDT advised another test"),
)  # fmt: skip

# Allocation, consent, approval

ALLOCATE = Step(
    "laboratory.allocated", {S.SUBMITTED, S.DISCUSSED, S.MDT_AGREED}, S.AWAITING_CONSENT, SYSTEM,
    gates=["X15", "X06", "X13"], label=pgettext_lazy("step", "Place of testing allocated"),
)  # fmt: skip
CONSENT = Step(
    "consent.signed", {S.AWAITING_CONSENT}, S.CONSENTED, "consent.record_consent",
    gates=["X01", "X03"], label=pgettext_lazy("step", "Consent signed"),
)  # fmt: skip
REFUSE_CONSENT = Step(
    "consent.refused", {S.AWAITING_CONSENT}, S.PATIENT_REFUSED, "consent.record_consent",
    label=pgettext_lazy("step", "Refused by the patient"),
)  # fmt: skip
# A later step of a plan: the consent signed to the whole plan covers its test, place and price (A11, B17).
CARRY_CONSENT = Step(
    "consent.carried", {S.AWAITING_CONSENT}, S.CONSENTED, SYSTEM,
    gates=["X01", "X03"], label=pgettext_lazy("step", "Covered by the consent to the plan"),
)  # fmt: skip
LAPSE_CONSENT = Step(
    "consent.lapsed", AFTER_CONSENT, S.AWAITING_CONSENT, SYSTEM,
    label=pgettext_lazy("step", "Consent lapsed"),
)  # fmt: skip
ASK_APPROVAL = Step(
    "outsourcing.asked", {S.CONSENTED}, S.AWAITING_APPROVAL, SYSTEM,
    label=pgettext_lazy("step", "Approval of outsourcing needed"),
)  # fmt: skip
APPROVE = Step(
    "outsourcing.approved", {S.AWAITING_APPROVAL}, S.APPROVED, "referrals.approve_outsourcing",
    gates=["X14", "X05", "X06", "X13", "X15"], label=pgettext_lazy("step", "Outsourcing approved"),
)  # fmt: skip
DISAPPROVE = Step(
    "outsourcing.disapproved", {S.AWAITING_APPROVAL}, S.CANCELLED, "referrals.approve_outsourcing",
    gates=["X14"], label=pgettext_lazy("step", "Outsourcing not approved"),
)  # fmt: skip

# Charge and specimen

ASK_CHARGE = Step(
    "charge.asked", {S.CONSENTED, S.APPROVED}, S.AWAITING_CHARGE, SYSTEM,
    label=pgettext_lazy("step", "Fee due"),
)  # fmt: skip
WAIVE_CHARGE = Step(
    "charge.waived", {S.CONSENTED, S.APPROVED}, S.AWAITING_SAMPLING, SYSTEM,
    label=pgettext_lazy("step", "Free of charge"),
)  # fmt: skip
CHARGE = Step(
    "charge.made", {S.AWAITING_CHARGE}, S.CHARGED, "referrals.record_charge",
    gates=["X09", "X14", "X01", "X03", "X05", "X07"], label=pgettext_lazy("step", "Fee charged"),
)  # fmt: skip
# After a specimen that failed, too: another one is taken only once the fee is charged again.
REFUND = Step(
    "charge.reversed", {S.CHARGED, S.RECOLLECT}, S.AWAITING_CHARGE, "referrals.record_charge",
    label=pgettext_lazy("step", "Fee refunded"),
)  # fmt: skip
COLLECT = Step(
    "specimen.collected", {S.CHARGED, S.AWAITING_SAMPLING, S.RECOLLECT}, S.SAMPLED, "referrals.collect_specimen",
    gates=["X01", "X03", "X05", "X10"], label=pgettext_lazy("step", "Sample taken"),
)  # fmt: skip
FIND_UNFIT = Step(
    "specimen.unfit", {S.SAMPLED}, S.RECOLLECT, "referrals.assess_specimen",
    label=pgettext_lazy("step", "Specimen unfit"),
)  # fmt: skip

# On the road

SHIP = Step(
    "shipment.handed_over", {S.SAMPLED}, S.SHIPPED, "referrals.hand_over_specimen",
    gates=["X05", "X06", "X08", "X13", "X15", "X16"], label=pgettext_lazy("step", "Sent out"),
)  # fmt: skip
RECEIVE = Step(
    "shipment.received", {S.SHIPPED}, S.RECEIVED, "referrals.record_receipt",
    label=pgettext_lazy("step", "Received by the laboratory"),
)  # fmt: skip
REJECT = Step(
    "shipment.rejected", {S.SHIPPED, S.RECEIVED}, S.RECOLLECT, "referrals.record_receipt",
    label=pgettext_lazy("step", "Rejected by the laboratory"),
)  # fmt: skip

# Result and record

REPORT = Step(
    "result.returned", {S.SAMPLED, S.SHIPPED, S.RECEIVED}, S.REPORTED, "referrals.record_result",
    label=pgettext_lazy("step", "Report returned"),
)  # fmt: skip
CORRECT_RESULT = Step(
    "result.corrected", {S.REPORTED, S.REVIEWED, S.TOLD}, S.REPORTED, "referrals.record_result",
    label=pgettext_lazy("step", "Report corrected"),
)  # fmt: skip
REVIEW = Step(
    "result.reviewed", {S.REPORTED}, S.REVIEWED, "referrals.review_result",
    gates=["X14"],
    label=pgettext_lazy("step", "Report reviewed"),
)  # fmt: skip
TELL = Step(
    "patient.told", {S.REVIEWED}, S.TOLD, "referrals.tell_patient",
    label=pgettext_lazy("step", "Patient told"),
)  # fmt: skip
FILE = Step(
    "record.filed", {S.TOLD}, S.FILED, "referrals.file_record",
    gates=["X11"], label=pgettext_lazy("step", "Filed"),
)  # fmt: skip
# A drug changes no status of the case: the step is asked for its refusals, never moved.
PRESCRIBE = Step(
    "drug.prescribed", {S.REPORTED, S.REVIEWED, S.TOLD, S.FILED}, None, "referrals.prescribe_drug",
    gates=["X12"], label=pgettext_lazy("step", "Targeted drug ordered"),
)  # fmt: skip

# Ways out

WITHDRAW_CONSENT = Step(
    "consent.withdrawn", (BEFORE_RESULT - {S.SUBMITTED}) | {S.REPORTED}, S.WITHDRAWN, "consent.record_withdrawal",
    label=pgettext_lazy("step", "Consent withdrawn"),
)  # fmt: skip
# A specimen that failed need not be followed by another: the fee is refunded first, as before sampling.
CANCEL = Step(
    "request.cancelled", BEFORE_SAMPLING | {S.RECOLLECT}, S.CANCELLED, "referrals.cancel_referral",
    label=pgettext_lazy("step", "Cancelled"),
)  # fmt: skip
VOID = Step(
    "entry.voided", UNDER_WAY, S.VOIDED, "referrals.void_referral",
    label=pgettext_lazy("step", "Entry voided"),
)  # fmt: skip

# The way a case goes when nothing stops it, in order; a gate's place on the strip is its first step here.
MAIN_LINE = (
    SUBMIT, DISCUSS, MDT_AGREE, CONSENT, APPROVE, CHARGE, COLLECT, SHIP, RECEIVE, REPORT, REVIEW, TELL, FILE, PRESCRIBE,
)  # fmt: skip

# Gates that a live step asks early although the rule bites later: what history broke, it broke on that later day,
# so its earlier steps are not judged by them.
LOOKS_AHEAD = {
    CONSENT: frozenset({"X01", "X03"}),
    APPROVE: frozenset({"X05", "X06", "X13", "X15"}),
    CHARGE: frozenset({"X01", "X03", "X14"}),
    REVIEW: frozenset({"X14"}),
    SUBMIT: frozenset({"X16"}),
    COLLECT: frozenset({"X10"}),
}
