"""The months of the laboratories' bills for programs: differences settled, confirmed, the month closed (A28)."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from config.api.doors import PAGES, Door, checked, listed, one_of, page
from config.api.fields import FileField
from config.api.idempotency import repeatable
from referrals.actions import bills, month_closing, settling
from referrals.billing import figures, waiting
from referrals.models import Reconciliation, StatementDifference

VIEW = "referrals.view_statement_differences"
MONEY: Any = {"max_digits": 14, "decimal_places": 2}


class MonthShape(serializers.ModelSerializer):
    institution = serializers.CharField(source="institution.code")
    laboratory = serializers.CharField(source="laboratory.code")
    sheet_sha256 = serializers.CharField(source="sheet.sha256", default=None)

    class Meta:
        model = Reconciliation
        fields = ("id", "institution", "laboratory", "month", "signed_at", "closed_at", "sheet_sha256")


class FiguresShape(serializers.Serializer):
    lines = serializers.IntegerField()
    agreeing = serializers.IntegerField()
    billed = serializers.DecimalField(**MONEY)
    owed = serializers.DecimalField(**MONEY)
    undecided = serializers.DecimalField(**MONEY)
    supplements = serializers.DecimalField(**MONEY)
    charged = serializers.DecimalField(**MONEY)
    margin = serializers.DecimalField(**MONEY)


class KindShape(serializers.Serializer):
    kind = serializers.CharField()
    total = serializers.IntegerField()
    open = serializers.IntegerField()
    awaiting = serializers.IntegerField()


class WholeMonthShape(MonthShape):
    figures = serializers.SerializerMethodField()
    kinds = serializers.SerializerMethodField()

    class Meta:
        model = Reconciliation
        fields = (*MonthShape.Meta.fields, "figures", "kinds")

    @extend_schema_field(FiguresShape)
    def get_figures(self, one: Reconciliation) -> dict[str, Any]:
        return dict(FiguresShape(figures.of(one)).data)

    @extend_schema_field(KindShape(many=True))
    def get_kinds(self, one: Reconciliation) -> list[Any]:
        return list(KindShape(figures.standings(one), many=True).data)


class Months(Door):
    permission = VIEW

    @extend_schema(operation_id="reconciliations_list", responses=listed("Month", MonthShape), parameters=PAGES)
    def get(self, request: Request) -> Response:
        """Months of the laboratories' bills, the last begun first."""
        found = Reconciliation.objects.visible_to(request.user).select_related("institution", "laboratory", "sheet")
        return page(request, found, MonthShape, "id")


class OneMonth(Door):
    permission = VIEW
    on = Reconciliation

    @extend_schema(operation_id="reconciliations_retrieve", responses=WholeMonthShape)
    def get(self, request: Request, **kwargs: Any) -> Response:
        """What the month comes to, and how many differences of each kind are open, awaiting, settled."""
        return Response(WholeMonthShape(self.found).data)


class MonthDifferenceShape(serializers.ModelSerializer):
    line = serializers.IntegerField(source="line.line_no", default=None)
    referral = serializers.CharField(source="referral.number", default=None)
    settled_by = serializers.CharField(source="settled_by.username", default=None)
    confirmed_by = serializers.CharField(source="confirmed_by.username", default=None)

    class Meta:
        model = StatementDifference
        fields = (
            "id", "kind", "sample_no", "line", "referral", "billed_amount", "expected_amount", "occurred_on", "stands",
            "resolution", "reason", "settled_at", "settled_by", "confirmed_at", "confirmed_by", "returned_note",
        )  # fmt: skip


class Differences(Door):
    permission = VIEW
    on = Reconciliation

    @extend_schema(
        operation_id="reconciliations_differences",
        responses=listed("MonthDifference", MonthDifferenceShape),
        parameters=[OpenApiParameter("kind", OpenApiTypes.STR, enum=StatementDifference.Kind.values), *PAGES],
    )
    def get(self, request: Request, **kwargs: Any) -> Response:
        """The month's differences."""
        found = self.found.differences.select_related("line", "referral", "settled_by", "confirmed_by")
        if kind := request.query_params.get("kind"):
            found = found.filter(kind=kind)
        return page(request, found, MonthDifferenceShape, "id")


class Chosen(serializers.Serializer):
    differences = serializers.ListField(child=serializers.IntegerField(), allow_empty=False, max_length=2000)


class SettleIn(Chosen):
    resolution = serializers.ChoiceField(StatementDifference.Resolution.choices)
    reason = serializers.CharField(max_length=300)
    evidence = FileField(required=False, default=None)


class SentBackIn(Chosen):
    note = serializers.CharField(max_length=300)


