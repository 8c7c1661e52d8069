"""The same reports and indicators for programs: same scope, same permissions, refusals as problem+json (RFC 9457)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from audit.guards import needs
from reports import actions, indicators, periods, queries
from reports.models import Report

View = Callable[..., HttpResponse]
PAGE = 50


def problem(status: int, title: str, detail: str = "") -> JsonResponse:
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail or title}
    return JsonResponse(
        body, status=status, content_type="application/problem+json", json_dumps_params={"ensure_ascii": False}
    )


def problems(view: View) -> View:
    """Refuse as problem+json, whatever door the refusal came from."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return problem(401, _("Sign in first."))
        try:
            return view(request, *args, **kwargs)
        except Http404 as fault:
            return problem(404, _("No such record, or not one of yours."), str(fault))
        except PermissionDenied:
            return problem(403, _("This post may not do that."))

    return answered


def _with_object(view: View) -> View:
    """The guard gives the object by position; a DRF view takes it by name."""

    @wraps(view)
    def named(request: HttpRequest, found: Report) -> HttpResponse:
        return view(request, report=found)

    return named


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


@extend_schema(
    responses=ReportSerializer(many=True),
    parameters=[OpenApiParameter("before", OpenApiTypes.INT, description="reports older than this id")],
)
@api_view(["GET"])
def _reports(request: Request) -> Response:
    """Reports this post may see, newest first, 50 at a time; go on with `before`."""
    found = Report.objects.visible_to(request.user).select_related("institution").order_by("-id")
    before = request.query_params.get("before", "")
    if before.isdecimal() and len(before) < 19:
        found = found.filter(pk__lt=int(before))
    found = found.defer("figures", "narrative", "checkpoint")
    return Response(ReportSerializer(found[:PAGE], many=True).data)


@extend_schema(responses=OpenApiTypes.OBJECT)
@api_view(["GET"])
def _report(request: Request, report: Report) -> Response:
    """One report: its state, and once built its frozen figures as `build_report --json` prints them."""
    data = dict(ReportSerializer(report).data)
    return Response(data if not report.figures else {**data, **actions.summary(report)})


@extend_schema(
    responses=IndicatorsSerializer,
    parameters=[
        OpenApiParameter("institution", OpenApiTypes.STR, description="code of the hospital"),
        OpenApiParameter("period", OpenApiTypes.STR, description="2026Q3, 2026-07, 2026H1 or 2026"),
    ],
)
@api_view(["GET"])
def _indicators(request: Request) -> HttpResponse:
    """The recorded indicators as the records stand now, zero denominators included."""
    hospitals = queries.hospitals_of(request.user)
    code = request.query_params.get("institution", "")
    hospital = hospitals.filter(code=code).first() if code else hospitals.first()
    if hospital is None:
        return problem(404, _("No such institution, or not one of yours."))
    try:
        period = periods.parse(request.query_params.get("period", "") or periods.last_closed().code)
    except periods.NotAPeriod as fault:
        return problem(400, _("The period cannot be read."), str(fault))
    _spans, lines = queries.visible_rates(request.user, hospital, period)
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


reports = problems(needs("reports.view_report")(_reports))
report = problems(needs("reports.view_report", on=Report)(_with_object(_report)))
indicator_rates = problems(needs("reports.view_indicators")(_indicators))
