"""How warm a specimen may become on the road, and how long it keeps (`vocab.md` §7): the hospital's settings, by its kind
(B11)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings


@dataclass(frozen=True)
class Range:
    """Degrees Celsius, both ends allowed."""

    low: Decimal
    high: Decimal

    def __str__(self) -> str:
        return f"{self.low:g}–{self.high:g} ℃"


def _of_kind(known: Mapping[str, Any], kind: str) -> Any:
    """By the word that stands first in the kind, the longer of two that begin together."""
    found = [(kind.find(word), -len(word), word) for word in known if word and word in kind]
    return known[min(found)[2]] if found else None


def range_of(kind: str) -> Range | None:
    """What this kind bears."""
    found = _of_kind(settings.SPECIMEN_TEMPERATURES, kind)
    return Range(*found) if found else None


def keeps_until(kind: str, collected_at: datetime | None) -> datetime | None:
    """The last moment at which it may leave; None where its kind keeps, or nobody knows when it was taken."""
    hours = _of_kind(settings.SPECIMEN_HOURS, kind)
    return collected_at + timedelta(hours=hours) if hours and collected_at else None


def common(kinds: Iterable[str]) -> Range | None:
    """What all of these bear together; None where no kind has a range. ValueError when they cannot share a box."""
    ranges = [one for one in map(range_of, kinds) if one]
    if not ranges:
        return None
    low, high = max(one.low for one in ranges), min(one.high for one in ranges)
    if low > high:
        raise ValueError("no temperature suits them all")
    return Range(low, high)
