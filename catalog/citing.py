"""Citations of a row as text and back: `《title》｜level｜class｜page｜待核`, one a line. So a row's citations are kept
with its changes, compared, printed, exported and read from a sheet like its other fields.

A level is one of the source's own system; a level of another system is a fault, never converted (`vocab.md` §12).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch
from django.utils.translation import gettext as _

from catalog.models import Citation, ConsensusSupport, EvidenceSource, Indication, LevelSystem, SourceReview
from catalog.models.editions import UNCHECKED, UNSETTLED
from catalog.models.evidence import BAR

FIELD = "citations"
# What a row says of its sources in words; citations not given are drawn from it.
NAMING = ("guideline", "second_source", "recommendation", "evidence_class")
ASIDE = re.compile(r"[（(][^（）()]*(?:按当年版|按原文)[^（）()]*[）)]")
NO_LEVEL = {"", "—", "-", UNCHECKED}
PLACE = 80


@dataclass(frozen=True)
class Cited:
    """One citation, not yet of a row."""

    source: EvidenceSource
    recommendation: str = ""
    evidence_class: str = ""
    place: str = ""
    unsettled: bool = False

    @property
    def as_text(self) -> str:
        parts = [str(self.source), self.recommendation, self.evidence_class, self.place]
        return BAR.join([*parts, UNCHECKED if self.unsettled else ""]).rstrip(BAR)


Register = Mapping[str, EvidenceSource]


def key(title: str) -> str:
    """A title as it is compared: without brackets of a title, asides and spaces; one kind of parenthesis."""
    plain = ASIDE.sub("", title.strip()).strip("《》 ")
    return re.sub(r"\s+", "", plain).replace("(", "（").replace(")", "）").lower()


def register_of(institution_id: int | None) -> dict[str, EvidenceSource]:
    """The sources known there by title, the hospital's own before the county's; one query."""
    found = EvidenceSource.objects.known_to(institution_id).select_related("system")
    return {key(one.title): one for one in sorted(found, key=lambda one: one.institution_id is not None)}


def prefetch() -> Prefetch:
    return Prefetch(FIELD, Citation.objects.select_related("source", "source__system").order_by("rank", "id"))


def text(cited: Iterable[Citation | Cited]) -> str:
    return "\n".join(one.as_text for one in cited)


def of(line: Indication) -> list[Citation]:
    """The row's citations in their order; no query where they were prefetched."""
    if not line.pk:
        return []
    if FIELD in getattr(line, "_prefetched_objects_cache", {}):
        return list(line.citations.all())
    return list(line.citations.select_related("source", "source__system").order_by("rank", "id"))


def read(said: str, register: Register) -> tuple[list[Cited], list[str]]:
    """The citations a text names, and a sentence for each thing wrong with it."""
    cited: list[Cited] = []
    wrong: list[str] = []
    for part in re.split(r"[\n\r]+|；(?=《)", said):
        if not part.strip():
            continue
        cells = [one.strip() for one in re.split(r"[｜|]", part)]
        title, recommendation, graded, place, mark = (cells + [""] * 5)[:5]
        source = register.get(key(title))
        if source is None:
            wrong.append(_unknown(title, register))
            continue
        if any(one.source.pk == source.pk for one in cited):
            wrong.append(_("%(source)s is cited twice.") % {"source": source})
            continue
        one = Cited(source, _level(recommendation), _level(graded), place, bool(mark) or _open(recommendation, graded))
        wrong += level_faults(one)
        if len(place) > PLACE:
            wrong.append(_("The page or section has at most %(n)d characters.") % {"n": PLACE})
        cited.append(one)
    return cited, wrong


def _unknown(title: str, register: Register) -> str:
    near = difflib.get_close_matches(key(title), list(register), n=1, cutoff=0.6)
    if near:
        said = _("The source “%(title)s” is not in the register; is %(near)s meant?")
        return said % {"title": title, "near": register[near[0]]}
    return _("The source “%(title)s” is not in the register; register it first.") % {"title": title}


def level_faults(one: Cited) -> list[str]:
    """A level and a class that are not of the source's own system."""
    system = one.source.system
    return [
        _("“%(level)s” is no level of %(source)s, which grades by %(system)s: %(allowed)s.")
        % {"level": said, "source": one.source, "system": system, "allowed": "、".join(allowed) or "—"}
        for said, allowed in ((one.recommendation, system.recommendations), (one.evidence_class, system.classes))
        if said and said not in allowed
    ]


