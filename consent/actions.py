"""Telling, signing, refusing, withdrawing, lapsing: every write of the consent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import notices
from accounts.models import User
from audit import declaring
from audit.gates import Act, Refusal, Refused
from audit.steps import Step, in_turn, move
from consent import queries, signing, strokes, wording
from consent.models import Consent, ConsentRefusal, ConsentStep, Disclosure, SelfPayNotice
from consent.signing import Choices, Signature, Signer
from referrals import pathway
from referrals.actions.onward import onward
from referrals.actions.requests import close_deliberations
from referrals.gates.words import link
from referrals.identity import encrypt
from referrals.models import Identity, Referral
from vendors.models import Origin

RECORD = "consent.record_consent"


@transaction.atomic
def disclose(*, referral: Referral, by: User, shown: str = "", at: datetime | None = None) -> Disclosure:
    """Record that `by` told the patient the text as it stands (A10). `shown` is the digest of the text they read from;
    a text that has changed meanwhile is refused. A consent that no longer holds lapses first."""
    at, now = _told_at(at, referral), timezone.now()
    _may(by, RECORD, referral)
    was = _lock(referral)
    if lapse_if_changed(referral=referral, at=now):
        was = referral.status
    in_turn(referral, pathway.CONSENT, by=by, was=was, at=now)
    if refusals := pathway.CONSENT.refusals(referral, now, Act(by=by, step=pathway.CONSENT.name)):
        raise Refused(refusals)
    text, facts = queries.text_now(referral, now)
    if shown and shown != text.sha256:
        raise Refused(told_otherwise(referral, shown, now))
    with declaring.step("consent.disclosed", clause="A10"):
        return Disclosure.objects.create(
            referral=referral,
            told_at=at,
            told_by=by,
            edition=text.edition,
            content_sha256=text.sha256,
            test=referral.test,
            laboratory=facts.laboratory,
            price=facts.price,
            amount=facts.price.amount if facts.price else None,
        )


@transaction.atomic
def record_consent(
    *,
    referral: Referral,
    by: User,
    shown: str,
    signer: Signer,
    signature: Signature,
    choices: Choices,
    at: datetime | None = None,
) -> Consent:
    """Keep a signed consent and take the case on. `shown` is the digest of the text that was signed.

    Refused: the text was not told, or price, place or test changed since; a gate; or the case has moved on (a second
    click). ValidationError by field: who signs, how, or a question left open. `at` is for paper signed earlier.
    """
    now = timezone.now()
    at = at or now
    _lock_for(referral, pathway.CONSENT, by)
    text, facts = queries.text_now(referral, now)
    telling = queries.told(referral, shown)
    if telling is None:
        raise Refused(_not_told(referral))
    if shown != text.sha256:
        raise Refused(told_otherwise(referral, shown, now))
    at = _to_the_minute(at, telling.told_at) or at
    signer, signature = _checked(referral, by, signer, signature, choices, at=at, since=telling.told_at)
    move(referral, pathway.CONSENT, by=by, at=at, consented_at=at)
    with declaring.step(pathway.CONSENT.name, clause="A11,B17"):
        consent = Consent.objects.create(
            referral=referral,
            number=text.number,
            edition=text.edition,
            signed_at=at,
            disclosed_at=telling.told_at,
            told_by=telling.told_by,
            test=referral.test,
            laboratory=facts.laboratory,
            price=facts.price,
            amount=facts.price.amount if facts.price else None,
            content=text.content,
            content_sha256=text.sha256,
            choices={
                "privacy": choices.privacy,
                "germline": choices.germline,
                "leftover": choices.leftover,
                "age_confirmed": signer.age_confirmed,
            },
            signer_id_number=_sealed(referral, "signer_id_number", signer.id_number),
            signer_id_type=signer.id_type if signer.id_number else "",
            **_signed_by(referral, signer, signature),
        )
        ConsentStep.objects.bulk_create(
            ConsentStep(
                consent=consent, planned_step=one.step, test=one.step.indication.test, laboratory=one.laboratory,
                price=one.price, amount=one.price.amount,
            )
            # A place that is not known yet is told and signed for when the step comes.
            for one in facts.steps if one.laboratory or one.in_house
        )  # fmt: skip
    onward(referral)
    return consent


@transaction.atomic
def sign_self_pay_notice(
    *,
    referral: Referral,
    by: User,
    shown: str,
    signer: Signer,
    signature: Signature,
    at: datetime | None = None,
) -> SelfPayNotice:
    """Keep the notice of what insurance does not pay, signed apart from the consent and at the same price."""
    now = timezone.now()
    at = at or now
    _may(by, RECORD, referral)
    _lock(referral)
    consent = queries.standing(referral)
    if consent is None or consent.price is None:
        message = _("The notice follows the consent: have the consent signed first.")
        raise Refused(Refusal("X05", message, ("A11", "B17"), link("consent:start", referral.pk), _("To the consent")))
    if changed := queries.changes(consent, referral, now):
        raise Refused([_again(referral, one) for one in changed])
    text = self_pay_text(referral, now)
    if shown != text.sha256:
        raise Refused(_again(referral, _("The text has changed. Please read it again.")))
    if referral.self_pay_notices.filter(price=consent.price).exists():
        raise Refused(Refusal("stale", _("This notice is signed already."), (), link("referrals:case", referral.pk)))
    signer, signature = _checked(referral, by, signer, signature, None, at=at, since=consent.signed_at)
    with declaring.step("self_pay.signed", clause="B16"):
        return SelfPayNotice.objects.create(
            referral=referral,
            price=consent.price,
            amount=consent.price.amount,
            signed_at=at,
            told_by=by,
            content=text.content,
            content_sha256=text.sha256,
            **_signed_by(referral, signer, signature),
        )


def self_pay_text(referral: Referral, at: datetime) -> wording.Text:
    facts = wording.gather(referral, at)
    edition = referral.self_pay_notices.count() + 1
    return wording.compose_self_pay(facts, number=f"ZF-{referral.number}-{edition}", edition=edition)


@transaction.atomic
def refuse(
    *,
    referral: Referral,
    by: User,
    signer: str = Consent.Signer.PATIENT,
    reason: str = "",
    drawn: Sequence[Any] = (),
    at: datetime | None = None,
) -> ConsentRefusal:
    """The patient says no: no reason is asked, no signature is needed, and nothing else in their care changes (B15)."""
    at = at or timezone.now()
    if signer not in Consent.Signer.values:
        raise ValidationError({"signer": _("Choose who says no.")})
    _lock_for(referral, pathway.REFUSE_CONSENT, by)
    move(referral, pathway.REFUSE_CONSENT, by=by, at=at, reason=reason[:200], clause="B15", end_reason=reason[:300])
    with declaring.step(pathway.REFUSE_CONSENT.name, reason=reason[:200], clause="B15"):
        return ConsentRefusal.objects.create(
            referral=referral,
            refused_at=at,
            signer=signer,
            reason=reason[:200],
            strokes=strokes.check(list(drawn)),
            recorded_by=by,
        )


@transaction.atomic
def withdraw(*, referral: Referral, by: User, reason: str = "", at: datetime | None = None) -> Referral:
    """The patient takes the consent back: what is not tested yet is stopped and paid back, what is done stays (B15;
    PIPL art. 15). Whether a fee is to be paid back is asked of `queries.refund_due`."""
    at = at or timezone.now()
    _lock_for(referral, pathway.WITHDRAW_CONSENT, by)
    move(referral, pathway.WITHDRAW_CONSENT, by=by, at=at, reason=reason[:200], clause="B15", end_reason=reason[:300])
    with declaring.step(pathway.WITHDRAW_CONSENT.name, reason=reason[:200], clause="B15"):
        referral.consents.filter(withdrawn_at__isnull=True).update(withdrawn_at=at, withdrawal_reason=reason[:200])
    close_deliberations(referral)
    return referral


@transaction.atomic
def lapse_if_changed(*, referral: Referral, at: datetime | None = None) -> bool:
    """Let the consent lapse when price, place or test is no longer what was signed to (PIPL art. 14), and the case go
    back to disclosure. True when it lapsed. Before the fee is charged only: afterwards a refund comes first."""
    at = at or timezone.now()
    consent = queries.standing(referral)
    if consent is None or consent.origin != Origin.LIVE:
        return False
    if referral.status not in pathway.LAPSE_CONSENT.sources:
        return False
    reasons = queries.changes(consent, referral, at)
    if not reasons:
        return False
    reason = "".join(reasons)[:200]
    # A specimen that proved unfit is taken anew after the new consent; its own record keeps when it was taken.
    values: dict[str, Any] = {"approved_at": None, "collected_at": None}
    if referral.charged_at is None and referral.shipped_at is None:
        values["consented_at"] = None
    move(referral, pathway.LAPSE_CONSENT, by=User.objects.machine(), at=at, reason=reason, clause="B16,B17", **values)
    with declaring.step(pathway.LAPSE_CONSENT.name, reason=reason, clause="B16,B17"):
        Consent.objects.filter(pk=consent.pk).update(lapsed_at=at, lapse_reason=reason)
        text = _("The consent of case %(number)s lapsed: tell the patient anew. %(reason)s")
        values = {"number": referral.number, "reason": reason}
        notices.tell([referral.requester], text % values, link("referrals:case", referral.pk))
    return True


def _may(by: User, permission: str, referral: Referral) -> None:
    if not by.may(permission, referral):
        raise PermissionDenied(permission)


def _lock(referral: Referral) -> str:
    """One at a time on this case; whoever comes second sees what the first did. The status the caller had read."""
    was = referral.status
    Referral.objects.select_for_update().filter(pk=referral.pk).values_list("pk").get()
    referral.refresh_from_db()
    return was


def _lock_for(referral: Referral, step: Step, by: User) -> None:
    in_turn(referral, step, by=by, was=_lock(referral))


def _told_at(at: datetime | None, referral: Referral) -> datetime:
    now = timezone.now()
    at = _to_the_minute(at, referral.requested_at)
    if at and not referral.requested_at <= at <= now:
        raise ValidationError({"told_at": _("The time of telling lies between the request and now.")})
    return at or now


def _to_the_minute(at: datetime | None, since: datetime) -> datetime | None:
    """A time typed to the minute is not before what happened in that same minute."""
    return since if at and at < since < at + timedelta(minutes=1) else at


def _not_told(referral: Referral) -> Refusal:
    message = _("The patient has not been told this text yet: the disclosure comes before the signature.")
    return Refusal("X05", message, ("A10", "B16"), link("consent:start", referral.pk), _("To the disclosure"))


def _again(referral: Referral, message: str) -> Refusal:
    return Refusal("X05", message, ("A11", "B16", "B17"), link("consent:start", referral.pk), _("Tell again"))


def told_otherwise(referral: Referral, shown: str, at: datetime) -> list[Refusal]:
    """Why the text that was shown is not the text of now."""
    telling = queries.told(referral, shown)
    changed = queries.changes(telling, referral, at) if telling else []
    changed = changed or [_("The text has changed. Please tell the patient again and have it signed anew.")]
    return [_again(referral, one) for one in changed]


def _checked(
    referral: Referral,
    by: User,
    signer: Signer,
    signature: Signature,
    choices: Choices | None,
    *,
    at: datetime,
    since: datetime,
) -> tuple[Signer, Signature]:
    """Everything that is wrong at once, by field."""
    wrong: dict[str, Any] = {}
    if at > timezone.now() or at < since:
        wrong["signed_at"] = [_("The signature comes after the telling and not in the future.")]
    try:
        signer = signing.check_signer(signer, referral.patient, timezone.localdate(at))
    except ValidationError as fault:
        wrong |= fault.message_dict
    if signer.kind == Consent.Signer.PATIENT and not signer.name:
        name = Identity.objects.filter(patient=referral.patient_id).values_list("name", flat=True).first()
        signer = Signer(kind=signer.kind, name=name or "", age_confirmed=signer.age_confirmed)
    try:
        signature = signing.check_signature(signature, signer, by)
    except ValidationError as fault:
        wrong |= fault.message_dict if hasattr(fault, "error_dict") else {"strokes": fault.messages}
    if choices is not None:
        try:
            signing.check_choices(choices)
        except ValidationError as fault:
            wrong |= fault.message_dict
    if wrong:
        raise ValidationError(wrong)
    return signer, signature


def _sealed(referral: Referral, column: str, text: str) -> bytes | None:
    return encrypt(text, patient=referral.pk, column=column) if text else None


def _signed_by(referral: Referral, signer: Signer, signature: Signature) -> dict[str, Any]:
    return {
        "signer": signer.kind,
        "signer_name": _sealed(referral, "signer_name", signer.name),
        "relation": signer.relation,
        "reason": signer.reason,
        "method": signature.method,
        "strokes": list(signature.strokes),
        "witness": signature.witness,
        "scan": signature.scan,
    }
