"""Who has to look before the test is done, and that nobody decides on a request of their own (X01, X03, X14)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from accounts.delegations import one_with
from audit.gates import Act, Judgement, cannot_judge, not_applicable, passes, refuses
from catalog.models import Grade
from referrals.gates.apart import Persons, second_act, standing_in
from referrals.gates.case import Case, brought, latest, rule
from referrals.gates.words import say, when
from referrals.models import MDTReview
from referrals.models.referral import ENDED

FIRST_VISIT = _(
    "This patient is here with a malignant tumour for the first time: the multidisciplinary (MDT) discussion has to "
    "conclude “agree to test” before going on."
)
GRADED_MDT = _(
    "This test is graded “needs MDT”: the multidisciplinary (MDT) discussion has to conclude “agree to test” before "
    "going on."
)
WITHOUT_GUIDELINE = _(
    "This test lacks the support of a guideline (norm): it needs both evidence and a record of the departmental "
    "discussion."
)
# How a correction names a change of test on the MDT's advice (`referrals.actions.requests.change_test`).
TEST_CHANGED = "indication"
UNNAMED = _(
    "The hospital's ledger does not say who this was: %(facts)s. Medical affairs records it from the paper record by a "
    "correction; then it can be judged whether somebody decided on their own request."
)
ASKED_HERE = _("The hospital's requirements for the grade “%(grade)s” ask for this before going on: %(what)s.")
MDT = _("an MDT conclusion to test")
PAPERS = _("papers of evidence")
DISCUSSION = _("a departmental discussion that agreed")
OWN_REQUEST = _("The one who requests, or is complained of, takes no part in approving, deciding or checking it.")


@rule("X01", clauses=["B5"], title=_("MDT conclusion before testing"))
def mdt_agreed_before_testing(case: Case, at: datetime, act: Act | None) -> Judgement:
    """A first-visit malignant case, or a test graded 需MDT, needs an MDT conclusion to test (B5).

    The latest conclusion at that moment counts; a conclusion formed afterwards does not.
    """
    asked = case.asked(at)
    first_visit, graded = case.referral.first_visit, bool(asked and asked.mdt)
    if first_visit is False and not graded:
        return not_applicable(_("Neither a first visit for a malignancy nor a test graded for MDT."))
    review = latest(case.mdt_reviews, "concluded_at", at)
    if review and review.conclusion == MDTReview.Conclusion.AGREE:
        return passes(_conclusion(review))
    if first_visit is None and not graded:
        return cannot_judge(
            _("whether this is a first visit for a malignancy"), mend=case.correction("first_visit"),
            mend_label=_("Record what the ledger left out"),
        )  # fmt: skip
    facts = [_why_mdt(case, first_visit), _conclusion(review) if review else (_("MDT conclusion"), _("none by then"))]
    if later := next((one for one in case.mdt_reviews if one.concluded_at > at), None):
        facts.append((_("concluded only later"), _conclusion(later)[1]))
    return refuses(
        FIRST_VISIT if first_visit else GRADED_MDT if case.grade == Grade.MDT else _asked_by_the_hospital(case, MDT),
        mend=case.page("mdt"),
        mend_label=_("To the MDT record"),
        facts=facts,
    )


def _why_mdt(case: Case, first_visit: bool | None) -> tuple:
    if first_visit:
        return (_("first visit for a malignancy"), _("yes"))
    return (_("grade of the test"), case.grade.label if case.grade else "")


def _asked_by_the_hospital(case: Case, what: Any) -> Any:
    """Where the hospital's own table asks for more than the clauses."""
    return ASKED_HERE % {"grade": case.grade.label if case.grade else "", "what": what}


def _conclusion(review: MDTReview) -> tuple:
    return (_("MDT conclusion"), f"{when(review.concluded_at)} {review.get_conclusion_display()}")


@rule("X03", clauses=["A22", "A23"], title=_("Evidence and departmental discussion"))
def evidence_and_discussion(case: Case, at: datetime, act: Act | None) -> Judgement:
    """A test graded 需科室讨论, or a risky one, needs evidence and a departmental discussion that agreed (A22); the
    hospital's requirements per grade may ask for more papers, or for both at other grades (A23)."""
    indication, asked = case.referral.indication, case.asked(at)
    if indication is None or asked is None:
        return not_applicable(_("No indication is named, so the test has no grade."))
    if not asked.discussion and not asked.papers:
        return not_applicable(_("A guideline supports this test."))
    papers = _papers(case, at)
    discussion = latest(_on_this_test(case, at), "held_at", at)
    held = when(discussion.held_at) if discussion else _("none by then")
    facts = [
        (_("papers of evidence"), _("not recorded") if papers is None else str(papers)),
        *([(_("departmental discussion"), held)] if asked.discussion else []),
    ]
    missing: list[Any] = []
    if papers == 0:
        missing.append(_("No evidence is recorded."))
    elif papers is not None and papers < asked.papers:
        said = _("%(n)s papers are recorded, %(asked)s are needed.")
        missing.append(said % {"n": papers, "asked": asked.papers})
    if asked.discussion and discussion is None:
        missing.append(_("No departmental discussion was held by then."))
        if later := next((one for one in case.discussions if one.held_at > at), None):
            facts.append((_("held only later"), when(later.held_at)))
    elif asked.discussion and not discussion.agreed:
        missing.append(_("The departmental discussion did not agree."))
    if missing:
        what = "、".join(
            str(one) for one in ((PAPERS,) if asked.papers else ()) + ((DISCUSSION,) if asked.discussion else ())
        )
        by_clause = indication.needs_evidence_and_discussion
        return refuses(
            say(WITHOUT_GUIDELINE if by_clause else _asked_by_the_hospital(case, what), *missing),
            mend=case.page("discussion"),
            mend_label=_("To the discussion record"),
            facts=facts,
        )
    if papers is None:
        return cannot_judge(
            _("papers of evidence"), mend=case.correction("evidence_count"),
            mend_label=_("Record what the ledger left out"), facts=facts,
        )  # fmt: skip
    return passes(*facts)


