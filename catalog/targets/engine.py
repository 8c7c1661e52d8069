"""`support()`: one answer to “may this drug be given for this, in this line, on these results” (A31).

The X12 gate, the drug check of pharmacist and doctor, the API and the list of drugs on a result page all ask here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from django.utils.translation import gettext as _

from catalog.targets.criteria import Condition, Use, same_drug
from catalog.targets.matching import MET, REFUTED, SILENT, UNSURE, Match, match
from catalog.targets.reading import Reading

SUPPORTED, NOT_SUPPORTED, NOT_REQUIRED, CANNOT_TELL = "supported", "not_supported", "not_required", "cannot_tell"


class Rule(Protocol):
    """A row of an edition of the drug rules."""

    code: Any
    biomarker: Any
    not_sufficient: Any

    @property
    def drug_names(self) -> Sequence[str]: ...

    @property
    def read_uses(self) -> tuple[Use, ...]: ...


@dataclass(frozen=True)
class Used:
    """A report that meets a condition."""

    target: str
    reading: Reading
    found: str


@dataclass(frozen=True)
class Answer:
    """What the rules say, with the rule, the reports it stands on, and why each other report does not count."""

    status: str
    why: str
    rule: Any = None
    use: Use | None = None
    used: tuple[Used, ...] = ()
    others: tuple[tuple[Reading, str], ...] = ()
    missing: tuple[str, ...] = field(default=())
    needs_pathology: bool = False

    @property
    def target(self) -> str:
        if self.rule is None:
            return ""
        if self.use is None or not self.use.any_of:
            return self.rule.biomarker
        return self.rule.biomarker or self.use.any_of[0][0].target


def support(
    rules: Iterable[Rule],
    *,
    drug: str,
    indication: str,
    line: str,
    readings: Sequence[Reading],
    since: date | None = None,
) -> Answer:
    """The answer for one drug, indication and line; `since` is the day of progression or relapse, where a rule wants a
    report made after it. `readings` are the reports known at the moment asked about."""
    named = [rule for rule in rules if any(same_drug(drug, name) for name in rule.drug_names)]
    if not named:
        return Answer(CANNOT_TELL, _("No rule for this drug is recorded; a pharmacist reads its label."))
    about = [(rule, use) for rule in named for use in rule.read_uses if use.speaks_of(indication)]
    # A rule that names the indication goes before one that speaks of every indication.
    about = [one for one in about if one[1].indications] or about
    if not about:
        return Answer(
            CANNOT_TELL,
            _("The rules do not name this indication for this drug. Outside the label it is an extended use."),
        )
    if line:
        fitting = [one for one in about if one[1].in_line(line)]
        if not fitting:
            return Answer(CANNOT_TELL, _("The rules do not name this line or setting for this drug and indication."))
        fitting = [one for one in fitting if one[1].lines] or fitting
    else:
        fitting = about
    answers = [by_use(rule, use, readings, since) for rule, use in fitting]
    if len({one.status for one in answers}) > 1 and not line:
        return Answer(CANNOT_TELL, _("The answer hangs on the line of treatment: name it."), rule=answers[0].rule)
    order = (SUPPORTED, NOT_REQUIRED, CANNOT_TELL, NOT_SUPPORTED)
    return min(answers, key=lambda one: order.index(one.status))


def by_use(rule: Rule, use: Use, readings: Sequence[Reading], since: date | None) -> Answer:
    """What one use of one rule says."""
    if use.need == "none":
        return Answer(NOT_REQUIRED, _("The drug's label asks for no test here."), rule, use)
    if use.need == "pathology":
        why = _("The drug asks for pathology; a gene test is only recommended.")
        return Answer(NOT_REQUIRED, why, rule, use, needs_pathology=True)
    if use.need == "label":
        return Answer(
            CANNOT_TELL, _("This drug is kept label by label: a pharmacist reads what its label asks for."), rule, use
        )
    counted, others = _that_count(use, readings, since)
    if use.fresh_after and since is None and any(_speaks(use, one) for one in counted):
        why = _("The report has to be made after %(event)s: give the day of it.") % {"event": use.fresh_after}
        return Answer(CANNOT_TELL, why, rule, use, others=tuple(others))
    best = min((_group(group, counted) for group in use.any_of), key=lambda one: one.rank)
    others += [(one, why) for one, why in best.others if not any(used.reading is one for used in best.used)]
    listed = tuple(others)
    if best.rank == 0:
        return Answer(SUPPORTED, _("A result on record supports this drug here."), rule, use, best.used, listed)
    missing = tuple(best.missing)
    if best.rank == 1:
        why = _("A person has to read the report: %(why)s.") % {"why": "；".join(best.unsure)}
        return Answer(CANNOT_TELL, why, rule, use, best.used, listed, missing)
    why = _("No result on record shows %(target)s.") % {"target": "、".join(missing)}
    return Answer(NOT_SUPPORTED, why, rule, use, best.used, listed, missing)


@dataclass(frozen=True)
class Supported:
    """A drug that reports on record support, for an indication of the patient's diagnosis."""

    drug: str
    rule: Any
    use: Use
    found: str


