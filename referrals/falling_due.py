"""What people are reminded of: shipments nobody has signed for (B11; `accounts.reminding`)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import reminding
from accounts.queries import holders
from referrals.models import BlockLoan, Shipment, ShipmentBatch


def shipments(until: date) -> Iterator[reminding.Due]:
    """Batches with a specimen still on the road, on the day it should have been signed for."""
    away = Shipment.objects.on_the_road().filter(batch__isnull=False).values("batch")
    found = ShipmentBatch.objects.filter(pk__in=away).select_related("laboratory").order_by("pk")
    for batch in found:
        on = timezone.localdate(batch.handed_over_at + timedelta(days=settings.SHIPMENT_OVERDUE_DAYS))
        if on > until:
            continue
        text = _(
            "Batch %(batch)s to %(laboratory)s: the receipt of its specimens is due. Ask the carrier and record it."
        )
        yield reminding.Due(
            subject=f"batch:{batch.pk}",
            on=on,
            text=text % {"batch": batch.number, "laboratory": batch.laboratory.name},
            people=holders(batch.institution_id, "referrals.record_receipt"),
            url=batch.get_absolute_url(),
        )


def block_loans(until: date) -> Iterator[reminding.Due]:
    """Loans of blocks and slides that are due back, told to who asked and to who keeps the archive (`vocab.md` §7)."""
    found = BlockLoan.objects.lent().filter(due_on__lte=until).select_related("requested_by").order_by("pk")
    for loan in found:
        text = _("Loan %(number)s of blocks %(blocks)s is due back.")
        yield reminding.Due(
            subject=f"block_loan:{loan.pk}",
            on=loan.due_on,
            text=text % {"number": loan.number, "blocks": loan.blocks},
            people={loan.requested_by, *holders(loan.institution_id, "referrals.keep_block_loans")},
            url=loan.get_absolute_url(),
        )


def register() -> None:
    reminding.register("referrals.block_loan", gettext_lazy("Loans of blocks and slides"), block_loans, leads=(3,))
    reminding.register("referrals.shipment", gettext_lazy("Receipt of shipments"), shipments, leads=())
