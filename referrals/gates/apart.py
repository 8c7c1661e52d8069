"""Two acts on one case are never one person's (`vocab.md` §1: in a county hospital one person holds several posts, so
duties are kept apart by case; X14).

Who stands in for somebody counts as that person too, and as themselves: neither decides on what the other requested or
did in the lent post. Whose post an earlier act was done in is read from the trail, which alone keeps it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.delegations import one_with
from accounts.models import Delegation, Post, User
from audit.gates import Act, Fact, Judgement, not_applicable, passes, refuses
from audit.models import Event
from referrals.gates.case import Case
from referrals.gates.words import say, when
from referrals.models import FeeDeferral

TWO_ACTS = _(
    "One person does not take two of these acts on one case (chairing, approving, charging, reviewing). A colleague "
    "has to do this."
)
STANDING_IN = _("%(one)s stands in for %(other)s or did so, and both count as one person here.")
LABELS = {
    "chair": pgettext_lazy("act on a case", "chaired the discussion"),
    "approve": pgettext_lazy("act on a case", "decided on the outsourcing"),
    "charge": pgettext_lazy("act on a case", "charged the fee"),
    "review": pgettext_lazy("act on a case", "reviewed the report"),
}
PUT_OFF = pgettext_lazy("act on a case", "approved that the fee be put off")
# Which act a step is, by the first words of its name.
KINDS = {
    "discussion.": "chair",
    "mdt.": "chair",
    "outsourcing.": "approve",
    "deferral.": "approve",
    "charge.": "charge",
    "result.r": "review",
}
# Acts that the requesting doctor's own request does not shut out by itself: the cashier's, and reading the report.
OPEN_TO_THE_REQUESTER = {"charge", "review"}


class Taken(NamedTuple):
    """One act taken on a case: its kind, who took it, when, and the record that keeps it."""

    kind: str
    person: int
    at: datetime
    row: Any


def kind_of(step: str) -> str:
    if step == "result.returned":
        return ""
    return next((kind for start, kind in KINDS.items() if step.startswith(start)), "")


def acts_on(case: Case) -> list[Taken]:
    """The acts of approving, chairing, charging and reviewing taken on this case, by whom it is known."""
    taken = [
        *(("chair", one.chair_id, one.concluded_at, one) for one in case.mdt_reviews),
        *(("chair", one.chair_id, one.held_at, one) for one in case.discussions),
        *(("approve", one.decided_by_id, one.decided_at, one) for one in case.approvals),
        *(("approve", one.approved_by_id, one.approved_at, one) for one in case.deferrals),
        *(("charge", one.charged_by_id, one.charged_at, one) for one in case.charges),
        *(("charge", one.settled_by_id, one.settled_at, one) for one in case.charges if one.settled_at),
        *(("review", one.reviewed_by_id, one.reviewed_at, one) for one in case.results),
    ]
    return [Taken(*one) for one in taken if one[1] is not None]


def _label(taken: Taken) -> Any:
    return PUT_OFF if isinstance(taken.row, FeeDeferral) else LABELS[taken.kind]


class Persons:
    """Who counts as whom on one case, for an act about to be taken."""

    def __init__(self, case: Case):
        referral = case.referral
        acts = [(one.person, one.row) for one in acts_on(case)]
        if referral.requester_id:
            acts.append((referral.requester_id, referral))
        self._holders = _holders(referral.institution_id, acts)

    def of_row(self, person: int | None, row: Any) -> frozenset[int]:
        """Who acted in this record: the person, and whoever's post they did it in."""
        if person is None:
            return frozenset()
        return self._holders.get((row._meta.db_table, str(row.pk), person), frozenset()) | {person}


def _holders(institution: int, acts: Iterable[tuple[int, Any]]) -> dict[tuple[str, str, int], frozenset[int]]:
    """Whose posts these acts were done in, where it was not the person's own."""
    acts = list(acts)
    people = {person for person, _row in acts}
    if not Delegation.objects.filter(institution_id=institution, to_user_id__in=people).exists():
        return {}
    rows = [(row._meta.db_table, row.pk) for _person, row in acts]
    events = Event.objects.of_rows(rows).filter(actor_id__in=people, post_id__isnull=False)
    written = set(events.values_list("table_name", "row_id", "actor_id", "post_id"))
    holders = dict(Post.objects.filter(pk__in={post for *_rest, post in written}).values_list("pk", "user_id"))
    found: dict[tuple[str, str, int], set[int]] = defaultdict(set)
    for table, row, actor, post in written:
        if holders.get(post, actor) != actor:
            found[table, row, actor].add(holders[post])
    return {key: frozenset(people) for key, people in found.items()}


def standing_in(by: User, others: Iterable[int]) -> list[Any]:
    """The sentence that names both, where it is not the very same person; nothing else."""
    other = User.objects.filter(pk__in=set(others) - {by.pk}).order_by("pk").first()
    return [STANDING_IN % {"one": by.name, "other": other.name}] if other else []


def second_act(case: Case, act: Act | None) -> Judgement | None:
    """Refuses the act when the same person took another kind of act on this case; None when that is not the case."""
    kind = kind_of(act.step) if act and act.by else ""
    if not act or not kind:
        return None
    others = [one for one in acts_on(case) if one.kind != kind]
    if others:
        persons, mine = Persons(case), one_with(act.by)
        clashing = [one for one in others if persons.of_row(one.person, one.row) & mine]
        if clashing:
            facts: list[Fact] = [(_label(one), when(one.at)) for one in clashing]
            own = any(one.person == act.by.pk for one in clashing)
            return refuses(
                say(TWO_ACTS, *([] if own else standing_in(act.by, [one.person for one in clashing]))), facts=facts
            )
    if kind in OPEN_TO_THE_REQUESTER:
        return passes() if case.referral.requester_id else not_applicable()
    return None
