"""What a test is called, and the initials people search by."""

import re

from pypinyin import Style, lazy_pinyin

from catalog.gene_names import shown_names


def test_name(genes: str, alteration: str, method: str) -> str:
    """Genes, alteration and method in at most 60 characters: EGFR 20外显子插入检测（NGS小panel）.

    Genes have their customary clinical names, a long list its first three, and bracketed remarks go.
    """
    # Catalogs store the current symbol and show the name clinicians use.
    customary = shown_names()
    named = [customary.get(gene, gene) for gene in re.split("[、；]", _without_remarks(genes))]
    alteration = _without_remarks(alteration)
    method = _without_remarks(method)
    gene = "、".join(named) if len(named) <= 4 else f"{'、'.join(named[:3])}等"
    if all(one in alteration for one in named):
        gene = ""
    for middle in (alteration, f"{re.split('[、；]', alteration)[0]}等"):
        name = f"{gene}{_hair(gene, middle)}{middle}检测（{method}）"
        if len(name) <= 60:
            break
    return name[:60]


def _without_remarks(text: str) -> str:
    """Without （…）, and without a closing (…) after a Chinese word: t(11;14) stays."""
    return re.sub(r"(?<=[\u4e00-\u9fff])\([^()]*\)$", "", re.sub("（[^（）]*）", "", text))


def _hair(left: str, right: str) -> str:
    """A space between two Latin words, none beside a Chinese one."""
    return " " if left[-1:].isascii() and right[:1].isascii() and left and right else ""


def initials(text: str) -> str:
    """Pinyin initials to search by: 胃肠间质瘤 → wcjzl; letters and digits stay."""
    letters = lazy_pinyin(text, style=Style.FIRST_LETTER, errors="default")
    return "".join(c for c in "".join(letters).lower() if c.isalnum())
