"""What comes next on a case, for the person who looks: the one main step, what else may be done, who must act when it
is somebody else, and what stops it before anybody tries.

Buttons only mirror; the actions decide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import pgettext_lazy

from accounts.models import Role
from audit.gates import Act, Refusal
from audit.steps import Step, against
from referrals import barcodes, pathway, planning, ways
from referrals.actions import deferring
from referrals.actions.charging import price_today, standing
from referrals.actions.onward import awaited
from referrals.actions.specimens import fit_to_go_on
from referrals.gates import Case
from referrals.gates.words import link
from referrals.models import Deliberation, Referral, Status
from referrals.models.referral import ENDED, ENDED_EARLY


@dataclass(frozen=True)
class Station:
    """A place of work on the pathway: which step is taken there, by whom, on which page, and when it is due."""

    code: str
    label: Any
    step: Step
    page: str
    due: Callable[[Referral], bool] = lambda referral: True
    # What the case waits for; the others may be done beside it.
    main: bool = True
    permission: str = ""
    # Statuses besides the step's own: what is still done when the case has ended.
    also: tuple[Status, ...] = ()

    @property
    def asks(self) -> str:
        return self.permission or self.step.permission

    def is_due(self, referral: Referral) -> bool:
        here = referral.status in self.step.sources or referral.status in self.also
        return here and self.due(referral)


@dataclass
class Next:
    """One thing that may be done now."""

    station: Station
    url: str
    may: bool
    refusals: list[Refusal] = field(default_factory=list)
    roles: list[str] = field(default_factory=list)

    @property
    def label(self) -> Any:
        return self.station.label


def _assessed(referral: Referral) -> bool:
    return fit_to_go_on(barcodes.current(referral))


def _sent(referral: Referral) -> bool:
    return referral.laboratory_id is not None


def _packed_in(referral: Referral) -> Any:
    specimen = barcodes.current(referral)
    return specimen.batch if specimen else None


_assess = pgettext_lazy("action", "Assess the specimen")
STATIONS = (
    Station("supplement", pgettext_lazy("action", "Add the information"), pathway.SUPPLEMENT, "referrals:supplement"),
    Station("change", pgettext_lazy("action", "Choose another test"), pathway.CHANGE, "referrals:change"),
    Station("discussion", pgettext_lazy("action", "Departmental discussion"), pathway.DISCUSS, "referrals:discussion"),
    Station("mdt", pgettext_lazy("action", "MDT discussion"), pathway.MDT_AGREE, "referrals:mdt"),
    Station("consent", pgettext_lazy("action", "Tell the patient and sign the consent"), pathway.CONSENT, "consent:start"),
    Station("approve", pgettext_lazy("action", "Decide on the outsourcing"), pathway.APPROVE, "referrals:approve"),
    Station("charge", pgettext_lazy("action", "Charge the fee"), pathway.CHARGE, "referrals:charge"),
    Station("collect", pgettext_lazy("action", "Take the specimen"), pathway.COLLECT, "referrals:specimen"),
    Station("assess", _assess, pathway.FIND_UNFIT, "referrals:specimen", lambda one: not _assessed(one)),
    Station(
        "ship", pgettext_lazy("action", "Pack and hand over"), pathway.SHIP, "referrals:batches",
        lambda one: _sent(one) and _assessed(one),
    ),
    Station("receive", pgettext_lazy("action", "Record the receipt"), pathway.RECEIVE, "referrals:receive"),
    Station(
        "result", pgettext_lazy("action", "Take in the report"), pathway.REPORT, "referrals:result",
        lambda one: one.status == Status.RECEIVED or (one.status == Status.SAMPLED and not _sent(one) and _assessed(one)),
    ),
    Station("review", pgettext_lazy("action", "Review the report"), pathway.REVIEW, "referrals:review"),
    Station("tell", pgettext_lazy("action", "Tell the patient"), pathway.TELL, "referrals:tell"),
    Station("file", pgettext_lazy("action", "File the record"), pathway.FILE, "referrals:file"),
    # Beside the main line
    Station(
        "next_step", pgettext_lazy("action", "Go on with the planned step"), planning.CONTINUE, "referrals:plan",
        planning.has_open_step, main=False,
    ),
    Station(
        "early_result", pgettext_lazy("action", "Take in the report"), pathway.REPORT, "referrals:result",
        lambda one: one.status == Status.SHIPPED, main=False,
    ),
    Station("reject", pgettext_lazy("action", "Rejected by the laboratory"), pathway.REJECT, "referrals:reject", main=False),
    Station(
        "reassess", pgettext_lazy("action", "Assess the specimen again"), pathway.FIND_UNFIT, "referrals:specimen",
        _assessed, main=False,
    ),
    Station("correct", pgettext_lazy("action", "Corrected report"), pathway.CORRECT_RESULT, "referrals:correct", main=False),
    Station("drug", pgettext_lazy("action", "Order a targeted drug"), pathway.PRESCRIBE, "referrals:drug", main=False),
    Station(
        "refund", pgettext_lazy("action", "Refund the fee"), pathway.REFUND, "referrals:charge",
        lambda one: any(charge.reversed_at is None for charge in one.charges.all()), main=False, also=ENDED_EARLY,
    ),
    Station(
        "settle", pgettext_lazy("action", "Settle the fee that was put off"), deferring.SETTLE, "referrals:charge",
        lambda one: any(charge.reversed_at is None and charge.is_put_off for charge in one.charges.all()), main=False,
    ),
    Station("put_off", pgettext_lazy("action", "Put off the fee"), deferring.PUT_OFF, "referrals:put_off", main=False),
    Station("withdraw", pgettext_lazy("action", "The patient withdraws"), pathway.WITHDRAW_CONSENT, "consent:withdraw", main=False),
    Station("cancel", pgettext_lazy("action", "Cancel the request"), pathway.CANCEL, "referrals:cancel", main=False),
    Station("void", pgettext_lazy("action", "Void a wrong entry"), pathway.VOID, "referrals:void", main=False),
)  # fmt: skip
# What waits for a discussion: its kind, who may call one, and who takes part in one that is called.
CALLED = {
    "mdt": (Deliberation.Kind.MDT, "referrals.call_mdt", "referrals.conclude_mdt"),
    "discussion": (Deliberation.Kind.DEPARTMENT, "referrals.call_discussion", "referrals.give_opinion"),
}
OPEN = (Deliberation.Phase.OPINIONS, Deliberation.Phase.DISCUSSION)
BY_CODE = {one.code: one for one in STATIONS}


@dataclass
class Ahead:
    """What a case page shows: the step the case waits for, and the rest."""

    main: Next | None
    others: list[Next]
    # The step waits for the system: which one, and what shut the way.
    system: Step | None = None
    shut_by: list[str] = field(default_factory=list)
    may_ask_again: bool = False


def ahead(referral: Referral, user: Any, *, case: Case | None = None, at: datetime | None = None) -> Ahead:
    """Everything that may be done now, as `user` sees it."""
    at = at or timezone.now()
    case = case or Case(referral)
    due = [one for one in STATIONS if one.is_due(referral)]
    mains = [one for one in due if one.main]
    # Of two that are due (a specimen rejected or not yet sent), the first in the order of the path is the one.
    main = _next(mains[0], case, user, at) if mains else None
    others = [_next(one, case, user, at, judged=False) for one in due if one not in mains[:1]]
    system = awaited(referral, at) if referral.status not in ENDED else None
    return Ahead(
        main,
        [one for one in others if one.may and one.url],
        system,
        ways.shut_words(user, referral, _shut_by(referral)) if system else [],
        system is not None and user.may("referrals.allocate_again", referral),
    )


def _next(station: Station, case: Case, user: Any, at: datetime, *, judged: bool = True) -> Next:
    referral = case.referral
    asks = station.asks
    may = user.may(asks, referral)
    if station.code in CALLED:
        url, asks = _discussed_at(station, referral)
        may = user.may(asks, referral) and user.pk != referral.requester_id
    elif station.page == "referrals:batches":
        batch = _packed_in(referral)
        url = link("referrals:batch", batch.pk) if batch else link("referrals:batches")
    else:
        url = link(station.page, referral.pk)
    return Next(
        station,
        url,
        may,
        ways.nameless(stops(station.step, case, user if may else None, at), referral, user) if judged else [],
        [] if may or not judged else roles_with(asks),
    )


def _discussed_at(station: Station, referral: Referral) -> tuple[str, str]:
    """The open discussion's page for those who take part; before one is called, the page that calls it, for who may."""
    kind, calls, takes_part = CALLED[station.code]
    held = referral.deliberations.filter(kind=kind, status__in=OPEN).first()
    if held is None:
        return link(station.page, referral.pk), calls
    return link("referrals:deliberation", held.pk), takes_part


