"""Tokens of other programs: finding the one a secret belongs to. Only the digest of a secret is kept."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import ApiToken
from audit import declaring

PREFIX = "mj_"
# How exactly "last used" is kept: a write an hour, not one a request.
USED_WITHIN = timedelta(hours=1)


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def holder(secret: str) -> tuple[ApiToken | None, str]:
    """(the token in force this secret opens, its user set to act in its post and for its scopes), or why not."""
    found = ApiToken.objects.select_related("user").filter(digest=digest(secret)).first()
    if found is None:
        return None, _("This token is not known here.")
    if not found.is_in_force(timezone.localdate()):
        return None, _("This token has ended.")
    user = found.user
    post = next((one for one in user.posts_now if one.pk == found.post_id), None)
    if not user.is_active or post is None:
        return None, _("The post this token acts in has ended.")
    user.act_as(post).limit_to(found.scopes)
    _used(found)
    return found, ""


def _used(token: ApiToken) -> None:
    now = timezone.now()
    if token.last_used_at and now - token.last_used_at < USED_WITHIN:
        return
    with declaring.acting(token.user, step="token.used", post=token.post_id, institutions=(), identity=()):
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
