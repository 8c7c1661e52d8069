"""Price changes for programs: the acts of the pages, refused in the same words (A13, B13, B14)."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.models import GeneTest
from config.api.doors import Door, checked, one_of, page
from config.api.fields import FileField
from config.api.idempotency import repeatable
from documents import files
from vendors import actions, pathway, price_effects, price_sheets, pricing
from vendors.actions import price_sheets as sheet_actions
from vendors.models import DraftItem, InsuranceClass, PriceChange, PriceItem, PriceSheet

VIEW = "vendors.view_vendors"


class ChangeShape(serializers.ModelSerializer):
    institution = serializers.CharField(source="institution.code")
    drafted_by = serializers.CharField(source="drafted_by.name")
    checked_by = serializers.CharField(source="checked_by.name", allow_null=True, default=None)

    class Meta:
        model = PriceChange
        fields = (
            "id", "institution", "title", "basis", "effective_from", "status", "drafted_by", "drafted_at", "checked_by",
            "checked_at", "published_at", "note",
        )  # fmt: skip


class PriceItemIn(serializers.Serializer):
    code = serializers.CharField(max_length=40)
    name = serializers.CharField(max_length=120)
    content = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")
    excludes = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")
    unit = serializers.CharField(max_length=20, default="次")
    amount = serializers.DecimalField(max_digits=10, decimal_places=2)
    insurance_class = serializers.ChoiceField(choices=InsuranceClass.choices)
    own_percent = serializers.DecimalField(max_digits=5, decimal_places=2)
    most = serializers.IntegerField(min_value=1, max_value=200, default=1)
    cap = serializers.DecimalField(
        max_digits=10, decimal_places=2, required=False, allow_null=True, default=None,
        help_text="At most for one specimen (yuan), however many are charged",
    )  # fmt: skip
    not_with = serializers.ListField(child=serializers.CharField(max_length=40), default=list)
    replaces = serializers.ListField(child=serializers.CharField(max_length=40), default=list)
    basis = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")


class DraftItemShape(serializers.ModelSerializer):
    class Meta:
        model = DraftItem
        fields = (*DraftItem.FACTS, "ends")


class PriceItemShape(serializers.ModelSerializer):
    institution = serializers.CharField(source="institution.code")

    class Meta:
        model = PriceItem
        fields = ("id", "institution", *PriceItem.FACTS, "valid_from", "valid_to")


class PartShape(serializers.Serializer):
    code = serializers.CharField(max_length=40)
    quantity = serializers.IntegerField(min_value=1, max_value=200)


class TurnShape(serializers.Serializer):
    """One test before and after."""

    test = serializers.CharField(source="test.code")
    before = serializers.DecimalField(
        source="before.amount", max_digits=10, decimal_places=2, allow_null=True, default=None
    )
    parts = serializers.SerializerMethodField()
    after = serializers.DecimalField(
        source="total.amount", max_digits=10, decimal_places=2, allow_null=True, default=None
    )
    self_paid = serializers.DecimalField(
        source="total.self_paid", max_digits=10, decimal_places=2, allow_null=True, default=None
    )
    is_same = serializers.BooleanField()

    def get_parts(self, turn: pricing.Turn) -> list[dict[str, Any]]:
        return [{"code": item.code, "quantity": n} for item, n in turn.total.parts] if turn.total else []


class PriceEffectShape(serializers.Serializer):
    code = serializers.CharField()
    title = serializers.CharField()
    count = serializers.IntegerField()


class ChangeInFull(ChangeShape):
    items = DraftItemShape(many=True, source="draft_items")
    tests = serializers.SerializerMethodField()
    faults = serializers.SerializerMethodField()
    effects = serializers.SerializerMethodField()

    class Meta(ChangeShape.Meta):
        fields = (*ChangeShape.Meta.fields, "items", "tests", "faults", "effects")  # type: ignore[assignment]

    def _plan(self, change: PriceChange) -> pricing.Plan | None:
        if change.status in (PriceChange.Status.PUBLISHED, PriceChange.Status.DROPPED):
            return None
        if "plan" not in self.context:
            self.context["plan"] = pricing.plan(change)
        return self.context["plan"]

    def get_tests(self, change: PriceChange) -> list[dict[str, Any]]:
        plan = self._plan(change)
        return list(TurnShape(plan.turns, many=True).data) if plan else []

    def get_faults(self, change: PriceChange) -> list[str]:
        plan = self._plan(change)
        return plan.faults if plan else []

    def get_effects(self, change: PriceChange) -> list[dict[str, Any]]:
        plan = self._plan(change)
        found = price_effects.of(plan, self.context["by"]) if plan else []
        return list(PriceEffectShape(found, many=True).data)


class PriceChangeIn(serializers.Serializer):
    title = serializers.CharField(max_length=120)
    basis = serializers.CharField(max_length=120)
    effective_from = serializers.DateField()


class PriceOfTestIn(serializers.Serializer):
    test = serializers.CharField(max_length=20)
    parts = PartShape(many=True, required=False, default=list)
    ends = serializers.BooleanField(default=False)


class PriceStepIn(serializers.Serializer):
    step = serializers.ChoiceField(choices=["put_up", "check", "return", "publish", "drop"])
    reason = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


class PriceCodeIn(serializers.Serializer):
    code = serializers.CharField(max_length=40)


class PriceSheetIn(serializers.Serializer):
    sheet = FileField(kinds=(files.XLSX,), name="sheet.xlsx")


class PriceSheetShape(serializers.ModelSerializer):
    class Meta:
        model = PriceSheet
        fields = ("id", "file_name", "items", "charges", "problems", "problem_count", "given_at", "confirmed_at")


class PriceItems(Door):
    permission = "catalog.view_catalog"

    @extend_schema(operation_id="price_items_list", responses=PriceItemShape(many=True))
    def get(self, request: Request) -> Response:
        """The published items of this post's hospital, newest first (B13)."""
        found = PriceItem.objects.visible_to(self.by).select_related("institution")
        return page(request, found, PriceItemShape, "id")


