"""A report as the drug rules read it: which genes were read, how, on what, and what was found.

Laboratories write one thing in many ways (`L858R`, `p.Leu858Arg`, `21外显子L858R`); here they become one. What cannot
be read stays unread, and a person decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from catalog.gene_names import current_symbol, other_names

# Former and clinicians' names beside the symbols the catalog stores (vocab.md §12).
OTHER_NAMES = other_names()
GENE = re.compile(r"(?<![A-Za-z0-9])(?:HER-2|PD-L1|C-MET|c-MET|c-KIT|CD\d+|[A-Z][A-Z0-9]{2,}|ER|PR)(?![a-z0-9])")
NOT_GENES = re.compile(
    r"IHC|ISH|FISH|TPS|CPS|RAS|HRR|HRD|NSCLC|GIST|CML|AML|CLL|MCL|ALL|TMB\w*|MSI\w*|MSS|NGS|PCR|ARMS|ITD|TKD|DNA|RNA|"
    r"FFPE|VUS|HGVS|WES|EDTA|CTDNA|VAF|MMR|DMMR|PMMR|[A-Z]\d{2,}[A-Z]?|GIS|LOH|LST|TAI"
)
# Acids by three letters, as HGVS writes them.
ACIDS = dict(
    zip(
        [
            "Ala",
            "Arg",
            "Asn",
            "Asp",
            "Cys",
            "Gln",
            "Glu",
            "Gly",
            "His",
            "Ile",
            "Leu",
            "Lys",
            "Met",
            "Phe",
            "Pro",
            "Ser",
            "Thr",
            "Trp",
            "Tyr",
            "Val",
            "Ter",
        ],
        "ARNDCQEGHILKMFPSTWYV*",
        strict=True,
    )
)
THREE = re.compile("|".join(ACIDS))
CHANGE = re.compile(r"(?<![A-Za-z0-9])([A-Z])(\d{2,4})([A-Z*])(?![A-Za-z0-9])")
RESIDUE = re.compile(r"(?<![A-Za-z0-9])[A-Z](\d{2,4})")
EXON = re.compile(r"(?:第)?(\d{1,2})(?:号)?外显子|外显子(\d{1,2})|(?:exon|ex)\s*(\d{1,2})", re.IGNORECASE)
ABSENT = re.compile(r"野生型|未检出|未检测到|未见|无突变|wild.?type", re.IGNORECASE)
NEGATIVE = re.compile(r"阴性|[（(]?[-－−][)）]?$|negative", re.IGNORECASE)
POSITIVE = re.compile(r"阳性|[（(][+＋]+[)）]|过表达|强表达|positive", re.IGNORECASE)
# Exons in which a residue of a gene lies, where rules name exons (RefSeq transcripts of the symbols' own entries).
SPANS = {
    "PDGFRA": (("12", 549, 592), ("14", 627, 688), ("18", 814, 854)),
    "EGFR": (("18", 688, 728), ("19", 729, 761), ("20", 762, 823), ("21", 824, 875)),
}
IHC_GENES = {"ALK", "ROS1", "MET", "RET", "BRAF", "KIT"}


@dataclass(frozen=True)
class Observation:
    """One thing found. `kind`: mutation, fusion, amplification, absent, measure, or "" where it is not told."""

    gene: str
    kind: str
    text: str
    places: frozenset[str] = frozenset()
    measure: str = ""
    value: str = ""
    number: Decimal | None = None
    significance: str = ""
    method: str = ""


@dataclass(frozen=True)
class Reading:
    """One report. `usable` is empty, or says why the report does not count at all (research, not reviewed)."""

    key: str
    reported_on: date
    label: str = ""
    genes: frozenset[str] = frozenset()
    exons: frozenset[str] | None = None
    methods: frozenset[str] = frozenset()
    specimens: frozenset[str] = frozenset()
    specimen: str = ""
    method: str = ""
    outcome: str = "unknown"
    observations: tuple[Observation, ...] = ()
    usable: str = ""
    collected_on: date | None = None
    more: dict[str, str] = field(default_factory=dict, compare=False)

    def reads(self, gene: str) -> bool:
        return gene in self.genes or any(one.gene == gene for one in self.observations)


def symbol(name: str) -> str:
    name = name.strip()
    return current_symbol(name) if name.isascii() else name


def genes_in(text: str) -> frozenset[str]:
    """Symbols in a text as the catalog stores them; mismatch repair and microsatellites are one target, MSI."""
    text = re.sub(r"([A-Z]{3,})1/2/3", r"\g<1>1、\g<1>2、\g<1>3", text)
    text = re.sub(r"([A-Z]{3,})1/2", r"\g<1>1、\g<1>2", text)
    found = {symbol(name) for name in GENE.findall(text) if not NOT_GENES.fullmatch(name.upper())}
    if re.search("微卫星|MMR|MSI|错配修复|MLH1", text):
        found.add("MSI")
    if re.search("HRD|同源重组", text):
        found.add("HRD")
    if re.search("TMB|突变负荷", text):
        found.add("TMB")
    return frozenset(found)


def families_of_specimen(text: str) -> frozenset[str]:
    found = set()
    for part in re.split(r"[；;、/＋+或和]|配对", text):
        if re.search("细胞蜡块|细胞块", part):
            found.add("cellblock")
        elif re.search("积液|胸水|腹水|脑脊液", part):
            found.add("effusion")
        elif re.search("血浆|ctDNA|游离DNA", part):
            found.add("plasma")
        elif re.search("骨髓", part):
            found.add("marrow")
        elif re.search("FFPE|组织|蜡块|石蜡|切片|活检|手术标本", part):
            found.add("tissue")
        elif re.search("细胞|FNA|液基", part):
            found.add("cytology")
        elif re.search("血", part):
            found.add("blood")
    return frozenset(found)


def families_of_method(text: str) -> frozenset[str]:
    found = set()
    if re.search(r"IHC|免疫组化|免疫组织化学|D5F3", text, re.IGNORECASE):
        found.add("ihc")
    if re.search(r"ISH|原位杂交", text, re.IGNORECASE):
        found.add("ish")
    if re.search("流式", text):
        found.add("flow")
    if re.search(r"PCR|NGS|ARMS|Sanger|测序|MLPA|基因芯片|panel|毛细管", text, re.IGNORECASE):
        found.add("molecular")
    return frozenset(found)


def exons_in(text: str) -> frozenset[str] | None:
    """The exons a report says were read; None when it does not say. Codons 12 and 13 lie in exon 2."""
    if found := re.search(
        r"((?:\d{1,2}\s*[、/,，—\-]\s*)*\d{1,2})\s*(?:号)?外显子|外显子\s*((?:\d{1,2}\s*[、/,，]\s*)*\d{1,2})", text
    ):
        listed = found.group(1) or found.group(2)
        if span := re.fullmatch(r"(\d+)\s*[—\-]\s*(\d+)", listed):
            return frozenset(str(one) for one in range(int(span[1]), int(span[2]) + 1))
        return frozenset(re.findall(r"\d+", listed))
    if re.search(r"12\s*[/、和及]\s*13", text) and not re.search(r"59|61|117|146", text):
        return frozenset({"2"})
    return None


def observe(gene: str, variant: str, significance: str = "", method: str = "") -> tuple[Observation, ...]:
    """What one line of a report says. A line may say two things: IHC 2+, FISH 阳性. `method` is the test's, as written."""
    text = f"{gene} {variant}".strip()
    name = symbol(gene) if gene else next(iter(sorted(genes_in(variant))), "")
    said = class_of(f"{significance} {variant}")
    clone = "D5F3" if "D5F3" in f"{variant} {method}" else ""
    method = _method(method, "")
    if measured := tuple(_measures(name, text, variant, method, clone)):
        return measured
    if ABSENT.search(variant) or (NEGATIVE.search(variant) and "阳性" not in variant):
        return (Observation(name, "absent", text, method=_method(variant, method)),)
    own = _method(variant, method)
    short = THREE.sub(lambda one: ACIDS[one[0]], variant)
    if "::" in variant or re.search("融合|重排|易位|fusion|rearrang", variant, re.IGNORECASE):
        return (Observation(name, "fusion", text, method=own, significance=said),)
    if re.search("扩增|拷贝数增加|amplif", variant, re.IGNORECASE):
        return (Observation(name, "amplification", text, method=own, significance=said),)
    places = frozenset(_places(name, short))
    kind = "mutation" if places or re.search("突变|插入|缺失|变异|跳跃|c\\.|p\\.", variant) else ""
    return (Observation(name, kind, text, places=places, significance=said, method=own),)


