"""The cashier's window: what a scanned code means here, and the day's entries as they are held against HIS."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from referrals import barcodes, numbering, searching
from referrals.models import Charge, Referral, Status

Kind = Charge.Kind
# A request's number, with the two digits of the hospital; a specimen's label adds its serial and a check digit.
NUMBER = re.compile(r"JC(\d{2})\d{8}\d{4,}")
SHOWN = 20


@dataclass(frozen=True)
class Scanned:
    """What a code or a word at the window means: the cases, or why there is none."""

    found: list[Referral]
    said: str = ""


def scanned(user: Any, text: str) -> Scanned:
    """The cases of this hospital the text means, those that await the fee first; else a sentence."""
    if not text:
        return Scanned([])
    found = list(searching.referrals(user, text)[:SHOWN])
    if found:
        exact = [one for one in found if one.number == searching.cases_of(text)]
        return Scanned(exact or [one for one in found if one.status == Status.AWAITING_CHARGE] or found)
    if code := NUMBER.fullmatch(barcodes.clean(text)):
        if user.post and code[1] != numbering.place(user.post.institution):
            return Scanned([], _("This is a request of another hospital: its own cashier charges the fee."))
        return Scanned([], _("No request of this hospital has this number. Check the paper, or ask the doctor."))
    return Scanned([], _("Nothing was found."))


# The day


def span(on: date) -> tuple[datetime, datetime]:
    """The day's first moment and the next day's, in the hospital's zone."""
    zone = timezone.get_default_timezone()
    begins = datetime.combine(on, time(), zone)
    return begins, begins + timedelta(days=1)


@dataclass(frozen=True)
class Line:
    """One kind of entry on one day: what was entered, what was given back, what remains."""

    label: Any
    entered: int
    amount: Decimal
    refunds: int
    refunded: Decimal
    # Put off: on record, and no money of the day.
    is_money: bool = True

    @property
    def net(self) -> Decimal:
        return self.amount - self.refunded


class Day:
    """A day's entries of one person, or of the whole window."""

    def __init__(self, user: Any, on: date, *, everybody: bool = False):
        self.on, self.everybody = on, everybody
        since, until = span(on)
        here = Charge.objects.filter(institution_id__in=user.institution_ids)

        def moved(name: str) -> Q:
            mine = {} if everybody else {f"{name}_by": user.pk}
            return Q(**{f"{name}_at__gte": since, f"{name}_at__lt": until}, **mine)

        self.charged, self.settled, self.reversed = moved("charged"), moved("settled"), moved("reversed")
        self._here = here

    @property
    def entries(self) -> QuerySet[Charge]:
        found = self._here.filter(self.charged | self.settled | self.reversed)
        return found.select_related("referral__test", "referral__patient", "price", "deferral", "charged_by")

    def lines(self) -> list[Line]:
        """By kind, in one question. A fee that was put off counts where it was put off on that day, and as money on
        the day it was settled."""
        asked: dict[str, Any] = {}
        for kind in Kind:
            if kind in Charge.DEFERRED:
                entered = self.charged & Q(deferral__kind=kind.value)
                back = self.reversed & Q(kind=kind)
            else:
                entered = self.charged & Q(kind=kind, deferral__isnull=True) | self.settled & Q(kind=kind)
                back = self.reversed & Q(kind=kind)
            for name, which in (("entered", entered), ("back", back)):
                asked[f"{kind}_{name}"] = Count("pk", filter=which)
                asked[f"{kind}_{name}_sum"] = Sum("amount", filter=which)
        sums = self._here.filter(self.charged | self.settled | self.reversed).aggregate(**asked)
        nothing = Decimal("0.00")
        return [
            Line(
                kind.label,
                sums[f"{kind}_entered"],
                sums[f"{kind}_entered_sum"] or nothing,
                sums[f"{kind}_back"],
                sums[f"{kind}_back_sum"] or nothing,
                kind not in Charge.DEFERRED,
            )
            for kind in Kind
        ]

    def happened(self, one: Charge) -> list[str]:
        """What was done to this entry on the day, in words."""
        since, until = span(self.on)
        said = []
        if since <= one.charged_at < until:
            said.append(_("put off") if one.deferral_id else _("charged"))
        if one.settled_at and since <= one.settled_at < until:
            said.append(_("settled"))
        if one.reversed_at and since <= one.reversed_at < until:
            said.append(_("refunded"))
        return said


def total(lines: list[Line]) -> Decimal:
    """The money of the day."""
    return sum((line.net for line in lines if line.is_money), Decimal("0.00"))
