"""The requirements per grade, for programs: read, and set anew by the same act as the page (A23)."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.actions import grading as actions
from catalog.models import Grade, GradeRules
from config.api.doors import PAGES, Door, checked, listed, page
from config.api.idempotency import repeatable


class GradeRulesShape(serializers.ModelSerializer):
    institution = serializers.CharField(source="institution.code")
    decided_by = serializers.CharField(source="decided_by.name")

    class Meta:
        model = GradeRules
        fields = (
            "id", "institution", "starts_on", "proposals", "requirements", "criteria_needed", "reason", "decided_at",
            "decided_by",
        )  # fmt: skip


class AskedIn(serializers.Serializer):
    discussion = serializers.BooleanField(default=False)
    mdt = serializers.BooleanField(default=False)
    papers = serializers.IntegerField(min_value=0, max_value=actions.MOST_PAPERS, default=0)
    title = serializers.CharField(max_length=20, required=False, default="", allow_blank=True)
    chair_title = serializers.CharField(max_length=20, required=False, default="", allow_blank=True)


class RequirementsIn(serializers.Serializer):
    routine = AskedIn()
    discussion = AskedIn()
    mdt = AskedIn()


class GradeRulesIn(serializers.Serializer):
    """`proposals` gives, by criterion (`risk_level`, `cost_level`, `evidence_support`) and value, the grade it makes;
    what is left out stays as the clauses have it."""

    starts_on = serializers.DateField()
    proposals = serializers.DictField(
        child=serializers.DictField(child=serializers.ChoiceField(Grade.choices)), required=False, default=dict
    )
    requirements = RequirementsIn()
    criteria_needed = serializers.BooleanField(default=False)
    reason = serializers.CharField(max_length=300)


class GradeRulesDoor(Door):
    permission = "catalog.view_catalog"
    permissions = {"POST": actions.KEEP}

    @extend_schema(operation_id="grade_rules", responses=listed("GradeRules", GradeRulesShape), parameters=PAGES)
    def get(self, request: Request) -> Response:
        """Every version, with its first day and reason."""
        found = GradeRules.objects.visible_to(request.user).select_related("institution", "decided_by")
        return page(request, found, GradeRulesShape, "id")

    @extend_schema(operation_id="grade_rules_set", request=GradeRulesIn, responses={201: GradeRulesShape})
    @repeatable
    def post(self, request: Request) -> Response:
        given: dict[str, Any] = dict(checked(GradeRulesIn, request))
        made = actions.set_rules(by=self.by, **given)
        return Response(GradeRulesShape(made).data, status=201)
