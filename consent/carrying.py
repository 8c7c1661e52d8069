"""A consent to a whole plan covers each step when it comes, if test, place and price are still those it was signed for
(A11, B17; PIPL art. 14). Anything else is told and signed anew at the step."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from audit import declaring
from consent import queries
from consent.models import Consent, Disclosure
from referrals import planning
from referrals.identity import decrypt, encrypt
from referrals.models import Referral
from vendors.models import Origin

SEALED = ("signer_name", "signer_id_number")
SAME = (
    "signed_at", "signer", "relation", "reason", "told_by", "number", "edition", "content", "content_sha256", "strokes",
    "signer_id_type", "method", "witness", "scan", "choices", "disclosed_at", "pdf",
)  # fmt: skip


def covering(referral: Referral, at: datetime) -> Consent | None:
    """The standing consent to the plan whose terms for this step still hold."""
    step = planning.step_of(referral)
    if step is None:
        return None
    consent = queries.standing(step.referral)
    if consent is None or consent.origin != Origin.LIVE or not consent.content_sha256:
        return None
    terms = consent.steps.filter(planned_step=step).select_related("price").first()
    price = queries.price_on(referral, timezone.localdate(at))
    if terms is None or price is None:
        return None
    same = terms.test_id == referral.test_id and terms.laboratory_id == referral.laboratory_id
    return consent if same and terms.price_id == price.pk and terms.amount == price.amount else None


def lay(referral: Referral, consent: Consent, at: datetime) -> None:
    """The consent, and the telling it was signed after, stand in the step's own record: at the terms of the step."""
    step = planning.step_of(referral)
    terms = consent.steps.select_related("price").get(planned_step=step)
    told = consent.referral.disclosures.filter(content_sha256=consent.content_sha256).order_by("told_at").last()
    with declaring.step("consent.carried", clause="A11,B17"):
        if told:
            Disclosure.objects.create(
                referral=referral, told_at=told.told_at, told_by=told.told_by, edition=told.edition,
                content_sha256=told.content_sha256, test=terms.test, laboratory=terms.laboratory, price=terms.price,
                amount=terms.amount,
            )  # fmt: skip
        Consent.objects.create(
            referral=referral, carried_from=consent, test=terms.test, laboratory=terms.laboratory, price=terms.price,
            amount=terms.amount,
            **{name: getattr(consent, name) for name in SAME},
            **{name: _resealed(consent, name, referral) for name in SEALED},
        )  # fmt: skip


def _resealed(consent: Consent, name: str, referral: Referral) -> bytes | None:
    """What is sealed for one case is sealed anew for another."""
    sealed = getattr(consent, name)
    if not sealed:
        return None
    return encrypt(decrypt(sealed, patient=consent.referral_id, column=name), patient=referral.pk, column=name)
