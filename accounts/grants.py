"""Letting one person into one case: the only importer of guardian.

Guardian holds the grant; `LetIn` says why, by whom and until when. Both must stand for the case to be seen.
"""

from __future__ import annotations

from datetime import date

from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from guardian.shortcuts import assign_perm, remove_perm

from accounts import notices
from accounts.models import LetIn, User
from accounts.models.letters import view_codename

LONGEST_DAYS = 30


def let_in(*, user: User, obj: models.Model, ends_on: date, reason: str, by: User) -> LetIn:
    """Let `user` see `obj` until `ends_on`. Raises PermissionDenied, or ValidationError for a bad day or reason."""
    if not by.may("accounts.let_in", obj):
        raise PermissionDenied("accounts.let_in")
    today = timezone.localdate()
    if not reason.strip():
        raise ValidationError({"reason": _("Say why this person needs to see the case.")})
    if ends_on < today or (ends_on - today).days > LONGEST_DAYS:
        raise ValidationError(
            {"ends_on": _("The last day lies between today and %(days)s days from now.") % {"days": LONGEST_DAYS}}
        )
    with transaction.atomic():
        assign_perm(view_codename(type(obj)), user, obj)
        address = obj.get_absolute_url() if hasattr(obj, "get_absolute_url") else ""
        said = _("%(name)s let you into %(case)s until %(day)s: %(reason)s")
        values = {"name": by.name, "day": ends_on, "reason": reason.strip(), "case": obj}
        notices.tell(user, said % values, address)
        return LetIn.objects.create(
            user=user,
            content_type=ContentType.objects.get_for_model(obj),
            object_pk=str(obj.pk),
            institution_id=obj.institution_id,  # type: ignore[attr-defined]
            reason=reason.strip(),
            ends_on=ends_on,
            given_by=by,
        )


def withdraw(*, grant: LetIn, by: User) -> None:
    """End a grant now."""
    if not by.may("accounts.let_in", grant):
        raise PermissionDenied("accounts.let_in")
    with transaction.atomic():
        LetIn.objects.filter(pk=grant.pk, withdrawn_at__isnull=True).update(withdrawn_at=timezone.now())
        obj = grant.content_type.get_object_for_this_type(pk=grant.object_pk)
        if not LetIn.objects.in_force(type(obj)).filter(user=grant.user, object_pk=grant.object_pk).exists():
            remove_perm(view_codename(type(obj)), grant.user, obj)
