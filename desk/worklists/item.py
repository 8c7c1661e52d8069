"""One list a post works from, and the lists of cases that differ only by a word of the query."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from django.db.models import QuerySet
from django.urls import reverse

from referrals import queries
from referrals.models import Referral, SpecialUse


@dataclass(frozen=True)
class Worklist:
    """One list: what it is called, where it is, who sees it, and what it counts (None: not counted)."""

    code: str
    label: Any
    url_name: str
    permission: str
    rows: Callable[[Any], QuerySet] | None = None
    query: str = ""
    # Whether its cases leave it by this post's own doing, so that they stand under what waits today.
    is_to_do: bool = False
    # Pages reached from it that stand at addresses of their own.
    also: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        return reverse(self.url_name) + self.query

    @property
    def addresses(self) -> list[str]:
        """Below these a page belongs to this list."""
        return [reverse(name) for name in (self.url_name, *self.also)]

    def asks(self, query: Mapping[str, str]) -> bool:
        """Whether a page asked for with `query` is this list, and not another at the same address."""
        return all(query.get(name) == value for name, value in parse_qsl(self.query.removeprefix("?")))


def waiting(code: str, label: Any, permission: str) -> Worklist:
    """One station's list: the cases that wait there, on the list of cases."""
    return Worklist(
        f"waiting_{code}",
        label,
        "referrals:list",
        permission,
        lambda user: queries.waiting(Referral.objects.visible_to(user), code),
        f"?stage={code}",
        is_to_do=code != "overdue",
    )


def special_uses(code: str, label: Any, permission: str, status: str) -> Worklist:
    return Worklist(
        f"special_uses_{code}",
        label,
        "referrals:special_uses",
        permission,
        lambda user: SpecialUse.objects.visible_to(user).filter(status=status),
        f"?status={status}",
    )
