"""MDT and departmental discussion: calling one, opinions, the conclusion (B5; A7, A22; X14)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import notices
from accounts.models import User
from audit import declaring
from audit.gates import Act, Refusal, Refused, Verdict, judge
from audit.steps import OUT_OF_TURN, Step, move
from catalog.models.grading import Title
from referrals import deliberating, minutes, numbering, pathway, planning
from referrals.actions.held import hold, hold_for
from referrals.actions.onward import onward
from referrals.deliberating import OPEN, Conclusion, Phase
from referrals.gates import Case
from referrals.gates.discussing import WITHOUT_GUIDELINE
from referrals.gates.words import link, say
from referrals.models import (
    Deliberation,
    DepartmentalDiscussion,
    MDTReview,
    MDTTeam,
    Opinion,
    Referral,
)

MDT_STEPS: dict[str, Step] = {
    Conclusion.AGREE: pathway.MDT_AGREE,
    Conclusion.DISAGREE: pathway.MDT_DISAGREE,
    Conclusion.MORE_INFORMATION: pathway.MDT_MORE_INFORMATION,
    Conclusion.CHANGE_TEST: pathway.MDT_CHANGE_TEST,
}


@transaction.atomic
def call_mdt(*, referral: Referral, team: MDTTeam, by: User, at: datetime | None = None) -> Deliberation:
    """Put the case before a team of its hospital. The team's quorum of the day is frozen with it."""
    referral = hold_for(referral, deliberating.CALL_MDT, by=by)
    if team.institution_id != referral.institution_id or not deliberating.teams(team.institution_id).filter(pk=team.pk):
        raise ValidationError({"team": _("Choose a team of this hospital.")})
    called = _call(
        referral, Deliberation.Kind.MDT, by, at, "mdt.called",
        team=team, quorum=team.quorum, needs_pathology=team.needs_pathology,
    )  # fmt: skip
    text = _("%(team)s is called on case %(number)s: give your opinion.")
    experts = [seat.expert for seat in deliberating.seats(team) if seat.expert_id != referral.requester_id]
    values = {"team": team, "number": referral.number}
    notices.tell(experts, text % values, link("referrals:deliberation", called.pk))
    return called


@transaction.atomic
def call_discussion(
    *, referral: Referral, by: User, quorum: int = deliberating.DISCUSSION_QUORUM, at: datetime | None = None
) -> Deliberation:
    """Put the case before the requesting department's own doctors."""
    referral = hold_for(referral, deliberating.CALL_DISCUSSION, by=by)
    if quorum < deliberating.DISCUSSION_QUORUM:
        message = _("A departmental discussion needs at least %(n)d doctors.")
        raise ValidationError({"quorum": message % {"n": deliberating.DISCUSSION_QUORUM}})
    return _call(
        referral, Deliberation.Kind.DEPARTMENT, by, at, "discussion.called",
        department_id=referral.department_id, quorum=quorum,
    )  # fmt: skip


def _call(referral: Referral, kind: str, by: User, at: datetime | None, step: str, **fields: Any) -> Deliberation:
    at = at or timezone.now()
    try:
        with transaction.atomic(), declaring.step(step):
            return Deliberation.objects.create(
                number=numbering.deliberation_number(referral.institution, kind, at),
                referral=referral,
                kind=kind,
                called_at=at,
                called_by=by,
                **fields,
            )
    except IntegrityError:
        known = referral.deliberations.filter(kind=kind, status__in=OPEN).first()
        message = _("This case is under discussion already, as %(number)s.") % {"number": known.number if known else ""}
        mend = link("referrals:deliberation", known.pk) if known else ""
        raise Refused(Refusal("stale", message, mend=mend)) from None


@transaction.atomic
def call_off(*, deliberation: Deliberation, by: User, reason: str) -> Deliberation:
    """Whoever may call one may call it off before it concludes, with the reason; the case waits again."""
    permission = "referrals.call_mdt" if deliberation.kind == Deliberation.Kind.MDT else "referrals.call_discussion"
    if not by.may(permission, deliberation):
        raise PermissionDenied(permission)
    if not reason.strip():
        raise ValidationError({"reason": _("Give the reason.")})
    held = _held(deliberation)
    _must_be_open(held, deliberation.status)
    return move(held, deliberating.CALL_OFF, by=User.objects.machine(), reason=reason.strip())


def _held(deliberation: Deliberation) -> Deliberation:
    """The deliberation as it stands, held: opinions and conclusions come one after another."""
    related = ("referral__institution", "referral__test", "referral__requester", "team", "department")
    # The case first, as whoever ends it does; the other way round two of them would wait for each other for ever.
    Referral.objects.select_for_update().filter(pk=deliberation.referral_id).values_list("pk").get()
    return Deliberation.objects.select_for_update(of=("self",)).select_related(*related).get(pk=deliberation.pk)


