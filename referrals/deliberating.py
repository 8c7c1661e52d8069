"""The chart of a deliberation, who sits on it, and when it may conclude (A7, A8, A22, B5; practice.md 12).

    first opinions, blind → discussion, as soon as the quorum has given them → conclusion

A member sees nobody's opinion before giving their own; the requester of the case gives none that counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts.models import Post, User
from audit.steps import Step
from referrals.models import Deliberation, MDTReview, MDTSeat, MDTTeam, Opinion, Referral, Status

Phase = Deliberation.Phase
SYSTEM = "referrals.system"
OPEN = (Phase.OPINIONS, Phase.DISCUSSION)

OPEN_DISCUSSION = Step(
    "deliberation.discussion_opened", {Phase.OPINIONS}, Phase.DISCUSSION, SYSTEM,
    label=pgettext_lazy("step", "Open discussion begun"),
)  # fmt: skip
END_MDT = Step(
    "deliberation.mdt_ended", {Phase.DISCUSSION}, Phase.CONCLUDED, "referrals.conclude_mdt",
    label=pgettext_lazy("step", "Deliberation concluded"),
)  # fmt: skip
END_DISCUSSION = Step(
    "deliberation.discussion_ended", {Phase.DISCUSSION}, Phase.CONCLUDED, "referrals.conclude_discussion",
    label=pgettext_lazy("step", "Deliberation concluded"),
)  # fmt: skip
CALL_OFF = Step(
    "deliberation.called_off", {Phase.OPINIONS, Phase.DISCUSSION}, Phase.CANCELLED, SYSTEM,
    label=pgettext_lazy("step", "Deliberation called off"),
)  # fmt: skip

# What moves no status of the case, and where the case has to stand for it.
CALL_MDT = Step(
    "mdt.called", {Status.AWAITING_MDT}, None, "referrals.call_mdt", label=pgettext_lazy("step", "MDT called")
)
CALL_DISCUSSION = Step(
    "discussion.called", {Status.AWAITING_DISCUSSION}, None, "referrals.call_discussion",
    label=pgettext_lazy("step", "Departmental discussion called"),
)  # fmt: skip
MDT_OPINION = Step(
    "mdt.opinion", {Status.AWAITING_MDT}, None, "referrals.give_opinion",
    label=pgettext_lazy("step", "Opinion on the MDT"),
)  # fmt: skip
MDT_CALLED_OFF = Step(
    "mdt.called_off", {Status.AWAITING_MDT}, None, "referrals.call_mdt", label=pgettext_lazy("step", "MDT called off")
)
DISCUSSION_CALLED_OFF = Step(
    "discussion.called_off", {Status.AWAITING_DISCUSSION}, None, "referrals.call_discussion",
    label=pgettext_lazy("step", "Departmental discussion called off"),
)  # fmt: skip
DISCUSSION_OPINION = Step(
    "discussion.opinion", {Status.AWAITING_DISCUSSION}, None, "referrals.give_opinion",
    label=pgettext_lazy("step", "Opinion in the department"),
)  # fmt: skip

# Members a department's discussion needs at least; whoever calls one may ask for more (a setting, practice.md).
DISCUSSION_QUORUM = 3
# Nobody concludes alone, whatever a team's quorum says.
AT_LEAST = 2

Conclusion = MDTReview.Conclusion
REASONS: dict[str, tuple[tuple[str, object], ...]] = {
    Conclusion.AGREE: (
        ("A1", gettext_lazy("Listed in the guideline, and the result will change treatment")),
        ("A2", gettext_lazy("Single gene or IHC first; a panel only when negative")),
        ("A3", gettext_lazy("After progression, to look for resistance")),
        ("A4", gettext_lazy("Needed before entering a study")),
    ),
    Conclusion.DISAGREE: (
        ("D1", gettext_lazy("The result would not change the treatment")),
        ("D2", gettext_lazy("The disease is urgent: treatment first")),
        ("D3", gettext_lazy("The cost outweighs the expected benefit")),
        ("D4", gettext_lazy("The level of evidence is too low")),
        ("D5", gettext_lazy("No suitable specimen can be had")),
        ("D6", gettext_lazy("The patient's condition or wish speaks against it")),
    ),
    Conclusion.MORE_INFORMATION: (
        ("M1", gettext_lazy("Pathology or its review is missing")),
        ("M2", gettext_lazy("Staging is incomplete")),
        ("M3", gettext_lazy("Earlier results or treatment are missing")),
        ("M4", gettext_lazy("The state of the specimen is unclear")),
        ("M5", gettext_lazy("Evidence is missing")),
    ),
    Conclusion.CHANGE_TEST: (
        ("C1", gettext_lazy("A narrower test is enough")),
        ("C2", gettext_lazy("A wider test is needed")),
        ("C3", gettext_lazy("Another method or specimen fits better")),
        ("C4", gettext_lazy("Another test fits the question better")),
    ),
}


def reason_label(code: str) -> str:
    return str(next((label for rows in REASONS.values() for known, label in rows if known == code), code))


def suggested_team(referral: Referral) -> MDTTeam | None:
    """The hospital's team for this disease: the longest prefix of the diagnosis; a team without prefixes takes
    what no other does."""
    code = referral.diagnosis_code.upper()
    best, length = None, -1
    for team in teams(referral.institution_id):
        fits = [len(one) for one in team.diagnosis_prefixes if code.startswith(one.upper())]
        here = max(fits, default=0 if not team.diagnosis_prefixes else -1)
        if here > length:
            best, length = team, here
    return best


def teams(institution_id: int) -> QuerySet[MDTTeam]:
    today = timezone.localdate()
    return MDTTeam.objects.filter(
        Q(ended_on__isnull=True) | Q(ended_on__gt=today), institution_id=institution_id
    ).order_by("pk")


def seats(team: MDTTeam | None) -> QuerySet[MDTSeat]:
    today = timezone.localdate()
    return (
        MDTSeat.objects.filter(Q(ended_on__isnull=True) | Q(ended_on__gt=today), team=team)
        .select_related("expert")
        .order_by("pk")
    )


def seats_of(deliberation: Deliberation, user: User) -> list[MDTSeat]:
    return [one for one in seats(deliberation.team) if one.expert_id == user.pk]


def colleagues(department_id: int | None) -> QuerySet[User]:
    """The doctors of a department: those who may take part in its discussion."""
    now = Post.objects.in_force(timezone.localdate()).filter(department_id=department_id, role_id__in=["R01", "R02"])
    return User.objects.filter(pk__in=now.values("user_id"), is_active=True).order_by("username")


def is_member(deliberation: Deliberation, user: User) -> bool:
    """A seat on the team; for a department's discussion, a doctor's post in the department."""
    if deliberation.kind == Deliberation.Kind.MDT:
        return bool(seats_of(deliberation, user))
    post = user.post
    return bool(post and post.department_id and post.department_id == deliberation.department_id)


def first_opinions(deliberation: Deliberation) -> list[Opinion]:
    """The first opinions that count: never the requester's."""
    found = deliberation.opinions.filter(is_first=True).exclude(member=deliberation.referral.requester_id)
    return list(found.select_related("member"))


