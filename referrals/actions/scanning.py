"""What was scanned, held against what should be in the box: nothing missing, nothing that belongs elsewhere (B11)."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from audit.gates import Refusal
from referrals import barcodes
from referrals.models import Specimen

CLAUSES = ("B11",)


def against_the_box(specimens: Iterable[Specimen], scanned: Iterable[str], *, by_hand: bool = False) -> list[Refusal]:
    """Why these codes are not those of the specimens, each named. `by_hand`: what was not read may go all the same,
    on record; a code that does not belong may not."""
    codes = {barcodes.clean(one) for one in scanned} - {""}
    expected = {barcodes.code_of(one): one for one in specimens}
    refusals = []
    broken = sorted(one for one in codes - set(expected) if not barcodes.is_whole(one))
    foreign = sorted(one for one in codes - set(expected) if barcodes.is_whole(one))
    unread = sorted(set(expected) - codes)
    if foreign:
        message = _("Scanned, but not of this batch: %(codes)s. Take them out of the box.")
        refusals.append(Refusal("scan", message % {"codes": "、".join(foreign)}, CLAUSES))
    if broken:
        message = _("No whole barcode: %(codes)s. Scan again.")
        refusals.append(Refusal("scan", message % {"codes": "、".join(broken)}, CLAUSES))
    if unread and not by_hand:
        message = _("Not scanned yet: %(codes)s. Scan each specimen, or leave it behind.")
        refusals.append(Refusal("scan", message % {"codes": "、".join(unread)}, CLAUSES))
    return refusals
