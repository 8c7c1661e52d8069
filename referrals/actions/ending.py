"""A wrong entry is voided, with the reason; its record and its number stay."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from audit.refusing import needed
from audit.steps import move
from referrals import pathway
from referrals.actions.held import hold_for, refuse
from referrals.actions.requests import close_deliberations
from referrals.models import Referral


@transaction.atomic
def void(*, referral: Referral, by: User, reason: str, at: datetime | None = None) -> Referral:
    """Medical affairs voids an entry made by mistake. A fee that stands is refunded first; once the specimen is under
    way it can only be refunded afterwards, as for every case that has ended."""
    at = at or timezone.now()
    referral = hold_for(referral, pathway.VOID, by=by, at=at)
    reason = needed(reason=reason)["reason"]
    if referral.status in pathway.REFUND.sources and referral.charges.filter(reversed_at__isnull=True).exists():
        raise refuse(
            "charged", _("The fee has been charged: refund it first, then void the entry."), referral, anchor="charge"
        )
    move(referral, pathway.VOID, by=by, at=at, reason=reason, end_reason=reason[:300])
    close_deliberations(referral)
    return referral
