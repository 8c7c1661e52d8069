"""The plan of a request: its chart, on what result a step is done, and what is due.

    planned → begun (a request of its own) | not needed | given up

The consent, kept on the floor above, is asked by registration whether it covers a step (`COVERED_BY`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case as When_
from django.db.models import Exists, F, OuterRef, Q, Subquery, When
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from audit.steps import Step
from referrals import requesting
from referrals.gates.words import when
from referrals.models import PlannedStep, Referral, Result, Specimen, Status

After, State = PlannedStep.After, PlannedStep.Status
PERMISSION = "referrals.submit_referral"
SETTLED = (Status.REVIEWED, Status.TOLD, Status.FILED, Status.CANCELLED)
MOST_STEPS = 3

BEGIN = Step("plan.begun", {State.PLANNED}, State.BEGUN, PERMISSION, label=pgettext_lazy("step", "Planned step begun"))
NOT_NEEDED = Step(
    "plan.not_needed", {State.PLANNED}, State.NOT_NEEDED, PERMISSION,
    label=pgettext_lazy("step", "Planned step not needed"),
)  # fmt: skip
GIVE_UP = Step(
    "plan.given_up", {State.PLANNED}, State.SKIPPED, PERMISSION, label=pgettext_lazy("step", "Planned step given up")
)
# Asked of the first request of a plan, whose status neither changes: for pages and programs.
CONTINUE = Step(
    "plan.continued", set(SETTLED), None, PERMISSION, label=pgettext_lazy("step", "Go on with the planned step")
)
DROP = Step("plan.dropped", set(Status), None, PERMISSION, label=pgettext_lazy("step", "Leave out the planned step"))

# Given by consent: (referral begun by a step, moment) → whether a consent signed to the whole plan covers it; and the
# act that lays it into the record of that referral.
COVERED_BY: list[tuple[Callable[[Referral, datetime], Any], Callable[[Referral, Any, datetime], None]]] = []


@dataclass(frozen=True)
class Judged:
    """Whether the result before lets a step be done: True, False, or None while it is not known; and why."""

    met: bool | None
    why: str


def step_of(referral: Referral) -> PlannedStep | None:
    """The planned step this request was begun by; None for a request of its own."""
    return PlannedStep.objects.filter(begun=referral).select_related("referral").first()


def next_of(referral: Referral) -> PlannedStep | None:
    """The first step still planned of the plan that stands on this request."""
    return next((one for one in steps_of(referral) if one.status == State.PLANNED), None)


def steps_of(referral: Referral) -> list[PlannedStep]:
    return list(
        referral.planned_steps.select_related(
            "indication__test", "indication__edition", "begun__test", "referral__institution", "dropped_by"
        ).order_by("position")
    )


def has_open_step(referral: Referral) -> bool:
    """Whether a step of its plan is still to be done; a page that has drawn the plan knows already."""
    known = referral.__dict__.get("open_step")
    return next_of(referral) is not None if known is None else known


def before(step: PlannedStep) -> Referral:
    """The last request of the plan that was carried out before this step."""
    begun = step.referral.planned_steps.filter(position__lt=step.position, begun__isnull=False)
    last = begun.select_related("begun__test").order_by("-position").first()
    return last.begun if last and last.begun else step.referral


def judged(step: PlannedStep) -> Judged:
    """The condition of a step held against the reviewed result before it."""
    case = before(step)
    result = case.results.filter(superseded_by__isnull=True).order_by("-reported_at", "-pk").first()
    if result is None:
        return _without_result(step, case)
    if result.reviewed_at is None:
        return Judged(None, _("The report of request %(number)s is not reviewed yet.") % {"number": case.number})
    named = {"number": case.number, "test": case.test.name, "outcome": result.get_outcome_display(),
             "at": when(result.reviewed_at)}  # fmt: skip
    said = _("Request %(number)s, %(test)s: %(outcome)s, reviewed on %(at)s.") % named
    outcome, wanted = result.outcome, requesting.genes(step.genes)
    met = {
        After.NEGATIVE: outcome == Result.Outcome.NEGATIVE,
        After.UNCLEAR: outcome == Result.Outcome.UNKNOWN,
        After.NOT_POSITIVE: outcome in (Result.Outcome.NEGATIVE, Result.Outcome.UNKNOWN),
        After.POSITIVE: outcome == Result.Outcome.POSITIVE,
    }[After(step.after)]
    if met and step.after == After.POSITIVE and wanted:
        found = {one.gene.upper() for one in result.alterations.all()} | requesting.genes(result.findings)
        met = bool(wanted & found)
        said += "" if met else _("None of the genes %(genes)s was found altered.") % {"genes": step.genes}
    return Judged(met, said)


def _without_result(step: PlannedStep, case: Referral) -> Judged:
    """A case cancelled because its specimen was unfit gave no usable result either."""
    specimen = case.specimens.order_by("-collected_at", "-pk").first()
    if case.status == Status.CANCELLED and specimen is not None and specimen.is_fit is False:
        met = step.after in (After.UNCLEAR, After.NOT_POSITIVE)
        return Judged(met, _("Request %(number)s ended: the specimen was unfit.") % {"number": case.number})
    if case.status in (Status.REPORTED, *SETTLED[:3]) or case.status not in ENDED_BEFORE:
        return Judged(None, _("Request %(number)s has no report yet.") % {"number": case.number})
    said = _("Request %(number)s ended without a result (%(status)s).")
    return Judged(False, said % {"number": case.number, "status": case.get_status_display()})


ENDED_BEFORE = (
    Status.CANCELLED, Status.WITHDRAWN, Status.VOIDED, Status.PATIENT_REFUSED, Status.MDT_DISAGREED,
    Status.DISCUSSION_DISAGREED,
)  # fmt: skip


def due() -> Q:
    """First requests of a plan whose next step waits for the doctor: the result before it is reviewed."""
    earlier = PlannedStep.objects.filter(referral=OuterRef("referral"), position__lt=OuterRef("position"))
    begun = earlier.filter(status=State.BEGUN).order_by("-position")
    unfit = Specimen.objects.filter(referral=OuterRef("referral"), is_fit=False)
    waiting = (
        PlannedStep.objects.filter(referral=OuterRef("pk"), status=State.PLANNED)
        .filter(~Exists(earlier.filter(status=State.PLANNED)))
        .annotate(
            settled=When_(
                When(Exists(begun), then=Subquery(begun.values("begun__reviewed_at")[:1])),
                default=F("referral__reviewed_at"),
            )
        )
        .filter(
            Q(settled__isnull=False)
            | Q(Exists(unfit), ~Exists(begun), referral__status=Status.CANCELLED,
                after__in=[After.UNCLEAR, After.NOT_POSITIVE])
        )
    )  # fmt: skip
    return Q(Exists(waiting), status__in=SETTLED)


@dataclass(frozen=True)
class Line:
    """One step of the plan as the case page shows it; the first one is the request the plan stands on."""

    position: int
    case: Referral | None
    test: Any
    condition: str
    state: str
    label: str
    reason: str = ""
    here: bool = False


def strip(referral: Referral) -> list[Line]:
    """The plan that this case stands in, whichever of its requests it is; empty without one."""
    related = ("indication__test", "indication__edition", "begun__test", "referral__test", "referral__institution")
    here = Q(referral=referral) | Q(referral__in=PlannedStep.objects.filter(begun=referral).values("referral"))
    steps = list(PlannedStep.objects.filter(here).select_related(*related).order_by("position"))
    referral.__dict__["open_step"] = any(
        one.status == State.PLANNED and one.referral_id == referral.pk for one in steps
    )
    if not steps:
        return []
    root = steps[0].referral
    lines = [Line(1, root, root.test, "", "begun", str(root.get_status_display()), here=root.pk == referral.pk)]
    for one in steps:
        moot = one.status == State.PLANNED and root.status in ENDED_BEFORE and judged(one).met is not True
        label = one.begun.get_status_display() if one.begun else one.get_status_display()
        lines.append(
            Line(
                one.position, one.begun, one.indication.test, condition(one), "moot" if moot else one.status,
                _("ended with the request") if moot else str(label), one.drop_reason,
                here=one.begun_id == referral.pk,
            )
        )  # fmt: skip
    return lines


def condition(step: PlannedStep) -> str:
    said = str(step.get_after_display())
    return f"{said}（{step.genes}）" if step.genes else said
