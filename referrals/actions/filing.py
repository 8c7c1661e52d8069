"""Into the patient's record: consent, order and result, computed from what is kept here (A27, B12), and the drug that
stands on the result (A31)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit import declaring
from audit.gates import Act, Refused
from audit.steps import against, move
from referrals import pathway
from referrals.actions.held import hold, hold_for, may, needed
from referrals.actions.results import current
from referrals.models import Filing, Prescription, Referral


def documents(referral: Referral) -> dict[str, bool]:
    """Which of the three documents the case holds: a consent that stands, the order with its doctor, and the report in
    force, with its file unless a ledger keeps it."""
    result = current(referral)
    return {
        "consent_filed": referral.consents.filter(withdrawn_at__isnull=True, lapsed_at__isnull=True).exists(),
        "order_filed": referral.requester_id is not None,
        "result_filed": result is not None and (result.pdf_id is not None or result.origin == "ledger"),
    }


@transaction.atomic
def file_record(*, referral: Referral, by: User, at: datetime | None = None) -> Filing:
    """The case is closed with its three documents, past X11; what is missing is named."""
    at = at or timezone.now()
    held = documents(referral)
    referral = hold_for(referral, pathway.FILE, by=by, at=at, data=held)
    held = documents(referral)
    move(referral, pathway.FILE, by=by, act=Act(by, pathway.FILE.name, held), at=at, filed_at=at)
    return Filing.objects.create(referral=referral, filed_at=at, filed_by=by, **held)


@transaction.atomic
def prescribe(
    *, referral: Referral, by: User, drug: str, indication: str, line: str = "", at: datetime | None = None
) -> Prescription:
    """A targeted drug is ordered on the strength of this case's result, past X12; it moves no status."""
    at = at or timezone.now()
    may(by, pathway.PRESCRIBE.permission, referral)
    texts = needed(drug=drug, indication=indication)
    referral = hold(referral)
    order = Prescription(
        referral=referral,
        drug=texts["drug"],
        indication=texts["indication"],
        line=(line or "").strip(),
        prescribed_at=at,
        prescribed_by=by,
    )
    act = Act(by, pathway.PRESCRIBE.name, {"prescription": order})
    if refusals := against(referral, pathway.PRESCRIBE, at, act):
        raise Refused(refusals)
    with declaring.step(pathway.PRESCRIBE.name, clause="A31"):
        order.save()
    return order
