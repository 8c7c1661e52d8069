"""Every write of contracts with laboratories."""

from __future__ import annotations

from datetime import date

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from audit import declaring
from catalog import changes
from vendors.models import Contract, ContractItem


@transaction.atomic
def renew_contract(
    *,
    contract: Contract,
    number: str,
    valid_from: date,
    valid_to: date,
    procurement_no: str,
    by: User,
    is_demo: bool = False,
) -> Contract:
    """A new contract with the former one's tests and prices, beginning after it ends (A25, B9).

    Raises ValidationError when the periods overlap or are out of order.
    """
    if not by.is_machine and not by.may("vendors.manage_contracts", contract):
        raise PermissionDenied("vendors.manage_contracts")
    if contract.valid_to is None or valid_from <= contract.valid_to:
        raise ValidationError({"valid_from": _("The new contract begins after the former one ends.")})
    if valid_to < valid_from:
        raise ValidationError({"valid_to": _("The last day lies before the first.")})
    with declaring.step("contract.renewed", clause="A25,B9"):
        renewed = Contract.objects.create(
            number=number,
            institution=contract.institution,
            laboratory=contract.laboratory,
            valid_from=valid_from,
            valid_to=valid_to,
            procurement_method=contract.procurement_method,
            procurement_no=procurement_no,
            is_demo=is_demo,
        )
        ContractItem.objects.bulk_create(
            ContractItem(
                contract=renewed,
                test_id=item.test_id,
                settlement_price=item.settlement_price,
                institution_id=renewed.institution_id,
                laboratory_id=renewed.laboratory_id,
                valid_from=valid_from,
                valid_to=valid_to,
            )
            for item in contract.items.all()
        )
    changes.announce()
    return renewed
