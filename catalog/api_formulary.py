"""The hospital's drug list, for programs: what a drug's status is here, and putting it on record (A33)."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.actions import formulary
from catalog.models import FormularyEntry
from config.api.doors import Door, checked
from config.api.idempotency import repeatable

SHOWN = 200


class EntryShape(serializers.ModelSerializer):
    insurance_label = serializers.CharField(source="get_insurance_display", read_only=True)

    class Meta:
        model = FormularyEntry
        fields = (
            "id", "drug", "in_formulary", "insurance", "insurance_label", "is_essential", "restriction", "valid_from",
            "valid_to",
        )  # fmt: skip


class EntryIn(serializers.Serializer):
    drug = serializers.CharField(max_length=60)
    in_formulary = serializers.BooleanField()
    insurance = serializers.ChoiceField(FormularyEntry.Insurance.choices)
    is_essential = serializers.BooleanField(default=False)
    restriction = serializers.CharField(required=False, allow_blank=True, default="", max_length=300)
    valid_from = serializers.DateField()
    valid_to = serializers.DateField(required=False, allow_null=True, default=None)


class Formulary(Door):
    permission = "catalog.view_catalog"
    permissions = {"POST": formulary.EDIT}

    @extend_schema(
        operation_id="formulary_list",
        responses=EntryShape(many=True),
        parameters=[
            OpenApiParameter("drug", OpenApiTypes.STR, description="generic name, or part of it"),
            OpenApiParameter("after", OpenApiTypes.INT, description="go on after this id"),
        ],
    )
    def get(self, request: Request) -> Response:
        """The drugs on record here today, by id, 200 at a time. A drug that is not answered is not recorded."""
        found = FormularyEntry.objects.visible_to(request.user).on(timezone.localdate())
        query: Any = request.query_params
        if drug := query.get("drug", "").strip()[:60]:
            found = found.filter(drug__icontains=drug)
        if (after := query.get("after", "")).isdecimal() and len(after) < 19:
            found = found.filter(pk__gt=int(after))
        return Response(EntryShape(found.order_by("pk")[:SHOWN], many=True).data)

    @extend_schema(operation_id="formulary_put", request=EntryIn, responses={200: EntryShape, 201: EntryShape})
    @repeatable
    def post(self, request: Request) -> Response:
        """Put a drug on the list; the row in force until then ends the day before. The same again changes nothing."""
        row, new = formulary.put(by=self.by, **checked(EntryIn, request))
        return Response(EntryShape(row).data, status=201 if new else 200)
