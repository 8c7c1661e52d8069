"""Beside the cases: results, patients and statement differences, for programs."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from audit import declaring
from config.api.doors import PAGES, Door, checked, listed, page
from config.api.idempotency import repeatable
from documents import files
from referrals.actions import patients
from referrals.actions.requests import NewPatient
from referrals.api import sending, shapes
from referrals.api.views import VIEW, moment
from referrals.models import Patient, Referral, Result, StatementDifference


class Results(Door):
    permission = VIEW

    @extend_schema(
        operation_id="results_list",
        responses=listed("Result", shapes.ResultShape),
        parameters=[
            *PAGES,
            OpenApiParameter("reported_since", OpenApiTypes.DATETIME, description="by the time of the report"),
            OpenApiParameter("record_no", OpenApiTypes.STR, description="record number of the patient"),
            OpenApiParameter("referral", OpenApiTypes.STR, description="referral number"),
        ],
    )
    def get(self, request: Request, **kwargs: Any) -> Response:
        """The reports of the cases this post may see, newest first; corrected ones are marked as superseded."""
        query = request.query_params
        found = Result.objects.filter(referral__in=Referral.objects.visible_to(request.user))
        if since := query.get("reported_since"):
            found = found.filter(reported_at__gte=moment(since, "reported_since"))
        if number := query.get("record_no"):
            found = found.filter(referral__patient__record_no=number)
        if number := query.get("referral"):
            found = found.filter(referral__number=number)
        found = found.select_related(*shapes.RESULT_RELATED).prefetch_related("alterations")
        return page(request, found, shapes.ResultShape, "reported_at")


class ResultPDF(Door):
    permission = VIEW

    @extend_schema(operation_id="results_pdf", responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def get(self, request: Request, pk: int) -> HttpResponse:
        """The report's file, as the laboratory made it; fetching it is recorded as a reading. It names the patient, so
        the post must be one that may read identity."""
        by: Any = request.user
        visible = Result.objects.filter(referral__in=Referral.objects.visible_to(by))
        result = visible.select_related("pdf", "referral").filter(pk=pk).first()
        if result is None or result.pdf is None or not by.sees_identity:
            raise Http404
        declaring.record_reading("referrals_referral", result.referral_id, "api.result")
        return file_answer(files.read(result.pdf), f"{result.referral.number}.pdf", result.pdf.sha256)


def file_answer(content: bytes, name: str, sha256: str) -> HttpResponse:
    response = HttpResponse(content, content_type=files.PDF)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "private, no-store"
    response["ETag"] = f'"{sha256}"'
    return response


class Patients(Door):
    permission = patients.PERMISSION

    @extend_schema(
        operation_id="patients_put",
        request=sending.PatientIn,
        responses={200: shapes.PatientShape, 201: shapes.PatientShape},
        examples=[
            OpenApiExample(
                "patient",
                {"record_no": "Z000123", "name": "王某某", "sex": "female", "birth_year": 1962},
                request_only=True,
            )
        ],
    )
    @repeatable
    def post(self, request: Request) -> Response:
        """Put a patient here, or bring the record in line, by record number. Name and numbers are never answered."""
        data = checked(sending.PatientIn, request)
        patient, made = patients.put_patient(new=NewPatient(**data), by=self.by)
        return Response(shapes.PatientShape(patient).data, status=201 if made else 200)


class PatientByRecord(Door):
    permission = VIEW

    @extend_schema(operation_id="patients_retrieve", responses=shapes.PatientShape)
    def get(self, request: Request, record_no: str) -> Response:
        """Whether a record number is known here."""
        found = Patient.objects.visible_to(request.user).filter(record_no=record_no).first()
        if found is None or self.by.scope == "none":
            raise Http404
        return Response(shapes.PatientShape(found).data)


class Differences(Door):
    permission = "referrals.view_statement_differences"

    @extend_schema(
        operation_id="statement_differences_list",
        responses=shapes.DifferenceShape(many=True),
        parameters=[
            OpenApiParameter("kind", OpenApiTypes.STR, enum=StatementDifference.Kind.values),
            OpenApiParameter("month", OpenApiTypes.STR, description="2026-09"),
            OpenApiParameter("after", OpenApiTypes.INT, description="go on after this id"),
        ],
    )
    def get(self, request: Request, **kwargs: Any) -> Response:
        """Where a laboratory's monthly bill and the cases differ, by id, 200 at a time."""
        query = request.query_params
        found = StatementDifference.objects.visible_to(request.user)
        if kind := query.get("kind"):
            found = found.filter(kind=kind)
        if month := query.get("month"):
            found = found.filter(line__statement__month=month)
        if (after := query.get("after", "")).isdecimal() and len(after) < 19:
            found = found.filter(pk__gt=int(after))
        rows = found.select_related("institution", "laboratory", "referral", "line__statement").order_by("pk")[:200]
        return Response(shapes.DifferenceShape(rows, many=True).data)
