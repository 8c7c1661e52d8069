"""What a verification found."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

# More than this many are counted, not listed.
LISTED = 1000


@dataclass(frozen=True)
class Problem:
    """One thing that is not as it was written. `kind` is for programs; `message` for people."""

    kind: str
    message: str
    event: int | None = None
    table: str = ""
    row: str = ""
    column: str = ""


@dataclass
class Result:
    events: int = 0
    sealed: int = 0
    unsealed: int = 0
    first_unsealed: int | None = None
    rows: int = 0
    unlinked: int = 0
    size: int = 0
    root: bytes = b""
    note: str = ""
    problems: list[Problem] = field(default_factory=list)
    problem_count: int = 0
    warnings: list[str] = field(default_factory=list)
    # Proofs that the trail extends an older checkpoint: {"from", "old_size", "new_size", "proof"}.
    extends: list[dict[str, Any]] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return self.problem_count == 0

    def add(
        self,
        kind: str,
        message: Any,
        *,
        event: int | None = None,
        table: str = "",
        row: str = "",
        column: str = "",
    ) -> None:
        self.problem_count += 1
        if len(self.problems) < LISTED:
            self.problems.append(Problem(kind, str(message), event, table, row, column))

    def as_json(self) -> dict[str, Any]:
        return {
            "ok": self.ok,
            "events": self.events,
            "sealed": self.sealed,
            "unsealed": self.unsealed,
            "first_unsealed": self.first_unsealed,
            "rows": self.rows,
            "unlinked": self.unlinked,
            "problem_count": self.problem_count,
            "problems": [asdict(problem) for problem in self.problems],
            "warnings": self.warnings,
            "extends": self.extends,
            "checkpoint": {"size": self.size, "root": self.root.hex(), "note": self.note},
        }
