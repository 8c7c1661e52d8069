"""Prices for programs."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django.utils.dateparse import parse_date
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from config.api.doors import Door, one_of
from config.api.idempotency import repeatable
from vendors import actions
from vendors.models import Price

SHOWN = 500
VIEW = "vendors.view_vendors"


class PriceShape(serializers.ModelSerializer):
    institution = serializers.CharField(source="institution.code")
    test = serializers.CharField(source="test.code")

    class Meta:
        model = Price
        fields = (
            "id", "institution", "test", "item_code", "item_name", "amount", "insurance_class", "effective_from",
            "effective_to", "published_on",
        )  # fmt: skip


class Prices(Door):
    permission = "catalog.view_catalog"

    @extend_schema(
        operation_id="prices_list",
        responses=PriceShape(many=True),
        parameters=[
            OpenApiParameter("test", OpenApiTypes.STR, description="code of the gene test"),
            OpenApiParameter("on", OpenApiTypes.DATE, description="in force and published on this day; today"),
            OpenApiParameter(
                "unpublished", OpenApiTypes.BOOL, description=f"instead those not published yet; needs {VIEW}"
            ),
        ],
    )
    def get(self, request: Request) -> Response:
        """What this post's hospital charges: prices in force and published on the day (A13, B13, B14)."""
        try:
            on = parse_date(request.query_params.get("on", "")) or timezone.localdate()
        except ValueError:
            on = timezone.localdate()
        mine = Price.objects.filter(institution_id__in=self.by.institution_ids)
        if request.query_params.get("unpublished", "").lower() in ("true", "1"):
            if not self.by.may(VIEW):
                raise PermissionDenied(VIEW)
            found = mine.filter(published_on__isnull=True)
        else:
            found = mine.in_force(on).published(on)
        if test := request.query_params.get("test"):
            found = found.filter(test__code=test)
        rows = found.select_related("institution", "test").order_by("institution__code", "test__code", "pk")
        return Response(PriceShape(rows[:SHOWN], many=True).data)


class Publish(Door):
    permission = "vendors.publish_prices"

    @extend_schema(operation_id="prices_publish", request=None, responses=PriceShape)
    @repeatable
    def post(self, request: Request, pk: int) -> Response:
        """The price is published from today (A13, B14); a published one is not published again."""
        mine = Price.objects.filter(institution_id__in=self.by.institution_ids).select_related("institution", "test")
        actions.publish_price(price=one_of(mine, pk=pk), on=timezone.localdate(), by=self.by)
        return Response(PriceShape(one_of(mine, pk=pk)).data)
