"""What programs say of a box on its way: what was scanned and read as it left, and how it arrived (B11)."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from referrals.models import Shipment
from referrals.models.shipping import COLDEST, WARMEST


def optional(**options: Any) -> serializers.CharField:
    return serializers.CharField(required=False, allow_blank=True, default="", **options)


class Celsius(serializers.DecimalField):
    def __init__(self, **options: Any):
        super().__init__(max_digits=4, decimal_places=1, min_value=COLDEST, max_value=WARMEST, **options)


class HandOverIn(serializers.Serializer):
    carrier = serializers.CharField(max_length=80)
    courier = serializers.CharField(max_length=60, help_text="Who takes the box, by name")
    celsius = Celsius(help_text="What the logger in the box reads")
    scanned = serializers.ListField(
        child=serializers.CharField(max_length=40), required=False, default=list, max_length=500,
        help_text="Every code read at this moment; one missing or foreign, and nothing leaves",
    )  # fmt: skip
    unscanned_reason = optional(max_length=200, help_text="Only with the scanner out of order: why codes were not read")
    courier_no = optional(max_length=40)
    seal_no = optional(max_length=40)
    logger_no = optional(max_length=40)
    waybill = optional(max_length=60)
    temperature = optional(max_length=40, help_text="Remarks")


class At(serializers.Serializer):
    at = serializers.DateTimeField(required=False, default=None, help_text="Left out: now")


class ReceiveIn(At):
    celsius = Celsius(required=False, allow_null=True, default=None, help_text="What the box read on arrival")


class RejectIn(ReceiveIn):
    failure = serializers.ChoiceField(Shipment.Failure.choices, default=Shipment.Failure.REFUSED)
    reason = serializers.CharField(max_length=200)
