"""What stands behind each clause: gates cite it, records prove it, indicators measure it, forms ask for it.

Gates are read from their own registry. Whatever else carries out a clause claims it here when its app starts:
`coverage.claim("B12", "record", _("Filing"), "referrals:list")`. A clause that nobody claims is shown as not
yet covered; nothing is hidden.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from django.urls import NoReverseMatch, reverse

from audit.gates import GATES

Kind = Literal["gate", "record", "indicator", "form"]
KINDS: tuple[Kind, ...] = ("gate", "record", "indicator", "form")


@dataclass(frozen=True)
class Claim:
    """One thing that carries out a clause. `url` is an address, a URL name without arguments, or empty."""

    kind: Kind
    label: Any
    url: str = ""

    @property
    def href(self) -> str:
        if not self.url or self.url.startswith("/"):
            return self.url
        try:
            return reverse(self.url)
        except NoReverseMatch:
            return ""


_claims: dict[str, list[Claim]] = defaultdict(list)


def claim(clauses: str | Iterable[str], kind: Kind, label: Any, url: str = "") -> None:
    """Say that `label` carries out these clauses. Saying it twice does no harm."""
    if kind not in KINDS:
        raise ValueError(f"A clause is covered by one of {KINDS}, not by {kind!r}")
    for clause in [clauses] if isinstance(clauses, str) else clauses:
        one = Claim(kind, label, url)
        if one not in _claims[clause]:
            _claims[clause].append(one)


def of(clause: str) -> dict[Kind, list[Claim]]:
    """Everything that carries out this clause, by kind; every kind is there, perhaps empty."""
    found: dict[Kind, list[Claim]] = {kind: [] for kind in KINDS}
    for gate in GATES.values():
        if clause in gate.clauses:
            found["gate"].append(Claim("gate", f"{gate.code} {gate.title}"))
    for one in _claims.get(clause, []):
        found[one.kind].append(one)
    return found


def is_covered(clause: str) -> bool:
    return any(of(clause).values())


def claimed() -> set[str]:
    """Every clause code that a gate or a claim names, whether it exists or not."""
    return {code for gate in GATES.values() for code in gate.clauses} | {c for c, ones in _claims.items() if ones}
