"""The lists a post works from, with true counts. A post sees the lists its permissions open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from desk.worklists import clinic, oversight, partners
from desk.worklists.item import Worklist
from documents import together

CAP = 1000
NOTICES = "notices"
# A post with more lists than this sees them folded by group.
UNFOLDED = 14
# The groups of the narrow column, in the order people look for them.
GROUPS: tuple[tuple[Any, tuple[Worklist, ...]], ...] = (
    (_("Cases"), clinic.CASES),
    (_("Specimens"), clinic.SPECIMENS),
    (_("Drugs and reports"), clinic.DRUGS),
    (_("Laboratories and contracts"), partners.LABORATORIES),
    (_("Prices and bills"), partners.MONEY),
    (_("Catalog and authority"), partners.CATALOG),
    (_("Supervision"), oversight.SUPERVISION),
    (_("Administration"), oversight.HOUSE),
)
WORKLISTS: tuple[Worklist, ...] = tuple(item for _label, lists in GROUPS for item in lists)


def of(user) -> list[Worklist]:
    """The lists that the user's current post opens, in the order people look for them."""
    return [worklist for worklist in WORKLISTS if user.may(worklist.permission)]


def grouped(lists: Iterable[Worklist]) -> list[tuple[Any, list[Worklist]]]:
    """The lists under the headings of the narrow column; a heading without a list is left out."""
    mine = set(lists)
    found = [(label, [item for item in group if item in mine]) for label, group in GROUPS]
    return [(label, group) for label, group in found if group]


def opened(lists: Iterable[Worklist], path: str, query: Mapping[str, str]) -> str:
    """The address of the list that a page belongs to: the nearest above it, of several there the one whose words the page
    was asked with; empty when it belongs to none."""
    found = [(len(place), item) for item in lists for place in item.addresses if path.startswith(place)]
    nearest = max((length for length, _item in found), default=0)
    here = [item for length, item in found if length == nearest and item.asks(query)]
    return max(here, key=lambda item: len(item.query)).url if here else ""


def counts(user, lists: Iterable[Worklist]) -> dict[str, int]:
    """How many rows wait in each list that is counted, and how many notices are unread (`NOTICES`), by code: true
    numbers up to `CAP` + 1, all in one query."""
    found = {item.code: item.rows(user) for item in lists if item.rows}
    return together.counts({**found, NOTICES: user.notices.unread()}, cap=CAP)


def shown(item: Worklist, counted: dict[str, int]) -> str | None:
    """The number beside a list, in words for people; None for a list that is not counted."""
    return together.capped(counted[item.code], CAP) if item.code in counted else None
