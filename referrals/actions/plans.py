"""Further steps of a request, planned with it: begun when the result before asks for it, or left out with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Role, User
from audit.gates import Refusal, Refused
from audit.refusing import needed
from audit.steps import move
from catalog import queries as catalog
from referrals import planning, requesting
from referrals.actions import requests
from referrals.gates.words import link, say
from referrals.models import PlannedStep, Referral

State = PlannedStep.Status
CLAUSES = ("A21", "A22")


def stops(step: PlannedStep) -> list[Refusal]:
    """What stands against beginning this step: the one before it in the plan, or the result before it."""
    mend = link("referrals:plan", step.referral_id)
    if step.referral.planned_steps.filter(position__lt=step.position, status=State.PLANNED).exists():
        said = _("Step %(n)s comes first: begin it, or leave it out with the reason.") % {"n": step.position - 1}
        return [Refusal("plan", said, CLAUSES, mend, _("To the plan"))]
    stands = planning.judged(step)
    if stands.met:
        return []
    wanted = _("This step is done %(condition)s.") % {"condition": planning.condition(step)}
    what = (
        _("Wait for the reviewed report.")
        if stands.met is None
        else _("Leave the step out with the reason; if the test is needed all the same, make a request of its own.")
    )
    return [Refusal("plan", say(wanted, stands.why, what), CLAUSES, mend, _("To the plan"))]


@transaction.atomic
def begin(
    *,
    referral: Referral,
    by: User,
    position: int | None = None,
    necessity: str = "",
    earlier_result_reason: str = "",
    evidence: Iterable[Mapping[str, Any]] = (),
    laboratory_chosen: bool = False,
    at: datetime | None = None,
) -> Referral:
    """The next step of the plan that stands on `referral` becomes a request, gated anew on its day (X02, X04, X10, X16,
    a repeat's reason). What the MDT or the department concluded on the plan, and a consent that covers this test,
    place and price, come with it; whatever no longer holds is asked for again."""
    at = at or timezone.now()
    _may(referral, by)
    step = _held(referral, position)
    if refusals := stops(step):
        raise Refused(refusals)
    line = catalog.indication_in_force(step.indication.code, referral.institution_id, at)
    made = requests.submit(
        by=by, patient=referral.patient, diagnosis_code=referral.diagnosis_code,
        # Taken out of the catalog or put to another test since, X02 says so of the row that was planned.
        indication=line if line and line.test_id == step.indication.test_id else step.indication,
        necessity=necessity.strip() or step.necessity, pathology=referral.pathology, stage=referral.stage,
        first_visit=False if referral.first_visit is False else None,
        first_visit_reason=referral.first_visit_reason if referral.first_visit is False else "",
        earlier_result_reason=earlier_result_reason.strip() or _repeats(step, at), evidence=evidence,
        laboratory_chosen=laboratory_chosen, at=at, begins=step,
    )  # fmt: skip
    return made


def _repeats(step: PlannedStep, at: datetime) -> str:
    """Why the same gene again, where all that is on record of it is this plan's own (A21); else the doctor says why."""
    root = step.referral
    own = {root.pk, *root.planned_steps.filter(begun__isnull=False).values_list("begun_id", flat=True)}
    known = requesting.earlier_results(root.patient, step.indication.test, at)
    if not known or any(one.referral_id not in own for one in known):
        return ""
    values = {"number": root.number, "n": step.position, "condition": planning.condition(step)}
    return (_("Step %(n)s planned with request %(number)s, %(condition)s") % values)[:200]


@transaction.atomic
def drop(
    *, referral: Referral, by: User, reason: str, position: int | None = None, at: datetime | None = None
) -> PlannedStep:
    """A planned step is not done: not needed, where the result before says so; else given up. Nothing is charged for
    it."""
    at = at or timezone.now()
    if by.scope != Role.Scope.INSTITUTION or not by.may("referrals.cancel_referral", referral):
        _may(referral, by)
    reason = needed(reason=reason)["reason"][:300]
    step = _held(referral, position)
    unneeded = planning.judged(step).met is False
    chart = planning.NOT_NEEDED if unneeded else planning.GIVE_UP
    by_whom = by if by.may(chart.permission, step) else User.objects.machine()
    move(step, chart, by=by_whom, at=at, reason=reason, dropped_at=at, dropped_by=by, drop_reason=reason)
    return step


def _may(referral: Referral, by: User) -> None:
    """The plan is gone on with by who made it, or by a colleague of the same department with their own authority."""
    mine = referral.requester_id in by.stands_for or (
        by.post is not None and by.post.department_id == referral.department_id
    )
    if not mine or not by.may(planning.PERMISSION, referral):
        raise PermissionDenied(planning.PERMISSION)


def _held(referral: Referral, position: int | None) -> PlannedStep:
    """The step, held; two people begin it one after the other, and the second is told."""
    Referral.objects.select_for_update().filter(pk=referral.pk).values_list("pk").get()
    referral.refresh_from_db()
    steps = planning.steps_of(referral)
    step = next((one for one in steps if (one.position == position if position else one.status == State.PLANNED)), None)
    if step is None or step.status != State.PLANNED:
        said = _("This plan has no step that is still to be done.")
        if step is not None:
            said = _("This step is no longer open: %(state)s.") % {"state": step.get_status_display()}
        raise Refused(Refusal("stale", said, (), link("referrals:case", referral.pk), _("To the case")))
    return step
