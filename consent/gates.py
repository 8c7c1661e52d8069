"""X05: nothing is taken, charged or sent without the patient's consent."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from audit.gates import Act, Judgement, passes, refuses
from consent.models import Consent
from consent.wording.paying import needs_self_pay_notice
from referrals.gates import Case, brought, local_day, rule
from referrals.gates.case import covers
from referrals.gates.words import link, say, when, yuan
from referrals.models import Status
from vendors.models import Origin, Price

CHARGING = "charge.made"
NO_SELF_PAY_NOTICE = _(
    "Insurance does not pay for this test: the notice of self-paid services has to be signed before the fee is charged."
)
NO_CONSENT = _(
    "No valid written consent was found (or the consent's edition does not match the test, laboratory or price), so "
    "nothing may be taken, charged or sent out."
)


@rule("X05", clauses=["A11", "B17"], title=_("Written informed consent"))
def consent_is_valid(case: Case, at: datetime, act: Act | None) -> Judgement:
    """Before sampling, charging or sending out there is a written consent that is not withdrawn; one signed by
    another than the patient says why (A11, B17). It names the test, the laboratory and the price of today: a
    change of any of them lapses it. Where a ledger does not say what was consented to, that is not compared."""
    signed = [one for one in case.consents if one.signed_at <= at]
    wrong = [_wrong(one, case, at, act) for one in signed]
    for consent, reasons in zip(signed, wrong, strict=True):
        if not reasons:
            if _awaits_self_pay_notice(consent, case, at, act):
                return refuses(
                    NO_SELF_PAY_NOTICE,
                    mend=link("consent:self_pay", case.referral.pk),
                    mend_label=_("To the self-pay notice"),
                )
            return passes((_("consent signed"), f"{when(consent.signed_at)} {consent.get_signer_display()}"))
    facts: list[tuple] = [(_("consent signed"), f"{when(one.signed_at)} {one.get_signer_display()}") for one in signed]
    if not signed:
        facts.append((_("consent signed"), _("none by then")))
        facts += [(_("signed only later"), when(one.signed_at)) for one in case.consents]
    # The last one signed is the one people believe to hold.
    return refuses(
        say(NO_CONSENT, *(wrong[-1] if wrong else ())),
        mend=case.page("consent"),
        mend_label=_("To the consent"),
        facts=facts,
    )


def _awaits_self_pay_notice(consent: Consent, case: Case, at: datetime, act: Act | None) -> bool:
    """Where the fee is charged, what insurance does not pay needs its own notice, signed at that price (Regulations
    on Medical Insurance Funds, art. 15)."""
    charging = act.step == CHARGING if act else case.referral.status == Status.AWAITING_CHARGE
    if not charging or consent.origin != Origin.LIVE or not needs_self_pay_notice(_price(consent, case)):
        return False
    return not any(one.price_id == consent.price_id and one.signed_at <= at for one in case.self_pay_notices)


def _wrong(consent: Consent, case: Case, at: datetime, act: Act | None) -> list[Any]:
    """What makes this consent not hold at `at`; nothing when it holds."""
    wrong: list[Any] = []
    if consent.withdrawn_at and consent.withdrawn_at <= at:
        wrong.append(_("The consent was withdrawn on %(at)s.") % {"at": when(consent.withdrawn_at)})
    if consent.lapsed_at and consent.lapsed_at <= at:
        wrong.append(consent.lapse_reason)
    if consent.signer != Consent.Signer.PATIENT and not consent.reason.strip():
        wrong.append(_("Somebody signed for the patient, and the reason is not recorded."))
    if consent.origin == Origin.LIVE:
        wrong += _changed(consent, case, at, act)
    return wrong


def _changed(consent: Consent, case: Case, at: datetime, act: Act | None) -> list[Any]:
    """What has changed since a consent kept live was signed."""
    changed: list[Any] = []
    if consent.test_id != case.referral.test_id:
        changed.append(_("It was signed for another test."))
    laboratory = case.laboratory(at, act)
    if consent.laboratory_id != (laboratory.pk if laboratory else None):
        changed.append(_("It was signed for another laboratory."))
    if not case.referral.is_research:
        told = consent.amount
        if told is None and (price := _price(consent, case)):
            told = price.amount
        due = _amounts_due(case, at, act)
        if due and told not in due:
            said = _("The price told was %(told)s, the fee is %(due)s.")
            named = {"told": yuan(told) if told is not None else _("none"), "due": "、".join(map(yuan, due))}
            changed.append(said % named)
    return changed


def _price(consent: Consent, case: Case) -> Price | None:
    """The price the consent names, from the case's registers: a list of cases asks for it once."""
    return next((one for one in _prices(case) if one.pk == consent.price_id), None)


def _prices(case: Case) -> list[Price]:
    return case.registers.prices.get((case.referral.institution_id, case.referral.test_id), [])


def _amounts_due(case: Case, at: datetime, act: Act | None) -> list:
    """What the patient is to pay: the fee being charged or charged, else the prices in force that day."""
    if (amount := brought(act, "amount")) is not None:
        return [amount]
    if charge := case.charge(at):
        return [charge.amount]
    return [one.amount for one in _prices(case) if covers(one.effective_from, one.effective_to, local_day(at))]
