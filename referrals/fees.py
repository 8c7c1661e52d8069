"""The fee as the page of a case shows it: each entry of the hospital with its numbers, what put it off, and the day it
was given back."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from documents.templatetags.formats import isoday, moment
from referrals.gates import Case, local_day
from referrals.gates.case import covers
from referrals.gates.words import yuan
from referrals.models import Charge


def rows(case: Case) -> list[tuple]:
    """Label, value, address, note; the entries in the order they were made."""
    found: list[tuple] = []
    for one in case.charges:
        found += [
            (
                _("Entered at, not paid yet") if one.is_put_off and not one.reversed_at else _("Charged at"),
                moment(one.charged_at),
            ),
            (_("Amount"), yuan(one.amount), "", one.get_kind_display()),
            (_("Receipt or settlement number"), one.receipt_no, "", _numbers(one)),
            (_("Price item"), *_price(case, one)),
        ]
        if one.settled_at:
            found.append((_("Settled at"), moment(one.settled_at)))
        if one.reversed_at:
            why = "　".join(
                part for part in (one.reversal_no, one.get_reversal_cause_display(), one.reversal_reason) if part
            )
            found.append((_("Refunded at"), moment(one.reversed_at), "", why))
    for leave in case.deferrals:
        state = _("withdrawn") if leave.withdrawn_at else _("until %(day)s") % {"day": isoday(leave.until)}
        found.append((leave.get_kind_display(), leave.document, "", f"{state}　{leave.basis}"))
    return found


def _numbers(one: Charge) -> str:
    """The other numbers of the same entry."""
    parts = [
        _("line %(n)s") % {"n": one.settlement_line} if one.settlement_line else "",
        _("admission %(number)s") % {"number": one.inpatient_no} if one.inpatient_no else "",
        _("receipt %(code)s %(number)s") % {"code": one.invoice_code, "number": one.invoice_no}
        if one.invoice_no
        else "",
    ]
    return "　".join(part for part in parts if part)


def _price(case: Case, charge: Any) -> tuple[str, str, str]:
    """The price the charge was kept with; for a ledger, which names none, the one in force that day."""
    price, note = charge.price, ""
    if price is None:
        on = local_day(charge.charged_at)
        listed = case.registers.prices.get((case.referral.institution_id, case.referral.test_id), [])
        price = next((one for one in listed if covers(one.effective_from, one.effective_to, on)), None)
        note = _("not named in the ledger; in force that day")
    if price is None:
        return _("none in force that day"), "", ""
    published = isoday(price.published_on) if price.published_on else _("not published")
    shown = _("%(item)s %(amount)s, in force from %(start)s, published on %(published)s") % {
        "item": f"{price.item_code} {price.item_name}",
        "amount": yuan(price.amount),
        "start": isoday(price.effective_from),
        "published": published,
    }
    return shown, "", note