@dataclass(frozen=True)
class Quorum:
    """How far the first opinions are: disciplines for an MDT, doctors for a department."""

    needed: int
    given: int
    short: bool
    missing: str = ""
    message: str = ""


def quorum(
    deliberation: Deliberation, opinions: Iterable[Opinion] | None = None, seated: Iterable[MDTSeat] | None = None
) -> Quorum:
    """As of now; `opinions` (first ones that count) and `seated` may be read beforehand, for many at once."""
    given = first_opinions(deliberation) if opinions is None else list(opinions)
    members = {one.member_id for one in given}
    if deliberation.kind != Deliberation.Kind.MDT:
        needed = max(deliberation.quorum, AT_LEAST)
        if len(members) >= needed:
            return Quorum(needed, len(members), False)
        values = {"n": needed - len(members)}
        message = _("%(n)d more doctors have to give their opinion before there is a quorum for a conclusion.")
        return Quorum(needed, len(members), True, _("%(n)d more doctors") % values, message % values)
    here = list(dict.fromkeys(one.discipline for one in given))
    lacks_pathology = deliberation.needs_pathology and not any(MDTSeat.PATHOLOGY in one for one in here)
    lacking = max(deliberation.quorum - len(here), AT_LEAST - len(members), 0)
    if not lacking and not lacks_pathology:
        return Quorum(deliberation.quorum, len(here), False)
    sitting = seats(deliberation.team) if seated is None else seated
    unheard = [one for one in dict.fromkeys(seat.discipline for seat in sitting) if one not in here]
    missing = _missing(unheard, lacking, lacks_pathology)
    message = _("Still lacking the opinion of %(disciplines)s: without a quorum no conclusion can be formed.")
    return Quorum(deliberation.quorum, len(here), True, missing, message % {"disciplines": missing})


