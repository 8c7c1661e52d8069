"""Standing in: somebody works in another's post for some days, from one day to another, with a reason.

The delegate acts under their own name in the other's post; what keeps duties apart (X14) takes the two for one person.
"""

from __future__ import annotations

from datetime import date

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import notices
from accounts.models import Delegation, Post, Role, User
from audit import declaring

LONGEST_DAYS = 90
PERMISSION = "accounts.delegate"


def may_delegate(by: User, post: Post) -> bool:
    """The holder of the post, and medical affairs or the vice president for posts of their hospital; never somebody
    who is standing in for another: a delegated post is not passed on."""
    if by.post is None or by.post.user_id != by.pk:
        return False
    return post.user_id == by.pk or (by.may(PERMISSION, post) and not by.is_machine)


def one_with(user: User) -> frozenset[int]:
    """Who counts as this person where duties are kept apart (X14): themselves, and everybody they stand in for today,
    in whichever post they work just now."""
    return frozenset({user.pk, *(post.user_id for post in user.posts_now)})


def own_posts(by: User) -> list[Post]:
    return [post for post in by.posts_now if post.user_id == by.pk]


def listed(by: User) -> QuerySet[Delegation]:
    """What the person may see, newest first."""
    related = ("from_post__role", "from_post__department", "from_post__user", "to_user", "made_by", "revoked_by")
    return Delegation.objects.visible_to(by).select_related(*related, "institution")


@transaction.atomic
def delegate(*, post: Post, to: User, starts_on: date, ends_on: date, reason: str, by: User) -> Delegation:
    """Let `to` work in `post` from the first to the last day. PermissionDenied; ValidationError by field."""
    if not may_delegate(by, post):
        raise PermissionDenied(PERMISSION)
    # Two delegations of one post wait for each other.
    post = Post.objects.select_for_update(of=("self",)).select_related("role", "institution", "user").get(pk=post.pk)
    if wrong := _wrong(post, to, starts_on, ends_on, reason.strip()):
        raise ValidationError(wrong)
    with declaring.step("delegation.made", reason=reason.strip()[:200]):
        made = Delegation.objects.create(
            institution=post.institution,
            from_post=post,
            to_user=to,
            starts_on=starts_on,
            ends_on=ends_on,
            reason=reason.strip()[:200],
            made_by=by,
        )
        values = {"name": post.user.name, "role": post.role.name, "start": starts_on, "end": ends_on}
        text = _("You stand in for %(name)s as %(role)s from %(start)s to %(end)s: switch at the top of the page.")
        lent = _("%(to)s stands in for you as %(role)s from %(start)s to %(end)s.")
        page = reverse("accounts:delegations")
        notices.tell(to, text % values, page)
        if by.pk != post.user_id:
            notices.tell(post.user, lent % {**values, "to": to.name}, page)
    return made


def _wrong(post: Post, to: User, starts_on: date, ends_on: date, reason: str) -> dict[str, str]:
    wrong: dict[str, str] = {}
    today = timezone.localdate()
    if not reason:
        wrong["reason"] = _("Say why somebody stands in.")
    if starts_on < today:
        wrong["starts_on"] = _("The first day lies in the past.")
    if ends_on < starts_on:
        wrong["ends_on"] = _("The last day lies before the first.")
    elif (ends_on - starts_on).days >= LONGEST_DAYS:
        wrong["ends_on"] = _("At most %(days)s days at a time.") % {"days": LONGEST_DAYS}
    elif (post.ends_on and post.ends_on < ends_on) or post.starts_on > starts_on:
        wrong["ends_on"] = _("The post itself is not held for all of these days.")
    if said := _unfit(post, to, starts_on, ends_on):
        wrong["username"] = said
    elif "ends_on" not in wrong and "starts_on" not in wrong:
        others = Delegation.objects.filter(from_post=post, revoked_at__isnull=True)
        if other := others.filter(starts_on__lte=ends_on, ends_on__gte=starts_on).select_related("to_user").first():
            message = _("%(name)s already stands in for this post from %(start)s to %(end)s.")
            values = {"name": other.to_user.name, "start": other.starts_on, "end": other.ends_on}
            wrong["starts_on"] = message % values
    return wrong


def _unfit(post: Post, to: User, starts_on: date, ends_on: date) -> str:
    """Why this person cannot stand in for this post, or nothing."""
    if to.is_machine or not to.is_active:
        return _("This account is closed.")
    if to.pk == post.user_id:
        return _("This person holds the post already.")
    theirs = to.posts.filter(institution_id=post.institution_id)
    if not theirs.in_force(starts_on).exists() or not theirs.in_force(ends_on).exists():
        return _("Only somebody with a post of their own at this institution, for all of these days, can stand in.")
    if theirs.in_force(starts_on).filter(role_id=post.role_id, department_id=post.department_id).exists() and (
        post.role.scope != Role.Scope.OWN
    ):
        return _("This person holds the same post themselves and needs no delegation.")
    return ""


@transaction.atomic
def revoke(*, delegation: Delegation, by: User) -> None:
    """End it now, by the holder or whoever may delegate. Done twice, nothing happens; a past one stays as it was."""
    if not may_delegate(by, delegation.from_post):
        raise PermissionDenied(PERMISSION)
    with declaring.step("delegation.revoked"):
        standing = Delegation.objects.filter(
            pk=delegation.pk, revoked_at__isnull=True, ends_on__gte=timezone.localdate()
        )
        if standing.update(revoked_at=timezone.now(), revoked_by=by) and by.pk != delegation.to_user_id:
            text = _("You no longer stand in for %(name)s as %(role)s.")
            values = {"name": delegation.from_post.user.name, "role": delegation.from_post.role.name}
            notices.tell(delegation.to_user, text % values, reverse("accounts:delegations"))
