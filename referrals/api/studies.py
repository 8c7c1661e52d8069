"""Studies and their ethics approvals, for programs: the register that X09 and X10 ask (A47–A49)."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from config.api.doors import PAGES, Door, checked, listed, one_of, page
from config.api.idempotency import repeatable
from referrals.actions import studies as actions
from referrals.api.steps import long, text
from referrals.models import EthicsApproval, Study


class EthicsShape(serializers.ModelSerializer):
    class Meta:
        model = EthicsApproval
        fields = ("id", "number", "protocol_version", "covers_site", "valid_from", "valid_to")


class StudyShape(serializers.ModelSerializer):
    institution = serializers.CharField(source="institution.code")
    ethics_approvals = EthicsShape(many=True)

    class Meta:
        model = Study
        fields = ("id", "institution", "number", "title", "hospital_approved_on", "ended_on", "ethics_approvals")


def day(**options: Any) -> serializers.DateField:
    return serializers.DateField(required=False, allow_null=True, default=None, **options)


class StudyIn(serializers.Serializer):
    number = text(max_length=60)
    title = text(max_length=200)
    hospital_approved_on = day()


class DatesIn(serializers.Serializer):
    hospital_approved_on = day(help_text="Left out or null: not approved")
    ended_on = day(help_text="Left out or null: not ended")


class EthicsIn(serializers.Serializer):
    number = text(max_length=60)
    protocol_version = long(max_length=40)
    valid_from = serializers.DateField()
    valid_to = serializers.DateField()
    covers_site = serializers.BooleanField(default=True)


def seen(user: Any) -> Any:
    return Study.objects.visible_to(user).select_related("institution").prefetch_related("ethics_approvals")


class StudyDoor(Door):
    permission = actions.PERMISSION

    def shown(self, study: Study, status: int = 200) -> Response:
        return Response(StudyShape(one_of(seen(self.by), pk=study.pk)).data, status=status)


class Studies(StudyDoor):
    @extend_schema(operation_id="studies_list", responses=listed("Study", StudyShape), parameters=PAGES)
    def get(self, request: Request) -> Response:
        """The register of studies, newest first."""
        return page(request, seen(request.user), StudyShape, "id")

    @extend_schema(
        operation_id="studies_register",
        request=StudyIn,
        responses={201: StudyShape},
        examples=[
            OpenApiExample(
                "study",
                {"number": "GCP-2026-07", "title": "晚期肺癌伴随检测研究", "hospital_approved_on": "2026-03-01"},
                request_only=True,
            )
        ],
    )
    @repeatable
    def post(self, request: Request) -> Response:
        """Register a study whose tests no patient pays for."""
        data = checked(StudyIn, request)
        return self.shown(actions.register_study(institution=self.by.post.institution, by=self.by, **data), 201)


class OneStudy(StudyDoor):
    on = Study

    @extend_schema(operation_id="studies_retrieve", responses=StudyShape)
    def get(self, request: Request, **kwargs: Any) -> Response:
        """One study with its ethics approvals, former ones too."""
        return self.shown(self.found)


class Dates(StudyDoor):
    on = Study

    @extend_schema(operation_id="studies_dates", request=DatesIn, responses=StudyShape)
    @repeatable
    def post(self, request: Request, **kwargs: Any) -> Response:
        """When the hospital approved it, and when it ended: both dates as they shall stand."""
        return self.shown(actions.set_study_dates(study=self.found, by=self.by, **checked(DatesIn, request)))


class EthicsApprovals(StudyDoor):
    on = Study

    @extend_schema(operation_id="studies_ethics", request=EthicsIn, responses={201: StudyShape})
    @repeatable
    def post(self, request: Request, **kwargs: Any) -> Response:
        """An ethics approval with its first and last day; a renewal is another one."""
        actions.register_ethics_approval(study=self.found, by=self.by, **checked(EthicsIn, request))
        return self.shown(self.found, 201)