def stops(step: Step, case: Case | Referral, user: Any, at: datetime | None = None) -> list[Refusal]:
    """What stands against this step now, as the action would say it; asked as `user` where one is given."""
    case, at = Case.of(case), at or timezone.now()
    referral = case.referral
    data: dict[str, Any] = {}
    if step is pathway.CHARGE and (price := price_today(referral, at)):
        data["amount"] = price.amount
    if step is pathway.FILE:
        from referrals.actions.filing import documents

        data |= documents(referral)
    if step is pathway.PRESCRIBE and referral.status in step.sources:
        return []
    act = Act(by=user, step=step.name, data=data) if user is not None or data else None
    return against(referral, step, at, act, judged=case)


def _shut_by(referral: Referral) -> list[str]:
    last = referral.allocations.order_by("-made_at", "-pk").first()
    considered = last.considered if last else []
    return [f"{one['laboratory']}：{'；'.join(one['shut_by'])}" for one in considered if one.get("shut_by")]


def roles_with(permission: str) -> list[str]:
    """The posts that may take a step, by name."""
    return list(Role.objects.filter(permissions__contains=[permission]).order_by("code").values_list("name", flat=True))


def main_stations(referrals: Iterable[Referral], user: Any, *worklists: str) -> dict[int, tuple[Station, str]]:
    """For rows of a list: the one action of this user on each case, with its address. Asks no gate. Worklists
    named as stations beside the main line (refunds due) are worked there."""
    found = {}
    for referral in referrals:
        for station in sorted(STATIONS, key=lambda one: one.code not in worklists):
            if (
                (station.main or station.code in worklists)
                and station.is_due(referral)
                and user.may(_to_begin(station), referral)
            ):
                url = (
                    link("referrals:batches")
                    if station.page == "referrals:batches"
                    else link(station.page, referral.pk)
                )
                found[referral.pk] = (station, url)
                break
    return found


def _to_begin(station: Station) -> str:
    """The permission that opens the station's own page: of a discussion, the one that calls it."""
    return CALLED[station.code][1] if station.code in CALLED else station.asks


def has_charge(referral: Referral) -> bool:
    return standing(referral) is not None
