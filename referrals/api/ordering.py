"""What may be asked for, for programs that order (clauses A21, A33, B4): the same answer as the request's page."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api import AnswerShape, IndicationShape
from config.api import problems
from config.api.doors import Door
from referrals import offering
from referrals.models import Patient


class LinkedShape(serializers.Serializer):
    name = serializers.CharField()
    in_formulary = serializers.BooleanField(source="entry.in_formulary", default=None, allow_null=True)
    insurance = serializers.CharField(source="entry.insurance", default=None, allow_null=True)
    restriction = serializers.CharField(source="entry.restriction", default="")


class RepeatShape(serializers.Serializer):
    rule = serializers.CharField(source="code", help_text="N10 or N11 of the tests not indicated")
    message = serializers.CharField()
    referral = serializers.CharField(source="result.referral.number")
    reported_at = serializers.DateTimeField(source="result.reported_at")


class OfferShape(serializers.Serializer):
    indication = serializers.SerializerMethodField()
    price = serializers.DecimalField(max_digits=10, decimal_places=2, allow_null=True)
    price_published_on = serializers.DateField(source="published_on", allow_null=True)
    in_house = serializers.BooleanField()
    outsourced = serializers.BooleanField()
    open_today = serializers.BooleanField(source="is_open", help_text="In-house, or a laboratory may take it today")
    closed = serializers.CharField(help_text="Why the row takes no new request (X02); empty: it does")
    needed_first = serializers.ListField(source="needed", child=serializers.CharField())
    repeats = RepeatShape(many=True)
    drugs = LinkedShape(many=True)

    @extend_schema_field(IndicationShape)
    def get_indication(self, one: offering.Offer) -> Any:
        return IndicationShape(one.line, context=self.context).data


class OffersShape(serializers.Serializer):
    lines = OfferShape(many=True)
    not_indicated = AnswerShape(source="refused", many=True)
    more = serializers.BooleanField(help_text="More lines match")


class OrderableTests(Door):
    permission = "referrals.submit_referral"

    @extend_schema(
        operation_id="orderable_tests",
        responses=OffersShape,
        parameters=[
            OpenApiParameter("q", OpenApiTypes.STR, description="gene, tumour, drug, ICD-10, initials"),
            OpenApiParameter(
                "diagnosis", OpenApiTypes.STR, description="ICD-10; its lines come first, or stand alone without q"
            ),
            OpenApiParameter("pathology", OpenApiTypes.STR),
            OpenApiParameter("stage", OpenApiTypes.STR),
            OpenApiParameter("record_no", OpenApiTypes.STR, description="patient, for earlier results"),
        ],
    )
    def get(self, request: Request) -> Response:
        """The tests these words mean at this hospital today, with price, place, what comes first, earlier results and
        the linked drugs; and the answer to tests that have no place in the catalog. 30 at most."""
        asked = request.query_params
        by: Any = self.by
        if by.post is None:
            raise problems.Problem("invalid", _("Choose a post of the hospital."), 400)
        diagnosis = asked.get("diagnosis", "").strip()[:20]
        found = offering.offers(
            by.post.institution,
            asked.get("q", "")[:60],
            diagnosis,
            pathology=asked.get("pathology", "")[:120],
            stage=asked.get("stage", "")[:40],
            patient=self._patient(by, asked.get("record_no", "").strip()),
            by=by,
        )
        return Response(OffersShape(found, context={"diagnosis": diagnosis}).data)

    def _patient(self, by: Any, record_no: str) -> Patient | None:
        if not record_no:
            return None
        known = Patient.objects.visible_to(by).filter(institution=by.post.institution, record_no=record_no).first()
        if known is None:
            said = _("This record number is not known here.")
            raise problems.Problem("invalid", said, 400, errors={"record_no": [said]})
        return known
