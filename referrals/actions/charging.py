"""The fee: the hospital's own entry of the published price, and its refund (A13, A28, B13, B14; practice.md 1 and 2).

Mingjian prints no receipt: it keeps the numbers of the entry in the hospital's own ledger.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from audit import declaring
from audit.gates import Act
from audit.refusing import may, needed
from audit.steps import move
from referrals import entries, pathway
from referrals.actions.held import hold, hold_for, not_in_future, refuse
from referrals.actions.onward import onward
from referrals.gates import local_day
from referrals.gates.words import day, yuan
from referrals.models import Charge, FeeDeferral, Referral, Status
from referrals.models.referral import ENDED_EARLY
from vendors.models import Price

CAUSES = {
    Status.RECOLLECT: Charge.Cause.UNFIT,
    Status.WITHDRAWN: Charge.Cause.WITHDRAWN,
    Status.CANCELLED: Charge.Cause.CANCELLED,
    Status.VOIDED: Charge.Cause.VOIDED,
}


def price_today(referral: Referral, at: datetime | None = None) -> Price | None:
    """The price to charge: in force and published on the day."""
    on = local_day(at or timezone.now())
    prices = Price.objects.filter(institution_id=referral.institution_id, test_id=referral.test_id)
    return prices.in_force(on).published(on).order_by("-effective_from").first()


def standing(referral: Referral) -> Charge | None:
    """The charge not reversed."""
    return referral.charges.filter(reversed_at__isnull=True).order_by("-charged_at", "-pk").first()


def leave_to_put_off(referral: Referral) -> FeeDeferral | None:
    """The approval to put off the fee that has not been used yet."""
    unused = referral.deferrals.filter(withdrawn_at__isnull=True, charge__isnull=True)
    return unused.order_by("-approved_at", "-pk").first()


@transaction.atomic
def charge(
    *,
    referral: Referral,
    by: User,
    kind: str,
    receipt_no: str = "",
    settlement_line: int | None = None,
    invoice_code: str = "",
    invoice_no: str = "",
    inpatient_no: str = "",
    lines: Sequence[tuple[str, int, Decimal | None]] | None = None,
    amount: Decimal | None = None,
    at: datetime | None = None,
) -> Referral:
    """The fee is entered: at the published price of the day, which has to be the price consented to (X05, X07), and
    never for research (X09). `amount` and `lines` (item code, quantity, amount of the line) are what another system
    says it charged, which X07 holds against the published price: nothing swapped, split or repeated (B13). Arrears and
    the green channel stand on an approval by somebody else."""
    at = at or timezone.now()
    price = price_today(referral, at)
    asked = amount if amount is not None else price and price.amount
    data: dict[str, Any] = {"amount": asked} if asked is not None else {}
    if lines:
        data["lines"] = list(lines)
    referral = hold_for(referral, pathway.CHARGE, by=by, at=at, data=data)
    deferral = _leave(referral, kind, at) if kind in Charge.DEFERRED else None
    if deferral:
        entry = entries.Entry(kind, deferral.document)
    else:
        entry = entries.checked(
            kind=kind, receipt_no=receipt_no, settlement_line=settlement_line, invoice_code=invoice_code,
            invoice_no=invoice_no, inpatient_no=inpatient_no,
        )  # fmt: skip
    move(referral, pathway.CHARGE, by=by, act=Act(by, pathway.CHARGE.name, data), at=at, charged_at=at)
    if not deferral:
        entries.serve_this_case_alone(entry, referral)
    Charge.objects.create(
        referral=referral,
        institution_id=referral.institution_id,
        charged_at=at,
        amount=price.amount,  # type: ignore[union-attr]  # X07 has passed, so there is a price
        price=price,
        consent=_consent(referral),
        charged_by=by,
        deferral=deferral,
        **entry.values,
    )
    return onward(referral, at=at)


def _leave(referral: Referral, kind: str, at: datetime) -> FeeDeferral:
    """The approval this kind of entry stands on (practice.md 1)."""
    deferral = leave_to_put_off(referral)
    if deferral is not None and deferral.kind == kind and deferral.until < local_day(at):
        message = _(
            "The approval %(document)s let the fee be settled by %(day)s, which has passed: it has to be withdrawn, and "
            "another given or the fee paid."
        )
        values = {"document": deferral.document, "day": day(deferral.until)}
        raise refuse("deferral", message % values, referral, anchor="charge", clauses=("A28",))
    if deferral is None or deferral.kind != kind:
        message = _(
            "“%(kind)s” stands on an approval with its number and its day, given on this case by medical affairs or "
            "the hospital's management. None has been given."
        )
        raise refuse(
            "deferral", message % {"kind": Charge.Kind(kind).label}, referral, anchor="charge", clauses=("A28",)
        )
    return deferral


def _consent(referral: Referral):
    """The consent the fee stands on; the floor above keeps consents, so it is asked for by its relation."""
    return referral.consents.filter(withdrawn_at__isnull=True, lapsed_at__isnull=True).order_by("-signed_at").first()


@transaction.atomic
def refund(
    *,
    referral: Referral,
    by: User,
    reversal_no: str,
    reason: str,
    amount: Decimal | None = None,
    at: datetime | None = None,
) -> Referral:
    """The whole fee is given back: before sampling, after a specimen that failed, or after the case ended without a
    test. `at` is the time the money went back; `amount`, what another system says it gave back, never a part of it.

    The charge stays with its reversal. Unless the case has ended, it awaits the fee again.
    """
    referral = hold(referral)
    may(by, pathway.REFUND.permission, referral)
    made = standing(referral)
    if made is not None and made.is_put_off:
        # Nothing was paid: what is taken back is the entry itself.
        reversal_no = reversal_no or made.receipt_no
    texts = needed(reversal_no=reversal_no, reason=reason)
    if made is None:
        raise refuse("refund", _("There is no charge to refund."), referral, anchor="charge")
    at = not_in_future(at, "at", since=max(made.charged_at, referral.shipped_at or made.charged_at))
    ended = referral.status in ENDED_EARLY
    if not ended and referral.status not in pathway.REFUND.sources:
        message = _("The fee is refunded before sampling, after an unfit specimen, or after the case has ended.")
        raise refuse("refund", message, referral, anchor="charge")
    if amount is not None and amount != made.amount:
        message = _("A fee is given back whole: %(fee)s was charged, %(part)s is not all of it.")
        values = {"fee": yuan(made.amount), "part": yuan(amount)}
        raise refuse("refund", message % values, referral, anchor="charge", clauses=("B13",))
    with declaring.step(pathway.REFUND.name, reason=texts["reason"], clause="B13"):
        made.reversed_at, made.reversed_by = at, by
        made.reversal_no, made.reversal_reason = texts["reversal_no"][:60], texts["reason"][:200]
        made.reversal_cause = CAUSES.get(referral.status, Charge.Cause.BEFORE_SAMPLING)  # type: ignore[call-overload]
        made.save(update_fields=["reversed_at", "reversed_by", "reversal_no", "reversal_reason", "reversal_cause"])
    if ended:
        return referral
    # A specimen that came back unfit is no longer on the road.
    away = {"shipped_at": None, "received_at": None} if referral.status == Status.RECOLLECT else {}
    now = timezone.now()
    move(referral, pathway.REFUND, by=by, at=now, reason=texts["reason"], charged_at=None, **away)  # type: ignore[arg-type]
    return onward(referral, at=now)