def _not_the_requester(deliberation: Deliberation, by: User) -> None:
    """X14: whoever requested takes no part in opinions or the conclusion."""
    act = Act(by=by, step="deliberation")
    judgement = judge("X14", Case(deliberation.referral), timezone.now(), act)
    if judgement.verdict == Verdict.REFUSES:
        raise Refused(judgement.refusal)


def _member(deliberation: Deliberation, by: User) -> None:
    if not deliberating.is_member(deliberation, by):
        message = (
            _("You have no seat on the team “%(team)s”.") % {"team": deliberation.team}
            if deliberation.kind == Deliberation.Kind.MDT
            else _("Only doctors of the department that requests take part in its discussion.")
        )
        raise Refused(Refusal("member", message))


def _must_be_open(deliberation: Deliberation, was: str) -> None:
    """`was` is the phase the caller read: one that ended since then is a race lost."""
    if deliberation.status not in OPEN:
        message = _("This discussion has ended (%(phase)s): nothing was recorded.")
        raise Refused(
            Refusal(
                "stale" if was in OPEN else OUT_OF_TURN,
                message % {"phase": deliberation.get_status_display()},
                mend=link("referrals:deliberation", deliberation.pk),
                mend_label=_("Reload"),
            )
        )


@transaction.atomic
def give_opinion(
    *,
    deliberation: Deliberation,
    by: User,
    stance: str,
    risk: str = "",
    cost: str = "",
    evidence: str = "",
    note: str = "",
    discipline: str = "",
    at: datetime | None = None,
) -> Opinion:
    """A member's opinion: the first one blind, on risk, cost and evidence (B5); later ones add to the discussion.

    When the first opinions reach the quorum the open discussion begins by itself.
    """
    if not by.may("referrals.give_opinion", deliberation):
        raise PermissionDenied("referrals.give_opinion")
    held = _held(deliberation)
    _must_be_open(held, deliberation.status)
    _not_the_requester(held, by)
    _member(held, by)
    is_first = not held.opinions.filter(member=by, is_first=True).exists()
    texts = {"risk": risk.strip(), "cost": cost.strip(), "evidence": evidence.strip(), "note": note.strip()}
    wrong = {}
    if stance not in Opinion.Stance.values:
        wrong["stance"] = _("Choose your opinion.")
    if is_first:
        wrong |= {
            name: _("Say what you hold on this factor.") for name in ("risk", "cost", "evidence") if not texts[name]
        }
    if not texts["note"] and (not is_first or stance != Opinion.Stance.AGREE):
        wrong["note"] = _("Give your reasons.")
    if wrong:
        raise ValidationError(wrong)
    seat, is_remote = _place(held, by, discipline)
    with declaring.step("opinion.given"):
        opinion = Opinion.objects.create(
            deliberation=held, member=by, discipline=seat, is_remote=is_remote, is_first=is_first, stance=stance,
            given_at=at or timezone.now(), **texts,
        )  # fmt: skip
    if held.status == Phase.OPINIONS and not deliberating.quorum(held).short:
        move(held, deliberating.OPEN_DISCUSSION, by=User.objects.machine())
    return opinion


def _place(deliberation: Deliberation, by: User, discipline: str) -> tuple[str, bool]:
    """The discipline one speaks for, and whether from afar."""
    if deliberation.kind != Deliberation.Kind.MDT:
        return (deliberation.department.name[:30] if deliberation.department else "", False)
    mine = deliberating.seats_of(deliberation, by)
    seat = next((one for one in mine if one.discipline == discipline), mine[0])
    return seat.discipline, seat.is_remote


@transaction.atomic
def conclude_mdt(
    *,
    deliberation: Deliberation,
    by: User,
    conclusion: str,
    reason_code: str,
    advice: str,
    note: str = "",
    covers_plan: bool = False,
    seen: int | None = None,
    at: datetime | None = None,
) -> MDTReview:
    """The chair concludes: has a seat, has given an opinion, is not the requester, and there is a quorum.

    `seen` is the number of opinions the chair's page showed; one that came in since is read first. `covers_plan`: an
    agreement also holds for the further steps planned; else each is discussed when it comes.
    """
    at = at or timezone.now()
    if not by.may("referrals.conclude_mdt", deliberation):
        raise PermissionDenied("referrals.conclude_mdt")
    held = _may_conclude(deliberation, by, seen)
    wrong = {}
    if conclusion not in MDT_STEPS:
        wrong["conclusion"] = _("Choose the conclusion.")
    elif reason_code not in {code for code, _label in deliberating.REASONS[conclusion]}:
        wrong["reason_code"] = _("Choose a reason that fits the conclusion.")
    if not advice.strip():
        wrong["advice"] = _("Write the advice on treatment.")
    if wrong:
        raise ValidationError(wrong)
    referral, step = hold(held.referral), MDT_STEPS[conclusion]
    changes: dict[str, Any] = {"mdt_concluded_at": at}
    if conclusion == Conclusion.DISAGREE:
        changes["end_reason"] = "；".join(
            part for part in (deliberating.reason_label(reason_code), note.strip()) if part
        )[:300]
    act = Act(by=by, step=step.name, data={"chair": by})
    move(referral, step, by=by, act=act, at=at, **changes)
    review = MDTReview.objects.create(
        referral=referral, concluded_at=at, conclusion=conclusion, chair=by, deliberation=held,
        reason_code=reason_code, advice=advice.strip(), note=note.strip(),
        covers_plan=covers_plan and conclusion == Conclusion.AGREE and planning.next_of(referral) is not None,
    )  # fmt: skip
    held.referral = referral
    move(
        held, deliberating.END_MDT, by=by, at=at, concluded_at=at, concluded_by=by,
        minutes=minutes.text(held, review=review, at=at),
    )  # fmt: skip
    onward(referral, at=at)
    return review


