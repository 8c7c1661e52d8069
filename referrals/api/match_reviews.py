"""The monthly review of drug and result, its notice, and the monitoring data set, for programs (A34, A35)."""

from __future__ import annotations

import base64
from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from config.api.doors import Door, checked
from config.api.idempotency import repeatable
from referrals.actions import match_reviews as actions
from referrals.models import MatchReview, MatchSample

SHOWN = 60


class MatchReviewShape(serializers.ModelSerializer):
    drug = serializers.CharField(source="prescription.drug")
    indication = serializers.CharField(source="prescription.indication")

    class Meta:
        model = MatchReview
        fields = ("id", "drug", "indication", "verdict", "note", "reviewed_at")


class MatchSampleShape(serializers.ModelSerializer):
    class Meta:
        model = MatchSample
        fields = ("id", "month", "seed", "population", "drawn_at", "published_at", "notice")


class MatchSampleWhole(MatchSampleShape):
    reviews = MatchReviewShape(many=True)

    class Meta(MatchSampleShape.Meta):
        fields = (*MatchSampleShape.Meta.fields, "reviews")  # type: ignore[assignment]


class DrawIn(serializers.Serializer):
    month = serializers.DateField(help_text="Any day of the month")
    size = serializers.IntegerField(min_value=1, max_value=200, default=20)


class VerdictIn(serializers.Serializer):
    verdict = serializers.ChoiceField(MatchReview.Verdict.choices)
    note = serializers.CharField(required=False, allow_blank=True, default="", max_length=300)


class NothingMore(serializers.Serializer):
    """Nothing has to be told."""


class MonitoringIn(serializers.Serializer):
    month = serializers.DateField(help_text="Any day of the month")
    form = serializers.ChoiceField(["xlsx", "csv"], default="xlsx")


class MonitoringShape(serializers.Serializer):
    month = serializers.DateField()
    form = serializers.CharField()
    content = serializers.CharField(help_text="The file, base64")


class MatchSamples(Door):
    permission = actions.REVIEW
    permissions = {"POST": actions.DRAW}

    @extend_schema(operation_id="match_samples", responses=MatchSampleShape(many=True))
    def get(self, request: Request) -> Response:
        """The samples of the months, newest first."""
        found = MatchSample.objects.visible_to(self.by).order_by("-month")[:SHOWN]
        return Response(MatchSampleShape(found, many=True).data)

    @extend_schema(operation_id="match_sample_draw", request=DrawIn, responses={201: MatchSampleShape})
    @repeatable
    def post(self, request: Request) -> Response:
        """Draw the sample of a month; the seed is kept."""
        made = actions.draw(institution=self.by.post.institution, by=self.by, **checked(DrawIn, request))
        return Response(MatchSampleShape(made).data, status=201)


class OneMatchSample(Door):
    permission = actions.REVIEW
    on = MatchSample

    @extend_schema(operation_id="match_sample", responses=MatchSampleWhole)
    def get(self, request: Request, **kwargs: Any) -> Response:
        """One sample with its items; no patient and no prescriber is named."""
        return Response(MatchSampleWhole(self.found).data)


class ReviewMatch(Door):
    permission = actions.REVIEW
    on = MatchSample

    @extend_schema(operation_id="match_sample_review", request=VerdictIn, responses=MatchReviewShape)
    @repeatable
    def post(self, request: Request, item: int, **kwargs: Any) -> Response:
        """Another than the prescriber says whether drug and result match."""
        found = get_object_or_404(MatchReview, pk=item, sample=self.found)
        done = actions.review(item=found, by=self.by, **checked(VerdictIn, request))
        return Response(MatchReviewShape(done).data)


class PublishMatch(Door):
    permission = actions.PUBLISH
    on = MatchSample

    @extend_schema(operation_id="match_sample_publish", request=NothingMore, responses=MatchSampleShape)
    @repeatable
    def post(self, request: Request, **kwargs: Any) -> Response:
        """The outcome becomes a notice that names no patient and no doctor."""
        return Response(MatchSampleShape(actions.publish(sample=self.found, by=self.by)).data)


class MonitoringData(Door):
    permission = actions.EXPORT

    @extend_schema(operation_id="monitoring_export", request=MonitoringIn, responses=MonitoringShape)
    @repeatable
    def post(self, request: Request) -> Response:
        """The month's monitoring data set; the download is recorded."""
        made, content = actions.export(
            institution=self.by.post.institution, by=self.by, **checked(MonitoringIn, request)
        )
        body = {"month": made.month, "form": made.form, "content": base64.b64encode(content).decode()}
        return Response(MonitoringShape(body).data)
