"""The chart of a special use: discussed, approved, consented to; only then may the drug be prescribed (A36–A39)."""

from __future__ import annotations

from django.utils.translation import pgettext_lazy

from audit.steps import Step
from referrals.models import SpecialUse

S = SpecialUse.Status
REQUEST = "referrals.request_special_use"
OPINION = "referrals.give_special_use_opinion"

CONCLUDE = Step(
    "special_use.discussed", {S.REQUESTED}, S.DISCUSSED, "referrals.conclude_special_use",
    label=pgettext_lazy("step", "Special use discussed"),
)  # fmt: skip
CONCLUDE_AGAINST = Step(
    "special_use.discussed_against", {S.REQUESTED}, S.DISCUSSED_AGAINST, "referrals.conclude_special_use",
    label=pgettext_lazy("step", "Discussion decided against the special use"),
)  # fmt: skip
APPROVE = Step(
    "special_use.approved", {S.DISCUSSED}, S.APPROVED, "referrals.approve_special_use",
    label=pgettext_lazy("step", "Special use approved by the hospital"),
)  # fmt: skip
DISAPPROVE = Step(
    "special_use.not_approved", {S.DISCUSSED}, S.NOT_APPROVED, "referrals.approve_special_use",
    label=pgettext_lazy("step", "Special use not approved"),
)  # fmt: skip
SIGN = Step(
    "special_use.consented", {S.APPROVED}, S.CONSENTED, REQUEST,
    label=pgettext_lazy("step", "Special use consented to in writing"),
)  # fmt: skip
REFUSE = Step(
    "special_use.refused", {S.APPROVED}, S.REFUSED, REQUEST,
    label=pgettext_lazy("step", "Special use refused by the patient"),
)  # fmt: skip
WITHDRAW = Step(
    "special_use.withdrawn", {S.REQUESTED, S.DISCUSSED, S.APPROVED, S.CONSENTED}, S.WITHDRAWN, REQUEST,
    label=pgettext_lazy("step", "Special use withdrawn"),
)  # fmt: skip

# What has to be told before the signature (A37): why, what it costs, what insurance does, what may happen.
TOLD = ("necessity", "cost", "insurance", "risks")
