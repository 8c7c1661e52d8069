"""When a fee became due to be given back, and by which day it has to be (A28; `vocab.md` §9: paid back whole)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.conf import settings
from django.db.models import Max
from django.utils import timezone

from audit.models import Event
from policy import calendar
from referrals import pathway, queries
from referrals.models import Charge, Referral, Shipment, Specimen, Status

# What ends a case that may have been charged.
ENDING = (pathway.WITHDRAW_CONSENT.name, pathway.CANCEL.name, pathway.VOID.name, pathway.REFUSE_CONSENT.name)


def due_since(cases: Iterable[Referral]) -> dict[int, datetime]:
    """Case (id) → the moment its refund became due: its specimen failed, or it ended. A case of a ledger, whose end
    nobody recorded here, counts from its last charge. As many queries for one case as for fifty."""
    held = {one.pk: one for one in cases}
    failed = [pk for pk, one in held.items() if one.status == Status.RECOLLECT]
    ended = [pk for pk in held if pk not in failed]
    found: dict[int, datetime] = {}
    for rows in (
        Charge.objects.filter(referral__in=held).values_list("referral").annotate(at=Max("charged_at")),
        Specimen.objects.filter(referral__in=failed, is_fit=False).values_list("referral").annotate(at=Max("assessed_at")),
        Shipment.objects.filter(referral__in=failed, rejected_at__isnull=False).values_list("referral").annotate(at=Max("rejected_at")),
    ):  # fmt: skip
        for pk, at in rows.order_by():
            if at and (pk not in found or at > found[pk]):
                found[pk] = at
    events = Event.objects.of_rows([(Referral._meta.db_table, pk) for pk in ended]).filter(step__in=ENDING, op="U")
    for row, at in events.values_list("row_id").annotate(at=Max("at")).order_by():
        found[int(row)] = at
    return found


def due_on(since: datetime) -> date:
    """The last day: so many working days after the one on which it became due."""
    return calendar.load().after(timezone.localdate(since), settings.REFUND_WORKING_DAYS)


def due_by(referral: Referral) -> date | None:
    """The day by which the fee of this case has to be given back; None where none is due."""
    if not Referral.objects.filter(queries.refund_due(), pk=referral.pk).exists():
        return None
    return due_on(due_since([referral])[referral.pk])
