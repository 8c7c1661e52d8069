"""Editions of the drug–target rules, for programs: the same acts as their pages, refused in the same words (A31)."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.actions import rules
from catalog.models import DrugTargetRule, RuleEdition
from config.api.doors import Door, checked
from config.api.idempotency import repeatable

VIEW = "catalog.view_catalog"
SHOWN = 50


class RuleEditionShape(serializers.ModelSerializer):
    class Meta:
        model = RuleEdition
        fields = ("id", "number", "title", "status", "note", "in_force_from", "in_force_to")


class DrugRuleShape(serializers.ModelSerializer):
    class Meta:
        model = DrugTargetRule
        fields = (
            "code", "drugs", "names", "indication", "line", "biomarker", "need", "need_as_written", "accepted_result",
            "accepted_specimen", "not_sufficient", "basis", "confidence", "mark", "uses", "reason",
        )  # fmt: skip


class RuleEditionWhole(RuleEditionShape):
    rules = DrugRuleShape(many=True)

    class Meta(RuleEditionShape.Meta):
        fields = (*RuleEditionShape.Meta.fields, "rules")  # type: ignore[assignment]


class RuleEditionIn(serializers.Serializer):
    number = serializers.CharField(max_length=40)
    title = serializers.CharField(max_length=120)
    note = serializers.CharField(required=False, allow_blank=True, default="")


class DrugRuleIn(serializers.Serializer):
    code = serializers.CharField(max_length=8)
    reason = serializers.CharField(max_length=200)
    names = serializers.ListField(child=serializers.CharField(max_length=60), help_text="Generic names of the drugs")
    uses = serializers.JSONField(help_text="The criteria as read by the machine; see the rule of another edition")
    drugs = serializers.CharField(max_length=120)
    indication = serializers.CharField(max_length=120)
    line = serializers.CharField(max_length=80, required=False, allow_blank=True)
    biomarker = serializers.CharField(max_length=120, required=False, allow_blank=True)
    need_as_written = serializers.CharField(max_length=60)
    accepted_result = serializers.CharField(max_length=60, required=False, allow_blank=True)
    accepted_specimen = serializers.CharField(max_length=60, required=False, allow_blank=True)
    not_sufficient = serializers.CharField(max_length=120, required=False, allow_blank=True)
    basis = serializers.CharField(max_length=60)
    confidence = serializers.CharField(max_length=12)
    mark = serializers.CharField(max_length=120, required=False, allow_blank=True)


class RemoveRuleIn(serializers.Serializer):
    reason = serializers.CharField(max_length=200)


class RuleStepIn(serializers.Serializer):
    step = serializers.ChoiceField(["check", "send_back", "approve"])
    reason = serializers.CharField(required=False, allow_blank=True, default="", help_text="For send_back")
    starts_on = serializers.DateField(required=False, allow_null=True, default=None, help_text="For approve")


class RuleEditions(Door):
    permission = VIEW
    permissions = {"POST": rules.DRAFT}

    @extend_schema(operation_id="drug_rule_editions", responses=RuleEditionShape(many=True))
    def get(self, request: Request) -> Response:
        """The editions of the drug rules this post may see, newest first, 50 at most."""
        return Response(RuleEditionShape(RuleEdition.objects.visible_to(self.by)[:SHOWN], many=True).data)

    @extend_schema(operation_id="drug_rule_draft", request=RuleEditionIn, responses={201: RuleEditionShape})
    @repeatable
    def post(self, request: Request) -> Response:
        """A draft that begins as a copy of the edition in force."""
        made = rules.draft(institution=self.by.post.institution, by=self.by, **checked(RuleEditionIn, request))
        return Response(RuleEditionShape(made).data, status=201)


class OneRuleEdition(Door):
    permission = VIEW
    on = RuleEdition

    @extend_schema(operation_id="drug_rule_edition", responses=RuleEditionWhole)
    def get(self, request: Request, **kwargs: Any) -> Response:
        """One edition with its rules."""
        return Response(RuleEditionWhole(self.found).data)


class RuleEditionStep(Door):
    """Checked by a pharmacist, sent back, or put in force by medical affairs; the action asks for the permission."""

    permission = VIEW
    on = RuleEdition

    @extend_schema(operation_id="drug_rule_step", request=RuleStepIn, responses=RuleEditionShape)
    @repeatable
    def post(self, request: Request, **kwargs: Any) -> Response:
        """Take the edition one step further."""
        data = checked(RuleStepIn, request)
        edition, by = self.found, self.by
        if data["step"] == "check":
            done = rules.check(edition=edition, by=by)
        elif data["step"] == "send_back":
            done = rules.send_back(edition=edition, reason=data["reason"], by=by)
        else:
            starts_on = data["starts_on"]
            if starts_on is None:
                raise serializers.ValidationError({"starts_on": serializers.Field.default_error_messages["required"]})
            done = rules.approve(edition=edition, starts_on=starts_on, by=by)
        return Response(RuleEditionShape(done).data)


class PutRule(Door):
    permission = rules.DRAFT
    on = RuleEdition

    @extend_schema(operation_id="drug_rule_put", request=DrugRuleIn, responses=DrugRuleShape)
    @repeatable
    def post(self, request: Request, **kwargs: Any) -> Response:
        """A rule of a draft is changed or added."""
        data = checked(DrugRuleIn, request)
        code, reason = data.pop("code"), data.pop("reason")
        made = rules.put_rule(edition=self.found, code=code, values=data, reason=reason, by=self.by)
        return Response(DrugRuleShape(made).data)


class RemoveRule(Door):
    permission = rules.DRAFT
    on = RuleEdition

    @extend_schema(operation_id="drug_rule_remove", request=RemoveRuleIn, responses=RuleEditionShape)
    @repeatable
    def post(self, request: Request, code: str, **kwargs: Any) -> Response:
        """A rule of a draft is taken out."""
        if not self.found.rules.filter(code=code.upper()).exists():
            raise Http404
        rules.remove_rule(edition=self.found, code=code.upper(), by=self.by, **checked(RemoveRuleIn, request))
        return Response(RuleEditionShape(self.found).data)
