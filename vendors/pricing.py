"""What a price change does, reckoned without writing anything: the items and prices from its day on, which tests it
touches, and everything that stands against it (B13; `vocab.md` §9). Preview, check and publication read the same plan.

A price is the sum of its parts, item × quantity, no part above the cap of its item for one specimen. A test is charged
under the old items to the day before and under the new ones from the day of the switch on; where an old item has exactly
one successor, its tests follow by themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from vendors.models import (
    PAID_BY_THE_PATIENT,
    DraftItem,
    InsuranceClass,
    ItemFacts,
    Origin,
    Price,
    PriceChange,
    PriceItem,
)

CENT = Decimal("0.01")
Parts = list[tuple[str, int]]
# From best to worst for the patient: a price with several parts bears the class of its worst.
RANK = [InsuranceClass.FIRST, InsuranceClass.SECOND, InsuranceClass.THIRD, InsuranceClass.SELF_PAID]


@dataclass(frozen=True)
class Total:
    """A price made of its parts."""

    parts: tuple[tuple[ItemFacts, int], ...]

    @property
    def amount(self) -> Decimal:
        return sum((item.line(quantity) for item, quantity in self.parts), Decimal(0)).quantize(CENT)

    @property
    def self_paid(self) -> Decimal:
        """What the patient pays before the insurance reckons: each item's own share, rounded to the cent."""
        own = (item.line(quantity) * item.own_percent / 100 for item, quantity in self.parts)
        return sum((one.quantize(CENT, ROUND_HALF_UP) for one in own), Decimal(0))

    @property
    def insurance_class(self) -> str:
        return max((item.insurance_class for item, _n in self.parts), key=lambda one: RANK.index(InsuranceClass(one)))

    @property
    def code(self) -> str:
        return "、".join(times(item.code, quantity) for item, quantity in self.parts)

    @property
    def name(self) -> str:
        return "、".join(times(item.name, quantity) for item, quantity in self.parts)

    def says(self, price: Price) -> bool:
        """Whether this is what the price says already: nobody has to be told anew."""
        same = (price.item_code, price.item_name, price.amount) == (self.code[:200], self.name[:300], self.amount)
        return same and price.insurance_class == self.insurance_class and price.self_paid in (None, self.self_paid)


@dataclass(frozen=True)
class Turn:
    """What becomes of one test: `total` is None when it is no longer charged, `before` when it was not before.
    `is_same`: the price stays as it is and only learns of which items it is made."""

    test: Any
    before: Price | None
    total: Total | None
    is_same: bool = False


@dataclass
class Plan:
    change: PriceChange
    items: dict[str, ItemFacts] = field(default_factory=dict)
    ending: dict[str, PriceItem] = field(default_factory=dict)
    turns: list[Turn] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def touched(self) -> list[Turn]:
        return [one for one in self.turns if not one.is_same]


def times(text: str, quantity: int) -> str:
    return text if quantity == 1 else f"{text}×{quantity}"


def standing_items(institution: int, on: date) -> dict[str, PriceItem]:
    open_ended = Q(valid_to__isnull=True) | Q(valid_to__gte=on)
    found = PriceItem.objects.filter(open_ended, institution=institution, valid_from__lte=on)
    return {one.code: one for one in found}


def standing_prices(institution: int, on: date) -> list[Price]:
    """The published prices that hold on a day, with their parts; a constant number of queries."""
    found = Price.objects.filter(institution=institution).in_force(on).filter(published_on__isnull=False)
    return list(
        found.exclude(origin=Origin.LEDGER, effective_to__lt=on)
        .select_related("test")
        .prefetch_related("parts__item")
        .order_by("test__code", "effective_from")
    )


def parts_of(price: Price) -> Parts:
    """Codes and quantities; a price from before the items were registered is one of its own item."""
    kept = [(part.item.code, part.quantity) for part in price.parts.all()]
    return kept or [(price.item_code, 1)]


def plan(change: PriceChange) -> Plan:
    """The plan of a change, from its rows as they stand now."""
    made, on = Plan(change), change.effective_from
    drafts = list(change.draft_items.all())
    charges = {one.test_id: one for one in change.draft_charges.select_related("test")}
    now = standing_items(change.institution_id, on)
    _items(made, drafts, now)
    # An item published for a later day is not overtaken by an earlier change.
    later = PriceItem.objects.filter(institution=change.institution, code__in=[one.code for one in drafts])
    for one in later.filter(valid_from__gte=on):
        said = _("Item %(code)s is published from %(day)s already; a change of it begins later than that.")
        made.faults.append(said % {"code": one.code, "day": f"{one.valid_from:%Y-%m-%d}"})
    successors: dict[str, list[str]] = {}
    for one in drafts:
        for code in [] if one.ends else one.replaces:
            successors.setdefault(code, []).append(one.code)
    prices = standing_prices(change.institution_id, on)
    for price in prices:
        draft = charges.pop(price.test_id, None)
        if draft is None:
            _follow(made, price, {one.code for one in drafts}, successors)
        else:
            _turn(made, price.test, price, None if draft.ends else [(code, n) for code, n in draft.parts])
    for draft in charges.values():
        if draft.ends:
            said = _("%(test)s is not charged on that day, so nothing ends.")
            made.faults.append(said % {"test": draft.test})
        else:
            _turn(made, draft.test, None, [(code, n) for code, n in draft.parts])
    _not_before_a_later_one(made)
    if not drafts and not made.turns:
        made.faults.append(_("The change says nothing yet: add an item or a test."))
    made.turns.sort(key=lambda one: one.test.code)
    return made


