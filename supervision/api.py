"""Findings of the hospital's own inspection, for programs."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from config.api.doors import Door, page
from supervision.models import Finding


class FindingShape(serializers.ModelSerializer):
    institution = serializers.CharField(source="institution.code")
    referral = serializers.CharField(source="referral.number")
    department = serializers.CharField(source="department.name", default=None)

    class Meta:
        model = Finding
        fields = (
            "id", "institution", "referral", "department", "gate", "clauses", "message", "step", "judged_as_of", "status",
            "found_at",
        )  # fmt: skip


class FindingPage(serializers.Serializer):
    results = FindingShape(many=True)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)


class Findings(Door):
    permission = "supervision.view_findings"

    @extend_schema(
        operation_id="findings_list",
        responses=FindingPage,
        parameters=[
            OpenApiParameter("gate", OpenApiTypes.STR, description="X01 to X16"),
            OpenApiParameter("status", OpenApiTypes.STR, enum=Finding.Status.values),
            OpenApiParameter("cursor", OpenApiTypes.STR, description="as given by next or previous"),
            OpenApiParameter("limit", OpenApiTypes.INT, description="1 to 200, 50 when left out"),
        ],
    )
    def get(self, request: Request) -> Response:
        """What was found in the cases this post may see, newest first."""
        found = Finding.objects.visible_to(request.user).select_related("institution", "referral", "department")
        plain = {name: request.query_params[name] for name in ("gate", "status") if request.query_params.get(name)}
        return page(request, found.filter(**plain), FindingShape, "judged_as_of")
