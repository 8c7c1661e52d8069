"""The steps of the fee, for programs: charged, put off, settled, given back (A28, B13; practice.md 1 and 2)."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from referrals import pathway
from referrals.actions import charging, deferring
from referrals.api.register import add
from referrals.api.steps import Reason, long
from referrals.models import Charge, FeeDeferral


class EntryIn(serializers.Serializer):
    receipt_no = long(
        max_length=40,
        help_text="结算号, or 记账流水号 on an inpatient's account; left out for arrears and green channel",
    )
    settlement_line = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=1, max_value=9999,
        help_text="Line of the settlement, where HIS settled several items at once",
    )  # fmt: skip
    invoice_code = long(max_length=20, help_text="票据代码")
    invoice_no = long(max_length=20, help_text="票据号码")
    inpatient_no = long(max_length=40, help_text="住院号; needed for an inpatient's account")


class ChargedLine(serializers.Serializer):
    code = serializers.CharField(max_length=40, help_text="of the price item")
    quantity = serializers.IntegerField(min_value=1, max_value=999)
    amount = serializers.DecimalField(10, 2, required=False, default=None, allow_null=True)


class ChargeIn(EntryIn):
    kind = serializers.ChoiceField(Charge.Kind.choices, default=Charge.Kind.RECEIPT)
    amount = serializers.DecimalField(
        10,
        2,
        required=False,
        default=None,
        help_text="What HIS charged; another amount than the price is refused (X07)",
    )
    lines = ChargedLine(many=True, required=False, default=None)

    def validate_lines(self, lines: Any) -> Any:
        """As the action takes them; items split, repeated or swapped are refused by X07 (B13)."""
        return lines and [(one["code"], one["quantity"], one["amount"]) for one in lines]


class SettleFeeIn(EntryIn):
    kind = serializers.ChoiceField(Charge.Kind.choices, default=Charge.Kind.RECEIPT)


class PutOffIn(serializers.Serializer):
    kind = serializers.ChoiceField(FeeDeferral.Kind.choices)
    document = serializers.CharField(max_length=60, help_text="Number of the approval")
    basis = serializers.CharField(max_length=300)
    until = serializers.DateField(required=False, allow_null=True, default=None, help_text="To be settled by")


class RefundIn(serializers.Serializer):
    reversal_no = long(max_length=60, help_text="Left out only where the fee was put off and nothing was paid")
    reason = serializers.CharField(max_length=200)
    amount = serializers.DecimalField(
        10, 2, required=False, default=None, help_text="What HIS gave back; a part of the fee is refused"
    )
    at = serializers.DateTimeField(required=False, default=None, help_text="When the money went back; left out: now")


add(pathway.CHARGE, ChargeIn, lambda one, by, data: charging.charge(referral=one, by=by, **data))
add(pathway.REFUND, RefundIn, lambda one, by, data: charging.refund(referral=one, by=by, **data))
add(deferring.PUT_OFF, PutOffIn, lambda one, by, data: deferring.put_off(referral=one, by=by, **data))
add(deferring.TAKE_BACK, Reason, lambda one, by, data: deferring.take_back(referral=one, by=by, **data))
add(deferring.SETTLE, SettleFeeIn, lambda one, by, data: deferring.settle(referral=one, by=by, **data))
