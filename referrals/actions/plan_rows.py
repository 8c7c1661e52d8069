"""Further steps of a request as they are planned with it, and what a step begun takes over from its plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.models import User
from audit import declaring
from audit.gates import Act, Judgement, Refusal, Refused, judge
from audit.steps import move
from referrals import pathway, planning
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