def class_of(text: str) -> str:
    """pathogenic, vus, benign, or "" where the report does not say."""
    if re.search(r"VUS|意义未明|意义不明|临床意义不明|3类|Ⅲ类|III类|uncertain", text, re.IGNORECASE):
        return "vus"
    if re.search(r"良性|benign|1类|2类(?!致病)", text, re.IGNORECASE):
        return "benign"
    if re.search(r"致病|pathogenic|[45]类|Ⅰ类|Ⅱ类", text, re.IGNORECASE):
        return "pathogenic"
    return ""


def from_findings(findings: str, genes: Iterable[str], method: str = "") -> tuple[Observation, ...]:
    """What a sentence of findings says, part by part, where a report has no list of alterations."""
    known = set(genes)
    found: list[Observation] = []
    carried = next(iter(known)) if len(known) == 1 else ""
    for part in re.split("[；;。\n]|[,，](?!\\d)", findings):
        named = list(genes_in(part))
        if "::" in part or len(named) == 1:
            target = next((one for one in named if one in known), named[0] if named else carried)
            found += observe(target, _rest(part, target), method=method)
        elif len(named) > 1:
            for one in sorted(named):
                found += observe(one, _rest(part, one), method=method)
        elif part.strip() and carried:
            found += observe(carried, part.strip(), method=method)
    return tuple(found)


