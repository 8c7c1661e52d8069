"""What people are reminded of: shipments nobody has signed for (B11), blocks due back (`vocab.md` §7), fees put off and
still to come, fees to be given back (A28; `accounts.reminding`)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import reminding
from accounts.queries import holders
from documents.templatetags.formats import isoday
from referrals import queries, refunding
from referrals.gates.words import link
from referrals.models import BlockLoan, Charge, FeeDeferral, Referral, Shipment, ShipmentBatch
from referrals.models.referral import ENDED_EARLY
from vendors.models import Origin


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


def fees_put_off(until: date) -> Iterator[reminding.Due]:
    """Fees put off by arrears or the green channel and not settled, on the day they were to be settled by: told to the
    cashiers and to who gave the leave (practice.md 1). Leave that nobody has used yet is among them."""
    found = (
        FeeDeferral.objects.filter(withdrawn_at__isnull=True, until__lte=until, origin=Origin.LIVE)
        .filter(Q(charge__isnull=True) | Q(charge__reversed_at__isnull=True, charge__kind__in=Charge.DEFERRED))
        .exclude(referral__status__in=ENDED_EARLY)
        .exclude(charge__isnull=True, referral__charged_at__isnull=False)
        .select_related("referral", "approved_by")
        .order_by("pk")
    )
    for one in found:
        text = _("%(case)s: the fee put off (%(kind)s, approval %(document)s) is to be settled by %(day)s.")
        values = {
            "case": one.referral.number, "kind": one.get_kind_display(), "document": one.document,
            "day": isoday(one.until),
        }  # fmt: skip
        cashiers = holders(one.referral.institution_id, "referrals.record_charge")
        yield reminding.Due(
            subject=f"deferral:{one.pk}",
            on=one.until,
            text=text % values,
            people={*cashiers, *([one.approved_by] if one.approved_by else [])},
            url=link("referrals:case", one.referral_id, anchor="charge"),
        )


def refunds(until: date) -> Iterator[reminding.Due]:
    """Fees to be given back, on the last working day for it (`vocab.md` §9; settings.REFUND_WORKING_DAYS)."""
    cases = list(Referral.objects.filter(queries.refund_due(), origin=Origin.LIVE).order_by("pk"))
    since = refunding.due_since(cases)
    for case in cases:
        on = refunding.due_on(since[case.pk])
        if on > until:
            continue
        text = _("%(case)s (%(status)s): its fee is to be given back by %(day)s.")
        yield reminding.Due(
            subject=f"refund:{case.pk}",
            on=on,
            text=text % {"case": case.number, "status": case.get_status_display(), "day": isoday(on)},
            people=holders(case.institution_id, "referrals.record_charge"),
            url=link("referrals:charge", case.pk),
        )


def register() -> None:
    reminding.register(
        "referrals.fee_put_off", gettext_lazy("Arrears and green channel to settle"), fees_put_off, leads=(7, 1)
    )
    reminding.register("referrals.refund", gettext_lazy("Refunds due"), refunds, leads=(2,), in_working_days=True)
    reminding.register("referrals.block_loan", gettext_lazy("Loans of blocks and slides"), block_loans, leads=(3,))
    reminding.register("referrals.shipment", gettext_lazy("Receipt of shipments"), shipments, leads=())
