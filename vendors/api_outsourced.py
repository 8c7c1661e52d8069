"""The outsourced-test catalog and the statement of sending nothing out, for programs (A24-A26, B8, B10, B35)."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from config.api.doors import PAGES, Door, checked, listed, page
from config.api.fields import FileField
from config.api.idempotency import repeatable
from vendors import outsourced
from vendors.actions import not_outsourcing as actions
from vendors.models import NotOutsourcingStatement
from vendors.views.outsourced import chosen

VIEW = "vendors.view_vendors"
HOSPITAL = OpenApiParameter("institution", OpenApiTypes.STR, description="code of the hospital; else one's own")


class OutsourcedLines(serializers.ListSerializer):
    """One page of items, completed together: a constant number of queries."""

    def to_representation(self, data: Any) -> list[dict[str, Any]]:
        hospital = self.context["hospital"]
        shape: Any = self.child
        return [shape.to_representation(one) for one in outsourced.lines(hospital, data, timezone.localdate())]


class OutsourcedShape(serializers.Serializer):
    """A line of the catalog, with the columns of the form; text as on the form, days and amounts as such."""

    id = serializers.IntegerField(source="pk")
    test = serializers.CharField(source="item.test.code")
    laboratory_code = serializers.CharField(source="item.laboratory.code")
    is_open = serializers.BooleanField(help_text="may be sent there today")
    against = serializers.ListField(child=serializers.CharField(), help_text="what shuts the way today")

    class Meta:
        list_serializer_class = OutsourcedLines

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = dict(super().get_fields())
        kinds = {"integer": serializers.IntegerField, "day": serializers.DateField}
        for key, _heading, _width, kind, _value in outsourced.COLUMNS:
            if kind == "money":
                fields[key] = serializers.DecimalField(10, 2, allow_null=True)
            elif kind in kinds:
                fields[key] = kinds[kind](allow_null=True)
            else:
                fields[key] = serializers.CharField()
        return fields

    def to_representation(self, instance: outsourced.Line) -> dict[str, Any]:
        said = {
            "id": instance.pk, "test": instance.item.test.code, "laboratory_code": instance.item.laboratory.code,
            "is_open": instance.is_open, "against": instance.against,
        }  # fmt: skip
        for key, _heading, _width, kind, value in outsourced.COLUMNS:
            found = value(instance)
            said[key] = f"{found:.2f}" if kind == "money" and found is not None else found
        return said


class NotOutsourcingShape(serializers.ModelSerializer):
    institution = serializers.CharField(source="institution.code")

    class Meta:
        model = NotOutsourcingStatement
        fields = ("id", "institution", "number", "valid_from", "valid_to", "reason", "stated_at", "end_reason")


class NotOutsourcingIn(serializers.Serializer):
    number = serializers.CharField(max_length=60)
    valid_from = serializers.DateField()
    reason = serializers.CharField(max_length=300)
    file = FileField()


class NotOutsourcingEndIn(serializers.Serializer):
    last_day = serializers.DateField()
    reason = serializers.CharField(max_length=300)


class Outsourced(Door):
    permission = VIEW

    @extend_schema(
        operation_id="outsourced_tests",
        responses=listed("OutsourcedTest", OutsourcedShape),
        parameters=[*PAGES, HOSPITAL],
    )
    def get(self, request: Request) -> Response:
        """The catalog of outsourced tests as it stands today, newest line first."""
        hospital = chosen(self.by, request.query_params.get("institution", ""))
        found = outsourced.items(hospital, timezone.localdate())
        return page(request, found, OutsourcedShape, "id", hospital=hospital)


class Statements(Door):
    permission = VIEW
    permissions = {"POST": actions.STATE}

    @extend_schema(
        operation_id="not_outsourcing_statements",
        responses=listed("NotOutsourcingStatement", NotOutsourcingShape),
        parameters=PAGES,
    )
    def get(self, request: Request) -> Response:
        found = NotOutsourcingStatement.objects.visible_to(self.by).select_related("institution")
        return page(request, found, NotOutsourcingShape, "id")

    @extend_schema(operation_id="not_outsourcing_state", request=NotOutsourcingIn, responses={201: NotOutsourcingShape})
    @repeatable
    def post(self, request: Request) -> Response:
        """From its first day nothing is sent out (X15)."""
        made = actions.state(by=self.by, **checked(NotOutsourcingIn, request))
        return Response(NotOutsourcingShape(made).data, status=201)


class EndStatement(Door):
    permission = actions.STATE
    on = NotOutsourcingStatement

    @extend_schema(operation_id="not_outsourcing_end", request=NotOutsourcingEndIn, responses=NotOutsourcingShape)
    @repeatable
    def post(self, request: Request, pk: int) -> Response:
        """It stands to the end of its last day."""
        ended = actions.end(statement=self.found, by=self.by, **checked(NotOutsourcingEndIn, request))
        return Response(NotOutsourcingShape(ended).data)
