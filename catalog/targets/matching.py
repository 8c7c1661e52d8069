"""One condition of a rule against one report: met, refuted, silent, or for a person to read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.targets.criteria import Condition
from catalog.targets.reading import Observation, Reading

MET, REFUTED, UNSURE, SILENT = "met", "refuted", "unsure", "silent"
METHOD_WORDS: dict[str, Any] = {
    "molecular": gettext_lazy("a molecular method"),
    "ihc": gettext_lazy("immunohistochemistry"),
    "ish": gettext_lazy("in situ hybridisation"),
    "flow": gettext_lazy("flow cytometry"),
}
SPECIMEN_WORDS: dict[str, Any] = {
    "tissue": gettext_lazy("tissue"),
    "cellblock": gettext_lazy("cell block"),
    "plasma": gettext_lazy("plasma"),
    "effusion": gettext_lazy("effusion supernatant"),
    "blood": gettext_lazy("blood"),
    "marrow": gettext_lazy("bone marrow"),
    "cytology": gettext_lazy("cytology"),
}


@dataclass(frozen=True)
class Match:
    verdict: str
    reason: str = ""
    observation: Observation | None = None


def match(condition: Condition, reading: Reading) -> Match:
    """The best that the report says for the condition; where it says nothing for it, why what it says is not enough."""
    if condition.sense == "absent":
        found = _absent(condition, reading)
    else:
        judge = _measured if condition.sense == "measure" else _present
        found = _best(judge(condition, one, reading) for one in reading.observations)
        if found.verdict == SILENT:
            found = _unread(condition, reading)
    return _on_its_specimen(condition, reading, found) if found.verdict == MET else found


def _best(found: Iterable[Match]) -> Match:
    order = (MET, UNSURE, REFUTED, SILENT)
    return min(found, key=lambda one: order.index(one.verdict), default=Match(SILENT))


def _unread(condition: Condition, reading: Reading) -> Match:
    """The report names no such finding: none found where it read the gene, or of something else."""
    read = [gene for gene in condition.genes if gene in reading.genes]
    if not read and not (condition.sense == "measure" and _measure_gene(condition) & reading.genes):
        return Match(SILENT, _("does not read %(target)s") % {"target": condition.target})
    if reading.outcome == "unknown" and not reading.observations:
        return Match(UNSURE, _("positive or negative is not stated"))
    if reading.outcome == "positive" and not reading.observations:
        return Match(UNSURE, _("what was found is not stated"))
    return Match(REFUTED, _("%(target)s was not found") % {"target": condition.target})


def _measure_gene(condition: Condition) -> set[str]:
    return set(condition.genes) or {condition.measure}


def _present(condition: Condition, one: Observation, reading: Reading) -> Match:
    if one.gene not in condition.genes:
        return Match(SILENT, _("%(found)s is not %(target)s") % {"found": one.text, "target": condition.target}, one)
    if one.kind == "measure":
        if condition.methods and "ihc" not in condition.methods:
            reason = _("%(found)s: %(method)s is not accepted here")
            return Match(REFUTED, reason % {"found": one.text, "method": METHOD_WORDS["ihc"]}, one)
        return Match(SILENT, "", one)
    wrong = _kind_or_place(condition, one)
    if wrong:
        return wrong
    if one.significance in ("vus", "benign"):
        reason = _("%(found)s: of uncertain significance or benign, which supports no drug")
        return Match(REFUTED, reason % {"found": one.text}, one)
    if condition.classified and one.significance != "pathogenic":
        reason = _("%(found)s: the report does not class it as pathogenic or likely pathogenic")
        return Match(UNSURE, reason % {"found": one.text}, one)
    return _by_its_method(condition, one, reading)


def _kind_or_place(condition: Condition, one: Observation) -> Match | None:
    words = {"found": one.text, "target": condition.target}
    if one.kind == "absent":
        return Match(REFUTED, _("%(target)s was not found") % words, one)
    places = {place.casefold() for place in one.places}
    if condition.places:
        if places & {place.casefold() for place in condition.places}:
            return None
        if places & {place.casefold() for place in condition.label_places}:
            return Match(
                UNSURE,
                _("%(found)s: whether the label of this drug covers it is for a pharmacist to read") % words,
                one,
            )
        if one.kind in ("", "mutation") and not places:
            return Match(
                REFUTED, _("%(found)s: the report does not name the site, so it does not show %(target)s") % words, one
            )
        return Match(REFUTED, _("%(found)s is not %(target)s") % words, one)
    if one.kind and one.kind not in condition.kinds:
        return Match(REFUTED, _("%(found)s is not %(target)s") % words, one)
    if not one.kind and len(condition.kinds) < 3:
        return Match(UNSURE, _("%(found)s: the report does not say what kind of alteration it is") % words, one)
    return None


def _by_its_method(condition: Condition, one: Observation, reading: Reading) -> Match:
    if not condition.methods:
        return Match(MET, "", one)
    used = {one.method} if one.method else set(reading.methods)
    if not used:
        return Match(UNSURE, _("%(found)s: the method is not stated") % {"found": one.text}, one)
    if used <= set(condition.methods):
        return Match(MET, "", one)
    words = {"found": one.text, "method": "、".join(str(METHOD_WORDS[name]) for name in sorted(used))}
    if used & set(condition.methods):
        return Match(UNSURE, _("%(found)s: by which of several methods (%(method)s) is not stated") % words, one)
    return Match(REFUTED, _("%(found)s: %(method)s is not accepted here") % words, one)


def _measured(condition: Condition, one: Observation, reading: Reading) -> Match:
    words = {"found": one.text, "target": condition.target}
    if one.kind != "measure" or one.measure != condition.measure:
        related = one.gene in condition.genes or (one.measure and one.gene == condition.measure)
        return Match(REFUTED if related else SILENT, _("%(found)s is not %(target)s") % words, one)
    if condition.at_least is not None:
        if one.number is None:
            return Match(UNSURE, _("%(found)s: the value is not stated") % words, one)
        if one.number >= condition.at_least:
            return Match(MET, "", one)
        return Match(REFUTED, _("%(found)s lies below what %(target)s asks for") % words, one)
    if not one.value:
        return Match(UNSURE, _("%(found)s: the report does not say what the value means") % words, one)
    if one.value in condition.values:
        return Match(MET, "", one)
    return Match(REFUTED, _("%(found)s is not %(target)s") % words, one)


def _absent(condition: Condition, reading: Reading) -> Match:
    """Wild type: every gene read, over the exons the rule names, and nothing found in any of them."""
    read = [gene for gene in condition.genes if reading.reads(gene)]
    found = [
        one for one in reading.observations
        if one.gene in condition.genes and one.kind not in ("absent", "measure") and one.significance != "benign"
    ]  # fmt: skip
    if found:
        return Match(
            REFUTED,
            _("%(found)s: altered, so not %(target)s") % {"found": found[0].text, "target": condition.target},
            found[0],
        )
    if not read:
        return Match(SILENT, _("does not read %(target)s") % {"target": condition.target})
    if missing := sorted(set(condition.genes) - set(read)):
        words = {"genes": "、".join(missing), "target": condition.target}
        return Match(REFUTED, _("%(genes)s was not read, so %(target)s is not shown") % words)
    if reading.outcome == "unknown" and not reading.observations:
        return Match(UNSURE, _("positive or negative is not stated"))
    if reading.outcome == "positive" and not reading.observations:
        return Match(UNSURE, _("what was found is not stated"))
    if condition.exons:
        if reading.exons is None:
            return Match(UNSURE, _("which exons were read is not stated"))
        if unread := sorted(set(condition.exons) - reading.exons):
            words = {"exons": "、".join(unread), "target": condition.target}
            return Match(REFUTED, _("exons %(exons)s were not read, so %(target)s is not shown") % words)
    return Match(MET, "", next((one for one in reading.observations if one.gene in condition.genes), None))


def _on_its_specimen(condition: Condition, reading: Reading, found: Match) -> Match:
    if not condition.specimens:
        return found
    accepted = set(condition.specimens)
    if not reading.specimens:
        return Match(UNSURE, _("the specimen is not stated"), found.observation)
    if reading.specimens <= accepted:
        return found
    words = {"specimen": reading.specimen or "、".join(str(SPECIMEN_WORDS[one]) for one in sorted(reading.specimens))}
    if reading.specimens & accepted:
        return Match(UNSURE, _("on which specimen (%(specimen)s) is not stated") % words, found.observation)
    return Match(REFUTED, _("the specimen (%(specimen)s) is not accepted here") % words, found.observation)