def _on_this_test(case: Case, at: datetime) -> list:
    """The discussions since the test was last changed: what was said of another test does not count for this one."""
    if not case.discussions or case.is_history:
        return case.discussions
    changed = [one.corrected_at for one in case.corrections if one.field == TEST_CHANGED and one.corrected_at <= at]
    return [one for one in case.discussions if not changed or one.held_at > max(changed)]


def _papers(case: Case, at: datetime) -> int | None:
    """Papers recorded by then; a ledger gives only their number, or nothing."""
    recorded = sum(1 for one in case.evidence if one.recorded_at <= at)
    if recorded or not case.is_history:
        return recorded
    return case.referral.evidence_count


@rule("X14", clauses=(), title=_("Nobody decides on their own request"))
def nobody_decides_on_their_own_request(case: Case, at: datetime, act: Act | None) -> Judgement:
    """The requesting doctor neither chairs the MDT nor approves the outsourcing of the same case, and nobody takes two
    of the acts of chairing, approving, charging and reviewing on one case. Who stands in for somebody counts as both.

    Good governance rather than a clause (`vocab.md` §1: separation is by case). An unknown requester or decider
    cannot be judged, unless another record already shows the same person on both sides; of a live case medical affairs
    names them from the hospital's papers.
    """
    if (judged := second_act(case, act)) is not None:
        return judged
    requester = case.referral.requester
    deciders = [
        *(Decider(_("MDT chair"), one.chair_id, one.concluded_at, one) for one in case.mdt_reviews),
        *(Decider(_("approver of the outsourcing"), one.decided_by_id, one.decided_at, one) for one in case.approvals),
        # A ledger never names who chaired the departmental discussion; who is named counts.
        *(Decider(_("chair of the discussion"), one.chair_id, one.held_at, one) for one in case.discussions
          if one.chair_id),
    ]  # fmt: skip
    deciders = [one for one in deciders if one.at <= at]
    if act:
        # Whoever takes a step this gate stands on decides, and so does the chair they name.
        present = {one.pk: one for one in (act.by, brought(act, "chair")) if one}
        deciders += [Decider(_("decider"), one.pk, at, user=one) for one in present.values()]
    if not deciders:
        return not_applicable(_("Nobody has decided on this case yet."))
    if requester and (own := _their_own(case, requester, deciders, act)):
        facts = [(_("requesting doctor"), requester.name), *((one.label, when(one.at)) for one in own)]
        same = any(one.person == requester.pk for one in own)
        stood_in = next((one.user for one in own if one.user), None)
        more = standing_in(stood_in, [requester.pk]) if stood_in and not same else ()
        return refuses(say(OWN_REQUEST, *more), mend=case.page("mdt"), facts=facts)
    if requester is None:
        return _unnamed(case, act, "requester", _("requesting doctor"))
    if unknown := [one for one in deciders if one.person is None]:
        field = "mdt.chair" if isinstance(unknown[0].row, MDTReview) else "approval.decided_by"
        return _unnamed(case, act, field, *dict.fromkeys(one.label for one in unknown))
    return passes(*((one.label, when(one.at)) for one in deciders))


class Decider(NamedTuple):
    """Somebody who decided on the case: in a record kept, or (`user`) in the act about to be taken."""

    label: Any
    person: int | None
    at: datetime
    row: Any = None
    user: Any = None


def _their_own(case: Case, requester: Any, deciders: list[Decider], act: Act | None) -> list[Decider]:
    """Those who decided on what they requested. History is judged by the persons it names; a live act also by whom
    they stand in for."""
    if act is None:
        return [one for one in deciders if one.person == requester.pk]
    persons = Persons(case)
    asked = persons.of_row(requester.pk, case.referral)
    return [
        one for one in deciders if (one_with(one.user) if one.user else persons.of_row(one.person, one.row)) & asked
    ]


def _unnamed(case: Case, act: Act | None, field: str, *missing: Any) -> Judgement:
    """A ledger did not say who: what has ended stays so, a case that goes on is mended by a correction."""
    if case.referral.status in ENDED:
        return cannot_judge(*missing, mend=case.page("facts"))
    message = UNNAMED % {"facts": "、".join(str(one) for one in missing)} if act else ""
    return cannot_judge(
        *missing, message=message, mend=case.correction(field), mend_label=_("Record what the ledger left out")
    )
