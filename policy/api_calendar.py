"""The calendar of working days, for programs."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from config.api import problems
from config.api.doors import Door, checked
from config.api.idempotency import repeatable
from policy import calendar
from policy.models import WorkingDay


class DayShape(serializers.ModelSerializer):
    class Meta:
        model = WorkingDay
        fields = ("day", "is_working", "name", "basis", "marked_at")


class YearShape(serializers.Serializer):
    year = serializers.IntegerField()
    known = serializers.ChoiceField(
        choices=[(one.value, one.value) for one in calendar.Known],
        help_text="whole: holidays known; partly, not: ordinary weekdays are counted where nothing is marked",
    )
    working_days = serializers.IntegerField(help_text="of the whole year")
    marked = DayShape(many=True, help_text="what this county marked itself")


class CountShape(serializers.Serializer):
    since = serializers.DateField()
    until = serializers.DateField()
    working_days = serializers.IntegerField(help_text="after `since`, up to and with `until`")


class MarkIn(serializers.Serializer):
    first = serializers.DateField()
    last = serializers.DateField()
    is_working = serializers.BooleanField()
    name = serializers.CharField(max_length=40)
    basis = serializers.CharField(max_length=120)


class Year(Door):
    permission = "policy.view_policy"

    @extend_schema(operation_id="calendar_year", responses=YearShape)
    def get(self, request: Request, year: int) -> Response:
        """How well the holidays of a year are known, and what was marked."""
        if not calendar.FIRST_YEAR <= year <= calendar.LAST_YEAR:
            raise problems.Problem("invalid", _("This day lies outside the calendar."), 400)
        known = calendar.load()
        found: dict[str, Any] = {
            "year": year,
            "known": known.known(year).value,
            "working_days": known.between(date(year - 1, 12, 31), date(year, 12, 31)),
            "marked": WorkingDay.objects.filter(day__year=year),
        }
        return Response(YearShape(found).data)


class Days(Door):
    permission = "policy.view_policy"
    permissions = {"POST": calendar.PERMISSION}

    @extend_schema(
        operation_id="calendar_count",
        responses=CountShape,
        parameters=[
            OpenApiParameter("since", OpenApiTypes.DATE, required=True),
            OpenApiParameter("until", OpenApiTypes.DATE, required=True),
        ],
    )
    def get(self, request: Request) -> Response:
        """The working days between two days."""
        asked = {name: _day(request.query_params.get(name, ""), name) for name in ("since", "until")}
        return Response(CountShape({**asked, "working_days": calendar.working_days(**asked)}).data)

    @extend_schema(operation_id="calendar_mark", request=MarkIn, responses={201: DayShape(many=True)})
    @repeatable
    def post(self, request: Request) -> Response:
        """Mark a run of days as off or worked, as the State Council's notice says."""
        data = checked(MarkIn, request)
        return Response(DayShape(calendar.mark(**data, by=self.by), many=True).data, status=201)


class UnmarkIn(serializers.Serializer):
    day = serializers.DateField()


class Unmark(Door):
    permission = calendar.PERMISSION

    @extend_schema(operation_id="calendar_unmark", request=UnmarkIn, responses={204: None})
    @repeatable
    def post(self, request: Request) -> Response:
        """Take the mark of one day back: it goes by the software's calendar, or by its place in the week."""
        found = WorkingDay.objects.filter(**checked(UnmarkIn, request)).first()
        if found is None:
            raise problems.Problem("not-found", _("This day is not marked."), 404)
        calendar.unmark(day=found, by=self.by)
        return Response(status=204)


def _day(text: str, name: str) -> date:
    field = serializers.DateField()
    try:
        day = field.to_internal_value(text)
    except (serializers.ValidationError, ValidationError):
        day = None
    if day is None or not calendar.FIRST_YEAR <= day.year <= calendar.LAST_YEAR:
        message = _("“%(name)s” is a day such as 2026-03-02.") % {"name": name}
        raise problems.Problem("invalid", message, 400, errors={name: [message]})
    return day
