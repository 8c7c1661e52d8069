"""Into the patient's record: consent, order and result, computed from what is kept here (A27, B12), and the drug that
stands on the result (A31)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit import declaring
from audit.gates import Act, Refused
from audit.refusing import may, needed
from audit.steps import against, move
from referrals import pathway
from referrals.actions.drug_checks import keep, no_pathology
from referrals.actions.held import hold, hold_for
from referrals.actions.results import current
from referrals.drug_checking import answer_for, pathology_of
from referrals.models import Filing, Prescription, Referral, SpecialUse


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
    *,
    referral: Referral,
    by: User,
    drug: str,
    indication: str,
    line: str = "",
    since: date | None = None,
    special_use: SpecialUse | None = None,
    at: datetime | None = None,
) -> Prescription:
    """A targeted drug is ordered, past A30 and X12; it moves no status. The answer of the rules is kept with the order.

    Beyond the label the order names the special use that was approved and consented to (A36, A37).
    """
    at = at or timezone.now()
    may(by, pathway.PRESCRIBE.permission, referral)
    texts = needed(drug=drug, indication=indication)
    referral = hold(referral)
    order = Prescription(
        referral=referral,
        drug=texts["drug"],
        indication=texts["indication"],
        line=(line or "").strip(),
        since=since,
        special_use=special_use,
        prescribed_at=at,
        prescribed_by=by,
    )
    act = Act(by, pathway.PRESCRIBE.name, {"prescription": order})
    pathology = pathology_of(referral.patient, at)
    refusals = list(against(referral, pathway.PRESCRIBE, at, act))
    if not pathology:
        refusals = [*no_pathology(referral.patient).refusals, *refusals]
    if refusals:
        raise Refused(refusals)
    asked: dict[str, Any] = {"drug": order.drug, "indication": order.indication, "line": order.line, "since": since}
    answer = answer_for(referral.patient, at, **asked)
    with declaring.step(pathway.PRESCRIBE.name, clause="A31"):
        order.check_made = keep(
            answer, patient=referral.patient, by=by, at=at, referral=referral, pathology=pathology, **asked
        )
        order.save()
    return order
