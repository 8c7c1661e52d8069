"""The chart of a loan of blocks and slides: asked for, approved by the head of pathology, handed out, returned
(`vocab.md` §7)."""

from __future__ import annotations

from django.utils.translation import pgettext_lazy

from audit.steps import Step
from referrals.models import BlockLoan

S = BlockLoan.Status
VIEW = "referrals.view_block_loans"
REQUEST = "referrals.request_block_loan"
REQUESTED = "block_loan.requested"
# Nobody sends a patient's tissue to a laboratory of their own choosing (A29, B23); research has its approval (A48).
PRIVATE = ("A29", "B23")
RESEARCH = ("A48",)

APPROVE = Step(
    "block_loan.approved", {S.REQUESTED}, S.APPROVED, "referrals.approve_block_loan",
    label=pgettext_lazy("step", "Loan of blocks approved"),
)  # fmt: skip
DECLINE = Step(
    "block_loan.declined", {S.REQUESTED}, S.DECLINED, "referrals.approve_block_loan",
    label=pgettext_lazy("step", "Loan of blocks declined"),
)  # fmt: skip
LEND = Step(
    "block_loan.lent", {S.APPROVED}, S.LENT, "referrals.keep_block_loans",
    label=pgettext_lazy("step", "Blocks handed out"),
)  # fmt: skip
RETURN = Step(
    "block_loan.returned", {S.LENT}, S.RETURNED, "referrals.keep_block_loans",
    label=pgettext_lazy("step", "Blocks returned"),
)  # fmt: skip
LOSE = Step(
    "block_loan.lost", {S.LENT}, S.LOST, "referrals.keep_block_loans",
    label=pgettext_lazy("step", "Blocks used up or lost"),
)  # fmt: skip