def _items(made: Plan, drafts: Sequence[DraftItem], now: dict[str, PriceItem]) -> None:
    """The items from the day on: those that stand, without the ended and the replaced, with the new."""
    made.items = dict(now)
    for one in drafts:
        leaving = [one.code] if one.ends else [code for code in one.replaces if code != one.code]
        for code in leaving:
            if code in now:
                made.ending[code] = now[code]
            elif one.ends:
                made.faults.append(_("Item %(code)s is not in force, so it cannot end.") % {"code": code})
            made.items.pop(code, None)
    for one in drafts:
        if one.ends:
            continue
        if one.code in now:
            made.ending[one.code] = now[one.code]
        made.items[one.code] = one


def _follow(made: Plan, price: Price, drafted: set[str], successors: dict[str, list[str]]) -> None:
    """A test of which the change says nothing: its price stays, follows its items, or has to be stated."""
    parts = parts_of(price)
    codes = {code for code, _n in parts}
    if not codes & (drafted | set(made.ending) | set(successors)):
        return
    following: Parts = []
    for code, quantity in parts:
        if code in made.items:
            following.append((code, quantity))
        elif len(successors.get(code, [])) == 1:
            following.append((successors[code][0], quantity))
        else:
            said = _("%(test)s is charged under item %(code)s, which ends: state under which items it is charged then.")
            made.faults.append(said % {"test": price.test, "code": code})
            return
    _turn(made, price.test, price, following)


def _turn(made: Plan, test: Any, before: Price | None, parts: Parts | None) -> None:
    if parts is None:
        made.turns.append(Turn(test, before, None))
        return
    faults = [f"{test}：{one}" for one in faults_of(parts, made.items)]
    made.faults += faults
    if faults:
        return
    total = Total(tuple((made.items[code], quantity) for code, quantity in parts))
    same = before is not None and total.says(before)
    made.turns.append(Turn(test, before, total, is_same=same))


def faults_of(parts: Parts, items: dict[str, ItemFacts]) -> list[str]:
    """What stands against charging these items together: none of them, one that is not there, one twice, more of it
    than allowed, two that exclude each other (重复、超标准、分解)."""
    if not parts:
        return [_("No item is named.")]
    wrong = []
    codes = [code for code, _n in parts]
    for code in dict.fromkeys(codes):
        if codes.count(code) > 1:
            wrong.append(_("Item %(code)s stands there twice; give it once, with its quantity.") % {"code": code})
    for code, quantity in parts:
        item = items.get(code)
        if item is None:
            wrong.append(_("There is no price item %(code)s on that day.") % {"code": code})
        elif not 1 <= quantity <= item.most:
            said = _("Of item %(code)s at most %(most)d may be charged for one test, not %(n)d.")
            wrong.append(said % {"code": code, "most": item.most, "n": quantity})
    for place, code in enumerate(codes):
        for other in codes[place + 1 :]:
            if other != code and _excluded(items.get(code), items.get(other)):
                said = _("Items %(one)s and %(other)s may not be charged together.")
                wrong.append(said % {"one": code, "other": other})
    return wrong


def _excluded(one: ItemFacts | None, other: ItemFacts | None) -> bool:
    return one is not None and other is not None and (other.code in one.not_with or one.code in other.not_with)


def _not_before_a_later_one(made: Plan) -> None:
    """A price published for a later day stands: a change in between is refused, since it would have to be cut again."""
    on = made.change.effective_from
    tests = [one.test.pk for one in made.touched]
    later = Price.objects.filter(institution=made.change.institution, test__in=tests, origin=Origin.LIVE).filter(
        Q(effective_from__gt=on) | Q(effective_from=on, published_on__isnull=False)
    )
    for price in later.select_related("test"):
        said = _("%(test)s has a price from %(day)s already; this change has to begin after that day.")
        made.faults.append(said % {"test": price.test, "day": f"{price.effective_from:%Y-%m-%d}"})


def own_share(facts: ItemFacts) -> list[str]:
    """What is wrong with class and share: 甲类 is within the insurance whole, 丙类 and 自费 not at all."""
    if facts.insurance_class in PAID_BY_THE_PATIENT and facts.own_percent != 100:
        return [_("An item of class %(name)s is paid by the patient whole: 100%%.") % {"name": facts.insurance_class}]
    if facts.insurance_class == InsuranceClass.FIRST and facts.own_percent != 0:
        return [_("An item of class %(name)s has no share paid first: 0%%.") % {"name": facts.insurance_class}]
    return []


def charging_faults(price: Price, lines: Iterable[tuple[str, int, Decimal | None]]) -> list[str]:
    """What is wrong with lines of a charge, (item code, quantity, amount of the line or None), against the price they
    belong to: an item swapped, split, repeated, left out, or at another amount (B13)."""
    due = {part.item.code: (part.quantity, part.item.line(part.quantity)) for part in price.parts.all()}
    due = due or {price.item_code: (1, price.amount)}
    wrong, seen = [], set()
    for code, quantity, amount in lines:
        if code in seen:
            wrong.append(_("Item %(code)s was charged twice.") % {"code": code})
        elif code not in due:
            said = _("Item %(code)s does not belong to this test; it is charged under %(due)s.")
            wrong.append(said % {"code": code, "due": price.item_code})
        elif quantity != due[code][0]:
            said = _("Of item %(code)s %(n)d were charged; the published quantity is %(due)d.")
            wrong.append(said % {"code": code, "n": quantity, "due": due[code][0]})
        elif amount is not None and Decimal(amount) != due[code][1]:
            said = _("Item %(code)s was charged at %(amount)s yuan; published are %(due)s.")
            wrong.append(said % {"code": code, "amount": amount, "due": due[code][1]})
        seen.add(code)
    for code in due:
        if code not in seen:
            wrong.append(_("Item %(code)s of the published price was not charged.") % {"code": code})
    return wrong
