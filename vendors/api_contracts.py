"""Procurements and contracts for programs: the same acts as the pages (A26, B9, B10)."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.models import GeneTest
from config.api.doors import PAGES, Door, checked, listed, one_of, page
from config.api.fields import FileField
from config.api.idempotency import repeatable
from vendors import contracting
from vendors.actions import procurements as actions
from vendors.models import Contract, ContractDraft, DraftContractItem, Laboratory, Procurement

VIEW = "vendors.view_vendors"


class ProcurementShape(serializers.ModelSerializer):
    laboratory = serializers.CharField(source="laboratory.code")
    looks_split = serializers.SerializerMethodField()

    class Meta:
        model = Procurement
        fields = (
            "id", "number", "subject", "method", "notice", "noticed_on", "award_no", "awarded_on", "laboratory", "budget",
            "amount", "bids", "answer", "looks_split",
        )  # fmt: skip

    def get_looks_split(self, one: Procurement) -> bool:
        return contracting.looks_split(one)


class ContractDraftItemShape(serializers.ModelSerializer):
    test = serializers.CharField(source="test.code")

    class Meta:
        model = DraftContractItem
        fields = ("test", "settlement_price", "turnaround_days")


class ContractDraftShape(serializers.ModelSerializer):
    laboratory = serializers.CharField(source="laboratory.code")
    procurement = serializers.CharField(source="procurement.number", default=None)
    supplements = serializers.CharField(source="supplements.number", default=None)
    items = ContractDraftItemShape(many=True)
    clauses = serializers.SerializerMethodField(help_text="The required clauses found so far")

    class Meta:
        model = ContractDraft
        fields = (
            "id", "number", "laboratory", "procurement", "supplements", "contract", "party", "invoice_issuer", "payee",
            "valid_from", "valid_to", "status", "last_reason", "items", "clauses",
        )  # fmt: skip

    def get_clauses(self, one: ContractDraft) -> list[str]:
        return sorted(tick.clause for tick in one.ticks.all())


class ContractShape(serializers.ModelSerializer):
    laboratory = serializers.CharField(source="laboratory.code")

    class Meta:
        model = Contract
        fields = ("id", "number", "laboratory", "valid_from", "valid_to", "procurement_no")


class ProcurementIn(serializers.Serializer):
    laboratory = serializers.CharField(max_length=20)
    number = serializers.CharField(max_length=60)
    subject = serializers.CharField(max_length=60)
    method = serializers.ChoiceField(Procurement.Method.choices)
    notice = serializers.CharField(max_length=200)
    noticed_on = serializers.DateField()
    award_no = serializers.CharField(max_length=60)
    awarded_on = serializers.DateField()
    budget = serializers.DecimalField(max_digits=12, decimal_places=2)
    amount = serializers.DecimalField(max_digits=12, decimal_places=2, min_value=0)
    bids = serializers.ListField(child=serializers.CharField(max_length=120))
    file = FileField()


class SplittingIn(serializers.Serializer):
    answer = serializers.CharField(max_length=500)


class ContractIn(serializers.Serializer):
    laboratory = serializers.CharField(max_length=20)
    procurement = serializers.CharField(max_length=60, required=False, help_text="its number")
    supplements = serializers.CharField(max_length=60, required=False, help_text="number of the contract in force")
    renews = serializers.CharField(
        max_length=60, required=False, help_text="number of the former contract, whose tests and prices are taken over"
    )
    number = serializers.CharField(max_length=60)
    party = serializers.CharField(max_length=100)
    invoice_issuer = serializers.CharField(max_length=100)
    payee = serializers.CharField(max_length=100)
    valid_from = serializers.DateField()
    valid_to = serializers.DateField()
    file = FileField()


class ContractStepIn(serializers.Serializer):
    """`do` says which of the others is read."""

    do = serializers.ChoiceField(
        choices=["item", "out", "submit", "discard", "tick", "pass", "return", "sign", "refuse"]
    )
    test = serializers.CharField(max_length=20, required=False)
    settlement_price = serializers.DecimalField(max_digits=10, decimal_places=2, required=False)
    turnaround_days = serializers.IntegerField(required=False)
    clause = serializers.CharField(max_length=4, required=False)
    page = serializers.IntegerField(required=False)
    quote = serializers.CharField(max_length=300, required=False)
    reason = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class TerminateIn(serializers.Serializer):
    last_day = serializers.DateField()
    reason = serializers.CharField(max_length=300)


ACTS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "item": (actions.put_item, ("test", "settlement_price", "turnaround_days")),
    "out": (actions.take_out, ("test",)),
    "submit": (actions.submit, ()),
    "discard": (actions.discard, ("reason",)),
    "tick": (actions.tick, ("clause", "page", "quote")),
    "pass": (actions.pass_check, ()),
    "return": (actions.give_back, ("reason",)),
    "sign": (actions.sign, ()),
    "refuse": (actions.give_back, ("reason",)),
}


class Procurements(Door):
    permission = VIEW
    permissions = {"POST": actions.BUY}

    @extend_schema(operation_id="procurements", responses=listed("Procurement", ProcurementShape), parameters=PAGES)
    def get(self, request: Request) -> Response:
        found = Procurement.objects.visible_to(request.user).select_related("laboratory")
        return page(request, found, ProcurementShape, "id")

    @extend_schema(operation_id="procurement_record", request=ProcurementIn, responses={201: ProcurementShape})
    @repeatable
    def post(self, request: Request) -> Response:
        given = checked(ProcurementIn, request)
        laboratory = one_of(Laboratory.objects.all(), code=given.pop("laboratory"))
        made = actions.record_procurement(laboratory=laboratory, by=self.by, **given)
        return Response(ProcurementShape(made).data, status=201)


class AnswerSplitting(Door):
    permission = actions.SIGN
    on = Procurement

    @extend_schema(operation_id="procurement_answer", request=SplittingIn, responses=ProcurementShape)
    @repeatable
    def post(self, request: Request, pk: int) -> Response:
        """Why several purchases of one kind within a year are no splitting (B9)."""
        done = actions.answer_splitting(procurement=self.found, by=self.by, **checked(SplittingIn, request))
        return Response(ProcurementShape(done).data)


class ContractDrafts(Door):
    permission = VIEW
    permissions = {"POST": actions.BUY}

    @extend_schema(
        operation_id="contract_drafts", responses=listed("ContractDraft", ContractDraftShape), parameters=PAGES
    )
    def get(self, request: Request) -> Response:
        found = ContractDraft.objects.visible_to(request.user).select_related(
            "laboratory", "procurement", "supplements"
        )
        return page(request, found.prefetch_related("items__test", "ticks"), ContractDraftShape, "id")

    @extend_schema(operation_id="contract_draft", request=ContractIn, responses={201: ContractDraftShape})
    @repeatable
    def post(self, request: Request) -> Response:
        """A contract, with `supplements` a numbered supplement to one in force, with `renews` the next after one (A26)."""
        given, by = checked(ContractIn, request), self.by
        given["laboratory"] = one_of(Laboratory.objects.all(), code=given["laboratory"])
        for name, model in (("procurement", Procurement), ("supplements", Contract), ("renews", Contract)):
            if name in given:
                found: Any = model
                given[name] = one_of(found.objects.visible_to(by), number=given[name])
        return Response(ContractDraftShape(actions.draft_contract(by=by, **given)).data, status=201)


class ContractStep(Door):
    permission = VIEW
    on = ContractDraft

    @extend_schema(operation_id="contract_step", request=ContractStepIn, responses=ContractDraftShape)
    @repeatable
    def post(self, request: Request, pk: int) -> Response:
        """One act on a contract on its way; answers with how it stands then."""
        given = checked(ContractStepIn, request)
        act, wanted = ACTS[given["do"]]
        if lacking := [name for name in wanted if name not in given]:
            words = serializers.Field.default_error_messages["required"]
            raise serializers.ValidationError(dict.fromkeys(lacking, words))
        values = {name: given[name] for name in wanted}
        if "test" in values:
            values["test"] = one_of(GeneTest.objects.all(), code=values["test"])
        act(draft=self.found, by=self.by, **values)
        return Response(ContractDraftShape(one_of(ContractDraft.objects.visible_to(self.by), pk=pk)).data)


class Terminate(Door):
    permission = actions.SIGN
    on = Contract

    @extend_schema(operation_id="contract_terminate", request=TerminateIn, responses=ContractShape)
    @repeatable
    def post(self, request: Request, pk: int) -> Response:
        """A contract ends earlier than agreed (A26)."""
        done = actions.terminate(contract=self.found, by=self.by, **checked(TerminateIn, request))
        return Response(ContractShape(done).data)
