"""How a line of the catalog is found by what a doctor types.

Every word must be found in the line or in its test. A word that names a gene stands for all names of that gene, as a
whole name; a word of letters also for the drugs whose pinyin initials begin so; an ICD-10 code for every line that
covers it. What a line says is kept beside it as one text, which the database itself writes (`catalog_searchable`,
migrations `genes_and_search` and `kept_search_text`); to read through the texts of one edition of ten thousand lines
takes PostgreSQL 5 to 15 ms, less than an index of letter pairs took (its own letter-triples know no Chinese in a
database of locale C, and a word of two characters has none).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, reduce
from operator import or_
from typing import Any

from django.db.models import Func, GeneratedField, Q, QuerySet, TextField
from django.utils.translation import gettext_lazy as _

from catalog.gene_names import plain
from catalog.models.genes import Gene
from catalog.naming import initials

# The columns whose words are kept, in their order.
LINE = (
    "code", "tumour", "icd10", "setting", "genes", "alteration", "method_primary", "method_alternative", "purpose",
    "drugs", "tumour_initials",
)  # fmt: skip
TEST = ("code", "name", "initials")
MOST_WORDS = 8
DIAGNOSIS = re.compile(r"[CD]\d\d(?:\.\d{1,3})?", re.IGNORECASE)
LETTERS = re.compile(r"[a-z]{3,}")


def kept(columns: Sequence[str]) -> GeneratedField:
    """The column that holds what a row says. Its letters compare by their bytes, which is what LIKE does fast."""
    return GeneratedField(
        verbose_name=_("search text"),
        expression=Func(*columns, function="catalog_searchable"),
        output_field=TextField(db_collation="C"),
        db_persist=True,
    )


@dataclass(frozen=True)
class Said:
    """A text to be found. `whole`: not as a part of a longer name, so that MET is not in methylation."""

    text: str
    whole: bool = False

    @property
    def in_text(self) -> Q:
        found = Q(says__contains=self.text)
        if self.whole:  # the pattern is asked only where the plain text was found
            found &= Q(says__regex=rf"(^|[^a-z0-9]){re.escape(self.text)}([^a-z0-9]|$)")
        return found


def search(found: Any, words: str) -> Any:
    """The lines of `found` in which every word is found; all of them for no word."""
    asked = list(dict.fromkeys(words.split()))[:MOST_WORDS]
    named = _names_of_genes(asked)
    for word in asked:
        found = found.filter(_word(found, word, named.get(plain(word), [])))
    return found


def _names_of_genes(words: Iterable[str]) -> dict[str, list[str]]:
    """Word as compared → every name of the gene it means."""
    named: dict[str, list[str]] = {}
    for keys in Gene.objects.called(words).values_list("keys", flat=True):
        for key in keys:
            named.setdefault(key, []).extend(keys)
    return named


def _word(found: QuerySet, word: str, names: list[str]) -> Q:
    tests = found.model._meta.get_field("test").related_model._base_manager.all()
    if DIAGNOSIS.fullmatch(word):
        return covering(found, word) | Q(code__iexact=word)
    text = plain(word)
    if not text:
        return Q()
    says = [Said(name, whole=True) for name in names] or [
        Said(text), *(Said(plain(drug)) for drug in _drugs_by_initials(found, text))
    ]  # fmt: skip
    any_of = reduce(or_, (one.in_text for one in says))
    return any_of | Q(test__in=tests.filter(any_of).order_by().values("pk"))


def covering(found: QuerySet, diagnosis_code: str) -> Q:
    """The lines whose ICD-10 ranges cover a diagnosis; the ranges themselves are few."""
    ranges = found.order_by().values_list("icd10_match", flat=True).distinct()
    return Q(icd10_match__in=[one for one in ranges if in_ranges(one, diagnosis_code)])


def in_ranges(ranges: str, diagnosis_code: str) -> bool:
    """Whether an ICD-10 code lies in ranges: C18-C20 covers C19.1 and C18—C20, C92.0 not C92.1."""
    low, _dash, high = re.sub("[—－–]", "-", diagnosis_code.strip().upper()).partition("-")
    return any(start <= low[: len(start)] and (high or low)[: len(end)] <= end for start, end in _read(ranges))


@cache
def _read(ranges: str) -> tuple[tuple[str, str], ...]:
    parts = [part.strip().upper().partition("-") for part in re.split(r"[;；、]", ranges)]
    return tuple((low, high or low) for low, _dash, high in parts if low)


def _drugs_by_initials(found: QuerySet, letters: str) -> list[str]:
    """The drugs of these lines whose pinyin initials begin so: axtn → 奥希替尼."""
    if not LETTERS.fullmatch(letters):
        return []
    cells = found.order_by().exclude(drugs="").values_list("drugs", flat=True).distinct()
    names = {name for cell in cells for name in drug_names(cell)}
    return sorted(name for name in names if _initials(name).startswith(letters))


@cache
def _initials(name: str) -> str:
    return initials(name)


@cache
def drug_names(cell: str) -> tuple[str, ...]:
    """The drugs of a cell, without remarks: 埃万妥单抗（联合化疗）；舒沃替尼 → 埃万妥单抗, 舒沃替尼."""
    bare = re.sub(r"（[^（）]*）|\([^()]*\)", "", cell)
    names = [re.sub("等$", "", one.strip()) for one in re.split("[、；;，,/＋+]", bare)]
    return tuple(dict.fromkeys(one for one in names if one and one != "—"))
