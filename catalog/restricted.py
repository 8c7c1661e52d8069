"""Tests that are asked for again and again and have no place in the catalog: which of them words mean, and the answer.

The words that mean an item are data (`NotIndicated.keywords`). N09 is also meant by a drug that no test precedes; N10 and
N11 are answered with the earlier report's own date, hospital and days where one is at hand (`repeat_of_germline`,
`repeat_of_gene`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache

from catalog.gene_names import plain
from catalog.models import DrugTargetRule, NotIndicated

NO_TEST_BEFORE = "N09"
GERMLINE_AGAIN = "N10"
GENE_AGAIN = "N11"
DRUG_BLANK = "{药品}"


@dataclass(frozen=True)
class Answer:
    """What to say to who asks for this item."""

    code: str
    item: str
    message: str
    basis: str = ""


def answers(
    words: str, pathology: str = "", rules: Iterable[DrugTargetRule] = (), known: list[NotIndicated] | None = None
) -> list[Answer]:
    """The items these words mean. `pathology` and stage count only beside words of the test, never alone; `rules` are
    the drug rules in force, by which a drug without a test before it is known; `known` the items, where they are at hand."""
    asked = _compared(words)
    if len(asked) < 2:
        return []
    items = list(NotIndicated.objects.all()) if known is None else known
    by_code = {one.code: one for one in items}
    beside = f"{asked} {_compared(pathology)}"
    found = [
        Answer(one.code, one.item, message(one, by_code), one.basis)
        for one in items
        if any(_means(keyword, asked, beside) for keyword in one.keywords)
    ]
    if (item := by_code.get(NO_TEST_BEFORE)) and (drug := _needs_no_test(words, rules)):
        found = [one for one in found if one.code != NO_TEST_BEFORE]
        found.append(Answer(item.code, item.item, item.message.replace(DRUG_BLANK, drug), item.basis))
    return found


def every_answer() -> list[Answer]:
    items = list(NotIndicated.objects.all())
    by_code = {one.code: one for one in items}
    return [Answer(one.code, one.item, message(one, by_code), one.basis) for one in items]


def message(item: NotIndicated, by_code: dict[str, NotIndicated]) -> str:
    """The sentence to give. A reference (同N01) leads to its sentence; one with blanks, or none, says why not."""
    other = by_code.get(item.message.removeprefix("同"))
    said = other.message if other else item.message
    if not said or "{" in said or said.isascii():
        return f"{item.why}；{item.handling}。"
    return said


def repeat_of_germline(template: str, *, day: date, institution: str) -> str:
    """N10: a germline result counts for life."""
    return template.replace("{日期}", day.isoformat()).replace("{机构}", institution)


def repeat_of_gene(template: str, *, days: int) -> str:
    """N11: the same gene again needs its reason."""
    return template.replace("{天数}", str(days))


def _compared(text: str) -> str:
    # The longer name says the opposite of the shorter in it.
    return plain(" ".join(text.split())).replace("非小细胞", "nsclc")


def _means(keyword: str, asked: str, beside: str) -> bool:
    """The whole keyword in what is asked; of a joined one the last part there, the others there or in the pathology."""
    *others, last = (_pattern(part) for part in keyword.split("+"))
    return bool(last.search(asked)) and all(one.search(beside) for one in others)


@cache
def _pattern(part: str) -> re.Pattern[str]:
    """Letters stand for themselves only: TMB is not in ATMB."""
    text = plain(part)
    before = r"(?<![a-z0-9])" if re.match("[a-z0-9]", text) else ""
    after = r"(?![a-z0-9])" if re.search("[a-z0-9]$", text) else ""
    return re.compile(before + re.escape(text) + after)


def _needs_no_test(words: str, rules: Iterable[DrugTargetRule]) -> str:
    """The drug among these words before which no rule asks for a test."""
    asked = plain(words)
    needing: set[str] = set()
    without: set[str] = set()
    for rule in rules:
        for name in rule.drug_names:
            if plain(name) in asked:
                no_test = all(use.need == "none" for use in rule.read_uses)
                (without if no_test else needing).add(name)
    return next(iter(sorted(without - needing)), "")
