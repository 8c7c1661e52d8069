"""The fee: at the published price (X07), charged by the hospital before the specimen leaves (X08), never for
research (X09)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from audit.gates import Act, Judgement, not_applicable, passes, refuses
from referrals.gates.case import Case, brought, covers, local_day, rule
from referrals.gates.words import day, link, say, when, yuan
from vendors import pricing
from vendors.models import Price

WRONG_PRICE = _(
    "There is no price item for this test (or the published price differs from the fee to be charged), so it cannot "
    "be charged."
)
NOT_CHARGED = _(
    "No entry of this hospital's charge was found, so sending out cannot be recorded. The hospital itself collects "
    "the fee."
)
RESEARCH_CHARGED = _(
    "This test is registered as one of a clinical trial or study; charging the patient anything is strictly forbidden."
)


@rule("X07", clauses=["B13", "B14", "A13", "B16"], title=_("Published price"))
def charged_at_the_published_price(case: Case, at: datetime, act: Act | None) -> Judgement:
    """A clinical test is charged at a price in force that day, published by that day, at that amount (A13, B13,
    B14, B16). Before a charge is entered, the gate asks whether there is such a price at all."""
    referral, on = case.referral, local_day(at)
    if referral.is_research:
        return not_applicable(_("A research test is not charged."))
    charge = case.charge(at)
    amount = brought(act, "amount", charge.amount if charge and act is None else None)
    prices = case.registers.prices.get((referral.institution_id, referral.test_id), [])
    in_force = [one for one in prices if covers(one.effective_from, one.effective_to, on)]
    published = [one for one in in_force if one.published_on and one.published_on <= on]
    facts: list[tuple] = [(_("test"), referral.test.name)]
    if amount is not None:
        facts.append((_("charged"), yuan(amount)))
    facts += [_price(one) for one in in_force]
    if not in_force:
        wrong = _("No price was in force on %(day)s.") % {"day": day(on)}
    elif not published:
        wrong = _("On %(day)s the price was not yet published.") % {"day": day(on)}
    elif amount is not None and Decimal(amount) not in [one.amount for one in published]:
        wrong = _("The published price is %(price)s, the fee %(fee)s.") % {
            "price": "、".join(yuan(one.amount) for one in published),
            "fee": yuan(amount),
        }
    else:
        # Where another system says item by item what it charged, nothing may be split, repeated or swapped (B13).
        lines = brought(act, "lines")
        said = pricing.charging_faults(published[0], lines) if lines else []
        if not said:
            return passes(*facts)
        wrong = "".join(said)
    return refuses(say(WRONG_PRICE, wrong), mend=link("vendors:prices"), mend_label=_("To the prices"), facts=facts)


def _price(price: Price) -> tuple:
    published = day(price.published_on) if price.published_on else _("not published")
    text = _("%(amount)s, in force from %(start)s, published on %(published)s") % {
        "amount": yuan(price.amount),
        "start": day(price.effective_from),
        "published": published,
    }
    return (_("price in force"), text)


@rule("X08", clauses=["A28"], title=_("Charged by the hospital before sending"))
def charged_before_sending(case: Case, at: datetime, act: Act | None) -> Judgement:
    """A clinical specimen leaves only with the hospital's own entry of the fee at or before that moment, not
    reversed by then (A28). An inpatient's account, approved arrears and the green channel count alike."""
    if case.referral.is_research:
        return not_applicable(_("A research test is not charged."))
    if not case.is_outsourced(at, act):
        return not_applicable(_("Done in-house; nothing is sent out."))
    if charge := case.charge(at):
        entry = f"{when(charge.charged_at)} {yuan(charge.amount)} {charge.receipt_no}".strip()
        return passes((_("hospital's charge"), entry))
    facts: list[tuple] = [(_("hospital's charge"), _("none by then"))]
    for charge in case.charges:
        if charge.charged_at > at:
            facts.append((_("charged only later"), when(charge.charged_at)))
        elif charge.reversed_at and charge.reversed_at <= at:
            facts.append((_("charge reversed"), when(charge.reversed_at)))
    return refuses(NOT_CHARGED, mend=case.page("charge"), mend_label=_("To the charge"), facts=facts)


@rule("X09", clauses=["A49"], title=_("Research is never charged"))
def research_is_not_charged(case: Case, at: datetime, act: Act | None) -> Judgement:
    """A research test is never charged, whatever the amount (A49). An act is a charge being made."""
    if not case.referral.is_research:
        return not_applicable(_("Not a research test."))
    charges = [one for one in case.charges if one.charged_at <= at]
    if act is None and not charges:
        return passes((_("charged"), _("nothing")))
    facts = [(_("charged"), f"{when(one.charged_at)} {yuan(one.amount)}") for one in charges]
    return refuses(RESEARCH_CHARGED, mend=case.page("charge"), mend_label=_("To the charge"), facts=facts)
