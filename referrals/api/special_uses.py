"""Drugs beyond the label or bought outside, for programs: the pages' own actions, refused in the same words (A36–A39)."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from config.api.doors import PAGES, Door, checked, listed, page
from config.api.fields import FileField
from config.api.idempotency import repeatable
from documents import files
from referrals.actions import drug_checks, special_uses
from referrals.api.drugs import patient_named, some, text
from referrals.models import DrugCheck, SpecialUse


class SpecialUseIn(serializers.Serializer):
    record_no = text(max_length=40)
    kind = serializers.ChoiceField(SpecialUse.Kind.choices)
    drug = text(max_length=60)
    indication = text(max_length=120)
    line = some(max_length=120)
    necessity = text(max_length=500)
    evidence_title = some(max_length=300)
    evidence_source = some(max_length=200)
    evidence_year = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=1990, max_value=2100
    )
    evidence_level = some(max_length=40)
    no_better_option = some(max_length=500)
    evidence_file = FileField(required=False, allow_null=True, default=None, name="evidence.pdf")
    check = serializers.IntegerField(required=False, allow_null=True, default=None, help_text="id of a drug check")


class SpecialUseShape(serializers.ModelSerializer):
    record_no = serializers.CharField(source="patient.record_no")
    status_label = serializers.CharField(source="get_status_display")

    class Meta:
        model = SpecialUse
        fields = ("id", "record_no", "kind", "status", "status_label", "drug", "indication", "line", "necessity")


class UseOpinionIn(serializers.Serializer):
    agrees = serializers.BooleanField()
    note = text(max_length=500)


class UseConcludeIn(serializers.Serializer):
    agree = serializers.BooleanField()
    conclusion = text(max_length=500)


class UseDecideIn(serializers.Serializer):
    approve = serializers.BooleanField()
    note = text(max_length=300)


class UseTellIn(serializers.Serializer):
    necessity = text(max_length=800)
    cost = text(max_length=300)
    insurance = text(max_length=300)
    risks = text(max_length=800)


class UseSignIn(serializers.Serializer):
    signer = text(max_length=12, help_text="patient, guardian or relative")
    signer_name = text(max_length=60)
    signer_reason = some(max_length=200)
    signed_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    paper = FileField(kinds=(files.PDF,))


class UseWithdrawIn(serializers.Serializer):
    reason = text(max_length=200)


class UseRefuseIn(serializers.Serializer):
    reason = some(max_length=200)


class SpecialUses(Door):
    permission = drug_checks.VIEW
    permissions = {"POST": special_uses.chart.REQUEST}

    @extend_schema(operation_id="special_uses_list", responses=listed("SpecialUse", SpecialUseShape), parameters=PAGES)
    def get(self, request: Request) -> Response:
        """Uses beyond the label and drugs bought outside, newest first."""
        found = SpecialUse.objects.visible_to(request.user).select_related("patient")
        return page(request, found, SpecialUseShape, "requested_at")

    @extend_schema(operation_id="special_uses_request", request=SpecialUseIn, responses={201: SpecialUseShape})
    @repeatable
    def post(self, request: Request) -> Response:
        """Ask for a special use; naming a place to buy at is refused (A38)."""
        data = checked(SpecialUseIn, request)
        patient = patient_named(request, data.pop("record_no"))
        evidence = {name: data.pop(f"evidence_{name}") for name in ("title", "source", "year", "level")}
        number = data.pop("check")
        check = DrugCheck.objects.visible_to(request.user).filter(pk=number).first() if number else None
        made = special_uses.request(patient=patient, by=self.by, evidence=evidence, check=check, **data)
        return Response(SpecialUseShape(made).data, status=201)


def use_door(name: str, shape: Any, act: Any, permission_asked: str, about: str) -> type[Door]:
    """The door of one step of a special use."""

    def post(self: Any, request: Request, **kwargs: Any) -> Response:
        act(use=self.found, by=self.by, **checked(shape, request))
        return Response(SpecialUseShape(SpecialUse.objects.select_related("patient").get(pk=self.found.pk)).data)

    described = extend_schema(
        operation_id=f"special_uses_{name}", request=shape, responses=SpecialUseShape, description=about
    )(repeatable(post))
    return type(
        f"SpecialUse{name.title()}", (Door,), {"permission": permission_asked, "on": SpecialUse, "post": described}
    )


chart = special_uses.chart
USE_DOORS = {
    "opinion": use_door(
        "opinion", UseOpinionIn, special_uses.give_opinion, chart.OPINION, "An expert's opinion (A37)."
    ),
    "conclude": use_door(
        "conclude", UseConcludeIn, special_uses.conclude, chart.CONCLUDE.permission, "The discussion ends."
    ),
    "decide": use_door("decide", UseDecideIn, special_uses.decide, chart.APPROVE.permission, "The hospital decides."),
    "tell": use_door("tell", UseTellIn, special_uses.tell, chart.REQUEST, "The words of the disclosure."),
    "sign": use_door("sign", UseSignIn, special_uses.sign, chart.REQUEST, "The signed paper."),
    "refuse": use_door("refuse", UseRefuseIn, special_uses.refuse, chart.REFUSE.permission, "The patient refuses."),
    "withdraw": use_door("withdraw", UseWithdrawIn, special_uses.withdraw, chart.REQUEST, "The request is withdrawn."),
}
