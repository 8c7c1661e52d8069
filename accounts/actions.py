"""Every write of accounts: staff, posts, one-time links, the first administrator."""

from __future__ import annotations

import hashlib
import secrets
from datetime import date, timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Department, Institution, Post, Role, SetPasswordLink, User
from audit import declaring

LINK_DAYS = 3
ADMINISTRATOR = "R19"


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


@transaction.atomic
def make_password_link(*, user: User, by: User) -> str:
    """A one-time secret with which `user` sets a password within three days; older links of theirs end."""
    if not by.may("accounts.manage_staff"):
        raise PermissionDenied("accounts.manage_staff")
    if user.posts_now and not any(post.institution_id in by.institution_ids for post in user.posts_now):
        raise PermissionDenied("accounts.manage_staff")
    with declaring.step("staff.password_link_made"):
        user.password_links.filter(used_at__isnull=True).update(expires_at=timezone.now())
        return _new_link(user=user)


def _new_link(*, user: User | None, first: bool = False) -> str:
    secret = secrets.token_urlsafe(24)
    SetPasswordLink.objects.create(
        user=user,
        digest=_digest(secret),
        expires_at=timezone.now() + timedelta(days=LINK_DAYS),
        first_administrator=first,
    )
    return secret


def usable_link(secret: str) -> SetPasswordLink | None:
    """The link this secret opens, while it is unused and in time."""
    return (
        SetPasswordLink.objects.select_related("user")
        .filter(digest=_digest(secret), used_at__isnull=True, expires_at__gt=timezone.now())
        .first()
    )


@transaction.atomic
def set_password(*, link: SetPasswordLink, password: str) -> User:
    """Use the link: the password is set and the link ends. Raises ValidationError for a weak password."""
    user = link.user
    if user is None:
        raise ValidationError(_("This link is for the first administrator."))
    validate_password(password, user)
    if not SetPasswordLink.objects.filter(pk=link.pk, used_at__isnull=True).update(used_at=timezone.now()):
        raise ValidationError(_("This link has been used already."))
    user.set_password(password)
    user.is_active = True
    user.save(update_fields=["password", "is_active"])
    return user


@transaction.atomic
def add_staff(
    *,
    by: User,
    username: str,
    name: str,
    institution: Institution,
    department: Department | None,
    role: Role,
    title: str = "",
) -> tuple[User, Post]:
    """A person with a staff number gets a first or a further post. An existing number must bear the same name."""
    if not by.may("accounts.manage_staff") or institution.pk not in by.institution_ids:
        raise PermissionDenied("accounts.manage_staff")
    if department and department.institution_id != institution.pk:
        raise ValidationError({"department": _("This department belongs to another institution.")})
    with declaring.step("staff.post_given"):
        user = User.objects.filter(username=username).first()
        if user is None:
            user = User(username=username, name=name, title=title)
            user.set_unusable_password()
            user.full_clean(exclude=["password"])
            user.save()
        elif user.name != name:
            raise ValidationError(
                {
                    "username": _("Staff number %(number)s belongs to %(name)s.")
                    % {"number": username, "name": user.name}
                }
            )
        elif not user.posts.filter(institution_id__in=by.institution_ids).exists():
            raise ValidationError({"username": _("This staff number is in use at another institution.")})
        if user.posts.in_force(timezone.localdate()).filter(institution=institution, department=department, role=role):
            raise ValidationError({"role": _("This person already holds this post.")})
        return user, Post.objects.create(
            user=user,
            institution=institution,
            department=department,
            role=role,
            starts_on=timezone.localdate(),
        )


@transaction.atomic
def set_email(*, user: User, email: str, by: User) -> User:
    """Where reminders go: a person sets their own, whoever keeps the staff that of people here; empty sends none.

    What still waits for the former address goes to none.
    """
    here = user.posts.filter(institution_id__in=by.institution_ids).exists()
    if user.pk != by.pk and not (by.may("accounts.manage_staff") and here):
        raise PermissionDenied("accounts.manage_staff")
    email = email.strip()
    if email:
        validate_email(email)
    with declaring.step("staff.email_set"):
        user.reminders.filter(sent_at__isnull=True, try_at__isnull=False).update(try_at=None)
        user.email = email
        user.save(update_fields=["email"])
    return user


@transaction.atomic
def end_post(*, by: User, post: Post, on: date | None = None) -> None:
    """The post ends yesterday, that is, at once. The last administrator's post cannot be ended."""
    if not by.may("accounts.manage_staff", post):
        raise PermissionDenied("accounts.manage_staff")
    today = timezone.localdate()
    if post.role_id == ADMINISTRATOR:
        others = Post.objects.in_force(today).filter(institution=post.institution, role_id=ADMINISTRATOR)
        if not others.exclude(pk=post.pk).filter(user__is_active=True).exists():
            raise ValidationError(_("This is the institution's last administrator: give someone else the post first."))
    last = on or today - timedelta(days=1)
    with declaring.step("staff.post_ended"):
        post.starts_on = min(post.starts_on, last)
        post.ends_on = last
        post.save(update_fields=["starts_on", "ends_on"])


def _has_administrator() -> bool:
    return Post.objects.in_force(timezone.localdate()).filter(role_id=ADMINISTRATOR, user__is_active=True).exists()


def make_first_administrator_link() -> str | None:
    """On a house without an administrator, a one-time link for the first one; else nothing."""
    if _has_administrator():
        return None
    SetPasswordLink.objects.filter(first_administrator=True, used_at__isnull=True).update(expires_at=timezone.now())
    return _new_link(user=None, first=True)


@transaction.atomic
def become_first_administrator(
    *, link: SetPasswordLink, code: str, institution_name: str, username: str, name: str, password: str
) -> User:
    """The first person: makes their institution, gets the 信息科 and 医务科 posts, and adds the others from there."""
    if not link.first_administrator or _has_administrator():
        raise ValidationError(_("There is an administrator already."))
    if not SetPasswordLink.objects.filter(pk=link.pk, used_at__isnull=True).update(used_at=timezone.now()):
        raise ValidationError(_("This link has been used already."))
    user = User(username=username, name=name)
    validate_password(password, user)
    user.set_password(password)
    user.full_clean()
    user.save()
    institution, _made = Institution.objects.get_or_create(
        code=code, defaults={"name": institution_name, "kind": Institution.Kind.HOSPITAL}
    )
    today = timezone.localdate()
    for role in (ADMINISTRATOR, "R10"):
        Post.objects.create(user=user, institution=institution, role_id=role, starts_on=today)
    return user
