"""Medical affairs decides whether a specimen may leave (A25, B8)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.refusing import needed
from audit.steps import move
from referrals import pathway
from referrals.actions.held import hold_for
from referrals.actions.onward import onward
from referrals.models import OutsourcingApproval, Referral


@transaction.atomic
def approve(*, referral: Referral, by: User, at: datetime | None = None) -> Referral:
    """Sending outside is approved; the fee is due next. Past X14, X05, X06, X13 and X15."""
    at = at or timezone.now()
    referral = hold_for(referral, pathway.APPROVE, by=by, at=at)
    move(referral, pathway.APPROVE, by=by, at=at, approved_at=at)
    OutsourcingApproval.objects.create(referral=referral, decided_at=at, decided_by=by, approved=True)
    return onward(referral, at=at)


@transaction.atomic
def disapprove(*, referral: Referral, by: User, reason: str, at: datetime | None = None) -> Referral:
    """Sending outside is not approved: the case ends, with the reason."""
    at = at or timezone.now()
    referral = hold_for(referral, pathway.DISAPPROVE, by=by, at=at)
    reason = needed(reason=reason)["reason"]
    move(referral, pathway.DISAPPROVE, by=by, at=at, reason=reason, end_reason=reason[:300])
    OutsourcingApproval.objects.create(referral=referral, decided_at=at, decided_by=by, approved=False)
    return referral
