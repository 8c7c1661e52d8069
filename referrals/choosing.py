"""Which laboratory takes a test the hospital does not do itself (A24–A26, A29, B8, B10, X16).

What must be: in force and admitted for the item, by the gates X06, X13 and X15. Among those that may, in this order: a
quality assessment of the test passed, the turnaround the contract promises, how much of ours lies there unreported,
the settlement price; then the laboratory's code, so that the same facts give the same answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.gates import GATES, Act, Judgement, judge
from documents.templatetags.formats import NONE, day
from referrals import pathway
from referrals.gates import Case
from referrals.gates.case import Registers
from referrals.models import Referral, Shipment, Status
from vendors.models import Admission, ContractItem, Laboratory, LaboratoryRound, Route

SHUT_WHEN = ("X06", "X13", "X15")
# Sent there and not reported.
LYING_THERE = (Status.SHIPPED, Status.RECEIVED)
# Besides those under a contract in force: how many others are looked at and said to be shut.
OTHERS = 20
QUALITY, TURNAROUND, LOAD, PRICE, CODE = "quality", "turnaround", "load", "price", "code"
ORDER = (QUALITY, TURNAROUND, LOAD, PRICE, CODE)
UNKNOWN_DAYS = 10_000
BY_CONTRACT = gettext_lazy("commissioned by contract %(number)s; the ledger names no route")


@dataclass
class Candidate:
    """One laboratory that was looked at."""

    laboratory: Laboratory
    item: ContractItem | None = None
    shut_by: list[str] = field(default_factory=list)
    # By which gates.
    codes: list[str] = field(default_factory=list)
    round: LaboratoryRound | None = None
    load: int = 0
    route: str = ""
    route_reason: str = ""

    @property
    def key(self) -> tuple:
        """Less is better; in the order of `ORDER`."""
        item: Any = self.item
        days = item.turnaround_days or UNKNOWN_DAYS
        passed = self.round is not None and self.round.passed
        return (0 if passed else 1, days, self.load, item.settlement_price, self.laboratory.code)

    def against(self, chosen: Candidate | None) -> str:
        """What decided against it; "chosen" for the one chosen, "shut" where nothing could decide for it."""
        if self is chosen:
            return "chosen"
        if self.shut_by or chosen is None:
            return "shut"
        pairs = zip(ORDER, self.key, chosen.key, strict=True)
        return next((name for name, mine, best in pairs if mine != best), CODE)

    def kept(self, chosen: Candidate | None) -> dict[str, Any]:
        """As the allocation keeps it."""
        item = self.item
        return {
            "laboratory": self.laboratory.name,
            "contract": item.contract.number if item else "",
            "price": str(item.settlement_price) if item else "",
            "shut_by": self.shut_by,
            "codes": self.codes,
            "turnaround": item.turnaround_days if item else None,
            "quality": f"{self.round} {day(self.round.held_on)}" if self.round else "",
            "quality_passed": self.round.passed if self.round else None,
            "load": self.load,
            "route": self.route,
            "route_reason": self.route_reason,
            "decided": self.against(chosen),
        }


def candidates(referral: Referral, at: datetime) -> tuple[Candidate | None, list[Candidate]]:
    """The one chosen, or None, and all that were looked at: first what may take it, the best first."""
    on = timezone.localdate(at)
    here = {"institution_id": referral.institution_id, "test_id": referral.test_id}
    items = (
        ContractItem.objects.filter(**here)  # type: ignore[attr-defined]
        .in_force(on)
        .select_related("contract", "laboratory")
        .order_by("settlement_price", "laboratory__code")
    )
    found = [Candidate(item.laboratory, item) for item in items]
    known = {one.laboratory.pk for one in found}
    found += [Candidate(one) for one in _others(referral, known)]
    registers = Registers([referral])
    load = _load(referral, {one.laboratory.pk for one in found})
    for one in found:
        shut = shut_by(referral, one.laboratory, at, registers)
        one.shut_by, one.codes = [str(each.message) for each in shut], [each.code for each in shut]
        one.round = registers.admissions.latest_round(one.laboratory.pk, referral.test_id, on)
        one.load = load.get(one.laboratory.pk, 0)
        one.route, one.route_reason = route_of(referral, one.laboratory, at, registers, one.item)
    may = sorted((one for one in found if not one.shut_by and one.item), key=lambda one: one.key)
    chosen = may[0] if may else None
    return chosen, [*may, *(one for one in found if one not in may)]


def _others(referral: Referral, known: set[int]) -> Iterable[Laboratory]:
    """Those one might ask after: a contract listed the test once, or the admission names it."""
    once = ContractItem.objects.filter(institution_id=referral.institution_id, test_id=referral.test_id)
    named = Admission.objects.filter(institution_id=referral.institution_id, tests=referral.test_id).standing()
    keys = {*once.values_list("laboratory_id", flat=True), *named.values_list("laboratory_id", flat=True)} - known
    return Laboratory.objects.filter(pk__in=keys).order_by("code")[:OTHERS]


def _load(referral: Referral, laboratories: set[int]) -> dict[int, int]:
    """How many specimens of the hospital lie at each laboratory unreported."""
    lying = Shipment.objects.filter(
        referral__institution_id=referral.institution_id, referral__status__in=LYING_THERE,
        laboratory__in=laboratories, rejected_at__isnull=True,
    )  # fmt: skip
    return dict(lying.order_by().values_list("laboratory").annotate(n=Count("referral_id", distinct=True)))


def shut_by(referral: Referral, laboratory: Laboratory, at: datetime, registers: Registers) -> list[Judgement]:
    """The gates that stand against this laboratory today."""
    from accounts.models import User

    former = referral.laboratory
    referral.laboratory = laboratory
    try:
        act = Act(by=User.objects.machine(), step=pathway.ALLOCATE.name, data={"laboratory": laboratory})
        judged = [judge(code, Case(referral, registers), at, act) for code in SHUT_WHEN]
    finally:
        referral.laboratory = former
    return [one for one in judged if one.blocks]


def route_of(
    referral: Referral, laboratory: Laboratory, at: datetime, registers: Registers, item: ContractItem | None
) -> tuple[str, str]:
    """By which of the three ways of A24 the test goes there, and why: as the admission says. A ledger's laboratory
    without one is commissioned by its contract."""
    register = registers.admissions
    span = register.span(referral.institution_id, laboratory.pk, at)
    admission = register.held.get(span.admission_id) if span else None
    if admission is not None:
        return admission.route, admission.route_reason
    if item is not None and register.by_contract(referral.institution_id, laboratory, at):
        return Route.THIRD_PARTY, str(BY_CONTRACT % {"number": item.contract.number})
    return "", ""


# In words, for those who may see laboratories

DECIDED = {
    QUALITY: gettext_lazy("The chosen laboratory has passed a quality assessment of this test; this one has none on record."),
    TURNAROUND: gettext_lazy("The chosen laboratory promises a shorter turnaround."),
    LOAD: gettext_lazy("Fewer of our specimens lie unreported at the chosen laboratory."),
    PRICE: gettext_lazy("The chosen laboratory has the lower settlement price; all else is equal."),
    CODE: gettext_lazy("All is equal; the order of the register decides."),
    "shut": gettext_lazy("May not take it."),
    "": gettext_lazy("Not chosen: the lowest settlement price decided when this was made."),
}  # fmt: skip


# Of what decided: the clauses that ask for it.
CLAUSES = {
    QUALITY: ("A15", "B11"), TURNAROUND: ("A26", "B10"), LOAD: ("A24",), PRICE: ("B10",), CODE: ("A29", "B23"),
}  # fmt: skip


def _clauses(one: dict[str, Any], decided: str) -> list[str]:
    if decided in CLAUSES:
        return list(CLAUSES[decided])
    codes = one.get("codes", [])
    # X13 follows from the law, not from the plans.
    return list(dict.fromkeys(clause for code in codes for clause in GATES[code].clauses))


def explained(considered: list[dict[str, Any]], chosen: str) -> list[dict[str, Any]]:
    """The candidates as the case page shows them. Records from before the rule have fewer facts."""
    rows = []
    for one in considered:
        decided = one.get("decided", "shut" if one["shut_by"] else "chosen" if one["laboratory"] == chosen else "")
        passed = one.get("quality_passed")
        verdict = "" if passed is None else _("passed") if passed else _("not passed")
        rows.append(
            {
                **one,
                "is_chosen": decided == "chosen",
                "clauses": _clauses(one, decided),
                "quality": f"{one.get('quality', '')} {verdict}".strip() or NONE,
                "why": _("Chosen") if decided == "chosen" else "；".join(one["shut_by"]) or str(DECIDED[decided]),
            }
        )
    return rows


def same(before: list[dict[str, Any]], now: list[dict[str, Any]]) -> bool:
    """Whether two looks found the same in the way; what lies at a laboratory changes every hour and is no news."""
    names = ("laboratory", "contract", "shut_by")
    return [[one.get(name) for name in names] for one in before] == [[one.get(name) for name in names] for one in now]
