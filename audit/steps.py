"""Steps, and `move()`: the one way a status changes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import Any

from django.core.checks import Error
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit import declaring
from audit.gates import GATES, Act, Judgement, Refusal, Refused, judge

STEPS: dict[str, Step] = {}
OUT_OF_TURN = "out_of_turn"


class Step:
    """One arrow of the chart: from which statuses to which, who may take it, and which gates guard it.

    `name` is what the trail records ("referral.approved"); `gates` are codes, registered by any app.
    """

    def __init__(
        self,
        name: str,
        sources: Iterable[Any],
        target: Any,
        permission: str,
        gates: Iterable[str] = (),
        label: Any = "",
    ):
        self.name = name
        self.sources = frozenset(sources)
        self.target = target
        self.permission = permission
        self.gates = tuple(gates)
        self.label = label or name
        if name in STEPS:
            raise ValueError(f"Step {name} is defined twice.")
        STEPS[name] = self

    def __repr__(self) -> str:
        return f"<Step {self.name}>"

    def judge(self, obj: Any, at: datetime, act: Act | None = None) -> list[Judgement]:
        """What every gate of this step says, as of `at`."""
        return [judge(code, obj, at, act) for code in self.gates]

    def refusals(self, obj: Any, at: datetime, act: Act | None = None) -> list[Refusal]:
        """Why the step may not be taken. What cannot be judged blocks too: its facts have to be recorded first."""
        return [judgement.refusal for judgement in self.judge(obj, at, act) if judgement.blocks]


# How records of a model tell where they stand, and at which statuses they have ended for good.
Teller = Callable[[Any, Step], Refusal]
TURNS: dict[type, tuple[Teller, frozenset[Any]]] = {}


def tells_its_turn(model: type, *, ended: Collection[Any] = ()) -> Callable[[Teller], Teller]:
    """Register how a record answers a step tried out of turn: where it stands, what it waits for, and who does it."""

    def register(tell: Teller) -> Teller:
        TURNS[model] = (tell, frozenset(ended))
        return tell

    return register


def out_of_turn(obj: Any, step: Step) -> Refusal:
    """The step does not start from where the record stands, and no rule says so first."""
    if type(obj) in TURNS:
        return TURNS[type(obj)][0](obj, step)
    message = _("“%(step)s” cannot be done now: this stands at “%(status)s”.")
    stands = obj.get_status_display() if hasattr(obj, "get_status_display") else obj.status
    mend = obj.get_absolute_url() if hasattr(obj, "get_absolute_url") else ""
    return Refusal(OUT_OF_TURN, message % {"step": step.label, "status": stands}, mend=mend)


def against(obj: Any, step: Step, at: datetime, act: Act | None = None, *, judged: Any = None) -> list[Refusal]:
    """Everything that stands against the step now. The gates are asked first, since their words name what is missing
    and the page that mends it; only when none refuses is it a matter of turn. Of a record that has ended nothing is
    missing any more: it only says so. `judged` is the same record as the gates know it, where it was read before."""
    off = obj.status not in step.sources
    if off and obj.status in TURNS.get(type(obj), (None, ()))[1]:
        return [out_of_turn(obj, step)]
    refusals = step.refusals(obj if judged is None else judged, at, act)
    return refusals or ([out_of_turn(obj, step)] if off else [])


def in_turn(
    obj: Any, step: Step, *, by: Any, was: Any = None, act: Act | None = None, at: datetime | None = None
) -> None:
    """Raise unless the step starts from where the record stands: the one rule for every action, asked of the record as
    the transaction holds it, before anything else is looked at.

    PermissionDenied comes first. `was` is the status the caller read: another one now is a race lost, and stale. Then
    what stands against the step. A step in its turn is judged by its gates in `move()`, with all that it brings.
    """
    if not by.may(step.permission, obj):
        raise PermissionDenied(step.permission)
    if was is not None and obj.status != was:
        raise Refused.stale(obj, step)
    if obj.status not in step.sources:
        raise Refused(against(obj, step, at or timezone.now(), act or Act(by=by, step=step.name)))


@transaction.atomic
def move(
    obj: Any,
    step: Step,
    *,
    by: Any,
    act: Act | None = None,
    reason: str = "",
    clause: str = "",
    at: datetime | None = None,
    **changes: Any,
) -> Any:
    """Take the step, with `changes` to other fields, or raise and leave everything as it was.

    PermissionDenied: not you. Refused: not so (a gate), not from here (out of turn), or not any more (someone was
    faster).
    """
    if not by.may(step.permission, obj):
        raise PermissionDenied(step.permission)
    act = act or Act(by=by, step=step.name, data=changes)
    if refusals := against(obj, step, at or timezone.now(), act):
        raise Refused(refusals)
    with declaring.step(step.name, reason=reason, clause=clause or ",".join(_clauses(step))):
        # Whoever comes second finds no row.
        rows = type(obj)._default_manager.filter(pk=obj.pk, status=obj.status)
        if not rows.update(status=step.target, **changes):
            raise Refused.stale(obj, step)
    for name, value in {**changes, "status": step.target}.items():
        setattr(obj, name, value)
    return obj


LABELS: dict[str, Any] = {
    "alarm.acknowledged": _("Alarm acknowledged"),
    "seal": _("Sealing"),
    "migrate": _("System update"),
    "web.get": _("Page opened"),
    "web.post": _("Form sent"),
}


def label_of(name: str) -> Any:
    """The name of a step for people: of a Step, or of what an app has put into LABELS; else the name itself."""
    step = STEPS.get(name)
    return step.label if step else LABELS.get(name, name)


def _clauses(step: Step) -> list[str]:
    return sorted({clause for code in step.gates for clause in GATES[code].clauses})


def unregistered() -> list[tuple[Step, str]]:
    """The codes that steps list and nobody registered."""
    return [(step, code) for step in STEPS.values() for code in step.gates if code not in GATES]


def verify_registered() -> None:
    """Stop the start on a step whose gate nobody can judge. Called once every app is ready."""
    if missing := unregistered():
        named = ", ".join(f"{step.name} lists {code}" for step, code in missing)
        raise ImproperlyConfigured(f"Gates that no app registered: {named}")


def check_registered(app_configs: Any = None, **kwargs: Any) -> list[Error]:
    """The same as a system check."""
    return [
        Error(f"The step {step.name} lists the gate {code}, which no app registered.", obj=step, id="audit.E001")
        for step, code in unregistered()
    ]
