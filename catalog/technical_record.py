"""Request authority to look at: who holds what, what lapses soon, and one person's technical record (A42)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from accounts.models import Institution, Post, User
from catalog.models import Grade, Qualification, RequestAuthority, Training

# Days before the last day at which medical affairs is reminded, the most pressing first.
SOON = (7, 30, 90)


def lapsing(user: Any, within: int = SOON[-1]) -> QuerySet:
    """Authorities of the post's institutions that end within so many days and are not renewed."""
    today = timezone.localdate()
    return RequestAuthority.objects.visible_to(user).lapsing(today + timedelta(days=within), today)


def tally(user: Any) -> dict[str, int]:
    """How many are in force, lapse within 7, 30 and 90 days, and are suspended; one query."""
    today = timezone.localdate()
    here = RequestAuthority.objects.visible_to(user)

    def count(found: QuerySet) -> Count:
        return Count("pk", filter=Q(pk__in=found.order_by().values("pk")), distinct=True)

    wanted = {f"within_{days}": count(lapsing(user, days)) for days in SOON}
    return here.order_by().aggregate(
        in_force=count(here.in_force(today)), suspended=count(here.suspended(today)), **wanted
    )


def listed(user: Any, show: str) -> QuerySet:
    """The rows of one view of the list, for a keyset page by id."""
    today = timezone.localdate()
    here = RequestAuthority.objects.visible_to(user)
    if show == "suspended":
        found: QuerySet = here.suspended(today)
    elif show == "ended":
        found = here.filter(Q(ends_on__lt=today) | Q(withdrawn_on__lte=today))
    elif show == "lapsing":
        found = lapsing(user)
    elif show in {str(days) for days in SOON}:
        found = lapsing(user, int(show))
    else:
        found = here.in_force(today)
    return found.select_related("user", "institution", "granted_by")


@dataclass
class Record:
    """What the hospital has on one person."""

    person: User
    authorities: list[RequestAuthority]
    trainings: list[Training]
    qualifications: list[Qualification]
    today: date

    @property
    def states(self) -> list[tuple[RequestAuthority, str, bool]]:
        """Each authority, its state today, and whether another row follows it."""
        followed = {one.follows_id for one in self.authorities}
        lifted = {one.follows_id for one in self.authorities if one.lifted_reason}
        stand = [(one, one.state(self.today)) for one in self.authorities]
        return [(one, state, one.pk in (lifted if state == "suspended" else followed)) for one, state in stand]

    @property
    def highest(self) -> Grade | None:
        held = [Grade(one.grade) for one in self.authorities if one.state(self.today) == "in_force"]
        return max(held, key=lambda grade: grade.rank, default=None)

    @property
    def is_suspended(self) -> bool:
        return any(state == "suspended" and not followed for _one, state, followed in self.states)


def record_of(person: User, institutions: Iterable[Institution | int]) -> Record:
    here = {"institution__in": list(institutions), "user": person}
    return Record(
        person,
        list(
            RequestAuthority.objects.filter(**here)
            .select_related("granted_by", "suspended_by", "withdrawn_by", "training", "institution")
            .order_by("-starts_on", "-pk")
        ),
        list(Training.objects.filter(**here).select_related("recorded_by", "file")),
        list(Qualification.objects.filter(**here).select_related("recorded_by", "file")),
        timezone.localdate(),
    )


def standing(person: User, institution: Institution | int) -> Record:
    """Of a person's record only what says whether they may request tests today; one query."""
    rows = RequestAuthority.objects.filter(institution=institution, user=person).order_by("-starts_on", "-pk")
    return Record(person, list(rows), [], [], timezone.localdate())


def people(user: Any) -> QuerySet[User]:
    """Whose record may be opened: one's own; all of one's institutions for those who view authority."""
    if not user.may("catalog.view_authority"):
        return User.objects.filter(pk=user.pk)
    posts = Post.objects.filter(institution__in=user.institution_ids)
    return User.objects.filter(Q(pk__in=posts.order_by().values("user_id")) | Q(pk=user.pk))