def _level(said: str) -> str:
    """A level without what is said beside it; "" for none or for one still to be looked up."""
    plain = re.sub(r"[（(].*?[）)]", "", said).strip()
    return "" if plain in NO_LEVEL or any(word in plain for word in UNSETTLED) else plain


def _open(*said: str) -> bool:
    return any(word in one for one in said for word in UNSETTLED)


def named(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(title, part of it) of the sources that a row names in words, the first one first."""
    second = str(values.get("second_source") or "")
    parts = [str(values.get("guideline") or ""), *(one.partition("，")[0] for one in re.split("[；;]", second))]
    # WHO…（第5版，2021） has a comma of its own.
    parts = [one if one.count("（") <= one.count("）") else second for one in parts]
    pairs = [one.partition("—")[::2] for one in parts if one.strip()]
    return [(title.strip(), place.strip()) for title, place in pairs]


def drawn(values: Mapping[str, Any], register: Register, former: Iterable[Citation | Cited] = ()) -> list[Cited]:
    """The citations that a row's words name: each level goes to the first source in whose system it is one."""
    places = {one.source.pk: one.place for one in former}
    said = {name: str(values.get(name) or "") for name in ("recommendation", "evidence_class")}
    unsettled = _open(*said.values())
    left = {name: _level(value) for name, value in said.items()}
    cited: list[Cited] = []
    for title, place in named(values):
        source = register.get(key(title))
        if source is None or any(one.source.pk == source.pk for one in cited):
            continue
        allowed = {"recommendation": source.system.recommendations, "evidence_class": source.system.classes}
        mine = {name: left[name] if left[name] in allowed[name] else "" for name in left}
        left = {name: "" if mine[name] else left[name] for name in left}
        at = place[:PLACE] or places.get(source.pk, "")
        cited.append(Cited(source, mine["recommendation"], mine["evidence_class"], at, unsettled))
    return cited


def systems_named(values: Mapping[str, Any], register: Register) -> dict[str, LevelSystem]:
    """The systems of the sources that a row names in words: registered ones, and those told by their issuer's name."""
    found = {}
    for title, _place in named(values):
        if source := register.get(key(title)):
            found[source.system_id] = source.system
    words = " ".join(str(values.get(name) or "") for name in ("guideline", "issuer", "second_source")).upper()
    for system in LevelSystem.objects.all():
        if any(sign.upper() in words for sign in system.signs):
            found[system.code] = system
    return found


def write(line: Indication, cited: Iterable[Cited]) -> None:
    """Put these in place of the row's citations."""
    line.citations.all().delete()
    Citation.objects.bulk_create(
        Citation(
            indication=line, source=one.source, rank=rank, recommendation=one.recommendation,
            evidence_class=one.evidence_class, place=one.place, unsettled=one.unsettled,
        )
        for rank, one in enumerate(cited)
    )  # fmt: skip
    getattr(line, "_prefetched_objects_cache", {}).pop(FIELD, None)


def copy(pairs: Mapping[int, Indication]) -> None:
    """The citations of rows taken into another edition go with them, and the record of A22's two elements."""
    cited = list(Citation.objects.filter(indication__in=list(pairs)).order_by("pk"))
    _take_up(cited, pairs)
    supports = list(ConsensusSupport.objects.filter(indication__in=list(pairs)).order_by("pk"))
    both: list[Any] = [*cited, *supports]
    for one in both:
        one.pk, one.indication = None, pairs[one.indication_id]
    Citation.objects.bulk_create(cited)
    ConsensusSupport.objects.bulk_create(supports)


def _take_up(cited: list[Citation], pairs: Mapping[int, Indication]) -> None:
    """A row confirmed under a newer edition is cited by that one from the next edition of the catalog on."""
    places = {one.edition.institution_id for one in pairs.values()}
    confirmed = SourceReview.objects.filter(
        indication__in=list(pairs), institution__in=places, outcome=SourceReview.Outcome.CONFIRMED
    )
    by_row = {(one.indication_id, one.source_id): one for one in confirmed}
    here = {(one.indication_id, one.source_id) for one in cited}
    for one in list(cited):
        review = by_row.get((one.indication_id, one.source_id))
        if review is None:
            continue
        if (one.indication_id, review.newer_id) in here:
            cited.remove(one)
            continue
        one.source_id, one.place, one.unsettled = review.newer_id, review.place, False
        one.recommendation, one.evidence_class = review.recommendation, review.evidence_class
