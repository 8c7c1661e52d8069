"""One workbook from bytes to findings, inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from referrals.matching import OF_HISTORY, rematch
from referrals.models import StatementDifference
from supervision.ledger.checking import check
from supervision.ledger.columns import BILLS, CASES, CONTRACTS, CREDENTIALS, ITEMS, PRICES, SHEETS
from supervision.ledger.comparing import New, compare
from supervision.ledger.judging import judge, judge_again
from supervision.ledger.known import Known
from supervision.ledger.reading import Ledger, read
from supervision.ledger.writing import write
from supervision.models import Finding, LedgerImport

Report = Callable[[str, int, int], None]
# What other cases are judged by, too.
REGISTERS = (CREDENTIALS, CONTRACTS, ITEMS, PRICES)
# One import at a time: each is compared with what the one before it recorded.
ONE_AT_A_TIME = 0x6D6A_0006


@dataclass
class Outcome:
    """What a workbook came to. `gates` and `statement` speak of this workbook's numbers only."""

    rows: int = 0
    statement_lines: int = 0
    gates: dict[str, list[str]] = field(default_factory=dict)
    statement: dict[str, list[str]] = field(default_factory=dict)
    not_judged: list[dict[str, Any]] = field(default_factory=list)
    added: dict[str, int] = field(default_factory=dict)
    unchanged: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def nothing_new(self) -> bool:
        return not any(self.added.values())

    def key(self) -> dict[str, Any]:
        """What `import_ledger --json` prints."""
        return {
            "rows": self.rows,
            "statement_lines": self.statement_lines,
            "gates": self.gates,
            "statement": self.statement,
        }


def silent(phase: str, done: int, total: int) -> None:
    """Reports to nobody."""


def run(
    content: bytes,
    *,
    scope: Collection[str] | None,
    record: Callable[[], LedgerImport],
    report: Report = silent,
) -> Outcome:
    """Take in a workbook: read, check, compare, write, judge, match. `scope` are the codes of the institutions
    whose rows are taken (None: all); `record` gives the import they belong to, and is asked only where there is
    something to record.

    Raises BadUpload or LedgerRefused, and then has written nothing.
    """
    ledger = read(content, scope=scope, report=report)
    report("checking", 0, 0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])
    known = Known.load(ledger)
    check(ledger, known)
    new = compare(ledger, known)
    ledger.refuse_faults()
    outcome = counted(ledger, new)
    if new.anything:
        ledger_import = record()
        cases = write(ledger, known, new, ledger_import, report)
        outcome.not_judged = judge(cases, ledger_import, report)
        places = [one.pk for code, one in known.institutions.items() if scope is None or code in scope]
        if any(new[title] for title in REGISTERS):
            judge_again(places, cases, ledger_import, report)
        report("matching", 0, 0)
        rematch(places)
    read_back(ledger, known, outcome)
    return outcome


def counted(ledger: Ledger, new: New) -> Outcome:
    return Outcome(
        rows=len(ledger[CASES]),
        statement_lines=len(ledger[BILLS]),
        added={sheet.title: len(new[sheet.title]) for sheet in SHEETS},
        unchanged=dict(new.unchanged),
        skipped=dict(ledger.skipped),
        notes=list(ledger.notes),
    )


def read_back(ledger: Ledger, known: Known, outcome: Outcome) -> None:
    """The findings and differences of this workbook's cases and lines, as they are recorded now."""
    places = {line["institution"] for line in [*ledger[CASES], *ledger[BILLS]]}
    ids = [known.institutions[code].pk for code in places]
    numbers = {line["number"] for line in ledger[CASES]}
    gates: dict[str, set[str]] = {}
    found = Finding.objects.open().filter(institution__in=ids).values_list("gate", "referral__number")
    for gate, number in found:
        if number in numbers:
            gates.setdefault(gate, set()).add(number)
    outcome.gates = {gate: sorted(gates[gate]) for gate in sorted(gates)}
    samples = numbers | {line["sample_no"] for line in ledger[BILLS]}
    kinds: dict[str, set[str]] = {kind.value: set() for kind in OF_HISTORY}
    differences = StatementDifference.objects.filter(institution__in=ids, kind__in=OF_HISTORY)
    for kind, sample in differences.values_list("kind", "sample_no"):
        if sample in samples:
            kinds[kind].add(sample)
    outcome.statement = {kind: sorted(those) for kind, those in kinds.items()}
