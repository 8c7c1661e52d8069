"""Two acts on one case are never one person's (`vocab.md` §1: in a county hospital one person holds several posts, so
duties are kept apart by case; X14)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit.gates import Act, Judgement, not_applicable, passes, refuses
from referrals.gates.case import Case
from referrals.gates.words import when

TWO_ACTS = _(
    "One person does not take two of these acts on one case (chairing, approving, charging, reviewing). A colleague "
    "has to do this."
)
LABELS = {
    "chair": pgettext_lazy("act on a case", "chaired the discussion"),
    "approve": pgettext_lazy("act on a case", "decided on the outsourcing"),
    "charge": pgettext_lazy("act on a case", "charged the fee"),
    "review": pgettext_lazy("act on a case", "reviewed the report"),
}
# Which act a step is, by the first words of its name.
KINDS = {"discussion.": "chair", "mdt.": "chair", "outsourcing.": "approve", "charge.": "charge", "result.r": "review"}
# Acts that the requesting doctor's own request does not shut out by itself: the cashier's, and reading the report.
OPEN_TO_THE_REQUESTER = {"charge", "review"}


def kind_of(step: str) -> str:
    if step == "result.returned":
        return ""
    return next((kind for start, kind in KINDS.items() if step.startswith(start)), "")


def acted_on(case: Case, user: Any) -> dict[str, datetime]:
    """The acts of approving, chairing, charging and reviewing that `user` took on this case, each with its time."""
    taken = [
        *(("chair", one.chair_id, one.concluded_at) for one in case.mdt_reviews),
        *(("chair", one.chair_id, one.held_at) for one in case.discussions),
        *(("approve", one.decided_by_id, one.decided_at) for one in case.approvals),
        *(("charge", one.charged_by_id, one.charged_at) for one in case.charges),
        *(("review", one.reviewed_by_id, one.reviewed_at) for one in case.results),
    ]
    return {kind: at for kind, person, at in taken if person is not None and person == user.pk}


def second_act(case: Case, act: Act | None) -> Judgement | None:
    """Refuses the act when the same person took another kind of act on this case; None when that is not the case."""
    kind = kind_of(act.step) if act and act.by else ""
    if not kind:
        return None
    others = {one: at for one, at in acted_on(case, act.by).items() if one != kind}  # type: ignore[union-attr]
    if others:
        return refuses(TWO_ACTS, facts=[(LABELS[one], when(at)) for one, at in others.items()])
    if kind in OPEN_TO_THE_REQUESTER:
        return passes() if case.referral.requester_id else not_applicable()
    return None
