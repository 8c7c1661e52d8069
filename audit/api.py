"""Alarms of the trail, for programs that watch over the system."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from audit import actions
from audit.forms import AcknowledgeForm
from audit.models import Alarm
from config.api.doors import PAGES, Door, checked, filled, listed, one_of, page
from config.api.idempotency import repeatable


class AlarmShape(serializers.ModelSerializer):
    sentence = serializers.CharField()

    class Meta:
        model = Alarm
        fields = ("id", "kind", "at", "sentence", "acknowledged_at", "acknowledged_reason")


class AcknowledgeIn(serializers.Serializer):
    found = serializers.CharField(max_length=500, help_text="Who wrote, with which tool, why, and what was done")


class Alarms(Door):
    permission = "audit.view_trail"

    @extend_schema(
        operation_id="alarms_list",
        responses=listed("Alarm", AlarmShape),
        parameters=[*PAGES, OpenApiParameter("waiting", OpenApiTypes.BOOL, description="only those nobody looked at")],
    )
    def get(self, request: Request) -> Response:
        """What the trail noticed by itself, newest first."""
        found = Alarm.objects.visible_to(request.user)
        if request.query_params.get("waiting", "").lower() in ("true", "1"):
            found = found.awaiting_acknowledgement()
        return page(request, found, AlarmShape, "at")


class Acknowledge(Door):
    permission = actions.ACKNOWLEDGE
    on = Alarm

    @extend_schema(operation_id="alarms_acknowledge", request=AcknowledgeIn, responses=AlarmShape)
    @repeatable
    def post(self, request: Request, **kwargs: Any) -> Response:
        """Say what was found behind an alarm; the first word stays."""
        asked = filled(AcknowledgeForm(checked(AcknowledgeIn, request)))
        actions.acknowledge(alarm=self.found, found=asked["found"], by=self.by)
        return Response(AlarmShape(one_of(Alarm.objects.visible_to(self.by), pk=self.found.pk)).data)
