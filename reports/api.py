"""The same reports and indicators for programs: same scope, same permissions, refusals as problem+json (RFC 9457)."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from config.api.doors import Door
from config.api.problems import Problem
from reports import actions, indicators, periods, queries
from reports.models import Report

PAGE = 50


class ReportSerializer(serializers.ModelSerializer):
    institution = serializers.CharField(source="institution.code")
    revision = serializers.IntegerField()

    class Meta:
        model = Report
        fields = (
            "id",
            "institution",
            "period",
            "revision",
            "status",
            "document_number",
            "counted",
            "signed_off_at",
            "submitted_at",
            "received_at",
            "returned_at",
            "sha256",
            "figures_sha256",
        )


class RateSerializer(serializers.Serializer):
    numerator = serializers.IntegerField()
    denominator = serializers.IntegerField()
    name = serializers.CharField()
    clauses = serializers.ListField(child=serializers.CharField())


class IndicatorsSerializer(serializers.Serializer):
    institution = serializers.CharField()
    period = serializers.CharField()
    indicators = serializers.DictField(child=RateSerializer())


class Reports(Door):
    permission = "reports.view_report"

    @extend_schema(
        operation_id="reports_list",
        responses=ReportSerializer(many=True),
        parameters=[OpenApiParameter("before", OpenApiTypes.INT, description="reports older than this id")],
    )
    def get(self, request: Request) -> Response:
        """Reports this post may see, newest first, 50 at a time; go on with `before`."""
        found = Report.objects.visible_to(request.user).select_related("institution").order_by("-id")
        before = request.query_params.get("before", "")
        if before.isdecimal() and len(before) < 19:
            found = found.filter(pk__lt=int(before))
        found = found.defer("figures", "narrative", "checkpoint")
        return Response(ReportSerializer(found[:PAGE], many=True).data)


class OneReport(Door):
    permission = "reports.view_report"
    on = Report

    @extend_schema(operation_id="reports_retrieve", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, **kwargs: Any) -> Response:
        """One report: its state, and once built its frozen figures as `build_report --json` prints them."""
        report = self.found
        data = dict(ReportSerializer(report).data)
        return Response(data if not report.figures else {**data, **actions.summary(report)})


class Indicators(Door):
    permission = "reports.view_indicators"

    @extend_schema(
        operation_id="indicators",
        responses=IndicatorsSerializer,
        parameters=[
            OpenApiParameter("institution", OpenApiTypes.STR, description="code of the hospital"),
            OpenApiParameter("period", OpenApiTypes.STR, description="2026Q3, 2026-07, 2026H1 or 2026"),
        ],
    )
    def get(self, request: Request) -> Response:
        """The recorded indicators as the records stand now, zero denominators included."""
        hospitals = queries.hospitals_of(self.by)
        code = request.query_params.get("institution", "")
        hospital = hospitals.filter(code=code).first() if code else hospitals.first()
        if hospital is None:
            raise Http404
        try:
            period = periods.parse(request.query_params.get("period", "") or periods.last_closed().code)
        except periods.NotAPeriod as fault:
            raise Problem("invalid", _("The period cannot be read."), 400, detail=str(fault)) from None
        _spans, lines = queries.visible_rates(self.by, hospital, period)
        names = indicators.registry()
        rates = {
            one: {
                "numerator": found[-1].numerator,
                "denominator": found[-1].denominator,
                "name": names[one].name,
                "clauses": list(names[one].clauses),
            }
            for one, found in lines.items()
        }
        return Response({"institution": hospital.code, "period": period.code, "indicators": rates})