class Changes(Door):
    permission = VIEW
    permissions = {"POST": pathway.DRAFT}

    @extend_schema(operation_id="price_changes_list", responses=ChangeShape(many=True))
    def get(self, request: Request) -> Response:
        found = PriceChange.objects.visible_to(self.by).select_related("institution", "drafted_by", "checked_by")
        return page(request, found, ChangeShape, "id")

    @extend_schema(operation_id="price_changes_begin", request=PriceChangeIn, responses={201: ChangeShape})
    @repeatable
    def post(self, request: Request) -> Response:
        """A change of prices is begun."""
        made = actions.draft_change(institution=self.by.post.institution, by=self.by, **checked(PriceChangeIn, request))
        return Response(ChangeShape(made).data, status=201)


class OneChange(Door):
    permission = VIEW
    on = PriceChange

    def answer(self, status: int = 200) -> Response:
        return Response(ChangeInFull(one_of(PriceChange.objects.all(), pk=self.found.pk), context={"by": self.by}).data,
                        status=status)  # fmt: skip

    @extend_schema(operation_id="price_change", responses=ChangeInFull)
    def get(self, request: Request, pk: int) -> Response:
        """The change with its plan: each test before and after, what stands against it, whom it touches."""
        return self.answer()


class ChangeHead(OneChange):
    permission = pathway.DRAFT
    http_method_names = ["post", "options"]

    @extend_schema(operation_id="price_change_head", request=PriceChangeIn, responses=ChangeInFull)
    @repeatable
    def post(self, request: Request, pk: int) -> Response:
        """Title, document and day of a draft."""
        actions.revise_change(change=self.found, by=self.by, **checked(PriceChangeIn, request))
        return self.answer()


class ChangeStep(OneChange):
    http_method_names = ["post", "options"]

    @extend_schema(operation_id="price_change_step", request=PriceStepIn, responses=ChangeInFull)
    @repeatable
    def post(self, request: Request, pk: int) -> Response:
        """Put up, check (by a second person), return, publish or drop; each asks its own permission."""
        data = checked(PriceStepIn, request)
        step, given = data["step"], {"change": self.found, "by": self.by}
        wanted = {"put_up": pathway.DRAFT, "drop": pathway.DRAFT, "publish": pathway.PUBLISH}.get(step, pathway.CHECK)
        if not self.by.may(wanted, self.found):
            raise PermissionDenied(wanted)
        if step == "return":
            actions.return_change(reason=data["reason"], **given)
        elif step == "drop":
            actions.drop_change(reason=data["reason"], **given)
        else:
            {"put_up": actions.put_up, "check": actions.check_change, "publish": actions.publish_change}[step](**given)
        return self.answer()


