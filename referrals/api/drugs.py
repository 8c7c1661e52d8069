"""Drug checks, outside reports and special uses, for programs: the same actions, refused in the same words."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from config.api.doors import Door, checked, page
from config.api.fields import FileField
from config.api.idempotency import repeatable
from referrals.actions import drug_checks
from referrals.api.views import PAGES, listed
from referrals.models import DrugCheck, OutsideReport, PathologyBasis, Patient

text = serializers.CharField


def patient_named(request: Request, number: str) -> Patient:
    found = Patient.objects.visible_to(request.user).select_related("institution").filter(record_no=number).first()
    if found is None:
        raise Http404
    return found


def some(**options: Any) -> serializers.CharField:
    return serializers.CharField(required=False, allow_blank=True, default="", **options)


# Drug checks


class DrugCheckIn(serializers.Serializer):
    record_no = text(max_length=40)
    drug = text(max_length=60)
    indication = text(max_length=120)
    line = some(max_length=120)
    since = serializers.DateField(
        required=False,
        allow_null=True,
        default=None,
        help_text="Day of progression or relapse, where the line asks for it",
    )


class UsedShape(serializers.Serializer):
    key = text(help_text="result:ID or outside:ID")
    target = text()
    found = text()
    report = text()
    reported_on = serializers.DateField()
    specimen = text(allow_blank=True)
    method = text(allow_blank=True)


class OtherShape(serializers.Serializer):
    key = text()
    report = text()
    reported_on = serializers.DateField()
    why = text()


class DrugCheckShape(serializers.ModelSerializer):
    record_no = serializers.CharField(source="patient.record_no")
    answer_label = serializers.CharField(source="get_answer_display")
    rule = serializers.CharField(source="rule.code", default=None)
    rule_edition = serializers.CharField(source="rule.edition.number", default=None)
    asked_by = serializers.CharField(source="asked_by.username")
    used = UsedShape(many=True)
    others = OtherShape(many=True)

    class Meta:
        model = DrugCheck
        fields = (
            "id", "record_no", "drug", "indication", "line", "since", "answer", "answer_label", "why", "rule",
            "rule_edition", "pathology", "used", "others", "asked_at", "asked_by",
        )  # fmt: skip


class DrugChecks(Door):
    permission = drug_checks.VIEW
    permissions = {"POST": drug_checks.CHECK}

    @extend_schema(
        operation_id="drug_checks_list",
        responses=listed("DrugCheck", DrugCheckShape),
        parameters=[
            *PAGES,
            OpenApiParameter("record_no", OpenApiTypes.STR, description="record number of the patient"),
            OpenApiParameter("answer", OpenApiTypes.STR, enum=DrugCheck.Answer.values),
        ],
    )
    def get(self, request: Request) -> Response:
        """The answers given so far that this post may see, newest first."""
        found = DrugCheck.objects.visible_to(request.user).select_related("patient", "rule__edition", "asked_by")
        query = request.query_params
        if number := query.get("record_no"):
            found = found.filter(patient__record_no=number)
        if answer := query.get("answer"):
            found = found.filter(answer=answer)
        return page(request, found, DrugCheckShape, "asked_at")

    @extend_schema(
        operation_id="drug_checks_ask",
        request=DrugCheckIn,
        responses={201: DrugCheckShape},
        examples=[
            OpenApiExample(
                "first line",
                {"record_no": "Z000123", "drug": "奥希替尼", "indication": "EGFR突变NSCLC", "line": "一线"},
                request_only=True,
            )
        ],
    )
    @repeatable
    def post(self, request: Request) -> Response:
        """Ask the drug rules in force: supported, not_supported, not_required or cannot_tell. Every answer is kept. Without
        the pathology on record it is refused (A30)."""
        data = checked(DrugCheckIn, request)
        patient = patient_named(request, data.pop("record_no"))
        made = drug_checks.ask(patient=patient, by=self.by, **data)
        return Response(DrugCheckShape(made).data, status=201)


class OneDrugCheck(Door):
    permission = drug_checks.VIEW
    on = DrugCheck

    @extend_schema(operation_id="drug_checks_retrieve", responses=DrugCheckShape)
    def get(self, request: Request, **kwargs: Any) -> Response:
        return Response(DrugCheckShape(self.found).data)


# Pathology


class PathologyIn(serializers.Serializer):
    record_no = text(max_length=40)
    kind = serializers.ChoiceField(PathologyBasis.Kind.choices, default="pathology")
    diagnosis = text(max_length=200)
    diagnosed_on = serializers.DateField()
    report_no = some(max_length=60)
    issuer = some(max_length=120)
    reason = some(max_length=300)
    guideline = some(max_length=200)


class PathologyShape(serializers.ModelSerializer):
    record_no = serializers.CharField(source="patient.record_no")

    class Meta:
        model = PathologyBasis
        fields = ("id", "record_no", "kind", "diagnosis", "diagnosed_on", "report_no", "reason", "guideline", "stands")


class PathologyBases(Door):
    permission = drug_checks.RECORD_PATHOLOGY

    @extend_schema(operation_id="pathology_record", request=PathologyIn, responses={201: PathologyShape})
    @repeatable
    def post(self, request: Request) -> Response:
        """The pathology report of a patient, or a clinical diagnosis by exception, which somebody else approves (A32)."""
        data = checked(PathologyIn, request)
        patient = patient_named(request, data.pop("record_no"))
        made = drug_checks.record_pathology(patient=patient, by=self.by, **data)
        return Response(PathologyShape(made).data, status=201)


class ApprovePathology(Door):
    permission = drug_checks.APPROVE_CLINICAL
    on = PathologyBasis

    @extend_schema(operation_id="pathology_approve", request=None, responses=PathologyShape)
    @repeatable
    def post(self, request: Request, **kwargs: Any) -> Response:
        """The exception of a clinical diagnosis is approved by another than who asked for it (A32)."""
        return Response(PathologyShape(drug_checks.approve_clinical_diagnosis(basis=self.found, by=self.by)).data)


# Outside reports


class AlterationIn(serializers.Serializer):
    gene = text(max_length=40)
    variant = some(max_length=160)
    significance = some(max_length=60)


class OutsideReportIn(serializers.Serializer):
    record_no = text(max_length=40)
    source = serializers.ChoiceField(OutsideReport.Source.choices)  # type: ignore[assignment]
    issuer = text(max_length=120)
    report_no = some(max_length=60)
    reported_on = serializers.DateField()
    collected_on = serializers.DateField(required=False, allow_null=True, default=None)
    genes = text(max_length=300)
    method = text(max_length=80)
    specimen = text(max_length=80)
    outcome = serializers.ChoiceField(OutsideReport.Outcome.choices)
    findings = some(max_length=500)
    alterations = AlterationIn(many=True, required=False, default=list)
    pdf = FileField(required=False, allow_null=True, default=None)


class OutsideReportShape(serializers.ModelSerializer):
    record_no = serializers.CharField(source="patient.record_no")
    alterations = AlterationIn(many=True)

    class Meta:
        model = OutsideReport
        fields = (
            "id", "record_no", "source", "issuer", "report_no", "reported_on", "collected_on", "genes", "method",
            "specimen", "outcome", "findings", "alterations", "recorded_at", "reviewed_at", "is_accepted", "review_note",
        )  # fmt: skip


class OutsideReviewIn(serializers.Serializer):
    accepted = serializers.BooleanField()
    note = text(max_length=300)


class OutsideReports(Door):
    permission = drug_checks.VIEW
    permissions = {"POST": drug_checks.RECORD_OUTSIDE}

    @extend_schema(
        operation_id="outside_reports_list",
        responses=listed("OutsideReport", OutsideReportShape),
        parameters=[
            *PAGES,
            OpenApiParameter("record_no", OpenApiTypes.STR, description="record number of the patient"),
        ],
    )
    def get(self, request: Request) -> Response:
        """Reports this hospital did not ask for, newest first."""
        found = OutsideReport.objects.visible_to(request.user).select_related("patient")
        if number := request.query_params.get("record_no"):
            found = found.filter(patient__record_no=number)
        return page(request, found, OutsideReportShape, "recorded_at")

    @extend_schema(operation_id="outside_reports_record", request=OutsideReportIn, responses={201: OutsideReportShape})
    @repeatable
    def post(self, request: Request) -> Response:
        """Register a report from outside; it supports nothing before it is reviewed."""
        data = checked(OutsideReportIn, request)
        patient = patient_named(request, data.pop("record_no"))
        made = drug_checks.record_outside_report(patient=patient, by=self.by, **data)
        return Response(OutsideReportShape(made).data, status=201)


class ReviewOutsideReport(Door):
    permission = drug_checks.REVIEW_OUTSIDE
    on = OutsideReport

    @extend_schema(operation_id="outside_reports_review", request=OutsideReviewIn, responses=OutsideReportShape)
    @repeatable
    def post(self, request: Request, **kwargs: Any) -> Response:
        """Pathology or medical affairs accepts the report, or does not."""
        made = drug_checks.review_outside_report(report=self.found, by=self.by, **checked(OutsideReviewIn, request))
        return Response(OutsideReportShape(made).data)
