"""Findings of the hospital's own inspection, and the taking in of ledgers, for programs."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from audit import declaring
from audit.gates import Refusal, Refused
from config.api.doors import PAGES, Door, checked, listed, page
from config.api.fields import FileField
from config.api.idempotency import repeatable
from documents import files
from supervision import actions
from supervision.models import Finding, LedgerImport
from supervision.tasks import wake


class FindingShape(serializers.ModelSerializer):
    institution = serializers.CharField(source="institution.code")
    referral = serializers.CharField(source="referral.number")
    department = serializers.CharField(source="department.name", default=None)

    class Meta:
        model = Finding
        fields = (
            "id", "institution", "referral", "department", "gate", "clauses", "message", "step", "judged_as_of", "status",
            "found_at",
        )  # fmt: skip


class Findings(Door):
    permission = "supervision.view_findings"

    @extend_schema(
        operation_id="findings_list",
        responses=listed("Finding", FindingShape),
        parameters=[
            OpenApiParameter("gate", OpenApiTypes.STR, description="X01 to X16"),
            OpenApiParameter("status", OpenApiTypes.STR, enum=Finding.Status.values),
            *PAGES,
        ],
    )
    def get(self, request: Request) -> Response:
        """What was found in the cases this post may see, newest first."""
        found = Finding.objects.visible_to(request.user).select_related("institution", "referral", "department")
        plain = {name: request.query_params[name] for name in ("gate", "status") if request.query_params.get(name)}
        return page(request, found.filter(**plain), FindingShape, "judged_as_of")


class OneFinding(Door):
    permission = "supervision.view_findings"
    on = Finding

    @extend_schema(operation_id="findings_retrieve", responses=FindingShape)
    def get(self, request: Request, **kwargs: Any) -> Response:
        """One finding; reading it is recorded as a reading of its case."""
        declaring.record_reading("referrals_referral", self.found.referral_id, "api")
        return Response(FindingShape(self.found).data)


# Ledgers


class ImportShape(serializers.ModelSerializer):
    """`check`: looked through and not recorded. `errors` are the first 200 of `error_count`."""

    check = serializers.BooleanField(source="dry_run")
    errors = serializers.SerializerMethodField()  # type: ignore[assignment]
    confirmable = serializers.BooleanField()
    retryable = serializers.BooleanField()

    class Meta:
        model = LedgerImport
        fields = (
            "id", "file_name", "file_sha256", "check", "status", "requested_at", "finished_at", "rows_total", "error_count",
            "errors", "message", "confirmable", "retryable",
        )  # fmt: skip

    def get_errors(self, one: LedgerImport) -> list[dict[str, Any]]:
        return list(one.errors[:200])


class LedgerIn(serializers.Serializer):
    ledger = FileField(kinds=(files.XLSX,), name="ledger.xlsx", help_text="The workbook (.xlsx)")


class Imports(Door):
    permission = actions.IMPORT

    @extend_schema(operation_id="ledger_imports_list", responses=listed("LedgerImport", ImportShape), parameters=PAGES)
    def get(self, request: Request) -> Response:
        """Ledgers given in, newest first."""
        return page(request, LedgerImport.objects.visible_to(request.user), ImportShape, "requested_at")

    @extend_schema(operation_id="ledger_imports_give_in", request=LedgerIn, responses={202: ImportShape})
    @repeatable
    def post(self, request: Request) -> Response:
        """Give in a workbook to be looked through; nothing is recorded before it is confirmed. A file known already is
        not taken a second time: its import is answered."""
        given = actions.request_import(upload=checked(LedgerIn, request)["ledger"], by=self.by)
        wake()
        return Response(ImportShape(given).data, status=202)


class OneImport(Door):
    permission = actions.IMPORT
    on = LedgerImport

    @extend_schema(operation_id="ledger_imports_retrieve", responses=ImportShape)
    def get(self, request: Request, **kwargs: Any) -> Response:
        """How far it is, and what is wrong with it."""
        return Response(ImportShape(self.found).data)


class Confirm(OneImport):
    http_method_names = ["post", "options"]

    @extend_schema(operation_id="ledger_imports_confirm", request=None, responses={202: ImportShape})
    @repeatable
    def post(self, request: Request, **kwargs: Any) -> Response:
        """Record what a finished check looked through. Confirming twice gives the same import."""
        begun = actions.confirm_import(check=self.found, by=self.by)
        wake()
        return Response(ImportShape(begun).data, status=202)


class Retry(OneImport):
    http_method_names = ["post", "options"]

    @extend_schema(operation_id="ledger_imports_retry", request=None, responses={202: ImportShape})
    @repeatable
    def post(self, request: Request, **kwargs: Any) -> Response:
        """Put a failed import back into the queue."""
        if not self.found.retryable:
            message = _("This import has not failed, or its file is not kept here; nothing to try again.")
            raise Refused(Refusal("stale", message, (), self.found.get_absolute_url()))
        again = actions.retry_import(ledger_import=self.found, by=self.by)
        wake()
        return Response(ImportShape(again).data, status=202)