class ChangeItems(OneChange):
    permission = pathway.DRAFT
    http_method_names = ["post", "delete", "options"]

    @extend_schema(operation_id="price_change_item", request=PriceItemIn, responses=ChangeInFull)
    @repeatable
    def post(self, request: Request, pk: int) -> Response:
        """An item of the draft is added or written anew."""
        actions.put_item(change=self.found, by=self.by, **checked(PriceItemIn, request))
        return self.answer()

    @extend_schema(operation_id="price_change_item_out", request=PriceCodeIn, responses=ChangeInFull)
    @repeatable
    def delete(self, request: Request, pk: int) -> Response:
        """The draft's own row of an item is taken out."""
        actions.drop_item(change=self.found, by=self.by, **checked(PriceCodeIn, request))
        return self.answer()


class ChangeEnds(OneChange):
    permission = pathway.DRAFT
    http_method_names = ["post", "options"]

    @extend_schema(operation_id="price_change_end", request=PriceCodeIn, responses=ChangeInFull)
    @repeatable
    def post(self, request: Request, pk: int) -> Response:
        """An item in force ends the day before the switch."""
        actions.end_item(change=self.found, by=self.by, **checked(PriceCodeIn, request))
        return self.answer()


class ChangeCharges(OneChange):
    permission = pathway.DRAFT
    http_method_names = ["post", "delete", "options"]

    @extend_schema(operation_id="price_change_charge", request=PriceOfTestIn, responses=ChangeInFull)
    @repeatable
    def post(self, request: Request, pk: int) -> Response:
        """Under which items a test is charged from the switch on."""
        data = checked(PriceOfTestIn, request)
        test = one_of(GeneTest.objects.all(), code=data["test"])
        parts = [(one["code"], one["quantity"]) for one in data["parts"]]
        actions.put_charge(change=self.found, test=test, parts=parts, ends=data["ends"], by=self.by)
        return self.answer()

    @extend_schema(operation_id="price_change_charge_out", request=PriceCodeIn, responses=ChangeInFull)
    @repeatable
    def delete(self, request: Request, pk: int) -> Response:
        """The draft no longer says anything of the test `code`."""
        test = one_of(GeneTest.objects.all(), code=checked(PriceCodeIn, request)["code"])
        actions.drop_charge(change=self.found, test=test, by=self.by)
        return self.answer()


class ChangeSheets(Door):
    permission = pathway.DRAFT
    on = PriceChange

    @extend_schema(operation_id="price_change_workbook", responses={(200, files.XLSX): OpenApiTypes.BINARY})
    def get(self, request: Request, pk: int) -> HttpResponse:
        """The workbook to fill in."""
        return HttpResponse(price_sheets.write(self.found), content_type=files.XLSX)

    @extend_schema(operation_id="price_change_sheet", request=PriceSheetIn, responses={201: PriceSheetShape})
    @repeatable
    def post(self, request: Request, pk: int) -> Response:
        """A workbook is looked through: nothing changes until it is confirmed."""
        upload = checked(PriceSheetIn, request)["sheet"]
        given = sheet_actions.give_sheet(change=self.found, upload=upload, by=self.by)
        return Response(PriceSheetShape(given).data, status=201)


class ConfirmSheet(OneChange):
    permission = pathway.DRAFT
    http_method_names = ["post", "options"]

    @extend_schema(operation_id="price_change_sheet_confirm", request=None, responses=ChangeInFull)
    @repeatable
    def post(self, request: Request, pk: int, sheet: int) -> Response:
        """The sheet's rows are taken into the draft."""
        sheet_actions.confirm_sheet(sheet=one_of(self.found.sheets.all(), pk=sheet), by=self.by)
        return self.answer()
