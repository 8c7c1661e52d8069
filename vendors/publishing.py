"""The content of what is published, made from the registers: the price list, the outsourced tests with their
laboratories, the complaint channel (A13, B14, B25); and the difference between two publications."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from catalog.models import Indication
from vendors import outsourced
from vendors.models import Board, ComplaintChannel, Price, PriceItem

KEPT_ON = 400  # rows a list may have; a county hospital has some hundred tests
SUPERVISION = ("12345", "12393", "12315", "12388")


def content_of(institution: Any, board: str, on: date) -> dict[str, Any]:
    """What this list says on that day. The keys are part of what is hashed: they do not change with the language."""
    made: Any = {Board.PRICES: price_rows, Board.OUTSOURCED: outsourced_rows, Board.COMPLAINTS: complaint_rows}[
        Board(board)
    ](institution, on)
    return {
        "institution": institution.name,
        "institution_code": institution.code,
        "board": str(board),
        "supervision": list(SUPERVISION),
        **made,
    }


def price_rows(institution: Any, on: date) -> dict[str, Any]:
    """Every published price that holds that day or later, with its items (`vocab.md` §9, 公示页字段)."""
    found = (
        Price.objects.filter(institution=institution, published_on__isnull=False, published_on__lte=on)
        .filter(Q(effective_to__isnull=True) | Q(effective_to__gte=on))
        .select_related("test")
        .prefetch_related("parts__item")
        .order_by("test__code", "effective_from", "pk")[:KEPT_ON]
    )
    prices = list(found)
    tests = {one.test_id for one in prices}
    tumours, places = tumours_of(institution, tests, on), places_of(institution, tests, on)
    return {
        "rows": [
            {
                "test": one.test.code,
                "test_name": one.test.name,
                "tumours": tumours.get(one.test_id, []),
                "places": places.get(one.test_id, []),
                "items": [_item(part.item, part.quantity) for part in one.parts.all()] or [_bare(one)],
                "amount": f"{one.amount:.2f}",
                "self_paid": None if one.self_paid is None else f"{one.self_paid:.2f}",
                "insurance_class": one.insurance_class,
                "effective_from": one.effective_from.isoformat(),
                "effective_to": one.effective_to and one.effective_to.isoformat(),
                "published_on": one.published_on and one.published_on.isoformat(),
                "basis": one.basis,
            }
            for one in prices
        ]
    }


def _item(item: PriceItem, quantity: int) -> dict[str, Any]:
    return {
        "code": item.code,
        "name": item.name,
        "content": item.content,
        "excludes": item.excludes,
        "unit": item.unit,
        "amount": f"{item.amount:.2f}",
        "quantity": quantity,
        "insurance_class": item.insurance_class,
        "own_percent": f"{item.own_percent.normalize():f}",
        "replaces": item.replaces,
        "basis": item.basis,
        # Only where there is one: what was published before there were caps keeps its digest.
        **({"cap": f"{item.cap:.2f}"} if item.cap is not None else {}),
    }


def _bare(price: Price) -> dict[str, Any]:
    """A price from before the items were registered."""
    return {
        "code": price.item_code, "name": price.item_name, "content": "", "excludes": "", "unit": "次",
        "amount": f"{price.amount:.2f}", "quantity": 1, "insurance_class": price.insurance_class, "own_percent": None,
        "replaces": [], "basis": price.basis,
    }  # fmt: skip


def tumours_of(institution: Any, tests: Iterable[int], on: date) -> dict[int, list[str]]:
    """For which tumours the catalog in force lists each test; the hospital's own before the county's."""
    from catalog.queries import edition_in_force

    edition = edition_in_force(institution, on)
    found: dict[int, list[str]] = {}
    if edition is None:
        return found
    lines = Indication.objects.filter(edition=edition, test__in=tests).order_by("code")
    for test, tumour in lines.values_list("test_id", "tumour"):
        if tumour not in found.setdefault(test, []):
            found[test].append(tumour)
    return found


def places_of(institution: Any, tests: Iterable[int], on: date) -> dict[int, list[str]]:
    """Who carries each test out that day: the hospital itself, or the laboratories it may be sent to."""
    from catalog import capability

    tests = list(tests)
    found: dict[int, list[str]] = {test: [institution.name] for test in capability.open_tests(institution, tests, on)}
    for line in outsourced.lines(institution, outsourced.items(institution, on).filter(test__in=tests), on):
        names = found.setdefault(line.item.test_id, [])
        if line.is_open and line.item.laboratory.name not in names:
            names.append(line.item.laboratory.name)
    return found


def outsourced_rows(institution: Any, on: date) -> dict[str, Any]:
    """What the public may know of the outsourced-test catalog (`vendors.outsourced`): the test, where it is done and by
    whom, under which contract until when, its price. What may not be sent out that day is not among them: not admitted,
    restricted, suspended, a credential lapsed, or done in-house. Settlement prices are not the public's."""
    shown = [
        one for one in outsourced.lines(institution, outsourced.items(institution, on)[:KEPT_ON], on) if one.is_open
    ]
    return {
        "rows": [
            {
                "test": one.item.test.code,
                "test_name": one.item.test.name,
                "genes": one.item.test.genes,
                "method": one.item.test.method,
                "specimen": one.item.test.specimen,
                "tumours": list(dict.fromkeys(line.tumour for line in one.indications)),
                "laboratory": one.item.laboratory.name,
                "laboratory_code": one.item.laboratory.uscc,
                "licence": one.licence.number if one.licence else "",
                "licence_to": _iso(one.licence.valid_to) if one.licence else None,
                "contract": one.item.contract.number,
                "contract_to": _iso(one.item.valid_to),
                "amount": f"{one.price.amount:.2f}" if one.price else None,
                "insurance_class": one.price.insurance_class if one.price else "",
            }
            for one in shown
        ]
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def complaint_rows(institution: Any, on: date) -> dict[str, Any]:
    channel = ComplaintChannel.objects.filter(institution=institution).first()
    return {"channel": {name: getattr(channel, name, "") for name in ComplaintChannel.ELEMENTS}}


def missing_of(institution: Any, board: str) -> list[str]:
    """Why this list cannot be published yet: an element of B25 is empty."""
    if board != Board.COMPLAINTS:
        return []
    channel = ComplaintChannel.objects.filter(institution=institution).first() or ComplaintChannel()
    return channel.missing


# Two publications side by side


@dataclass(frozen=True)
class Changed:
    """One row that differs: `cells` are (column, before, after); one of the two rows may be missing."""

    key: str
    kind: str
    cells: tuple[tuple[str, str, str], ...] = ()


def headings() -> dict[str, str]:
    return {
        "test": _("Test code"), "test_name": _("Test"), "tumours": _("Tumours"), "places": _("Carried out by"),
        "items": _("Price items"), "amount": _("Price (yuan)"), "self_paid": _("Paid first by the patient (yuan)"),
        "insurance_class": _("Insurance class"), "effective_from": _("Effective from"), "effective_to": _("Effective to"),
        "published_on": _("Published on"), "basis": _("Basis"), "laboratory": _("Laboratory"), "genes": _("Genes"),
        "method": _("Method"), "specimen": _("Specimen"), "laboratory_code": _("Unified social credit code"),
        "licence": _("Practice licence"), "licence_to": _("Licence ends"), "contract": _("Contract"),
        "contract_to": _("Contract ends"), "procedure": _("Procedure"), "place": _("Place"),
        "hours": _("Reception hours"), "phone": _("Telephone"), "email": _("E-mail"),
    }  # fmt: skip


def difference(before: dict[str, Any] | None, after: dict[str, Any]) -> list[Changed]:
    """What the later list says otherwise than the earlier: rows added, gone, and changed cell by cell."""
    old, new = _keyed(before or {}), _keyed(after)
    named = headings()
    found = [Changed(key, "removed") for key in old if key not in new]
    for key, row in new.items():
        if key not in old:
            found.append(Changed(key, "added"))
            continue
        cells = tuple(
            (named.get(name, name), shown(old[key].get(name)), shown(row.get(name)))
            for name in dict.fromkeys([*old[key], *row])
            if old[key].get(name) != row.get(name)
        )
        if cells:
            found.append(Changed(key, "changed", cells))
    return sorted(found, key=lambda one: one.key)


def _keyed(content: dict[str, Any]) -> dict[str, dict[str, Any]]:
    if "channel" in content:
        return {_("Complaint channel"): content["channel"]}
    rows = content.get("rows", [])
    return {
        " ".join(
            str(part)
            for part in (row["test"], row["test_name"], row.get("laboratory"), row.get("effective_from"))
            if part
        ): row
        for row in rows
    }


def shown(value: Any) -> str:
    """A cell as words."""
    if isinstance(value, list):
        return "；".join(shown(one) for one in value)
    if isinstance(value, dict):
        cap = f"，封顶{value['cap']}" if value.get("cap") else ""
        return f"{value.get('name', '')}（{value.get('code', '')}）{value.get('amount', '')}×{value.get('quantity', 1)}{cap}"
    return "—" if value in (None, "") else str(value)
