"""Every write of prices."""

from __future__ import annotations

from datetime import date

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from audit import declaring
from catalog import changes
from vendors.actions.publications import publish_list
from vendors.models import Board, Price


@transaction.atomic
def publish_price(*, price: Price, on: date, by: User) -> None:
    """A price that came without a price change (from the ledger) is published from `on`, and the list with it (A13,
    B14); a published price is not published again."""
    if not by.may("vendors.publish_prices", price):
        raise PermissionDenied("vendors.publish_prices")
    with declaring.step("price.published", clause="A13,B14"):
        if not Price.objects.filter(pk=price.pk, published_on__isnull=True).update(published_on=on):
            raise ValidationError(_("This price has been published already."))
    publish_list(institution=price.institution, board=Board.PRICES, by=by)
    changes.announce()
