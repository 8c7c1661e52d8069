"""What a drug–target rule asks for, as data: read from the reviewed file or a rule's row, never guessed from its text.

A rule has `names` (drugs, each a name a doctor may type) and `uses`: for these indications and lines, this need, and
the groups of conditions of which one has to be met whole. The original wording of the row stays beside it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from typing import Any

NEEDS = ("test", "pathology", "none", "label")
SENSES = ("present", "absent", "measure")
KINDS = ("mutation", "fusion", "amplification")
METHODS = ("molecular", "ihc", "ish", "flow")
SPECIMENS = ("tissue", "cellblock", "plasma", "effusion", "blood", "marrow", "cytology")


class BadCriteria(ValueError):
    """The data of a rule do not make sense; the message says where."""


@dataclass(frozen=True)
class Condition:
    """One thing a report has to say.

    `present`: an alteration of one of `genes`, of one of `kinds`, at one of `places` where places are named; one of
    `label_places` is left to the label of the drug. `absent`: every gene of `genes` read and found without change,
    over `exons` where they are named. `measure`: the value of `measure` is one of `values`, or at least `at_least`.
    `classified`: the report has to call the alteration pathogenic or likely pathogenic.
    """

    target: str
    sense: str = "present"
    genes: tuple[str, ...] = ()
    kinds: tuple[str, ...] = KINDS
    places: tuple[str, ...] = ()
    label_places: tuple[str, ...] = ()
    exons: tuple[str, ...] = ()
    measure: str = ""
    values: tuple[str, ...] = ()
    at_least: Decimal | None = None
    methods: tuple[str, ...] = ()
    specimens: tuple[str, ...] = ()
    classified: bool = False


@dataclass(frozen=True)
class Use:
    """What one rule says of these indications in these lines; no indication or line named: of every one."""

    indications: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    # Diagnoses the indications fall under (ICD-10 categories or ranges), to list what a patient's result supports.
    icd10: tuple[str, ...] = ()
    need: str = "test"
    any_of: tuple[tuple[Condition, ...], ...] = ()
    # The report has to be later than this event: its day is asked for.
    fresh_after: str = ""

    def speaks_of(self, indication: str) -> bool:
        return not self.indications or plain(indication) in {plain(one) for one in self.indications}

    def covers(self, diagnosis_code: str) -> bool:
        """Whether an ICD-10 code lies in the indications of this use; a use for every indication covers none by name."""
        code = diagnosis_code.strip().upper()
        for part in self.icd10:
            low, _dash, high = part.partition("-")
            if code and low <= code[: len(low)] and code[: len(high or low)] <= (high or low):
                return True
        return False

    def in_line(self, line: str) -> bool:
        return not self.lines or plain(line) in {plain(one) for one in self.lines}


def plain(text: str) -> str:
    """A name without spaces, brackets and punctuation, so that two ways of typing it are one."""
    return re.sub(r"[\s（）()，,；;、\-－—–+＋]", "", text).casefold()


def same_drug(drug: str, name: str) -> bool:
    """By name; the parts of a combination may come in either order, and a part is not the whole."""
    ours, theirs = (sorted(plain(one) for one in re.split("[+＋]|联合", text)) for text in (drug, name))
    return ours == theirs


def read_uses(rows: Any, where: str = "") -> tuple[Use, ...]:
    """The uses of a rule from its data. BadCriteria names the place that makes no sense."""
    if not isinstance(rows, list) or not rows:
        raise BadCriteria(f"{where}: uses")
    return tuple(_use(row, f"{where} uses[{at}]") for at, row in enumerate(rows))


def _use(row: Any, where: str) -> Use:
    known = _known(row, Use, where)
    need = known.get("need", "test")
    if need not in NEEDS:
        raise BadCriteria(f"{where}: need {need!r}")
    groups = known.get("any_of", [])
    if (need == "test") != bool(groups):
        raise BadCriteria(f"{where}: any_of")
    read = tuple(
        tuple(_condition(one, f"{where} any_of[{at}]") for one in group) for at, group in enumerate(groups) if group
    )
    if len(read) != len(groups):
        raise BadCriteria(f"{where}: any_of")
    return Use(
        indications=_words(known, "indications", where),
        lines=_words(known, "lines", where),
        icd10=_words(known, "icd10", where),
        need=need,
        any_of=read,
        fresh_after=str(known.get("fresh_after", "")),
    )


def _condition(row: Any, where: str) -> Condition:
    known = _known(row, Condition, where)
    sense = known.get("sense", "measure" if known.get("measure") else "present")
    made = {
        name: _words(known, name, where)
        for name in ("genes", "places", "label_places", "exons", "values", "methods", "specimens")
    }
    kinds = _words(known, "kinds", where) or KINDS
    if not str(known.get("target", "")).strip():
        raise BadCriteria(f"{where}: target")
    for name, allowed in (("methods", METHODS), ("specimens", SPECIMENS)):
        if unknown := set(made[name]) - set(allowed):
            raise BadCriteria(f"{where}: {name} {sorted(unknown)}")
    if sense not in SENSES or set(kinds) - set(KINDS):
        raise BadCriteria(f"{where}: sense {sense!r}, kinds {list(kinds)}")
    least = known.get("at_least")
    try:
        at_least = None if least is None else Decimal(str(least))
    except InvalidOperation as wrong:
        raise BadCriteria(f"{where}: at_least {least!r}") from wrong
    measure = str(known.get("measure", ""))
    if sense == "measure" and not (measure and (made["values"] or at_least is not None)):
        raise BadCriteria(f"{where}: measure")
    if sense != "measure" and not made["genes"]:
        raise BadCriteria(f"{where}: genes")
    return Condition(
        target=str(known["target"]).strip(),
        sense=sense,
        kinds=kinds,
        measure=measure,
        at_least=at_least,
        classified=bool(known.get("classified", False)),
        **made,
    )


def _known(row: Any, shape: type, where: str) -> Mapping[str, Any]:
    names = {one.name for one in fields(shape)}
    if not isinstance(row, dict) or set(row) - names:
        unknown = sorted(set(row) - names) if isinstance(row, dict) else row
        raise BadCriteria(f"{where}: {unknown}")
    return row


def _words(row: Mapping[str, Any], name: str, where: str) -> tuple[str, ...]:
    found = row.get(name, [])
    if not isinstance(found, list) or not all(isinstance(one, str) and one.strip() for one in found):
        raise BadCriteria(f"{where}: {name}")
    return tuple(one.strip() for one in found)
