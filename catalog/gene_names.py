"""What genes are called: the current HGNC symbol, former symbols, and what clinicians say (vocab.md §12).

The catalog stores the current symbol and shows the customary name; one file, `data/genes.csv`, serves the search, the
checks of a row, the names of tests and the engine of the drug rules.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).parent / "data" / "genes.csv"
# Written or left out at will: HER-2 and HER2, BCR::ABL1 and BCR-ABL1.
LEFT_OUT = "-－–·:："
ASCII_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz", LEFT_OUT)


@dataclass(frozen=True)
class GeneNames:
    symbol: str
    hgnc_id: str
    former: tuple[str, ...]
    customary: tuple[str, ...]
    # The customary name that a test's name bears instead of the symbol; "" for the symbol itself.
    shown: str


def plain(text: str) -> str:
    """A name or a text as it is compared: small letters, without hyphens and colons. The database's function
    `catalog_plain` says the same."""
    return text.translate(ASCII_LOWER)


@cache
def genes() -> tuple[GeneNames, ...]:
    with FILE.open(encoding="utf-8", newline="") as handle:
        return tuple(
            GeneNames(row["symbol"], row["hgnc_id"], _names(row["former"]), _names(row["customary"]), row["shown"])
            for row in csv.DictReader(handle)
        )


def _names(cell: str) -> tuple[str, ...]:
    return tuple(one for one in cell.split("、") if one)


@cache
def other_names() -> dict[str, str]:
    """Former and customary names in capitals, with and without hyphens → the current symbol."""
    found: dict[str, str] = {}
    for gene in genes():
        for name in (*gene.former, *gene.customary):
            found.setdefault(name.upper(), gene.symbol)
            found.setdefault(plain(name).upper(), gene.symbol)
    current = {gene.symbol for gene in genes()}
    return {name: symbol for name, symbol in found.items() if name not in current}


def current_symbol(name: str) -> str:
    """The current symbol of a gene by any name, whatever its case and hyphens; another name in capitals."""
    capitals = name.strip().upper()
    return other_names().get(capitals) or other_names().get(plain(capitals).upper(), capitals)


@cache
def shown_names() -> dict[str, str]:
    """Current symbol → the name that clinicians read, where it is another one."""
    return {gene.symbol: gene.shown for gene in genes() if gene.shown}