def _rest(part: str, gene: str) -> str:
    shown = [gene, *(name for name, current in OTHER_NAMES.items() if current == gene)]
    for name in shown:
        part = re.sub(rf"^\s*{re.escape(name)}(?![A-Za-z0-9:])[\s:：]*", "", part, flags=re.IGNORECASE)
    return part.strip()


def _method(text: str, given: str) -> str:
    families = families_of_method(text)
    if len(families) == 1:
        return next(iter(families))
    return given


def _measures(gene: str, text: str, variant: str, method: str, clone: str) -> Iterable[Observation]:
    """Values read off a stain or a score."""
    if gene == "ERBB2":
        yield from _her2(text, variant, method)
    if gene == "CD274" or re.search("TPS|CPS", variant):
        for name in ("TPS", "CPS", "TC", "IC"):
            if found := re.search(rf"{name}[^0-9<＜]{{0,6}}([<＜]?)\s*(\d+(?:\.\d+)?)", text):
                number = Decimal(0) if found[1] else Decimal(found[2])
                yield Observation("CD274", "measure", text, measure=name, value=found[2], number=number, method="ihc")
    if gene in ("MSI", "MLH1", "MSH2", "MSH6", "PMS2", "微卫星") or re.search("MSI|MSS|MMR|微卫星", text):
        if re.search(r"MSI-?H|dMMR|高度不稳定|错配修复(?:功能|蛋白)?缺(?:陷|失)", text, re.IGNORECASE):
            yield Observation("MSI", "measure", text, measure="MSI", value="high")
        elif re.search(r"MSS|MSI-?L|pMMR|微卫星稳定|错配修复(?:功能)?完整", text, re.IGNORECASE):
            yield Observation("MSI", "measure", text, measure="MSI", value="stable")
    if gene == "TMB" or "TMB" in text:
        yield Observation("TMB", "measure", text, measure="TMB", value="high" if "TMB-H" in text else "")
    if gene == "HRD" or "HRD" in text or "基因组不稳定" in text:
        if re.search("阴性|HRP|未见", text):
            yield Observation("HRD", "measure", text, measure="HRD", value="negative")
        elif re.search("阳性|基因组不稳定|HRD\\+", text):
            yield Observation("HRD", "measure", text, measure="HRD", value="positive")
        else:
            yield Observation("HRD", "measure", text, measure="HRD", value="")
    if gene in ("ESR1", "PGR") and not re.search(r"突变|[A-Z]\d{3}[A-Z]", variant):
        yield from _hormone(gene, text, variant)
    if gene == "MS4A1":
        yield _stain(gene, "CD20", text, variant, method)
    if _by_stain(gene, text, variant, method):
        stain = _stain(gene or "NTRK1", f"{gene or 'NTRK1'} IHC", text, variant, "ihc")
        # ALK by stain counts with the clone the label names; of another clone a pharmacist reads it.
        known = gene != "ALK" or clone or stain.value != "positive"
        yield stain if known else replace(stain, value="")


