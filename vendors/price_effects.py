"""What a price change does beyond the list: the rooms above (cases, consents) say their part. Each registers a provider
here when it starts; the page of the change shows them before anything is published."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from catalog.effects import SHOWN, Effect, Touched
from vendors.pricing import Plan

__all__ = ["SHOWN", "Effect", "Touched", "of", "provider"]

Provider = Callable[[Plan, Any], Iterable[Effect]]
PROVIDERS: dict[str, Provider] = {}


def provider(name: str) -> Callable[[Provider], Provider]:
    def register(function: Provider) -> Provider:
        PROVIDERS[name] = function
        return function

    return register


def of(plan: Plan, user: Any) -> list[Effect]:
    """Every effect anybody registered, those that bite first."""
    found = [effect for name in sorted(PROVIDERS) for effect in PROVIDERS[name](plan, user)]
    return sorted(found, key=lambda one: (not one.count, not one.is_grave, one.code))
