"""History judged: each step a case has taken, by the gates that guard it, as of the step's own time.

The ledger's past is not refused but found (clause B21). `judge_many` judges a whole import; nothing here asks the
database once the cases are loaded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from audit.gates import Judgement, Verdict, judge
from audit.steps import Step
from referrals import pathway
from referrals.gates import Case, load_cases
from referrals.models import MDTReview, Referral, Status


class Judged(NamedTuple):
    step: Step
    judgement: Judgement


class Verdicts(NamedTuple):
    """What history says of one case by one gate: a refusal, or that it cannot be judged."""

    referral_id: int
    code: str
    judgement: Judgement
    step: Step


# How much a verdict says when a gate stands on several steps; the first of the heaviest is kept.
WEIGHT = {Verdict.REFUSES: 3, Verdict.UNKNOWN: 2, Verdict.PASSES: 1, Verdict.NOT_APPLICABLE: 0}
_ORDER = {step: place for place, step in enumerate(pathway.MAIN_LINE)}
_ORDER[pathway.MDT_DISAGREE] = _ORDER[pathway.MDT_AGREE]


def steps_taken(case: Case | Referral) -> list[tuple[Step, datetime]]:
    """The steps a case's records show, with the time of each, oldest first."""
    case = Case.of(case)
    taken = [(pathway.SUBMIT, case.referral.requested_at)]
    taken += [(pathway.DISCUSS, one.held_at) for one in case.discussions]
    taken += [(_mdt_step(one), one.concluded_at) for one in case.mdt_reviews]
    taken += [(pathway.CONSENT, one.signed_at) for one in case.consents]
    taken += [(pathway.APPROVE, one.decided_at) for one in case.approvals]
    taken += [(pathway.CHARGE, one.charged_at) for one in case.charges]
    taken += [(pathway.COLLECT, one.collected_at) for one in case.specimens]
    taken += [(pathway.SHIP, one.shipped_at) for one in case.shipments]
    taken += [(pathway.RECEIVE, one.received_at) for one in case.shipments if one.received_at]
    taken += [(pathway.REPORT, one.reported_at) for one in case.results]
    taken += [(pathway.REVIEW, one.reviewed_at) for one in case.results if one.reviewed_at]
    taken += [(pathway.TELL, one.told_at) for one in case.results if one.told_at]
    taken += [(pathway.FILE, one.filed_at) for one in case.filings]
    taken += [(pathway.PRESCRIBE, one.prescribed_at) for one in case.prescriptions]
    if case.referral.status == Status.DRAFT:
        taken = taken[1:]
    return sorted(taken, key=lambda one: (one[1], _ORDER[one[0]]))


def _mdt_step(review: MDTReview) -> Step:
    agreed = review.conclusion == MDTReview.Conclusion.AGREE
    return pathway.MDT_AGREE if agreed else pathway.MDT_DISAGREE


def judge_every_step(case: Case | Referral) -> list[Judged]:
    """What each gate of each step taken says, as of that step's own time, oldest first."""
    case = Case.of(case)
    return [
        Judged(step, judge(code, case, at))
        for step, at in steps_taken(case)
        for code in step.gates
        if code not in pathway.LOOKS_AHEAD.get(step, ())
    ]


def judge_history(case: Case | Referral) -> list[Judged]:
    """One verdict a gate: the first refusal; without one, the first that cannot be judged; else that it passed."""
    kept: dict[str, Judged] = {}
    for one in judge_every_step(case):
        code = one.judgement.code
        if code not in kept or WEIGHT[one.judgement.verdict] > WEIGHT[kept[code].judgement.verdict]:
            kept[code] = one
    return list(kept.values())


def judge_many(referral_ids: Iterable[int]) -> Iterator[Verdicts]:
    """Refusals, and what cannot be judged, of all these referrals; at most one a referral and gate."""
    for case in load_cases(referral_ids):
        for step, judgement in judge_history(case):
            if judgement.blocks:
                yield Verdicts(case.referral.pk, judgement.code, judgement, step)


def status_reached(case: Case | Referral) -> Status:
    """Where a case under way stands by its records: the furthest step stamped, not the latest one."""
    case = Case.of(case)
    furthest = max((step for step, _at in steps_taken(case) if step.target), key=_ORDER.__getitem__)
    if furthest is pathway.DISCUSS and case.referral.first_visit:
        return Status.AWAITING_MDT
    return Status(furthest.target)
