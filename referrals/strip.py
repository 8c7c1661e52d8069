"""The gate strip at the top of a case: every rule once, from the gates themselves and not from the status."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.gates import Judgement, Verdict, judge
from audit.steps import Step
from referrals import pathway
from referrals.gates import Case
from referrals.history import judge_history, steps_taken
from referrals.models import Referral, Status
from referrals.models.referral import ENDED

ENDED_BEFORE = _("The case ended before this step.")


@dataclass(frozen=True)
class OnStrip(Judgement):
    """A judgement with its place: `ahead` when its step is still to come and is not the next one."""

    ahead: bool = False
    step: Step | None = None

    @classmethod
    def put(cls, judgement: Judgement, step: Step, *, ahead: bool = False) -> OnStrip:
        known = {field.name: getattr(judgement, field.name) for field in fields(Judgement)}
        return cls(**known, ahead=ahead, step=step)


def case_judgements(case: Case | Referral, at: datetime | None = None) -> list[OnStrip]:
    """Each gate once, in the order of the path: those of steps taken as of the step's own time, those of the next
    step as of `at` (now), those further on as ahead. A gate that refused once stays shown as it refused."""
    case, at = Case.of(case), at or timezone.now()
    taken = {step for step, _at in steps_taken(case)}
    judged = {one.judgement.code: one for one in judge_history(case)}
    strip: dict[str, OnStrip] = {}
    for step in pathway.MAIN_LINE:
        for code in step.gates:
            if code in strip or code in pathway.LOOKS_AHEAD.get(step, ()):
                continue
            known = judged.get(code)
            if known and known.judgement.verdict == Verdict.REFUSES:
                strip[code] = OnStrip.put(known.judgement, known.step)
                continue
            due = _next(code, case.referral, taken)
            if due and (case.referral.status in due.sources or not known):
                strip[code] = _to_come(code, due, case, at)
            elif known:
                strip[code] = OnStrip.put(known.judgement, known.step)
    return list(strip.values())


def _next(code: str, referral: Referral, taken: set[Step]) -> Step | None:
    """The step still to come that asks this gate: the one the case may take now, else the first on the path."""
    coming = [step for step in pathway.MAIN_LINE if code in step.gates and step not in taken]
    may = [step for step in coming if referral.status in step.sources]
    return next(iter(may or coming), None)


def _to_come(code: str, step: Step, case: Case, at: datetime) -> OnStrip:
    judgement = judge(code, case, at)
    status = case.referral.status
    if judgement.verdict == Verdict.NOT_APPLICABLE:
        return OnStrip.put(judgement, step)
    if status in ENDED and not (status == Status.FILED and step is pathway.PRESCRIBE):
        ended = Judgement(
            Verdict.NOT_APPLICABLE,
            ENDED_BEFORE,
            code=code,
            title=judgement.title,
            clauses=judgement.clauses,
            at=at,
        )
        return OnStrip.put(ended, step)
    return OnStrip.put(judgement, step, ahead=status not in step.sources)
