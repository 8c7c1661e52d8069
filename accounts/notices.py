"""Telling a person that work came to them: a line under the bell of every page. No e-mail, and no patient's name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation

from accounts.models import Notice, User

SHOWN = 100


@transaction.atomic
def tell(users: User | Iterable[User | None], text: Any, url: str = "") -> list[Notice]:
    """One notice each, in the house's language; nobody and machines are passed over, and nobody is told twice."""
    asked = [users] if isinstance(users, User) else list(users)  # type: ignore[arg-type]
    people = {one.pk: one for one in asked if one is not None and not one.is_machine and one.is_active}
    with translation.override(settings.LANGUAGE_CODE):
        line = str(text)[:300]
    return Notice.objects.bulk_create(Notice(user=one, text=line, url=url[:200]) for one in people.values())


@transaction.atomic
def mark_read(*, by: User, notice: Notice | None = None) -> int:
    """One's own notices are read: the one named, else all of them."""
    mine = Notice.objects.filter(user=by).unread()
    if notice is not None:
        mine = mine.filter(pk=notice.pk)
    return mine.update(read_at=timezone.now())
