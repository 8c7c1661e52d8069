"""Further steps of a request: planned with it, begun when the result before asks for it, or left out with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Role, User
from audit import declaring
from audit.gates import Act, Judgement, Refusal, Refused, judge
from audit.refusing import needed
from audit.steps import move
from catalog import queries as catalog
from referrals import pathway, planning, requesting
from referrals.gates.discussing import TEST_CHANGED
from referrals.gates.words import link, say
from referrals.models import DepartmentalDiscussion, MDTReview, PlannedStep, Referral

State = PlannedStep.Status
CLAUSES = ("A21", "A22")


def check(referral: Referral, rows: Iterable[Mapping[str, Any]], *, by: User, at: datetime) -> list[Mapping[str, Any]]:
    """The rows of a plan as they may be written. Each step has its own indication in the catalog of the day, and the
    doctor the authority for its grade (X02, X04). ValidationError at the row's field; Refused by rule."""
    steps = [row for row in rows if row]
    wrong: dict[str, Any] = {}
    if steps and referral.is_research:
        wrong["steps"] = _("A research test is one test: the plan of further steps is for clinical ones.")
    if len(steps) > planning.MOST_STEPS:
        wrong["steps"] = _("At most %(n)s further steps.") % {"n": planning.MOST_STEPS}
    tests = {referral.test_id}
    refusals: list[Refusal] = []
    for n, row in enumerate(steps):
        line = row.get("indication")
        if line is None:
            wrong[f"plan-{n}-code"] = _("Choose the test from the catalog.")
            continue
        if line.test_id in tests:
            wrong[f"plan-{n}-code"] = _("This test stands in the plan already.")
        tests.add(line.test_id)
        if row.get("after") not in PlannedStep.After.values:
            wrong[f"plan-{n}-after"] = _("Choose on what result this step is done.")
        if not (row.get("necessity") or "").strip():
            wrong[f"plan-{n}-necessity"] = _("Say what the result will change in this patient's treatment.")
        refusals += [one.refusal for one in gated(referral, line, n + 2, by, at)]
    if wrong:
        raise ValidationError(wrong)
    if refusals:
        raise Refused(refusals)
    return steps


def gated(referral: Referral, line: Any, position: int, by: User, at: datetime) -> list[Judgement]:
    """What X02 and X04 say against a step to come, judged on a request that is not made yet."""
    would_be = Referral(
        pk=0, institution=referral.institution, department=referral.department, requester=by,
        patient=referral.patient if referral.patient_id else None,
        diagnosis_code=referral.diagnosis_code, pathology=referral.pathology, indication=line, test=line.test,
        nature=referral.nature, first_visit=referral.first_visit, requested_at=at,
    )  # fmt: skip
    found = [judge(code, would_be, at, Act(by=by, step=pathway.SUBMIT.name)) for code in ("X02", "X04")]
    said = _("Step %(n)s, %(test)s: ") % {"n": position, "test": line.test.name}
    own = link("referrals:case", 0)
    return [
        replace(one, message=say(said, one.message), mend="" if one.mend.startswith(own) else one.mend)
        for one in found
        if one.blocks
    ]


def write(referral: Referral, steps: Iterable[Mapping[str, Any]]) -> list[PlannedStep]:
    with declaring.step("plan.made", clause="A21"):
        return PlannedStep.objects.bulk_create(
            PlannedStep(
                referral=referral, position=n, indication=row["indication"], after=row["after"],
                genes=(row.get("genes") or "").strip().upper()[:120], necessity=row["necessity"].strip(),
            )
            for n, row in enumerate(steps, start=2)
        )  # fmt: skip


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
    from referrals.actions import requests

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


def take_over(step: PlannedStep, made: Referral, *, by: User, at: datetime) -> None:
    """The step is begun by this request, and what was concluded on the plan as a whole comes with it. Who chaired it
    and now requests decides nothing of their own (X14): then it is discussed again."""
    move(step, planning.BEGIN, by=by, at=at, begun=made, began_at=at, began_by=by)
    root = step.referral
    since = root.corrections.filter(field=TEST_CHANGED).order_by("-corrected_at").first()
    with declaring.step("plan.carried", clause="A22,B5"):
        review = root.mdt_reviews.order_by("-concluded_at", "-pk").first()
        if review and review.covers_plan and review.chair_id != by.pk and _after(review.concluded_at, since):
            MDTReview.objects.create(
                referral=made, concluded_at=review.concluded_at, conclusion=review.conclusion, chair=review.chair,
                reason_code=review.reason_code, advice=review.advice, note=review.note, carried_from=review,
            )  # fmt: skip
        talk = root.discussions.order_by("-held_at", "-pk").first()
        if talk and talk.covers_plan and talk.chair_id != by.pk and _after(talk.held_at, since):
            DepartmentalDiscussion.objects.create(
                referral=made, held_at=talk.held_at, agreed=talk.agreed, chair=talk.chair, note=talk.note,
                carried_from=talk,
            )  # fmt: skip


def _after(at: datetime, since: Any) -> bool:
    return since is None or at > since.corrected_at


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