def supported_by(rules: Iterable[Rule], readings: Sequence[Reading], diagnosis_code: str) -> list[Supported]:
    """Every drug that these reports support for this diagnosis; what hangs on a day or a label is not in it."""
    found = []
    for rule in rules:
        for use in rule.read_uses:
            if use.need != "test" or not use.covers(diagnosis_code):
                continue
            answer = by_use(rule, use, readings, None)
            if answer.status == SUPPORTED:
                shown = "；".join(one.found for one in answer.used)
                found += [Supported(name, rule, use, shown) for name in rule.drug_names]
    kept: dict[tuple, Supported] = {}
    for one in found:
        kept.setdefault((one.drug, one.rule.code), one)
    return list(kept.values())


def _that_count(use: Use, readings: Sequence[Reading], since: date | None) -> tuple[list[Reading], list]:
    counted, others = [], []
    for one in sorted(readings, key=lambda one: (one.reported_on, one.key), reverse=True):
        if one.usable:
            others.append((one, one.usable))
        elif use.fresh_after and since and (one.collected_on or one.reported_on) < since:
            others.append((one, _("an old report, made before %(event)s") % {"event": use.fresh_after}))
        else:
            counted.append(one)
    return counted, others


def _speaks(use: Use, reading: Reading) -> bool:
    return any(match(one, reading).verdict in (MET, UNSURE) for group in use.any_of for one in group)


@dataclass
class _Group:
    used: tuple[Used, ...]
    others: list[tuple[Reading, str]]
    missing: list[str]
    unsure: list[str]

    @property
    def rank(self) -> int:
        if not self.missing:
            return 0
        return 1 if len(self.unsure) >= len(self.missing) else 2


def _group(group: Sequence[Condition], readings: Sequence[Reading]) -> _Group:
    """All conditions of one group; each may be shown by another report."""
    used: list[Used] = []
    reasons: dict[int, tuple[Reading, list[str]]] = {}
    missing: list[str] = []
    unsure: list[str] = []
    for condition in group:
        found = [(one, match(condition, one)) for one in readings]
        for one, said in found:
            if said.verdict != MET and said.reason:
                kept = reasons.setdefault(id(one), (one, []))[1]
                if said.reason not in kept:
                    kept.append(said.reason)
        shown, doubt = _decide(condition, found)
        if shown:
            one, said = shown
            used.append(Used(condition.target, one, said.observation.text if said.observation else _("none found")))
        else:
            missing.append(condition.target)
            if doubt:
                unsure.append(doubt)
    others = [(one, "；".join(why)) for one, why in reasons.values()]
    return _Group(tuple(used), others, missing, unsure)


def _decide(condition: Condition, found: list[tuple[Reading, Match]]) -> tuple[tuple[Reading, Match] | None, str]:
    """The report that shows the condition, newest first; else what is in doubt.

    Wild type is undone by any report that found the gene altered. A measure stands as last measured: an older value
    does not outlive a newer one.
    """
    if condition.sense == "absent" and any(
        said.verdict == REFUTED and said.observation is not None and said.observation.kind != "absent"
        for _one, said in found
    ):
        return None, ""
    speaking = [(one, said) for one, said in found if said.verdict != SILENT]
    if condition.sense == "measure":
        speaking = [
            pair for pair in speaking if pair[1].observation is None or pair[1].observation.measure == condition.measure
        ][:1]
    for one, said in speaking:
        if said.verdict == MET:
            return (one, said), ""
    doubt = next((said.reason for _one, said in speaking if said.verdict == UNSURE), "")
    return None, doubt