def _missing(unheard: list[str], lacking: int, lacks_pathology: bool) -> str:
    """Pathology where it must take part, then those of the team's other disciplines that are still wanted."""
    named = [MDTSeat.PATHOLOGY] if lacks_pathology else []
    others = [one for one in unheard if not lacks_pathology or MDTSeat.PATHOLOGY not in one]
    wanted = lacking - len(named)
    if wanted > 0 and len(others) > wanted:
        values = {"disciplines": "、".join(others), "n": wanted}
        named.append(_("any %(n)d of %(disciplines)s") % values)
    elif wanted > 0:
        named += others if len(others) == wanted else [*others, _("other disciplines")]
    return "、".join(named)


def quorums(held: Iterable[Deliberation]) -> dict[int, Quorum]:
    """The quorum of each, with as many queries for a page as for one."""
    rows = list(held)
    opinions: dict[int, list[Opinion]] = defaultdict(list)
    first = Opinion.objects.filter(deliberation__in=rows, is_first=True)
    for one in first.exclude(member=F("deliberation__referral__requester")):
        opinions[one.deliberation_id].append(one)
    seated: dict[int, list[MDTSeat]] = defaultdict(list)
    today = timezone.localdate()
    teams_here = {one.team_id for one in rows if one.team_id}
    sitting = MDTSeat.objects.filter(Q(ended_on__isnull=True) | Q(ended_on__gt=today), team__in=teams_here)
    for seat in sitting.order_by("pk"):
        seated[seat.team_id].append(seat)
    return {one.pk: quorum(one, opinions[one.pk], seated[one.team_id or 0]) for one in rows}


def may_see_opinions(deliberation: Deliberation, user: User) -> bool:
    """Everybody of the case once it is concluded; before, only a member who has given an opinion."""
    if deliberation.status == Phase.CONCLUDED:
        return True
    return (
        deliberation.status in OPEN
        and user.pk != deliberation.referral.requester_id
        and deliberation.opinions.filter(member=user, is_first=True).exists()
    )


def experts(institution_id: int) -> QuerySet[User]:
    """The people of a hospital with a post as MDT expert today."""
    now = Post.objects.in_force(timezone.localdate()).filter(institution_id=institution_id, role_id="R04")
    return User.objects.filter(pk__in=now.values("user_id"), is_active=True).order_by("username")


def seated(user: User) -> QuerySet[Deliberation]:
    """The open deliberations this person sits on in their present post, their own cases left out."""
    today = timezone.localdate()
    found = Deliberation.objects.visible_to(user).filter(status__in=OPEN).exclude(referral__requester=user)
    mine = MDTSeat.objects.filter(Q(ended_on__isnull=True) | Q(ended_on__gt=today), expert=user)
    post = user.post
    sits = Q(kind=Deliberation.Kind.MDT, team__in=mine.values("team_id"))
    if post and post.department_id:
        sits |= Q(kind=Deliberation.Kind.DEPARTMENT, department_id=post.department_id)
    return found.filter(sits)


def waiting_for(user: User) -> QuerySet[Deliberation]:
    """Those that wait for this person's first opinion."""
    given = Opinion.objects.filter(member=user, is_first=True)
    return seated(user).exclude(pk__in=given.values("deliberation_id"))
