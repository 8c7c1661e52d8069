"""A change of prices (A13, B13, B14): drafted line by line or from a sheet, put up, checked by a second person,
published. Publication alone touches what is charged; until then every line stands beside the prices in force."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.delegations import one_with
from audit import declaring
from audit.gates import Refusal, Refused
from audit.steps import move
from catalog import changes
from catalog.models import GeneTest
from vendors import pathway, pricing
from vendors.actions.held import may, needed, refused
from vendors.actions.publications import publish_list
from vendors.models import Board, DraftCharge, DraftItem, Price, PriceChange, PriceItem, PricePart

CLAUSES = ("A13", "B13", "B14")
S = PriceChange.Status


@transaction.atomic
def draft_change(*, institution: Any, title: str, basis: str, effective_from: date, by: Any) -> PriceChange:
    """A change is begun: what it is called, the document it rests on, and the day of the switch."""
    change = PriceChange(institution=institution, drafted_by=by, effective_from=effective_from)
    may(by, pathway.DRAFT, change)
    texts = needed(title=title, basis=basis)
    _not_past(effective_from)
    change.title, change.basis = texts["title"][:120], texts["basis"][:120]
    with declaring.step("prices.drafted", clause="B13"):
        change.save()
    return change


@transaction.atomic
def revise_change(*, change: PriceChange, title: str, basis: str, effective_from: date, by: Any) -> PriceChange:
    change = _writable(change, by)
    texts = needed(title=title, basis=basis)
    _not_past(effective_from)
    with declaring.step("prices.revised", clause="B13"):
        change.title, change.basis, change.effective_from = texts["title"][:120], texts["basis"][:120], effective_from
        change.save(update_fields=["title", "basis", "effective_from"])
    return change


@transaction.atomic
def put_item(*, change: PriceChange, by: Any, **facts: Any) -> DraftItem:
    """An item of the draft is added, or the draft's own row of that code is written anew. ValidationError by field."""
    change = _writable(change, by)
    item = DraftItem.objects.filter(change=change, code=facts.get("code", "")).first() or DraftItem(change=change)
    for name in DraftItem.FACTS:
        if name in facts:
            setattr(item, name, facts[name])
    item.basis, item.ends = item.basis or change.basis, False
    item.full_clean(exclude=["change"])
    if wrong := pricing.own_share(item):
        raise ValidationError({"own_percent": wrong})
    if item.cap is not None and item.cap < item.amount:
        raise ValidationError({"cap": _("The cap lies below the price of one: nothing could be charged at its price.")})
    if item.code in item.not_with or item.code in item.replaces:
        raise ValidationError({"code": _("An item neither excludes nor replaces itself.")})
    with declaring.step("prices.revised", clause="B13"):
        item.save()
    return item


@transaction.atomic
def end_item(*, change: PriceChange, code: str, by: Any) -> DraftItem:
    """An item in force ends with the day before the change."""
    change = _writable(change, by)
    standing = pricing.standing_items(change.institution_id, change.effective_from).get(code)
    if standing is None:
        raise ValidationError({"code": _("Item %(code)s is not in force, so it cannot end.") % {"code": code}})
    with declaring.step("prices.revised", clause="B13"):
        item, _made = DraftItem.objects.update_or_create(
            change=change, code=code, defaults=standing.facts | {"replaces": [], "ends": True}
        )
    return item


@transaction.atomic
def drop_item(*, change: PriceChange, code: str, by: Any) -> None:
    change = _writable(change, by)
    with declaring.step("prices.revised", clause="B13"):
        if not DraftItem.objects.filter(change=change, code=code).delete()[0]:
            raise ValidationError({"code": _("The draft has no item %(code)s.") % {"code": code}})


@transaction.atomic
def put_charge(
    *, change: PriceChange, test: GeneTest, by: Any, parts: Iterable[tuple[str, int]] = (), ends: bool = False
) -> DraftCharge:
    """Under which items, and how many of each, this test is charged from the day on; `ends`: it no longer is."""
    change = _writable(change, by)
    listed = [(str(code).strip(), int(quantity)) for code, quantity in parts]
    if ends and listed:
        raise ValidationError({"parts": _("A test that is no longer charged names no items.")})
    if not ends:
        wrong = pricing.faults_of(listed, pricing.plan(change).items)
        if wrong:
            raise ValidationError({"parts": wrong})
    with declaring.step("prices.revised", clause="B13"):
        charge, _made = DraftCharge.objects.update_or_create(
            change=change, test=test, defaults={"parts": [list(one) for one in listed], "ends": ends}
        )
    return charge


@transaction.atomic
def drop_charge(*, change: PriceChange, test: GeneTest, by: Any) -> None:
    change = _writable(change, by)
    with declaring.step("prices.revised", clause="B13"):
        if not DraftCharge.objects.filter(change=change, test=test).delete()[0]:
            raise ValidationError({"test": _("The draft says nothing of %(test)s.") % {"test": test}})