class HowMany(serializers.Serializer):
    differences = serializers.IntegerField()


class Work(Door):
    """What the acts on differences of one month share."""

    on = Reconciliation
    shape: type[Chosen] = Chosen

    def chosen(self, request: Request) -> dict[str, Any]:
        asked = checked(self.shape, request)
        return {**asked, "differences": self.found.differences.filter(pk__in=asked["differences"])}


class Settle(Work):
    permission = settling.SETTLE
    shape = SettleIn

    @extend_schema(operation_id="reconciliations_settle", request=SettleIn, responses=HowMany)
    @repeatable
    def post(self, request: Request, **kwargs: Any) -> Response:
        """Say what becomes of differences of one kind, and why; a second person confirms it."""
        return Response({"differences": settling.settle(by=self.by, **self.chosen(request))})


class ConfirmSettlements(Work):
    permission = settling.CONFIRM

    @extend_schema(operation_id="reconciliations_confirm", request=Chosen, responses=HowMany)
    @repeatable
    def post(self, request: Request, **kwargs: Any) -> Response:
        """The second person agrees: neither who settled it nor who requested the test (X14)."""
        return Response({"differences": settling.confirm(by=self.by, **self.chosen(request))})


class SendBack(Work):
    permission = settling.CONFIRM
    shape = SentBackIn

    @extend_schema(operation_id="reconciliations_send_back", request=SentBackIn, responses=HowMany)
    @repeatable
    def post(self, request: Request, **kwargs: Any) -> Response:
        """The second person does not agree: they are open again, with the note."""
        return Response({"differences": settling.send_back(by=self.by, **self.chosen(request))})


class SupplementIn(serializers.Serializer):
    of = serializers.IntegerField(help_text="id of the closed month of the same laboratory")
    sample_no = serializers.CharField(max_length=40)
    amount = serializers.DecimalField(max_digits=10, decimal_places=2)
    reason = serializers.CharField(max_length=250)


class Supplement(Door):
    permission = settling.SETTLE
    on = Reconciliation

    @extend_schema(
        operation_id="reconciliations_supplement", request=SupplementIn, responses={201: MonthDifferenceShape}
    )
    @repeatable
    def post(self, request: Request, **kwargs: Any) -> Response:
        """Put right in this open month what a closed month left wrong."""
        asked = checked(SupplementIn, request)
        asked["of"] = one_of(Reconciliation.objects.visible_to(request.user), pk=asked["of"])
        made = settling.supplement(month=self.found, by=self.by, **asked)
        return Response(MonthDifferenceShape(made).data, status=201)


class Sign(Door):
    permission = month_closing.SIGN
    on = Reconciliation

    @extend_schema(operation_id="reconciliations_sign", request=None, responses=MonthShape)
    @repeatable
    def post(self, request: Request, **kwargs: Any) -> Response:
        """Finance signs the figures as they stand; refused while a difference is unsettled."""
        return Response(MonthShape(month_closing.sign(month=self.found, by=self.by)).data)


class Close(Door):
    permission = month_closing.COUNTERSIGN
    on = Reconciliation

    @extend_schema(operation_id="reconciliations_close", request=None, responses=MonthShape)
    @repeatable
    def post(self, request: Request, **kwargs: Any) -> Response:
        """Medical affairs countersigns: the sheet is made and the month is never written again."""
        return Response(MonthShape(month_closing.close(month=self.found, by=self.by)).data)


class MarginShape(serializers.Serializer):
    month = serializers.CharField()
    laboratory = serializers.CharField()
    test = serializers.CharField()
    lines = serializers.IntegerField()
    billed = serializers.DecimalField(**MONEY)
    payable = serializers.DecimalField(**MONEY)
    undecided = serializers.DecimalField(**MONEY)
    charged = serializers.DecimalField(**MONEY)
    margin = serializers.DecimalField(**MONEY)


class Margins(Door):
    permission = VIEW

    @extend_schema(
        operation_id="reconciliations_margins",
        responses=MarginShape(many=True),
        parameters=[OpenApiParameter("first", OpenApiTypes.STR), OpenApiParameter("last", OpenApiTypes.STR)],
    )
    def get(self, request: Request) -> Response:
        """Charges beside settlements, per month, laboratory and test; the last year where no months are named."""
        user: Any = request.user
        last = bills.checked_month(request.query_params.get("last") or waiting.last_month())
        first = bills.checked_month(request.query_params.get("first") or f"{int(last[:4]) - 1}{last[4:]}")
        rows = figures.margins(list(user.institution_ids), first=first, last=last)
        return Response(MarginShape(rows, many=True).data)
