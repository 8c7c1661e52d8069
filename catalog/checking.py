"""What can be wrong with a row by itself: codes, symbols, levels, years. One rule for the form and for the sheet.

A fault stops the row; a doubt is shown and stops nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from catalog import queries
from catalog.models.editions import UNSETTLED

# ICD-10 categories that exist for tumours: C00–C97 and D00–D48 with their gaps.
GAPS = {27, 28, 29, 35, 36, 42, 59, 98, 99}
CATEGORIES = {f"C{n:02d}" for n in range(100) if n not in GAPS} | {f"D{n:02d}" for n in range(49) if n != 8}
CODE = re.compile(r"[A-Z]\d\d(?:\.\d{1,3})?")
OLDEST = 2000
# A source of so many years ago may have been superseded.
OLD_YEARS = 5
CSCO_LEVELS = re.compile(r"[ⅠⅡⅢ]/?[ⅠⅡⅢ]?级")
CSCO_CLASSES = {"1A", "1B", "2A", "2B", "3"}
NUMBERED_CLASSES = {"1类", "2A类", "2B类", "3类"}
WORDS = ("强烈推荐", "可考虑", "不推荐")
NO_CLASS = {"", "—", "未分级", "待核"}


@dataclass(frozen=True)
class Problem:
    field: str
    message: str
    is_fault: bool = True


def problems(values: Mapping[str, Any], symbols: Collection[str] | None = None) -> list[Problem]:
    """Everything wrong with these values of a row; fields not among them are not looked at."""
    found: list[Problem] = []
    if "icd10_match" in values:
        found += icd10(values["icd10_match"] or "")
    if "genes" in values:
        found += genes(values["genes"] or "", symbols)
    if values.get("year") is not None:
        found += year(values["year"])
    if "recommendation" in values:
        found += level(values)
    return found


def icd10(text: str) -> Iterator[Problem]:
    """Codes and ranges divided by ; or 、: C34, C18-C20;C48."""
    for part in [one.strip() for one in re.split(r"[;；、]", text.upper()) if one.strip()]:
        codes = [one.strip() for one in re.split(r"[-—–－]", part)]
        if len(codes) > 2 or not all(CODE.fullmatch(one) for one in codes):
            said = _("“%(code)s” is not an ICD-10 code or range such as C34, C56.9 or C18-C20.")
            yield Problem("icd10_match", said % {"code": part})
        elif len(codes) == 2 and codes[0][:3] > codes[1][:3]:
            yield Problem("icd10_match", _("The range “%(code)s” runs backwards.") % {"code": part})
        else:
            for one in codes:
                if one[0] in "CD" and one[:3] not in CATEGORIES:
                    yield Problem("icd10_match", _("ICD-10 has no tumour category %(code)s.") % {"code": one[:3]})
                elif one[0] not in "CD":
                    said = _("%(code)s is not a tumour's code in ICD-10; is it meant?")
                    yield Problem("icd10_match", said % {"code": one}, is_fault=False)


def genes(text: str, symbols: Collection[str] | None = None) -> Iterator[Problem]:
    """Each symbol is one known here. One that is near a known one is a slip; another may be new."""
    known = queries.gene_symbols() if symbols is None else symbols
    for symbol in queries.symbols_in(text):
        ok, near = queries.known_symbol(symbol, known)
        if ok:
            continue
        if near:
            said = _("Gene symbol %(symbol)s is not known here; is %(near)s meant?")
            yield Problem("genes", said % {"symbol": symbol, "near": near})
        else:
            said = _("Gene symbol %(symbol)s is new to the catalog; check it against HGNC.")
            yield Problem("genes", said % {"symbol": symbol}, is_fault=False)


def year(value: int) -> Iterator[Problem]:
    now = timezone.localdate().year
    if value > now:
        yield Problem("year", _("The year %(year)d lies in the future.") % {"year": value})
    elif value < OLDEST:
        yield Problem("year", _("The year %(year)d lies too far back for a source.") % {"year": value})
    elif value < now - OLD_YEARS:
        said = _("The source is of %(year)d: see whether a newer edition has been issued.")
        yield Problem("year", said % {"year": value}, is_fault=False)


def level(values: Mapping[str, Any]) -> Iterator[Problem]:
    """Each body grades in a system of its own (vocab §12): CSCO Ⅰ–Ⅲ级 with 1A–3; 1类–3类; 强烈推荐 … 不推荐. A level
    stands only beside a source of that system, and systems are never mixed or converted."""
    said = str(values.get("recommendation") or "")
    graded = str(values.get("evidence_class") or "").strip()
    sources = " ".join(str(values.get(name) or "") for name in ("guideline", "issuer", "second_source"))
    is_csco = "CSCO" in sources.upper() or "中国临床肿瘤学会" in sources
    if CSCO_LEVELS.search(said) and not is_csco:
        text = _("“%(level)s” is a level of CSCO, but no source of CSCO is named.")
        yield Problem("recommendation", text % {"level": said})
    plain = re.sub(r"（.*?）", "", graded)
    unsettled = any(word in graded for word in UNSETTLED)
    if plain in CSCO_CLASSES and not is_csco:
        text = _("“%(level)s” is an evidence class of CSCO, but no source of CSCO is named.")
        yield Problem("evidence_class", text % {"level": graded})
    elif any(word in said for word in WORDS) and plain in CSCO_CLASSES | NUMBERED_CLASSES:
        text = _("“%(level)s” and “%(class)s” belong to different systems.")
        yield Problem("evidence_class", text % {"level": said, "class": graded})
    elif plain not in CSCO_CLASSES | NUMBERED_CLASSES | NO_CLASS and not unsettled:
        text = _("“%(class)s” is not an evidence class of any system kept here (1A–3, 1类–3类, 未分级 or —).")
        yield Problem("evidence_class", text % {"class": graded}, is_fault=False)
