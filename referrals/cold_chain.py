"""How warm a specimen may become on the road (`vocab.md` §7), from the hospital's settings by its kind (B11)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings


@dataclass(frozen=True)
class Range:
    """Degrees Celsius, both ends allowed."""

    low: Decimal
    high: Decimal

    def __str__(self) -> str:
        return f"{self.low:g}–{self.high:g} ℃"


def range_of(kind: str) -> Range | None:
    """What this kind bears: by the word that stands first in it, the longer of two that begin together."""
    known = settings.SPECIMEN_TEMPERATURES
    found = [(kind.find(word), -len(word), word) for word in known if word and word in kind]
    return Range(*known[min(found)[2]]) if found else None


def common(kinds: Iterable[str]) -> Range | None:
    """What all of these bear together; None where no kind has a range. ValueError when they cannot share a box."""
    ranges = [one for one in map(range_of, kinds) if one]
    if not ranges:
        return None
    low, high = max(one.low for one in ranges), min(one.high for one in ranges)
    if low > high:
        raise ValueError("no temperature suits them all")
    return Range(low, high)