def _by_stain(gene: str, text: str, variant: str, method: str) -> bool:
    """Whether a line on a gene that is usually sequenced speaks of the protein."""
    if not (gene in IHC_GENES or gene.startswith("NTRK") or "TRK" in text.upper()):
        return False
    if re.search("IHC|免疫组化|D5F3|过表达", text, re.IGNORECASE):
        return True
    return method == "ihc" and not re.search("::|融合|重排|突变|扩增|[A-Z]\\d{3}[A-Z]", variant)


def _stain(gene: str, measure: str, text: str, variant: str, method: str) -> Observation:
    value = (
        "negative"
        if NEGATIVE.search(variant) or ABSENT.search(variant)
        else "positive"
        if POSITIVE.search(text)
        else ""
    )
    return Observation(gene, "measure", text, measure=measure, value=value, method=_method(variant, method or "ihc"))


def _her2(text: str, variant: str, method: str) -> Iterable[Observation]:
    score = re.search(r"(?:IHC|免疫组化)[^0-9（(]{0,4}[（(]?\s*([0-3])\s*[+＋]?", text, re.IGNORECASE)
    score = score or re.match(r"\s*[（(]?([1-3])\s*[+＋][)）]?|^\s*(0)\s*$", variant)
    if score:
        found = score.group(1) or score.group(2)
        value = "0" if found == "0" else f"{found}+"
        yield Observation("ERBB2", "measure", text, measure="HER2 IHC", value=value, method="ihc")
    if hybrid := re.search(
        r"(?:F?ISH|原位杂交)[^阳阴+＋\-－−未扩]{0,6}(阳性|[+＋]|有?扩增|阴性|[-－−]|未扩增|未见扩增|无扩增)",
        text,
        re.IGNORECASE,
    ):
        value = "positive" if re.match("阳性|[+＋]|有?扩增", hybrid[1]) else "negative"
        yield Observation("ERBB2", "measure", text, measure="HER2 ISH", value=value, method="ish")
    if not score and not hybrid and re.fullmatch(r"\s*(HER-?2|ERBB2)?\s*[（(]?(阳性|阴性)[)）]?\s*", variant):
        value = "positive" if "阳性" in variant else "negative"
        yield Observation("ERBB2", "measure", text, measure="HER2", value=value, method=method)


def _hormone(gene: str, text: str, variant: str) -> Iterable[Observation]:
    number = re.search(r"(\d{1,3})\s*%", variant)
    if number:
        value = "positive" if int(number[1]) >= 1 else "negative"
    else:
        value = "negative" if NEGATIVE.search(variant) else "positive" if POSITIVE.search(text) else ""
    yield Observation(gene, "measure", text, measure="HR", value=value, method="ihc")


def _places(gene: str, text: str) -> Iterable[str]:
    for old, at, new in CHANGE.findall(text):
        yield f"{old}{at}{new}"
        yield f"{old}{at}"
    residues = [int(one) for one in RESIDUE.findall(text)]
    exons = {next(one for one in found if one) for found in EXON.findall(text)}
    exons |= {exon for at in residues for exon, low, high in SPANS.get(gene, ()) if low <= at <= high}
    yield from (f"ex{one}" for one in exons)
    if (re.search("缺失|del", text) and "19" in exons) or re.search(r"(?<!\d)19\s*del", text, re.IGNORECASE):
        yield "19del"
    inserted = re.search("插入|ins|dup", text, re.IGNORECASE)
    if inserted and "20" in exons and "T790M" not in text:
        yield "ex20ins"
    if re.search("跳跃|跳突|skip", text, re.IGNORECASE) and "14" in exons:
        yield "ex14skip"
    for name in ("ITD", "TKD"):
        if re.search(name, text):
            yield name
