"""Labels through the printer: the first of a barcode, or another one with the reason, on record (B11; practice.md 4)."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from audit import declaring
from audit.gates import Refused
from audit.refusing import may
from documents import pdf
from referrals import barcodes, labels, pathway
from referrals.actions.held import hold, refuse
from referrals.models import LabelPrint, Referral

PRINTED = "label.printed"
PERMISSION = pathway.COLLECT.permission
COPIES = 4


def due(referral: Referral) -> tuple[str, str] | None:
    """(barcode, kind) of the label a case prints now: of the specimen to be taken, else of the last one; None when it
    has neither."""
    held = barcodes.current(referral)
    if referral.status in pathway.COLLECT.sources:
        return barcodes.next_barcode(referral), ""
    return (held.barcode, held.kind) if held and held.barcode else None


@transaction.atomic
def print_labels(
    *,
    referrals: Iterable[Referral],
    by: User,
    stock: str = "",
    start: int = 1,
    copies: int = 1,
    reason: str = "",
) -> pdf.Paper:
    """The labels of these cases on one stock. A barcode printed before is printed again only with the reason."""
    kind = labels.STOCKS.get(stock) if stock else labels.default_stock()
    if kind is None:
        raise ValidationError({"stock": _("Choose one of the label stocks.")})
    if not 1 <= start <= kind.places:
        raise ValidationError({"start": _("The sheet has places 1 to %(last)s.") % {"last": kind.places}})
    if not 1 <= copies <= COPIES:
        raise ValidationError({"copies": _("One to %(most)s labels a specimen.") % {"most": COPIES}})
    cases = [hold(one) for one in sorted(referrals, key=lambda one: one.pk)]
    if not cases:
        raise ValidationError({"referrals": _("Choose at least one specimen.")})
    items, refusals = [], []
    for case in cases:
        may(by, PERMISSION, case)
        if found := due(case):
            items.append((case, *found))
        else:
            said = _("%(case)s: no specimen is to be taken here and none bears a barcode.") % {"case": case.number}
            refusals += refuse("label", said, case, anchor="specimen").refusals
    if refusals:
        raise Refused(refusals)
    reason = reason.strip()[:200]
    printed = LabelPrint.objects.filter(barcode__in=[code for _case, code, _kind in items])
    before = dict(printed.values_list("barcode").annotate(last=Max("place")).order_by())
    if before and not reason:
        message = _("Printed before: %(codes)s. Say why it is printed again.")
        raise ValidationError({"reason": message % {"codes": "、".join(sorted(before))}})
    with declaring.step(PRINTED, reason=reason):
        for case, code, _kind in items:
            last = before.get(code, 0)
            LabelPrint.objects.create(
                referral=case, barcode=code, place=last + 1, stock=kind.code, copies=copies,
                reason=reason if last else "", printed_at=timezone.now(), printed_by=by,
            )  # fmt: skip
    return labels.make(items, kind, start=start, copies=copies)
