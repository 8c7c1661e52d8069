"""What an edition does to the hospital before it takes force. The catalog knows only its rows; the rooms above (price
and contract, cases, consents) say their part: each registers a provider here when it starts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from catalog.diffing import Difference, compare
from catalog.models import Edition
from catalog.overview import basis_of


@dataclass(frozen=True)
class Touched:
    """One thing touched, with its page where the reader may open it."""

    label: Any
    note: Any = ""
    url: str = ""


@dataclass(frozen=True)
class Effect:
    """One kind of effect: a sentence of what it means, how many, and the first of them."""

    code: str
    title: Any
    meaning: Any
    count: int
    touched: tuple[Touched, ...] = field(default=())
    clauses: tuple[str, ...] = ()
    is_grave: bool = False
    url: str = ""


Provider = Callable[[Difference, Any], Iterable[Effect]]
PROVIDERS: dict[str, Provider] = {}
SHOWN = 20


def provider(name: str) -> Callable[[Provider], Provider]:
    """Register a part: the function is given the difference from what is in force, and the reader."""

    def register(function: Provider) -> Provider:
        PROVIDERS[name] = function
        return function

    return register


def of(edition: Edition, user: Any) -> tuple[Difference, list[Effect]]:
    """The difference from what counts now, and every effect that anybody registered; those that bite first."""
    difference = compare(basis_of(edition), edition)
    found = [effect for name in sorted(PROVIDERS) for effect in PROVIDERS[name](difference, user)]
    return difference, sorted(found, key=lambda one: (not one.count, not one.is_grave, one.code))
