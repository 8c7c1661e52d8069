"""Alerts on laboratories' bills for programs: the same acts as in the browser (A28, B29, B31)."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from config.api.doors import PAGES, Door, checked, listed, page
from config.api.idempotency import repeatable
from supervision import alerting
from supervision.models import Alert


class AlertShape(serializers.ModelSerializer):
    institution = serializers.CharField(source="institution.code")
    laboratory = serializers.CharField(source="laboratory.code")
    referral = serializers.CharField(source="referral.number", default=None)

    class Meta:
        model = Alert
        fields = (
            "id", "kind", "institution", "laboratory", "month", "sample_no", "test", "amount", "received_on", "referral",
            "raised_at", "explanation", "explained_at", "outcome", "opinion", "reviewed_at",
        )  # fmt: skip


class Alerts(Door):
    permission = alerting.VIEW

    @extend_schema(operation_id="alerts_list", responses=listed("Alert", AlertShape), parameters=PAGES)
    def get(self, request: Request) -> Response:
        """Alerts on lines of laboratories' bills, newest first."""
        found = Alert.objects.visible_to(request.user).select_related("institution", "laboratory", "referral")
        return page(request, found, AlertShape, "raised_at")


class OneAlert(Door):
    permission = alerting.VIEW
    on = Alert

    @extend_schema(operation_id="alerts_retrieve", responses=AlertShape)
    def get(self, request: Request, **kwargs: Any) -> Response:
        """One alert with its explanation and the office's opinion."""
        return Response(AlertShape(self.found).data)


class ExplainIn(serializers.Serializer):
    explanation = serializers.CharField(max_length=2000)


class Explain(Door):
    permission = alerting.EXPLAIN
    on = Alert

    @extend_schema(operation_id="alerts_explain", request=ExplainIn, responses=AlertShape)
    @repeatable
    def post(self, request: Request, **kwargs: Any) -> Response:
        """An office says what lies behind the line."""
        return Response(AlertShape(alerting.explain(alert=self.found, by=self.by, **checked(ExplainIn, request))).data)


class AlertOpinionIn(serializers.Serializer):
    outcome = serializers.ChoiceField(Alert.Outcome.choices)
    opinion = serializers.CharField(max_length=2000)


class Review(Door):
    permission = alerting.REVIEW
    on = Alert

    @extend_schema(operation_id="alerts_review", request=AlertOpinionIn, responses=AlertShape)
    @repeatable
    def post(self, request: Request, **kwargs: Any) -> Response:
        """The discipline office gives its opinion; not whoever explained it (X14)."""
        given = checked(AlertOpinionIn, request)
        return Response(AlertShape(alerting.review(alert=self.found, by=self.by, **given)).data)
