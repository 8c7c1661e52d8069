"""Charges of HIS for programs: rows sent at once, or a file looked through and confirmed (A28, B13; X07, X09)."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from config.api.doors import PAGES, Door, checked, listed, page
from config.api.idempotency import repeatable
from referrals.actions import charge_imports as actions
from referrals.api.bills import TableField
from referrals.api.steps import Reason, long
from referrals.charge_judging import off_book
from referrals.models import Charge, ChargeImport, ChargeRow
from referrals.tasks import wake_charges

AT_ONCE = 500


class ChargeRowIn(serializers.Serializer):
    case_no = long(max_length=60, help_text="Number of the request, or barcode of its specimen")
    record_no = long(max_length=60, help_text="病案号, with `item_code`, where the request is not known")
    kind = serializers.ChoiceField(Charge.Kind.choices, default=Charge.Kind.RECEIPT)
    number = serializers.CharField(max_length=60, help_text="结算号, or 记账流水号")
    settlement_line = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=1, max_value=9999
    )
    inpatient_no = long(max_length=40)
    invoice_code = long(max_length=20)
    invoice_no = long(max_length=20)
    item_code = long(max_length=60)
    quantity = serializers.IntegerField(required=False, default=1, min_value=1, max_value=999)
    amount = serializers.DecimalField(10, 2, min_value=0)
    happened_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    is_refund = serializers.BooleanField(required=False, default=False)
    reversal_no = long(max_length=60)
    reason = long(max_length=200)


class ChargesIn(serializers.Serializer):
    rows = serializers.ListField(child=ChargeRowIn(), allow_empty=False, max_length=AT_ONCE)
    check = serializers.BooleanField(required=False, default=False, help_text="Only answer; record nothing")


class ChargeRowShape(serializers.ModelSerializer):
    """`verdict` is the answer to the row, `outcome` what came of recording it; `says` is in the words of the pages."""

    referral = serializers.CharField(source="referral.number", default=None)
    outcome = serializers.CharField(help_text="done, refused, or empty while nothing was tried")

    class Meta:
        model = ChargeRow
        fields = (
            "line",
            "case_no",
            "number",
            "item_code",
            "amount",
            "is_refund",
            "verdict",
            "says",
            "referral",
            "outcome",
        )


class ChargesShape(serializers.Serializer):
    rows = ChargeRowShape(many=True)


class Charges(Door):
    permission = actions.IMPORT

    @extend_schema(operation_id="charges_take_in", request=ChargesIn, responses=ChargesShape)
    @repeatable
    def post(self, request: Request) -> Response:
        """Up to 500 rows as HIS charged them, recorded through the same acts as at the window. Rows of one settlement
        and case are one charge. The same rows again answer “already”."""
        sent = checked(ChargesIn, request)
        rows = [ChargeRow(line=n, **row) for n, row in enumerate(sent["rows"], 1)]
        actions.take_in(rows=rows, by=self.by, check=sent["check"])
        return Response(ChargesShape({"rows": rows}).data)


class ChargeImportShape(serializers.ModelSerializer):
    given_in_by = serializers.CharField(source="given_in_by.username")
    confirmed_by = serializers.CharField(source="confirmed_by.username", default=None)

    class Meta:
        model = ChargeImport
        fields = (
            "id", "file_name", "file_sha256", "status", "given_in_at", "given_in_by", "confirmed_at", "confirmed_by",
            "rows_total", "rows_done", "message",
        )  # fmt: skip


class ChargeFileIn(serializers.Serializer):
    charges = TableField(help_text="A workbook (.xlsx) or CSV with the headings of the page")


class ChargeImports(Door):
    permission = actions.IMPORT

    @extend_schema(
        operation_id="charge_imports_list", responses=listed("ChargeImport", ChargeImportShape), parameters=PAGES
    )
    def get(self, request: Request) -> Response:
        """Files of charges, newest first."""
        found = ChargeImport.objects.visible_to(request.user).select_related("given_in_by", "confirmed_by")
        return page(request, found, ChargeImportShape, "given_in_at")

    @extend_schema(operation_id="charge_imports_give_in", request=ChargeFileIn, responses={202: ChargeImportShape})
    @repeatable
    def post(self, request: Request) -> Response:
        """Give in a file to be looked through; a file given in before is answered as it stands."""
        given, _is_new = actions.give_in(upload=checked(ChargeFileIn, request)["charges"], by=self.by)
        wake_charges()
        return Response(ChargeImportShape(given).data, status=202)


class OneChargeImport(Door):
    permission = actions.IMPORT
    on = ChargeImport

    @extend_schema(operation_id="charge_imports_retrieve", responses=ChargeImportShape)
    def get(self, request: Request, **kwargs: Any) -> Response:
        """How far it is."""
        return Response(ChargeImportShape(self.found).data)


class ChargeImportRows(OneChargeImport):
    @extend_schema(
        operation_id="charge_imports_rows",
        responses=listed("ChargeRow", ChargeRowShape),
        parameters=[OpenApiParameter("verdict", OpenApiTypes.STR, enum=ChargeRow.Verdict.values), *PAGES],
    )
    def get(self, request: Request, **kwargs: Any) -> Response:
        """The rows with their answers."""
        found = self.found.rows.select_related("referral")
        if asked := request.query_params.get("verdict"):
            found = found.filter(verdict=asked)
        return page(request, found, ChargeRowShape, "id")


class ConfirmCharges(OneChargeImport):
    http_method_names = ["post", "options"]

    @extend_schema(operation_id="charge_imports_confirm", request=None, responses={202: ChargeImportShape})
    @repeatable
    def post(self, request: Request, **kwargs: Any) -> Response:
        """Record the rows answered “matched”. Confirming twice changes nothing."""
        begun = actions.confirm(charge_import=self.found, by=self.by)
        wake_charges()
        return Response(ChargeImportShape(begun).data, status=202)


class DiscardCharges(OneChargeImport):
    http_method_names = ["post", "options"]

    @extend_schema(operation_id="charge_imports_discard", request=Reason, responses=ChargeImportShape)
    @repeatable
    def post(self, request: Request, **kwargs: Any) -> Response:
        """A file given in by mistake; nothing of it is recorded."""
        ended = actions.discard(charge_import=self.found, by=self.by, **checked(Reason, request))
        return Response(ChargeImportShape(ended).data)


class OffBookShape(ChargeRowShape):
    file = serializers.CharField(source="charge_import.file_name")

    class Meta(ChargeRowShape.Meta):
        fields = ("id", "file", "line", "happened_at", "case_no", "number", "item_code", "amount", "is_refund", "says")


class OffBook(Door):
    permission = actions.SEES_OFF_BOOK

    @extend_schema(operation_id="charges_off_book", responses=listed("OffBookCharge", OffBookShape), parameters=PAGES)
    def get(self, request: Request) -> Response:
        """Gene tests HIS charged without a request in this hospital."""
        return page(request, off_book(self.by.institution_ids), OffBookShape, "id")
