"""The table of what a program may do to a case: a step's name, what it takes, and the action it calls.

An app on a higher floor adds its own (`consent.api`). Names are the chart's (`referrals/pathway.py`) wherever the
chart has one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from rest_framework import serializers

from accounts.models import User
from audit.gates import Act, Refusal
from audit.steps import Step
from referrals.models import Referral

Take = Callable[[Referral, User, dict[str, Any]], Any]


@dataclass(frozen=True)
class Doing:
    """One step for programs. `sources` are the statuses from which it leads on."""

    name: str
    label: Any
    permission: str
    sources: frozenset[Any]
    shape: type[serializers.Serializer]
    take: Take
    step: Step | None = None
    # Members of a body see its cases though they may not see the requester's other ones.
    for_members: bool = False
    # Where the status alone does not tell whether the case has reached it.
    is_due: Callable[[Referral], bool] = lambda referral: True

    def refusals(self, referral: Referral, by: User) -> list[Refusal]:
        """What the gates say now, before anything is brought."""
        if self.step is None:
            return []
        now = timezone.now()
        return self.step.refusals(referral, now, Act(by=by, step=self.name, data={}))


DOINGS: dict[str, Doing] = {}


def add(
    step: Step, shape: type[serializers.Serializer], take: Take, *, for_members: bool = False,
    is_due: Callable[[Referral], bool] = lambda referral: True,
) -> None:  # fmt: skip
    """A step of the chart."""
    DOINGS[step.name] = Doing(
        step.name, step.label, step.permission, step.sources, shape, take, step, for_members, is_due
    )


def add_act(
    name: str, label: Any, permission: str, sources: Iterable[Any], shape: type[serializers.Serializer], take: Take,
    *, for_members: bool = False,
) -> None:  # fmt: skip
    """What moves no status."""
    DOINGS[name] = Doing(name, label, permission, frozenset(sources), shape, take, None, for_members)
