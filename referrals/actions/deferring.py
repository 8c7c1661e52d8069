"""The fee is put off, by approved arrears or the green channel, and settled afterwards (A28; practice.md 1).

Who approves is never who charges (X14), and research is charged neither now nor later (X09).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from audit import declaring
from audit.gates import Act, Refused
from audit.refusing import needed
from audit.steps import Step, against
from referrals import entries
from referrals.actions.charging import leave_to_put_off, standing
from referrals.actions.held import hold_for, refuse
from referrals.models import Charge, FeeDeferral, Referral, Status

S = Status
Kind = FeeDeferral.Kind
# None of these moves the case: where it stands when they are taken.
PUT_OFF = Step(
    "deferral.approved", {S.AWAITING_CHARGE}, None, "referrals.put_off_fee",
    gates=["X09", "X14"], label=pgettext_lazy("step", "Fee put off"),
)  # fmt: skip
TAKE_BACK = Step(
    "deferral.withdrawn", {S.AWAITING_CHARGE}, None, "referrals.put_off_fee",
    label=pgettext_lazy("step", "Approval to put off the fee withdrawn"),
)  # fmt: skip
SETTLE = Step(
    "charge.settled",
    {S.CHARGED, S.SAMPLED, S.RECOLLECT, S.SHIPPED, S.RECEIVED, S.REPORTED, S.REVIEWED, S.TOLD, S.FILED},
    None, "referrals.record_charge", gates=["X09", "X14"], label=pgettext_lazy("step", "Fee settled afterwards"),
)  # fmt: skip


def made_up_by(on: date) -> date:
    """The last day on which a fee of the green channel is made up."""
    return on + timedelta(days=settings.GREEN_CHANNEL_DAYS)


@transaction.atomic
def put_off(
    *, referral: Referral, by: User, kind: str, document: str, basis: str, until: date | None = None,
    at: datetime | None = None,
) -> FeeDeferral:  # fmt: skip
    """Leave is given to test before the fee is paid, with its document, its reason and the day it has to be settled
    by; for the green channel that day is the hospital's rule where none is named."""
    at = at or timezone.now()
    referral = _held(referral, PUT_OFF, by, at)
    if kind not in Kind.values:
        raise ValidationError({"kind": _("Choose arrears or the green channel.")})
    texts = needed(document=document, basis=basis)
    today = timezone.localdate(at)
    if until is None and kind == Kind.GREEN_CHANNEL:
        until = made_up_by(today)
    if until is None:
        raise ValidationError({"until": _("This has to be filled in.")})
    if until < today:
        raise ValidationError({"until": _("This day has passed.")})
    if kind == Kind.GREEN_CHANNEL and until > made_up_by(today):
        message = _("A fee of the green channel is made up within %(days)s days.")
        raise ValidationError({"until": message % {"days": settings.GREEN_CHANNEL_DAYS}})
    if leave_to_put_off(referral):
        message = _("The fee of this case has been put off already: withdraw that approval before giving another.")
        raise refuse("deferral", message, referral, anchor="charge", clauses=("A28",))
    with declaring.step(PUT_OFF.name, reason=texts["basis"][:200], clause="A28"):
        return FeeDeferral.objects.create(
            referral=referral, kind=kind, approved_at=at, approved_by=by, document=texts["document"][:60],
            basis=texts["basis"][:300], until=until,
        )  # fmt: skip


@transaction.atomic
def take_back(*, referral: Referral, by: User, reason: str, at: datetime | None = None) -> FeeDeferral:
    """The approval is withdrawn before the cashier has used it; the fee is then due as ever."""
    at = at or timezone.now()
    referral = _held(referral, TAKE_BACK, by, at)
    reason = needed(reason=reason)["reason"]
    deferral = leave_to_put_off(referral)
    if deferral is None:
        raise refuse("deferral", _("There is no approval to withdraw."), referral, anchor="charge")
    deferral.withdrawn_at, deferral.withdrawn_by, deferral.withdrawn_reason = at, by, reason[:200]
    with declaring.step(TAKE_BACK.name, reason=reason, clause="A28"):
        deferral.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawn_reason"])
    return deferral


@transaction.atomic
def settle(
    *,
    referral: Referral,
    by: User,
    kind: str,
    receipt_no: str,
    settlement_line: int | None = None,
    invoice_code: str = "",
    invoice_no: str = "",
    inpatient_no: str = "",
    at: datetime | None = None,
) -> Charge:
    """A fee that was put off is paid or entered on the account: the charge takes on the numbers of that entry, and
    keeps the approval it stood on until then."""
    at = at or timezone.now()
    referral = _held(referral, SETTLE, by, at)
    made = standing(referral)
    if made is None or not made.is_put_off:
        raise refuse("settled", _("No fee of this case is waiting to be settled."), referral, anchor="charge")
    if kind in Charge.DEFERRED:
        raise ValidationError({"kind": _("Settled is a fee by a receipt or an entry on the inpatient account.")})
    entry = entries.checked(
        kind=kind, receipt_no=receipt_no, settlement_line=settlement_line, invoice_code=invoice_code,
        invoice_no=invoice_no, inpatient_no=inpatient_no,
    )  # fmt: skip
    entries.serve_this_case_alone(entry, referral)
    for name, value in {**entry.values, "settled_at": at, "settled_by": by}.items():
        setattr(made, name, value)
    with declaring.step(SETTLE.name, clause="A28"):
        made.save(update_fields=[*entry.values, "settled_at", "settled_by"])
    return made


def _held(referral: Referral, step: Step, by: User, at: datetime) -> Referral:
    """The case held where the step may be taken, past its gates."""
    referral = hold_for(referral, step, by=by, at=at)
    if refusals := against(referral, step, at, Act(by, step.name)):
        raise Refused(refusals)
    return referral
