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

from catalog import citing, queries
from catalog.models import LevelSystem
from catalog.models.editions import UNSETTLED

# ICD-10 categories that exist for tumours: C00–C97 and D00–D48 with their gaps.
GAPS = {27, 28, 29, 35, 36, 42, 59, 98, 99}
CATEGORIES = {f"C{n:02d}" for n in range(100) if n not in GAPS} | {f"D{n:02d}" for n in range(49) if n != 8}
CODE = re.compile(r"[A-Z]\d\d(?:\.\d{1,3})?")
OLDEST = 2000
# A source of so many years ago may have been superseded.
OLD_YEARS = 5
NO_LEVEL = {"", "—", "未分级", "待核"}


@dataclass(frozen=True)
class Problem:
    field: str
    message: str
    is_fault: bool = True


def problems(
    values: Mapping[str, Any], symbols: Collection[str] | None = None, register: citing.Register | None = None
) -> list[Problem]:
    """Everything wrong with these values of a row; fields not among them are not looked at. `symbols` and `register`
    are the known genes and sources, for those who ask of many rows."""
    found: list[Problem] = []
    if "icd10_match" in values:
        found += icd10(values["icd10_match"] or "")
    if "genes" in values:
        found += genes(values["genes"] or "", symbols)
    if values.get("year") is not None:
        found += year(values["year"])
    if "recommendation" in values or citing.FIELD in values:
        register = citing.register_of(None) if register is None else register
    if "recommendation" in values:
        found += level(values, register or {})
    if values.get(citing.FIELD):
        _cited, wrong = citing.read(str(values[citing.FIELD]), register or {})
        found += [Problem(citing.FIELD, one) for one in wrong]
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


def level(values: Mapping[str, Any], register: citing.Register) -> Iterator[Problem]:
    """Each body grades in a system of its own (`vocab.md` §12): what a row says of its level is a level of one of the
    sources it names, and systems are neither mixed nor converted."""
    said = {name: str(values.get(name) or "").strip() for name in ("recommendation", "evidence_class")}
    named = citing.systems_named(values, register)
    others = {one.code: one for one in LevelSystem.objects.all()}
    held = {}
    for name, text in said.items():
        plain = re.sub(r"[（(].*?[）)]", "", text).strip()
        if plain in NO_LEVEL or any(word in plain for word in UNSETTLED):
            continue
        allowed = {code: _allowed(system, name) for code, system in named.items()}
        owners = [one for one in others.values() if plain in _allowed(one, name)]
        held[name] = {code for code, levels in allowed.items() if plain in levels}
        if held[name]:
            continue
        if not named:
            held[name] = {one.code for one in owners}
        # A level that any body may use in words is nobody's own.
        foreign = bool(owners) and all(one.signs for one in owners)
        if foreign or (named and len(owners) == 1):
            text = _("“%(level)s” is a level of %(system)s, but no source with these levels is named.")
            yield Problem(name, text % {"level": plain, "system": "、".join(str(one) for one in owners)})
        elif named or not owners:
            text = _("“%(level)s” is not a level of any system kept here.")
            yield Problem(name, text % {"level": plain}, is_fault=False)
    if len(held) == 2 and all(held.values()) and len(citing.named(values)) < 2 and not set.intersection(*held.values()):
        text = _("“%(level)s” and “%(class)s” belong to different systems.")
        yield Problem("evidence_class", text % {"level": said["recommendation"], "class": said["evidence_class"]})


def _allowed(system: LevelSystem, name: str) -> list[str]:
    return system.recommendations if name == "recommendation" else system.classes