@transaction.atomic
def put_up(*, change: PriceChange, by: Any) -> PriceChange:
    """The draft goes to the second person. Refused while anything stands against it."""
    change = _held(change)
    may(by, pathway.DRAFT, change)
    _sound(change)
    return move(change, pathway.PUT_UP, by=by, clause="B13", put_up_by=by, put_up_at=timezone.now(), note="")


@transaction.atomic
def check_change(*, change: PriceChange, by: Any) -> PriceChange:
    """Somebody who neither drafted nor put it up has compared it with its document (X14)."""
    change = _held(change)
    may(by, pathway.CHECK, change)
    makers: set[int | None] = {change.drafted_by_id, change.put_up_by_id}
    if makers & one_with(by):
        message = _("You drafted this price change; somebody else has to check it.")
        raise refused("X14", message, CLAUSES, change.get_absolute_url(), _("To the price change"))
    _sound(change)
    return move(change, pathway.CHECKED, by=by, clause="B13", checked_by=by, checked_at=timezone.now())


@transaction.atomic
def return_change(*, change: PriceChange, reason: str, by: Any) -> PriceChange:
    reason = needed(reason=reason)["reason"]
    return move(
        _held(change), pathway.RETURN, by=by, reason=reason, clause="B13", note=reason[:300], put_up_by=None,
        put_up_at=None, checked_by=None, checked_at=None,
    )  # fmt: skip


@transaction.atomic
def drop_change(*, change: PriceChange, reason: str, by: Any) -> PriceChange:
    reason = needed(reason=reason)["reason"]
    return move(_held(change), pathway.DROP, by=by, reason=reason, clause="B13", note=reason[:300])


@transaction.atomic
def publish_change(*, change: PriceChange, by: Any) -> PriceChange:
    """Old items and prices end with the day before, new ones begin, and the list is published with them (A13, B14).

    Consents at another price lapse by their sweep, on the day of the switch (B16, B17).
    """
    change = _held(change)
    may(by, pathway.PUBLISH, change)
    made = _sound(change)
    now = timezone.now()
    change = move(change, pathway.PUBLISHED, by=by, clause=",".join(CLAUSES), published_by=by, published_at=now)
    try:
        with declaring.step(pathway.PUBLISHED.name, clause=",".join(CLAUSES)), transaction.atomic():
            _write(change, made)
    except IntegrityError as fault:
        raise refused("stale", _("Another price of that day was published meanwhile. Look the change through again."),
                      CLAUSES, change.get_absolute_url(), _("To the price change")) from fault  # fmt: skip
    publish_list(institution=change.institution, board=Board.PRICES, by=by, change=change)
    changes.announce()
    return change


def _write(change: PriceChange, made: pricing.Plan) -> None:
    last = change.effective_from - timedelta(days=1)
    for item in made.ending.values():
        PriceItem.objects.filter(pk=item.pk).update(valid_to=last)
    kept: dict[str, PriceItem] = {}
    for code, facts in made.items.items():
        if isinstance(facts, PriceItem):
            kept[code] = facts
        else:
            kept[code] = PriceItem.objects.create(
                institution=change.institution, change=change, valid_from=change.effective_from, **facts.facts
            )
    for turn in made.turns:
        price = turn.before
        if price is not None and not turn.is_same:
            Price.objects.filter(pk=price.pk).update(effective_to=last)
        if turn.total is None:
            continue
        if price is None or not turn.is_same:
            price = Price.objects.create(
                institution=change.institution,
                test=turn.test,
                item_code=turn.total.code[:200],
                item_name=turn.total.name[:300],
                amount=turn.total.amount,
                self_paid=turn.total.self_paid,
                insurance_class=turn.total.insurance_class,
                effective_from=change.effective_from,
                published_on=timezone.localdate(),
                basis=change.basis,
                change=change,
            )
        elif price.parts.all():
            continue
        else:
            Price.objects.filter(pk=price.pk).update(self_paid=turn.total.self_paid)
        PricePart.objects.bulk_create(
            PricePart(price=price, item=kept[facts.code], quantity=quantity) for facts, quantity in turn.total.parts
        )


def _sound(change: PriceChange) -> pricing.Plan:
    """The plan, or a refusal with everything that stands against it."""
    made = pricing.plan(change)
    faults = list(made.faults)
    if change.effective_from < timezone.localdate():
        faults.append(_("The day of the switch has passed: nothing may be charged before it is published."))
    if faults:
        raise Refused(
            [Refusal("X07", one, CLAUSES, change.get_absolute_url(), _("To the price change")) for one in faults]
        )
    return made


def _held(change: PriceChange) -> PriceChange:
    return PriceChange.objects.select_for_update(of=("self",)).select_related("institution").get(pk=change.pk)


def _writable(change: PriceChange, by: Any) -> PriceChange:
    change = _held(change)
    may(by, pathway.DRAFT, change)
    if not change.is_writable:
        message = _("This price change is no longer a draft: it stands at “%(status)s”.")
        raise refused("prices", message % {"status": change.get_status_display()}, CLAUSES, change.get_absolute_url())
    return change


def _not_past(day: date) -> None:
    if day < timezone.localdate():
        raise ValidationError({"effective_from": _("Prices take force on the day of publication or later.")})
