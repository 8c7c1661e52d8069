"""Two records of one patient, for programs: what looks alike, merging, parting."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from audit import declaring
from config.api.doors import PAGES, Door, checked, listed, one_of, page
from config.api.idempotency import repeatable
from referrals import merging
from referrals.actions import merging as actions
from referrals.api import shapes
from referrals.api.steps import long, text
from referrals.models import Patient, PatientMerge


class PairShape(serializers.Serializer):
    one = shapes.PatientShape()
    other = shapes.PatientShape()
    why = serializers.CharField()
    certain = serializers.BooleanField(help_text="The same ID number")


class Pairs(Door):
    permission = merging.PERMISSION

    @extend_schema(operation_id="patient_pairs_list", responses=PairShape(many=True))
    def get(self, request: Request) -> Response:
        """Records that look like one patient, surest first, 50 at most. Names and numbers are not answered."""
        return Response(PairShape(merging.suggestions(self.by), many=True).data)


class MergeShape(serializers.ModelSerializer):
    kept = shapes.PatientShape()
    merged = shapes.PatientShape()
    cases = serializers.SerializerMethodField(help_text="How many cases were put with the record kept")
    merged_by = serializers.CharField(source="merged_by.name")
    parted_by = serializers.CharField(source="parted_by.name", default=None)

    class Meta:
        model = PatientMerge
        fields = ("id", "kept", "merged", "cases", "reason", "merged_at", "merged_by", "parted_at", "parted_by")

    def get_cases(self, made: PatientMerge) -> int:
        return len(made.referral_ids)


class MergeIn(serializers.Serializer):
    kept = text(max_length=40, help_text="Record number of the record kept")
    merged = text(max_length=40, help_text="Record number of the record merged into it")
    reason = serializers.CharField(allow_blank=True, max_length=200)


def merges(user: Any) -> Any:
    found = PatientMerge.objects.filter(institution_id__in=user.institution_ids)
    return found.select_related("kept", "merged", "merged_by", "parted_by")


class Merges(Door):
    permission = merging.PERMISSION

    @extend_schema(
        operation_id="patient_merges_list",
        responses=listed("Merge", MergeShape),
        parameters=[*PAGES, OpenApiParameter("parted", OpenApiTypes.BOOL, description="only parted, or only standing")],
    )
    def get(self, request: Request) -> Response:
        """The mergings at this hospital, newest first, those parted since too."""
        found = merges(request.user)
        if asked := request.query_params.get("parted"):
            found = found.filter(parted_at__isnull=asked.lower() not in ("true", "1"))
        return page(request, found, MergeShape, "merged_at")

    @extend_schema(
        operation_id="patient_merges_make",
        request=MergeIn,
        responses={201: MergeShape},
        examples=[
            OpenApiExample(
                "merge", {"kept": "Z000123", "merged": "Z000987", "reason": "出示同一身份证"}, request_only=True
            )
        ],
    )
    @repeatable
    def post(self, request: Request) -> Response:
        """Put the cases of one record with the other's. Different ID numbers are refused, and records of two hospitals
        are never merged. It can be parted again exactly."""
        data = checked(MergeIn, request)
        pair = {name: self._record(data[name]) for name in ("kept", "merged")}
        if missing := {name: _("No single record with this number here.") for name, one in pair.items() if not one}:
            raise serializers.ValidationError(missing)
        made = actions.merge(by=self.by, reason=data["reason"], **pair)  # type: ignore[arg-type]
        for one in (made.kept_id, made.merged_id):
            declaring.record_reading("referrals_identity", one, "merge")
        return Response(MergeShape(made).data, status=201)

    def _record(self, number: str) -> Patient | None:
        """The very record: one merged already is refused by the action, not passed over to the one it stands with."""
        return Patient.objects.visible_to(self.by).filter(record_no__iexact=number).first()


class PartIn(serializers.Serializer):
    reason = long(max_length=200)


class Part(Door):
    permission = merging.PERMISSION

    @extend_schema(operation_id="patient_merges_part", request=PartIn, responses=MergeShape)
    @repeatable
    def post(self, request: Request, pk: int) -> Response:
        """Each record has its own cases again; what was requested since stays where it was requested."""
        found = one_of(merges(request.user), pk=pk)
        actions.part(merge=found, by=self.by, **checked(PartIn, request))
        return Response(MergeShape(one_of(merges(request.user), pk=pk)).data)
