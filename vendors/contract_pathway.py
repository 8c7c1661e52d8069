"""The steps of a contract: drafted by the procurement office, checked by legal, signed by the vice-president (A26, B10)."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit.steps import LABELS, Step
from vendors.models import ContractDraft

S = ContractDraft.Status
BUY, CHECK, SIGN = "vendors.manage_contracts", "vendors.check_contracts", "vendors.sign_contracts"

SUBMIT = Step("contract.submitted", {S.DRAFT}, S.REVIEW, BUY, label=_("Give the contract to legal"))
RETURN = Step("contract.returned", {S.REVIEW}, S.DRAFT, CHECK, label=_("Send the contract back"))
PASS = Step("contract.checked", {S.REVIEW}, S.CHECKED, CHECK, label=_("Every clause is there"))
REFUSE = Step("contract.refused", {S.CHECKED}, S.DRAFT, SIGN, label=_("Do not sign"))
ACTIVATE = Step("contract.activated", {S.CHECKED}, S.IN_FORCE, SIGN, label=_("Sign the contract"))
DISCARD = Step("contract.discarded", {S.DRAFT}, S.DISCARDED, BUY, label=_("Discard the draft of the contract"))
STEPS = (SUBMIT, RETURN, PASS, REFUSE, ACTIVATE, DISCARD)

# Writes that move nothing.
LABELS |= {
    "procurement.recorded": pgettext_lazy("act", "Procurement recorded"),
    "procurement.answered": pgettext_lazy("act", "Warning of splitting answered"),
    "contract.drafted": pgettext_lazy("act", "Contract drafted"),
    "contract.item": pgettext_lazy("act", "Test put into the draft of a contract"),
    "contract.item_removed": pgettext_lazy("act", "Test taken out of the draft of a contract"),
    "contract.clause": pgettext_lazy("act", "Clause of a contract found"),
    "contract.terminated": pgettext_lazy("act", "Contract terminated"),
}
