"""The eighteen checks of a laboratory before it is admitted (Q01–Q18; clauses A25, A41, B8), as data.

What a check looks at, whether failing it vetoes, which fields it cannot do without and how many days before it lapses
somebody is reminded stands in `data/admission_checks.json`; here is how it is read.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).parent / "data" / "admission_checks.json"
# GB 32100: the characters, and the weights 3^i mod 31, of a unified social credit code.
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
LICENCE_NO = re.compile(r"[0-9A-Z]{22}")
# NMPA: 国械注(准|进|许), year, class, category and serial number.
REGISTRATION = re.compile(r"国械注(准|进|许)20\d{2}[123]\d{6}|国械备20?\d{6,10}号?")
# Names of companies that are no medical institution (Q02).
COMPANIES = re.compile(r"科技|商贸|贸易")


@dataclass(frozen=True)
class Check:
    """One check. `veto`: yes (failing it ends the matter), item (of the test it fails for), rectify (has to be put right
    by a day), no (speaks for or against)."""

    code: str
    title: str
    look_at: str
    veto: str
    needs: tuple[str, ...]
    remind: tuple[int, ...]
    credential: str = ""

    @property
    def is_veto(self) -> bool:
        return self.veto == "yes"


@cache
def all_checks() -> dict[str, Check]:
    rows = json.loads(FILE.read_text())
    return {row["code"]: Check(**{**row, "needs": tuple(row["needs"]), "remind": tuple(row["remind"])}) for row in rows}


def codes() -> list[tuple[str, str]]:
    return [(one.code, f"{one.code} {one.title}") for one in all_checks().values()]


def veto_codes() -> list[str]:
    return [one.code for one in all_checks().values() if one.is_veto]


def is_credit_code(code: str) -> bool:
    """Whether the check character of a unified social credit code is right (GB 32100)."""
    if len(code) != 18 or any(sign not in ALPHABET for sign in code):
        return False
    total = sum(ALPHABET.index(sign) * pow(3, place, 31) for place, sign in enumerate(code[:17]))
    return ALPHABET[(31 - total % 31) % 31] == code[17]
