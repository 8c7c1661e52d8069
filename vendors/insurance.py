"""What the patient pays and what the insurance pays of a price, as far as it can be said before the fee is settled
(practice.md, "what each would miss most"; `vocab.md` §8 item 8; clauses A13, B16).

The price list knows the class of an item and the share the patient pays before the insurance reckons (先行自付). What
the fund then pays of the rest hangs on the patient's own scheme and year, which only the settlement knows: that is said
so, and no figure is made up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from documents.templatetags.formats import money
from vendors.models import PAID_BY_THE_PATIENT, Price

NOTHING = Decimal("0.00")


@dataclass(frozen=True)
class Shares:
    """Of one price, in yuan: what is known to be the patient's, and what the insurance reckons with."""

    amount: Decimal
    insurance_class: str
    # Paid by the patient for certain; None where the price list does not say.
    own: Decimal | None

    @property
    def is_all_own(self) -> bool:
        """The insurance pays nothing."""
        return self.own is not None and self.own >= self.amount

    @property
    def within(self) -> Decimal | None:
        """What goes into the insurance's reckoning; None where it is not known."""
        return None if self.own is None else max(self.amount - self.own, NOTHING)

    @property
    def patient(self) -> str:
        """What the patient pays, in words."""
        if self.is_all_own:
            return _("%(amount)s yuan, the whole") % {"amount": money(self.amount)}
        if self.own is None:
            return _("as the insurance settles it")
        return _("%(own)s yuan first, and of the rest what the insurance does not pay") % {"own": money(self.own)}

    @property
    def insurance(self) -> str:
        """What the insurance pays, in words."""
        if self.is_all_own:
            return _("nothing")
        if self.within is None:
            return _("as the insurance settles it")
        said = _("by the patient's own scheme out of %(within)s yuan, as the insurance settles it")
        return said % {"within": money(self.within)}


def reckoned(amount: Decimal, insurance_class: str, self_paid: Decimal | None) -> Shares:
    """From what a price says: its amount, its class, and what is paid before the insurance reckons, where known."""
    return Shares(amount, insurance_class, amount if insurance_class in PAID_BY_THE_PATIENT else self_paid)


def shares(price: Price) -> Shares:
    """What of this price is whose."""
    return reckoned(price.amount, price.insurance_class, price.self_paid)


def together(prices: Iterable[Price]) -> Shares:
    """Of several prices at once, as a request of several steps has them: known only where each is known."""
    each = [shares(one) for one in prices]
    own = None if any(one.own is None for one in each) else sum((one.own or NOTHING for one in each), NOTHING)
    classes = list(dict.fromkeys(one.insurance_class for one in each if one.insurance_class))
    return Shares(sum((one.amount for one in each), NOTHING), "、".join(classes), own)
