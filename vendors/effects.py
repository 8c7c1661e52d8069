"""What an edition of the catalog asks of prices, contracts and in-house capability before it takes force."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog import capability, effects
from catalog.diffing import Difference
from catalog.effects import Effect, Touched
from catalog.models import Indication
from vendors.models import ContractItem, Price


@effects.provider("vendors")
def prices_and_places(difference: Difference, user: Any) -> Iterator[Effect]:
    """Rows whose test nobody could charge, and rows whose test nobody could do, on the edition's first day."""
    edition = difference.after
    on = max(edition.in_force_from or timezone.localdate(), timezone.localdate())
    lines = list(Indication.objects.filter(edition=edition).select_related("test").order_by("code"))
    tests = {line.test_id for line in lines}
    priced = _priced(edition.institution_id, tests, on)
    placed = _placed(edition.institution_id, tests, on)
    without_price = [line for line in lines if line.test_id not in priced]
    nowhere = [line for line in lines if line.test_id not in placed]
    yield Effect(
        "price",
        _("Rows without a published price"),
        _(
            "A request for such a row goes as far as the fee and stops there (X07). Publish the price, or leave the row out."
        ),
        len(without_price),
        _touched(without_price, reverse("vendors:prices") if user.may("vendors.view_vendors") else ""),
        ("A28", "B13", "B14"),
        is_grave=True,
        url=reverse("vendors:prices"),
    )
    yield Effect(
        "place",
        _("Rows that can be done neither in-house nor under a contract"),
        _(
            "Such a row cannot be allocated: register the capability (after the intake of clause A43) or contract a laboratory."
        ),
        len(nowhere),
        _touched(nowhere, reverse("vendors:laboratories") if user.may("vendors.view_vendors") else ""),
        ("A43", "B8"),
        is_grave=True,
        url=reverse("vendors:laboratories"),
    )


def _priced(institution: int | None, tests: Iterable[int], on: date) -> set[int]:
    found = Price.objects.filter(institution=institution, test__in=tests).in_force(on).published(on)
    return set(found.order_by().values_list("test_id", flat=True).distinct())


def _placed(institution: int | None, tests: Iterable[int], on: date) -> set[int]:
    tests = list(tests)
    items = ContractItem.objects.filter(institution=institution, test__in=tests, valid_from__lte=on)
    open_ended = Q(valid_to__isnull=True) | Q(valid_to__gte=on)
    return capability.open_tests(institution, tests, on) | set(
        items.filter(open_ended).order_by().values_list("test_id", flat=True)
    )


def _touched(lines: list[Indication], url: str) -> tuple[Touched, ...]:
    return tuple(Touched(f"{line.code} {line.test.name}", line.tumour, url) for line in lines[: effects.SHOWN])
