"""Laboratories' bills given in by programs: the same acts as in the browser (A28)."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from config.api.doors import PAGES, Door, checked, listed, page
from config.api.fields import FileField
from config.api.idempotency import repeatable
from documents import files
from documents.spreadsheets import check_table
from referrals.actions import bill_running, bills
from referrals.tasks import wake_statements
from vendors.models import Laboratory, StatementUpload
from vendors.statement_reading import FIELDS, preview


@extend_schema_field(OpenApiTypes.BYTE)
class TableField(FileField):
    """A workbook or a CSV: base64 in JSON, or a part of multipart/form-data."""

    def __init__(self, **options: Any):
        super().__init__(kinds=(files.XLSX,), name="statement.csv", **options)

    def to_internal_value(self, data: Any) -> files.Upload:
        return check_table(self.decoded(data), name=self.file_name if isinstance(data, str) else "")


class UploadShape(serializers.ModelSerializer):
    """`headings` and `guesses` stand there while the columns are to be named; `errors` are the first 200."""

    institution = serializers.CharField(source="institution.code")
    laboratory = serializers.CharField(source="laboratory.code")
    errors = serializers.SerializerMethodField()  # type: ignore[assignment]
    headings = serializers.SerializerMethodField()
    guesses = serializers.SerializerMethodField()
    progress = serializers.SerializerMethodField()
    columns = serializers.DictField(child=serializers.CharField())

    class Meta:
        model = StatementUpload
        fields = (
            "id", "institution", "laboratory", "month", "file_name", "file_sha256", "status", "reason", "columns", "headings",
            "guesses", "given_in_at", "rows_total", "amount_total", "error_count", "errors", "message", "progress",
        )  # fmt: skip

    def get_errors(self, one: StatementUpload) -> list[dict[str, Any]]:
        return list(one.errors[:200])

    def _seen(self, one: StatementUpload) -> Any:
        if not self.context.get("whole") or one.status != StatementUpload.Status.MAPPING:
            return None
        if "seen" not in self.__dict__:
            self.__dict__["seen"] = preview(files.read(one.file))
        return self.__dict__["seen"]

    def get_headings(self, one: StatementUpload) -> list[str]:
        seen = self._seen(one)
        return [heading for heading in seen.headings if heading] if seen else []

    def get_guesses(self, one: StatementUpload) -> dict[str, str]:
        seen = self._seen(one)
        return dict(seen.guesses) if seen else {}

    def get_progress(self, one: StatementUpload) -> dict[str, Any]:
        how = bill_running.progress_of(one.pk) if one.is_running else {}
        return {name: how[name] for name in ("phase", "done", "total") if name in how}


class UploadIn(serializers.Serializer):
    laboratory = serializers.CharField(help_text="code of the laboratory")
    month = serializers.CharField(help_text="2026-09")
    statement = TableField(help_text="The workbook (.xlsx) or CSV (UTF-8 or GB 18030)")
    reason = serializers.CharField(required=False, default="", allow_blank=True, max_length=300)


class Columns(serializers.Serializer):
    columns = serializers.DictField(
        child=serializers.CharField(allow_blank=True), help_text="、".join(one.name for one in FIELDS)
    )


def told(upload: StatementUpload) -> Response:
    wake_statements()
    return Response(UploadShape(upload, context={"whole": True}).data, status=202)


class Uploads(Door):
    permission = bills.GIVE_IN

    @extend_schema(operation_id="statements_list", responses=listed("Statement", UploadShape), parameters=PAGES)
    def get(self, request: Request) -> Response:
        """Statements given in, newest first."""
        found = StatementUpload.objects.visible_to(request.user).select_related("institution", "laboratory")
        return page(request, found, UploadShape, "given_in_at")

    @extend_schema(operation_id="statements_give_in", request=UploadIn, responses={202: UploadShape})
    @repeatable
    def post(self, request: Request) -> Response:
        """Give in a laboratory's statement to be looked through; nothing is recorded before it is confirmed. Where its
        columns are not known yet they are named first."""
        asked = checked(UploadIn, request)
        laboratory = Laboratory.objects.filter(code=asked["laboratory"]).first()
        if laboratory is None:
            raise ValidationError({"laboratory": _("There is no such laboratory.")})
        values = {name: asked[name] for name in ("month", "reason")}
        return told(bills.give_in(upload=asked["statement"], laboratory=laboratory, by=self.by, **values))


class OneUpload(Door):
    permission = bills.GIVE_IN
    on = StatementUpload

    @extend_schema(operation_id="statements_retrieve", responses=UploadShape)
    def get(self, request: Request, **kwargs: Any) -> Response:
        """How far it is, what is wrong with it, and its headings while the columns are to be named."""
        return Response(UploadShape(self.found, context={"whole": True}).data)


class NameColumns(Door):
    permission = bills.GIVE_IN
    on = StatementUpload

    @extend_schema(operation_id="statements_name_columns", request=Columns, responses={202: UploadShape})
    @repeatable
    def post(self, request: Request, **kwargs: Any) -> Response:
        """Say which heading is which; remembered for the laboratory's next statement."""
        columns = checked(Columns, request)["columns"]
        return told(bills.name_columns(upload=self.found, columns=columns, by=self.by))


class UploadStep(Door):
    permission = bills.GIVE_IN
    on = StatementUpload
    acts = {"confirm": bills.confirm, "discard": bills.discard, "retry": bills.retry}

    @extend_schema(
        operation_id="statements_step",
        request=None,
        responses={202: UploadShape},
        parameters=[OpenApiParameter("step", OpenApiTypes.STR, "path", enum=["confirm", "discard", "retry"])],
    )
    @repeatable
    def post(self, request: Request, **kwargs: Any) -> Response:
        """Record what was checked, give the file up, or try a failed one again."""
        return told(self.acts[kwargs["step"]](upload=self.found, by=self.by))
