"""Request authority, training and qualification, for programs: the same acts as the pages (A23, A42, A3)."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from catalog import technical_record
from catalog.actions import authority, staff
from catalog.models import Grade, Qualification, RequestAuthority, Training
from config.api.doors import PAGES, Door, checked, listed, one_of, page
from config.api.fields import FileField
from config.api.idempotency import repeatable


class AuthorityShape(serializers.ModelSerializer):
    user = serializers.CharField(source="user.username")
    name = serializers.CharField(source="user.name")

    class Meta:
        model = RequestAuthority
        fields = (
            "id", "user", "name", "grade", "starts_on", "ends_on", "suspended_on", "suspended_reason", "withdrawn_on",
            "withdrawn_reason", "follows",
        )  # fmt: skip


class TrainingShape(serializers.ModelSerializer):
    user = serializers.CharField(source="user.username")

    class Meta:
        model = Training
        fields = ("id", "user", "title", "held_on", "passed", "score")


class QualificationShape(serializers.ModelSerializer):
    user = serializers.CharField(source="user.username")

    class Meta:
        model = Qualification
        fields = ("id", "user", "kind", "number", "valid_from", "valid_to")


class GrantIn(serializers.Serializer):
    user = serializers.CharField(max_length=40)
    grade = serializers.ChoiceField(Grade.choices)
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()


class AuthorityStepIn(serializers.Serializer):
    """A renewal asks for `ends_on`; the others for `reason`. Suspending and lifting hold for all the doctor's grades."""

    do = serializers.ChoiceField(choices=["renew", "suspend", "lift", "withdraw"])
    ends_on = serializers.DateField(required=False)
    reason = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class TrainingIn(serializers.Serializer):
    user = serializers.CharField(max_length=40)
    title = serializers.CharField(max_length=120)
    held_on = serializers.DateField()
    passed = serializers.BooleanField()
    score = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)
    file = FileField(required=False)


class QualificationIn(serializers.Serializer):
    user = serializers.CharField(max_length=40)
    kind = serializers.ChoiceField(Qualification.Kind.choices)
    number = serializers.CharField(max_length=60)
    valid_from = serializers.DateField()
    valid_to = serializers.DateField(required=False, allow_null=True, default=None)
    file = FileField(required=False)


def _with_person(given: dict[str, Any], by: Any) -> dict[str, Any]:
    people: Any = technical_record.people(by) if by.may(authority.VIEW) else User.objects.none()
    return {**given, "user": one_of(people, username=given["user"])}


class Authorities(Door):
    permission = authority.VIEW
    permissions = {"POST": authority.KEEP}

    @extend_schema(
        operation_id="authorities",
        responses=listed("Authority", AuthorityShape),
        parameters=[
            *PAGES,
            OpenApiParameter("show", OpenApiTypes.STR, description="7, 30 or 90 (lapse within), suspended, ended"),
        ],
    )
    def get(self, request: Request) -> Response:
        """Who may request up to which grade, in force today unless `show` says otherwise."""
        found = technical_record.listed(request.user, request.query_params.get("show", ""))
        return page(request, found, AuthorityShape, "id")

    @extend_schema(operation_id="authority_grant", request=GrantIn, responses={201: AuthorityShape})
    @repeatable
    def post(self, request: Request) -> Response:
        made = authority.grant(by=self.by, **_with_person(checked(GrantIn, request), self.by))
        return Response(AuthorityShape(made).data, status=201)


class AuthorityStep(Door):
    permission = authority.KEEP
    on = RequestAuthority

    @extend_schema(operation_id="authority_step", request=AuthorityStepIn, responses=AuthorityShape(many=True))
    @repeatable
    def post(self, request: Request, pk: int) -> Response:
        """Renew, suspend, lift or withdraw; answers with the doctor's rows as they stand then."""
        given = checked(AuthorityStepIn, request)
        one, do, reason = self.found, given["do"], given["reason"]
        if do == "renew":
            if "ends_on" not in given:
                raise serializers.ValidationError({"ends_on": serializers.Field.default_error_messages["required"]})
            authority.renew(authority=one, ends_on=given["ends_on"], by=self.by)
        elif do == "withdraw":
            authority.withdraw(authority=one, reason=reason, by=self.by)
        else:
            act = authority.suspend if do == "suspend" else authority.lift
            act(user=one.user, reason=reason, by=self.by)
        rows = RequestAuthority.objects.visible_to(request.user).filter(user=one.user).select_related("user")
        return Response(AuthorityShape(rows.order_by("pk"), many=True).data)


class Trainings(Door):
    permission = authority.VIEW
    permissions = {"POST": authority.KEEP}

    @extend_schema(operation_id="trainings", responses=listed("Training", TrainingShape), parameters=PAGES)
    def get(self, request: Request) -> Response:
        found = Training.objects.visible_to(request.user).select_related("user")
        return page(request, found, TrainingShape, "id")

    @extend_schema(operation_id="training_record", request=TrainingIn, responses={201: TrainingShape})
    @repeatable
    def post(self, request: Request) -> Response:
        made = staff.record_training(by=self.by, **_with_person(checked(TrainingIn, request), self.by))
        return Response(TrainingShape(made).data, status=201)


class Qualifications(Door):
    permission = authority.VIEW
    permissions = {"POST": authority.KEEP}

    @extend_schema(
        operation_id="qualifications", responses=listed("Qualification", QualificationShape), parameters=PAGES
    )
    def get(self, request: Request) -> Response:
        found = Qualification.objects.visible_to(request.user).select_related("user")
        return page(request, found, QualificationShape, "id")

    @extend_schema(operation_id="qualification_record", request=QualificationIn, responses={201: QualificationShape})
    @repeatable
    def post(self, request: Request) -> Response:
        made = staff.record_qualification(by=self.by, **_with_person(checked(QualificationIn, request), self.by))
        return Response(QualificationShape(made).data, status=201)


class EndIn(serializers.Serializer):
    reason = serializers.CharField(max_length=300)


class EndQualification(Door):
    permission = authority.KEEP
    on = Qualification

    @extend_schema(operation_id="qualification_end", request=EndIn, responses=QualificationShape)
    @repeatable
    def post(self, request: Request, pk: int) -> Response:
        """The certificate was cancelled: it ends today, with the reason."""
        ended = staff.end_qualification(qualification=self.found, by=self.by, **checked(EndIn, request))
        return Response(QualificationShape(ended).data)
