"""Specimen barcodes: referral number, two digits of the specimen's serial, one check digit (`vocab.md` §4)."""

from __future__ import annotations

import re

from referrals.models import Referral, Specimen


def check_digit(text: str) -> str:
    """ISO/IEC 7064 MOD 11,10 over the digits; a letter counts as the two digits of its place (A = 10 … Z = 35).

    Every single wrong digit is found, and nearly every pair of digits put in the wrong order.
    """
    digits = "".join(str(int(one, 36)) for one in text.upper() if one.isascii() and one.isalnum())
    rest = 10
    for one in digits:
        rest = ((rest + int(one)) % 10 or 10) * 2 % 11
    return str((11 - rest) % 10)


def barcode(number: str, serial: int) -> str:
    body = f"{number}{serial:02}"
    return body + check_digit(body)


def clean(scanned: str) -> str:
    """As a scanner or a hand gives it: blanks dropped, letters large."""
    return re.sub(r"\s+", "", scanned).upper()


def is_whole(scanned: str) -> bool:
    """Whether the check digit fits: a mistyped code is told apart from another specimen's."""
    code = clean(scanned)
    return len(code) > 3 and code[-1].isdigit() and check_digit(code[:-1]) == code[-1]


def code_of(specimen: Specimen) -> str:
    """What is scanned from it: its barcode; from a ledger, which knows none, the number of its case."""
    return specimen.barcode or specimen.referral.number


def next_barcode(referral: Referral) -> str:
    """What the label of the specimen to be taken next says; the same until one is taken."""
    return barcode(referral.number, referral.specimens.count() + 1)


def current(referral: Referral) -> Specimen | None:
    """The specimen the case goes on with: the one taken last."""
    known = getattr(referral, "_prefetched_objects_cache", {}).get("specimens")
    if known is not None:
        return max(known, key=lambda one: one.pk, default=None)
    return referral.specimens.order_by("-pk").first()