@transaction.atomic
def conclude_discussion(
    *,
    deliberation: Deliberation,
    by: User,
    agreed: bool,
    note: str,
    covers_plan: bool = False,
    seen: int | None = None,
    at: datetime | None = None,
) -> DepartmentalDiscussion:
    """The department's chair, never the requester, concludes for or against; for needs the evidence too (A22)."""
    at = at or timezone.now()
    if not by.may("referrals.conclude_discussion", deliberation):
        raise PermissionDenied("referrals.conclude_discussion")
    held = _may_conclude(deliberation, by, seen)
    if not note.strip():
        raise ValidationError({"note": _("Write the department's opinion, dissenting ones too.")})
    referral = hold(held.referral)
    _as_the_grade_asks(referral, by, agreed, at)
    step = pathway.DISCUSS if agreed else pathway.DISCUSS_AGAINST
    changes: dict[str, Any] = {"discussed_at": at} | ({} if agreed else {"end_reason": note.strip()[:300]})
    move(referral, step, by=by, act=Act(by=by, step=step.name, data={"chair": by}), at=at, **changes)
    discussion = DepartmentalDiscussion.objects.create(
        referral=referral, held_at=at, agreed=agreed, deliberation=held, chair=by, note=note.strip(),
        covers_plan=covers_plan and agreed and planning.next_of(referral) is not None,
    )  # fmt: skip
    held.referral = referral
    move(
        held, deliberating.END_DISCUSSION, by=by, at=at, concluded_at=at, concluded_by=by,
        minutes=minutes.text(held, discussion=discussion, at=at),
    )  # fmt: skip
    onward(referral, at=at)
    return discussion


def _as_the_grade_asks(referral: Referral, by: User, agreed: bool, at: datetime) -> None:
    """Agreeing needs the papers (A22), and whoever concludes has the title the hospital asks for at this grade (A23)."""
    asked, papers = Case(referral).asked(at), referral.evidence.count()
    mend = link("referrals:case", referral.pk, anchor="discussion")
    least = asked.papers if asked else 1
    if agreed and papers < least:
        few = _("%(n)s papers are recorded, %(asked)s are needed.")
        more = few % {"n": papers, "asked": least} if papers else ""
        raise Refused(Refusal("X03", say(WITHOUT_GUIDELINE, more), ("A22",), mend))
    if asked and Title.of(by.title).rank < Title(asked.chair_title).rank:
        said = _(
            "The hospital asks that the discussion of a test of this grade is concluded by a doctor with the title "
            "%(asked)s or above; the title on record is %(title)s."
        )
        values = {"asked": asked.chair_label, "title": by.title or _("none")}
        raise Refused(Refusal("A23", said % values, ("A23",), link("catalog:grades"), _("See the requirements")))


def _may_conclude(deliberation: Deliberation, by: User, seen: int | None) -> Deliberation:
    """Held, open, by a member who is not the requester and has spoken, with a quorum, and nothing unread."""
    held = _held(deliberation)
    _must_be_open(held, deliberation.status)
    _not_the_requester(held, by)
    _member(held, by)
    state = deliberating.quorum(held)
    if state.short:
        raise Refused(Refusal("quorum", state.message, ("A8",), link("referrals:deliberation", held.pk)))
    if not held.opinions.filter(member=by, is_first=True).exists():
        raise Refused(Refusal("member", _("Give your own opinion first; then the chair may conclude.")))
    if seen is not None and held.opinions.count() != seen:
        message = _("Another opinion has come in since this page was opened: read it first. Nothing was recorded.")
        mend = link("referrals:deliberation", held.pk)
        raise Refused(Refusal("stale", message, mend=mend, mend_label=_("Reload")))
    return held
