"""A specimen that failed is paid back whole, unless another one is taken (A28; `vocab.md` §9)."""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts import notices
from accounts.queries import holders
from documents.templatetags.formats import isoday
from referrals import refunding
from referrals.actions.charging import standing
from referrals.gates.words import link
from referrals.models import Referral


def tell_cashiers(referral: Referral, what: str) -> None:
    """Who gives fees back is told that this one is due, and by which day; no fee, no word."""
    if not standing(referral):
        return
    text = _("%(case)s: its specimen failed (%(what)s). The fee stands on the list of refunds due until %(day)s.")
    values = {"case": referral.number, "what": what, "day": isoday(refunding.due_by(referral))}
    cashiers = holders(referral.institution_id, "referrals.record_charge")
    notices.tell(cashiers, text % values, link("referrals:charge", referral.pk))
