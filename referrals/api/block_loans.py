"""Loans of blocks and slides, for programs."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from config.api.doors import PAGES, Door, checked, listed, page
from config.api.idempotency import repeatable
from referrals import block_loans as chart
from referrals.actions import block_loans as actions
from referrals.api.drugs import patient_named
from referrals.api.road import optional
from referrals.models import BlockLoan, Referral, Study


class BlockLoanShape(serializers.ModelSerializer):
    record_no = serializers.CharField(source="patient.record_no")
    referral = serializers.CharField(source="referral.number", default=None)

    class Meta:
        model = BlockLoan
        fields = (
            "id", "number", "record_no", "purpose", "is_flagged", "destination", "reason", "referral", "borrower", "status",
            "blocks", "block_count", "slide_count", "requested_at", "decided_at", "decision_note", "remains_enough", "lent_at", "deposit",
            "deposit_no", "has_undertaking", "due_on", "returned_at", "state", "return_note",
            "blocks_back", "slides_back", "patient_told_on",
        )  # fmt: skip


class BlockLoanIn(serializers.Serializer):
    record_no = serializers.CharField(max_length=40)
    purpose = serializers.ChoiceField(BlockLoan.Purpose.choices)
    borrower = serializers.ChoiceField(BlockLoan.Borrower.choices)
    destination = serializers.CharField(max_length=120)
    reason = serializers.CharField(max_length=300)
    blocks = serializers.CharField(max_length=200)
    block_count = serializers.IntegerField(default=1, min_value=0, max_value=100, help_text="0: only slides leave")
    slide_count = serializers.IntegerField(default=0, min_value=0, max_value=200)
    referral = optional(max_length=40, help_text="For a test elsewhere: this hospital's own request")
    study = optional(max_length=60, help_text="For research: number of the study")


class LoanDecideIn(serializers.Serializer):
    approve = serializers.BooleanField()
    remains_enough = serializers.BooleanField(default=False)
    note = serializers.CharField(max_length=300)


class LoanLendIn(serializers.Serializer):
    borrower_name = serializers.CharField(max_length=60)
    borrower_paper = serializers.CharField(max_length=4, help_text="Last four characters of the identity paper")
    deposit = serializers.DecimalField(
        max_digits=8, decimal_places=2, min_value=0, required=False, allow_null=True, default=None
    )
    deposit_no = optional(max_length=60)
    has_undertaking = serializers.BooleanField(default=False)
    due_on = serializers.DateField(required=False, allow_null=True, default=None)


class LoanReturnIn(serializers.Serializer):
    state = serializers.ChoiceField(BlockLoan.Return.choices)
    blocks_back = serializers.IntegerField(min_value=0, help_text="Complete only when as many as were lent")
    slides_back = serializers.IntegerField(min_value=0)
    note = optional(max_length=300)
    patient_told_on = serializers.DateField(
        required=False, allow_null=True, default=None, help_text="Unless complete: the day the patient was told"
    )


class BlockLoans(Door):
    permission = chart.VIEW
    permissions = {"POST": chart.REQUEST}

    @extend_schema(operation_id="block_loans_list", responses=listed("BlockLoan", BlockLoanShape), parameters=PAGES)
    def get(self, request: Request) -> Response:
        """Loans of blocks and slides, newest first."""
        found = BlockLoan.objects.visible_to(self.by).select_related("patient", "referral")
        return page(request, found, BlockLoanShape, "requested_at")

    @extend_schema(operation_id="block_loans_request", request=BlockLoanIn, responses={201: BlockLoanShape})
    @repeatable
    def post(self, request: Request) -> Response:
        """Ask for a loan. Staff borrow for a test elsewhere only on this hospital's own request (A29, B23)."""
        data = checked(BlockLoanIn, request)
        patient = patient_named(request, data.pop("record_no"))
        named: dict[str, Any] = {"referral": (Referral, "number"), "study": (Study, "number")}
        for name, (model, column) in named.items():
            if data[name]:
                data[name] = model.objects.visible_to(request.user).filter(**{column: data[name]}).first()
                if data[name] is None:
                    raise Http404
            else:
                data[name] = None
        made = actions.request(patient=patient, by=self.by, **data)
        return Response(BlockLoanShape(made).data, status=201)


def loan_door(name: str, shape: Any, act: Any, permission_asked: str, about: str) -> type[Door]:
    """The door of one step of a loan."""

    def post(self: Any, request: Request, **kwargs: Any) -> Response:
        act(loan=self.found, by=self.by, **checked(shape, request))
        now = BlockLoan.objects.select_related("patient", "referral").get(pk=self.found.pk)
        return Response(BlockLoanShape(now).data)

    described = extend_schema(
        operation_id=f"block_loans_{name}", request=shape, responses=BlockLoanShape, description=about
    )(repeatable(post))
    return type(
        f"BlockLoan{name.title()}", (Door,), {"permission": permission_asked, "on": BlockLoan, "post": described}
    )


LOAN_DOORS = {
    "decide": loan_door("decide", LoanDecideIn, actions.decide, chart.APPROVE.permission, "Pathology decides."),
    "lend": loan_door("lend", LoanLendIn, actions.lend, chart.LEND.permission, "Handed out."),
    "return": loan_door("return", LoanReturnIn, actions.take_back, chart.RETURN.permission, "Inspected and returned."),
}
