"""Gates: one function per rule of the policy, judged as of a moment.

A gate is registered under its code by whichever app can judge it. The same function guards a live step, draws
the strip at the top of a case, and judges imported history as of its own day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import wraps
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

Fact = tuple[Any, Any]


class Verdict(StrEnum):
    PASSES = "passes"
    REFUSES = "refuses"
    NOT_APPLICABLE = "not_applicable"
    UNKNOWN = "unknown"

    @property
    def label(self) -> Any:
        return _LABELS[self]


_LABELS = {
    Verdict.PASSES: pgettext_lazy("verdict of a gate", "Passes"),
    Verdict.REFUSES: pgettext_lazy("verdict of a gate", "Refuses"),
    Verdict.NOT_APPLICABLE: pgettext_lazy("verdict of a gate", "Does not apply"),
    Verdict.UNKNOWN: pgettext_lazy("verdict of a gate", "Cannot be judged"),
}


@dataclass(frozen=True)
class Act:
    """The step being taken, where a rule depends on it: who takes it, and what they bring."""

    by: Any
    step: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Judgement:
    """What one gate says of one case at one moment. `message` and labels are lazy translations."""

    verdict: Verdict
    message: Any = ""
    mend: str = ""
    mend_label: Any = ""
    facts: tuple[Fact, ...] = ()
    code: str = ""
    title: Any = ""
    clauses: tuple[str, ...] = ()
    at: datetime | None = None

    @property
    def blocks(self) -> bool:
        """Whether a live step may not be taken: refused, or not to be judged for want of facts."""
        return self.verdict in (Verdict.REFUSES, Verdict.UNKNOWN)

    @property
    def refusal(self) -> Refusal:
        return Refusal(self.code, self.message, self.clauses, self.mend, self.mend_label, self.facts)


@dataclass(frozen=True)
class Refusal:
    """Why a step may not be taken: a sentence a clinician understands, the clause, and the link that mends it."""

    code: str
    message: Any
    clauses: tuple[str, ...] = ()
    mend: str = ""
    mend_label: Any = ""
    facts: tuple[Fact, ...] = ()

    def __str__(self) -> str:
        return str(self.message)


class Refused(ValidationError):
    """A step was not taken. Carries every refusal, not only the first."""

    def __init__(self, refusals: Iterable[Refusal] | Refusal):
        self.refusals = [refusals] if isinstance(refusals, Refusal) else list(refusals)
        super().__init__([ValidationError(str(one), code=one.code or "refused") for one in self.refusals])

    @classmethod
    def stale(cls, obj: Any, step: Any) -> Self:
        """Someone else moved the record after it was read."""
        message = _(
            "This record has changed in the meantime: “%(step)s” no longer applies. "
            "Nothing was saved; reload the page to see where it stands."
        ) % {"step": step.label}
        mend = obj.get_absolute_url() if hasattr(obj, "get_absolute_url") else ""
        return cls(Refusal("stale", message, (), mend, _("Reload")))


def passes(*facts: Fact) -> Judgement:
    return Judgement(Verdict.PASSES, facts=facts)


def refuses(message: Any, *, mend: str = "", mend_label: Any = "", facts: Iterable[Fact] = ()) -> Judgement:
    return Judgement(Verdict.REFUSES, message, mend=mend, mend_label=mend_label, facts=tuple(facts))


def not_applicable(why: Any = "", *, facts: Iterable[Fact] = ()) -> Judgement:
    return Judgement(Verdict.NOT_APPLICABLE, why, facts=tuple(facts))


def cannot_judge(
    *missing: Any, message: Any = "", mend: str = "", mend_label: Any = "", facts: Iterable[Fact] = ()
) -> Judgement:
    """The facts named in `missing` are not recorded."""
    if not message:
        message = _("Cannot be judged, because this is not recorded: %(facts)s.") % {
            "facts": "、".join(str(one) for one in missing)
        }
    return Judgement(Verdict.UNKNOWN, message, mend=mend, mend_label=mend_label, facts=tuple(facts))


GateFunction = Callable[[Any, datetime, Act | None], Judgement]


@dataclass(frozen=True)
class Gate:
    code: str
    title: Any
    clauses: tuple[str, ...]
    judge: GateFunction
    doc: str = ""


GATES: dict[str, Gate] = {}


def gate(code: str, *, clauses: Iterable[str], title: Any) -> Callable[[GateFunction], GateFunction]:
    """Register a rule. The function gets the case, the moment, and the act (None where nobody is acting)."""
    cited = tuple(clauses)

    def register(function: GateFunction) -> GateFunction:
        @wraps(function)
        def judged(case: Any, at: datetime, act: Act | None = None) -> Judgement:
            return replace(function(case, at, act), code=code, title=title, clauses=cited, at=at)

        if code in GATES and GATES[code].judge.__module__ != function.__module__:
            raise ValueError(f"Gate {code} is registered twice: {GATES[code].judge.__module__}, {function.__module__}")
        GATES[code] = Gate(code, title, cited, judged, function.__doc__ or "")
        return judged

    return register


def judge(code: str, case: Any, at: datetime, act: Act | None = None) -> Judgement:
    """What the gate of that code says of the case as of `at`. Raises KeyError when nobody registered it."""
    return GATES[code].judge(case, at, act)
