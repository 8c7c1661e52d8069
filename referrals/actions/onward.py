"""The system's own steps: what a case awaits next, and where its test is done.

A requester never chooses the laboratory (A29, B23, X16): it follows from what the hospital can do itself (A24), the
contracts and credentials in force on the day (A25, B8–B10), and the order of `referrals.choosing`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.gates import Verdict, judge
from audit.refusing import may
from audit.steps import Step, move
from catalog import queries as catalog
from catalog.models import Indication
from referrals import choosing, pathway, planning
from referrals.actions.held import hold
from referrals.gates import Case
from referrals.models import Allocation, Referral, Status
from vendors.models import Laboratory

AGAIN = "referrals.allocate_again"


@transaction.atomic
def onward(referral: Referral, *, at: datetime | None = None) -> Referral:
    """Take every step of the system's own that the case can take now, and stop where somebody must act.

    Called at the end of each action. A case that no laboratory may take stays where it is (see `allocate`).
    """
    at = at or timezone.now()
    machine = User.objects.machine()
    while step := awaited(referral, at):
        if step is pathway.ALLOCATE:
            if not allocate(referral, at=at):
                break
        elif step is pathway.CARRY_CONSENT:
            carry_consent(referral, at)
        else:
            move(referral, step, by=machine, at=at)
    return referral


@transaction.atomic
def take_up(*, referral: Referral, by: User, at: datetime | None = None) -> Referral:
    """Ask the system once more for its own steps: after a contract was renewed, or for a case from a ledger."""
    may(by, AGAIN, referral)
    return onward(hold(referral), at=at)


def awaited(referral: Referral, at: datetime) -> Step | None:
    """The system's own step that is due, or None when the case awaits somebody."""
    status = referral.status
    if status in (Status.SUBMITTED, Status.DISCUSSED, Status.MDT_AGREED):
        if status == Status.SUBMITTED and needs_discussion(referral, at):
            return pathway.ASK_DISCUSSION
        if status != Status.MDT_AGREED and needs_mdt(referral, at):
            return pathway.ASK_MDT
        return pathway.ALLOCATE
    if status == Status.AWAITING_CONSENT and _covered(referral, at):
        return pathway.CARRY_CONSENT
    # A case from a ledger names its laboratory and no route.
    sent_outside = referral.route == Referral.Route.OUTSOURCED or (not referral.route and referral.laboratory_id)
    if status == Status.CONSENTED and sent_outside:
        return pathway.ASK_APPROVAL
    if status in (Status.CONSENTED, Status.APPROVED):
        return pathway.WAIVE_CHARGE if referral.is_research else pathway.ASK_CHARGE
    return None


def _covered(referral: Referral, at: datetime) -> Any:
    """The consent to the plan that covers this step of it, before anything was told or signed on the step itself; with
    the act that lays it into the step's record. Asked once: what has lapsed is told and signed anew."""
    if not planning.COVERED_BY or planning.step_of(referral) is None or referral.consents.exists():
        return None
    return next(((known, lay) for find, lay in planning.COVERED_BY if (known := find(referral, at)) is not None), None)


def carry_consent(referral: Referral, at: datetime) -> None:
    known, lay = _covered(referral, at)
    move(referral, pathway.CARRY_CONSENT, by=User.objects.machine(), at=at, clause="A11,B17", consented_at=at)
    lay(referral, known, at)


def needs_discussion(referral: Referral, at: datetime) -> bool:
    """A risky test, one without guideline support (A22), or one whose grade the hospital asks it for (A23), is discussed
    by the department first, once."""
    case = Case(referral)
    asked = case.asked(at)
    return bool(asked and asked.discussion) and judge("X03", case, at).verdict != Verdict.PASSES


def needs_mdt(referral: Referral, at: datetime) -> bool:
    """A first visit for a malignancy, or an indication graded 需MDT, waits for the MDT (B5), unless it has agreed."""
    return judge("X01", Case(referral), at).verdict in (Verdict.REFUSES, Verdict.UNKNOWN)


@transaction.atomic
def allocate(referral: Referral, *, at: datetime) -> bool:
    """Say where the test is done, freeze the contract, and move on to consent. False when nobody may do it today.

    In-house when the hospital has registered the capability; else the laboratory `referrals.choosing` puts first. All
    that were looked at are kept with what decided.
    """
    machine = User.objects.machine()
    route, best, looked_at = place(referral, at)
    record(referral, at, route, best, looked_at)
    if route == Referral.Route.OUTSOURCED and best is None:
        return False
    item = best.item if best else None
    values = {
        "route": route,
        "laboratory_id": item.laboratory_id if item else None,
        "contract_id": item.contract_id if item else None,
    }
    # The gates of this step judge the case as it will stand.
    for name, value in values.items():
        setattr(referral, name, value)
    move(referral, pathway.ALLOCATE, by=machine, at=at, **values)  # type: ignore[arg-type]
    return True


def place(referral: Referral, at: datetime) -> tuple[str, choosing.Candidate | None, list[choosing.Candidate]]:
    """The rule: in-house, or which laboratory, or none; and all that were looked at."""
    if catalog.done_in_house(referral.institution, referral.test, at):
        return Referral.Route.IN_HOUSE, None, []
    best, looked_at = choosing.candidates(referral, at)
    return Referral.Route.OUTSOURCED, best, looked_at


def place_for(referral: Referral, line: Indication, at: datetime) -> tuple[bool, Laboratory | None]:
    """Where a further step of this request would be done today: in-house, or at which laboratory. Nothing is kept."""
    if catalog.done_in_house(referral.institution, line.test, at):
        return True, None
    would_be = Referral(
        pk=0, institution=referral.institution, department=referral.department, requester=referral.requester,
        patient=referral.patient, diagnosis_code=referral.diagnosis_code, pathology=referral.pathology,
        indication=line, test=line.test, nature=referral.nature, first_visit=referral.first_visit, requested_at=at,
    )  # fmt: skip
    best, _looked_at = choosing.candidates(would_be, at)
    return False, best.laboratory if best else None


def record(
    referral: Referral, at: datetime, route: str, best: choosing.Candidate | None, looked_at: list[choosing.Candidate]
) -> None:
    considered = [one.kept(best) for one in looked_at]
    if best is None and route == Referral.Route.OUTSOURCED:
        last = referral.allocations.filter(superseded_at__isnull=True).order_by("-made_at", "-pk").first()
        if last and last.route == route and last.laboratory_id is None and choosing.same(last.considered, considered):
            # Nothing has changed since the last try: a sweep leaves no row for each time it looked.
            return
    referral.allocations.filter(superseded_at__isnull=True).update(superseded_at=at)
    Allocation.objects.create(
        referral=referral,
        made_at=at,
        route=route,
        laboratory=best.laboratory if best else None,
        contract=best.item.contract if best and best.item else None,
        outside_route=best.route if best else "",
        outside_reason=best.route_reason if best else "",
        considered=considered,
    )
