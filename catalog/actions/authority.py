"""Request authority: granted, renewed, suspended, lifted and withdrawn by medical affairs (A23, A42)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.delegations import one_with
from accounts.notices import tell
from audit import declaring
from catalog.actions.common import reason_of, refused
from catalog.announcing import DOCTORS, holders
from catalog.models import Grade, RequestAuthority, Training
from documents.templatetags.formats import day

KEEP = "catalog.keep_authority"
VIEW = "catalog.view_authority"
LONGEST_YEARS = 3


def may_keep(by: Any, obj: Any = None) -> Any:
    """The institution somebody keeps the records of."""
    if not by.may(KEEP, obj) or by.post is None or by.post.institution.is_bureau:
        raise PermissionDenied(KEEP)
    return by.post.institution


def not_oneself(user: Any, by: Any) -> None:
    """Nobody decides on their own record, nor on that of somebody they stand in for (X14)."""
    if user.pk in one_with(by):
        said = _("Nobody grants, renews or lifts their own authority, nor records their own training or qualification.")
        raise refused("X14", said, "A42")


def page_of(user: Any) -> str:
    return reverse("catalog:person", args=[user.pk])


def latest_training(user: Any, institution: Any, on: date) -> Training | None:
    """The last passed training within the months that a renewal asks for."""
    months = settings.TRAINING_WITHIN_MONTHS
    since = on - timedelta(days=round(months * 365.25 / 12))
    found = Training.objects.filter(institution=institution, user=user, passed=True, held_on__gte=since)
    return found.filter(held_on__lte=on).order_by("-held_on", "-pk").first()


@transaction.atomic
def grant(*, user: Any, grade: str, starts_on: date, ends_on: date, by: Any) -> RequestAuthority:
    """Let a doctor of the hospital request up to a grade, from a day that is not past to a last one."""
    institution = may_keep(by)
    not_oneself(user, by)
    wrong: dict[str, Any] = {}
    if grade not in Grade.values:
        wrong["grade"] = _("This grade is not known.")
    if not holders(institution.pk, DOCTORS).filter(pk=user.pk).exists():
        wrong["user"] = _("This person holds no post here that requests tests.")
    if starts_on < timezone.localdate():
        wrong["starts_on"] = _("Authority is not granted backwards: the first day is today or later.")
    wrong |= _period(starts_on, ends_on)
    known = _rows(institution, user).filter(grade=grade, suspended_on__isnull=True, withdrawn_on__isnull=True)
    if any(one.starts_on <= ends_on and (one.ends_on is None or one.ends_on >= starts_on) for one in known):
        wrong["starts_on"] = _("This grade is already granted for some of these days: renew it, or withdraw it first.")
    if RequestAuthority.objects.suspended(timezone.localdate()).filter(institution=institution, user=user).exists():
        wrong["user"] = _("This doctor's authority is suspended: lift the suspension, or withdraw the authority first.")
    if wrong:
        raise ValidationError(wrong)
    with declaring.step("authority.granted", clause="A42"):
        made = RequestAuthority.objects.create(
            user=user, institution=institution, grade=grade, starts_on=starts_on, ends_on=ends_on, granted_by=by
        )
    _told(made, _("You may request tests up to “%(grade)s” from %(start)s to %(end)s."))
    return made


@transaction.atomic
def renew(*, authority: RequestAuthority, ends_on: date, by: Any) -> RequestAuthority:
    """The same grade for a further period, on a training passed within the months the hospital asks for (A42)."""
    institution = may_keep(by, authority)
    not_oneself(authority.user, by)
    authority = _locked(authority)
    today = timezone.localdate()
    if authority.state(today) not in ("in_force", "ended") or authority.followed_by.exists():
        raise refused("stale", _("Only an authority in force or ended, not renewed yet, can be renewed."), "A42")
    training = latest_training(authority.user, institution, today)
    if training is None:
        said = _("A renewal needs a training passed within the last %(n)d months; none is on record.")
        mend = page_of(authority.user) + "#training"
        raise refused("training", said % {"n": settings.TRAINING_WITHIN_MONTHS}, "A42", mend, _("Record the training"))
    if authority.ends_on is None:
        raise refused("stale", _("This authority has no last day and needs no renewal."), "A42")
    starts_on = max(authority.ends_on + timedelta(days=1), today)
    if wrong := _period(starts_on, ends_on):
        raise ValidationError(wrong)
    with declaring.step("authority.renewed", clause="A42"):
        made = RequestAuthority.objects.create(
            user=authority.user, institution=institution, grade=authority.grade, starts_on=starts_on, ends_on=ends_on,
            granted_by=by, follows=authority, training=training,
        )  # fmt: skip
    _told(made, _("Your authority for “%(grade)s” is renewed from %(start)s to %(end)s."))
    return made


@transaction.atomic
def suspend(*, user: Any, reason: str, by: Any) -> int:
    """Every authority of a doctor in the hospital stops today, whatever its grade. Returns how many."""
    institution = may_keep(by)
    reason = reason_of(reason)
    today = timezone.localdate()
    running = _rows(institution, user).filter(suspended_on__isnull=True, withdrawn_on__isnull=True)
    rows = [one for one in running if one.ends_on is None or one.ends_on >= today]
    if not rows:
        raise refused("stale", _("This doctor holds no authority that could be suspended."), "A42")
    with declaring.step("authority.suspended", reason=reason, clause="A42"):
        for one in rows:
            one.suspended_on, one.suspended_by, one.suspended_reason = today, by, reason
            one.save(update_fields=["suspended_on", "suspended_by", "suspended_reason"])
    _told(rows[0], _("Your request authority is suspended from today: %(reason)s"), reason=reason)
    return len(rows)


@transaction.atomic
def lift(*, user: Any, reason: str, by: Any) -> int:
    """The suspended authorities run again from today to the last day they had. Returns how many."""
    institution = may_keep(by)
    not_oneself(user, by)
    reason = reason_of(reason)
    today = timezone.localdate()
    rows = list(_rows(institution, user).suspended(today))
    if not rows:
        raise refused("stale", _("No authority of this doctor is suspended."), "A42")
    with declaring.step("authority.lifted", reason=reason, clause="A42"):
        made = [
            RequestAuthority.objects.create(
                user=one.user, institution=institution, grade=one.grade, starts_on=max(today, one.starts_on),
                ends_on=one.ends_on, granted_by=by, follows=one, training=one.training, lifted_reason=reason,
            )
            for one in rows
        ]  # fmt: skip
    _told(made[0], _("The suspension of your request authority is lifted: %(reason)s"), reason=reason)
    return len(made)


@transaction.atomic
def withdraw(*, authority: RequestAuthority, reason: str, by: Any) -> RequestAuthority:
    """One authority ends today for good, suspended or not."""
    may_keep(by, authority)
    reason = reason_of(reason)
    authority = _locked(authority)
    today = timezone.localdate()
    if authority.withdrawn_on or (authority.ends_on and authority.ends_on < today):
        raise refused("stale", _("This authority has ended already."), "A42")
    with declaring.step("authority.withdrawn", reason=reason, clause="A42"):
        authority.withdrawn_on, authority.withdrawn_by, authority.withdrawn_reason = today, by, reason
        authority.save(update_fields=["withdrawn_on", "withdrawn_by", "withdrawn_reason"])
    _told(authority, _("Your authority for “%(grade)s” is withdrawn from today: %(reason)s"), reason=reason)
    return authority


def _rows(institution: Any, user: Any) -> Any:
    found = RequestAuthority.objects.select_for_update(of=("self",)).select_related("user")
    return found.filter(institution=institution, user=user).order_by("pk")


def _locked(authority: RequestAuthority) -> RequestAuthority:
    found = RequestAuthority.objects.select_for_update(of=("self",)).select_related("user", "institution")
    return found.get(pk=authority.pk)


def _period(starts_on: date, ends_on: date) -> dict[str, Any]:
    if ends_on < starts_on:
        return {"ends_on": _("The last day lies before the first.")}
    if (ends_on - starts_on).days > LONGEST_YEARS * 366:
        return {"ends_on": _("At most %(n)d years at a time.") % {"n": LONGEST_YEARS}}
    return {}


def _told(authority: RequestAuthority, text: str, reason: str = "") -> None:
    values = {
        "grade": authority.get_grade_display(), "start": day(authority.starts_on), "end": day(authority.ends_on),
        "reason": reason,
    }  # fmt: skip
    tell(authority.user, text % values, page_of(authority.user))
