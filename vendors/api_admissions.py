"""Laboratories and their admission for programs: the same acts as the pages (A4, A25, A41, B8, B9)."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from catalog.models import GeneTest
from config.api.doors import PAGES, Door, checked, listed, one_of, page
from config.api.fields import FileField
from config.api.idempotency import repeatable
from vendors import readiness
from vendors.actions import admissions as actions
from vendors.actions import laboratories, standing
from vendors.models import Admission, AdmissionPaper, Credential, Laboratory, Route

VIEW, VIEW_LABORATORIES = "vendors.view_admissions", "vendors.view_vendors"


class LaboratoryShape(serializers.ModelSerializer):
    class Meta:
        model = Laboratory
        fields = (
            "id", "code", "name", "uscc", "kind", "licence_no", "subjects", "foreign_controlled", "in_mainland",
        )  # fmt: skip


class AdmissionShape(serializers.ModelSerializer):
    laboratory = serializers.CharField(source="laboratory.code")
    institution = serializers.CharField(source="institution.code")
    tests: Any = serializers.SlugRelatedField("code", many=True, read_only=True)
    ahead = serializers.SerializerMethodField(help_text="What stands against the next step, in words")

    class Meta:
        model = Admission
        fields = (
            "id", "institution", "laboratory", "status", "route", "route_reason", "licence_holder", "contract_party",
            "invoice_issuer", "payee", "tests", "conclusion", "concluded_at", "valid_to", "barred_until", "last_reason",
            "ahead",
        )  # fmt: skip

    def get_ahead(self, one: Admission) -> list[str]:
        if self.parent is not None or one.status not in Admission.MAKING:
            return []
        said = (
            readiness.against_opening(one)
            if one.status == Admission.Status.APPLIED
            else readiness.against_admitting(one, list(one.tests.all()))
        )
        return [str(each) for each in said]


class LaboratoryIn(serializers.Serializer):
    name = serializers.CharField(max_length=100)
    uscc = serializers.CharField(max_length=18)
    kind = serializers.ChoiceField(Laboratory.Kind.choices)
    licence_no = serializers.CharField(max_length=22)
    subjects = serializers.ListField(child=serializers.ChoiceField(Laboratory.Subject.choices))
    foreign_controlled = serializers.BooleanField()
    in_mainland = serializers.BooleanField()


class RegisterLaboratoryIn(LaboratoryIn):
    code = serializers.CharField(max_length=20)


class CredentialIn(serializers.Serializer):
    kind = serializers.ChoiceField(Credential.Kind.choices)
    kind_name = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)
    number = serializers.CharField(max_length=48)
    valid_from = serializers.DateField()
    valid_to = serializers.DateField(required=False, allow_null=True, default=None)
    file = FileField(required=False)


class LaboratoryRoundIn(serializers.Serializer):
    test = serializers.CharField(max_length=20)
    organiser = serializers.CharField(max_length=80)
    name = serializers.CharField(max_length=60)
    held_on = serializers.DateField()
    passed = serializers.BooleanField()
    valid_to = serializers.DateField(required=False, allow_null=True, default=None)
    file = FileField(required=False)


class DescribeIn(LaboratoryIn):
    reason = serializers.CharField(max_length=300)


class LaboratoryStepIn(serializers.Serializer):
    """`do` says which of the others is read."""

    do = serializers.ChoiceField(choices=["credential", "round", "describe"])
    credential = CredentialIn(required=False)
    round = LaboratoryRoundIn(required=False)
    describe = DescribeIn(required=False)


class NamesIn(serializers.Serializer):
    licence_holder = serializers.CharField(max_length=100)
    contract_party = serializers.CharField(max_length=100)
    invoice_issuer = serializers.CharField(max_length=100)
    payee = serializers.CharField(max_length=100)


class ApplyIn(NamesIn):
    laboratory = serializers.CharField(max_length=20)
    tests = serializers.ListField(child=serializers.CharField(max_length=20))
    route = serializers.ChoiceField(Route.choices)
    route_reason = serializers.CharField(max_length=300)


class AdmissionStepIn(serializers.Serializer):
    """`do` is the act; each reads what it needs of the rest. `tests` and `visitors`, `user` are codes and user names."""

    do = serializers.ChoiceField(
        choices=[
            "names", "paper", "visit", "member", "release", "declare", "score", "open", "return", "conclude", "extend",
            "restrict", "suspend", "lift", "leave", "bar",
        ]
    )  # fmt: skip
    reason = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)
    licence_holder = serializers.CharField(max_length=100, required=False)
    contract_party = serializers.CharField(max_length=100, required=False)
    invoice_issuer = serializers.CharField(max_length=100, required=False)
    payee = serializers.CharField(max_length=100, required=False)
    check = serializers.CharField(max_length=4, required=False)
    verdict = serializers.ChoiceField(AdmissionPaper.Verdict.choices, required=False)
    number = serializers.CharField(max_length=80, required=False, allow_blank=True)
    valid_from = serializers.DateField(required=False, allow_null=True)
    valid_to = serializers.DateField(required=False, allow_null=True)
    note = serializers.CharField(max_length=500, required=False, allow_blank=True)
    file = FileField(required=False)
    visited_on = serializers.DateField(required=False)
    place = serializers.CharField(max_length=200, required=False)
    visitors = serializers.ListField(child=serializers.CharField(max_length=40), required=False)
    findings = serializers.CharField(max_length=4000, required=False)
    passed = serializers.BooleanField(required=False)
    user = serializers.CharField(max_length=40, required=False)
    is_tied = serializers.BooleanField(required=False)
    interest = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")
    score = serializers.IntegerField(required=False)
    opinion = serializers.CharField(max_length=500, required=False)
    decision = serializers.ChoiceField(choices=["admit", "restrict", "decline"], required=False)
    conclusion = serializers.CharField(max_length=2000, required=False)
    tests = serializers.ListField(child=serializers.CharField(max_length=20), required=False)
    until = serializers.DateField(required=False, allow_null=True)


# For each act: what it does, what it cannot do without, and what it may be given besides.
NAMES = ("licence_holder", "contract_party", "invoice_issuer", "payee")
ACTS: dict[str, tuple[Any, tuple[str, ...], tuple[str, ...]]] = {
    "names": (actions.put_names, (*NAMES, "reason"), ()),
    "paper": (actions.record_paper, ("check", "verdict"), ("number", "valid_from", "valid_to", "note", "file")),
    "visit": (actions.record_visit, ("visited_on", "place", "visitors", "findings", "passed"), ("file",)),
    "member": (actions.name_member, ("user",), ()),
    "release": (actions.release_member, ("user", "reason"), ()),
    "declare": (actions.declare_interest, ("is_tied", "interest"), ()),
    "score": (actions.score, ("score", "opinion"), ()),
    "open": (actions.open_assessment, (), ()),
    "return": (actions.send_back, ("reason",), ()),
    "conclude": (standing.conclude, ("decision", "conclusion"), ("tests", "valid_to")),
    "extend": (standing.extend, ("tests", "reason"), ()),
    "restrict": (standing.restrict, ("tests", "reason"), ()),
    "suspend": (standing.suspend, ("reason",), ()),
    "lift": (standing.lift, ("reason",), ()),
    "leave": (standing.leave, ("reason",), ()),
    "bar": (standing.bar, ("reason",), ("until",)),
}


def tests_named(codes: list[str]) -> list[GeneTest]:
    return [one_of(GeneTest.objects.all(), code=code) for code in codes]


def _people(institution: int, names: list[str]) -> list[User]:
    here = User.objects.filter(posts__institution_id=institution).distinct()
    return [one_of(here, username=name) for name in names]


class Laboratories(Door):
    permission = VIEW_LABORATORIES
    permissions = {"POST": laboratories.KEEP}

    @extend_schema(operation_id="laboratories", responses=listed("Laboratory", LaboratoryShape), parameters=PAGES)
    def get(self, request: Request) -> Response:
        """The county's register of laboratories (A4)."""
        return page(request, Laboratory.objects.all(), LaboratoryShape, "id")

    @extend_schema(operation_id="laboratory_register", request=RegisterLaboratoryIn, responses={201: LaboratoryShape})
    @repeatable
    def post(self, request: Request) -> Response:
        made = laboratories.register(by=self.by, **checked(RegisterLaboratoryIn, request))
        return Response(LaboratoryShape(made).data, status=201)


class LaboratoryStep(Door):
    permission = laboratories.KEEP

    @extend_schema(operation_id="laboratory_step", request=LaboratoryStepIn, responses=LaboratoryShape)
    @repeatable
    def post(self, request: Request, pk: int) -> Response:
        """A credential or a round of quality assessment is recorded, or the facts of the licence put right."""
        given, one = checked(LaboratoryStepIn, request), one_of(Laboratory.objects.all(), pk=pk)
        do = given["do"]
        if do not in given:
            raise serializers.ValidationError({do: serializers.Field.default_error_messages["required"]})
        values = dict(given[do])
        if do == "round":
            values["test"] = one_of(GeneTest.objects.all(), code=values["test"])
        acts: dict[str, Any] = {
            "credential": laboratories.record_credential, "round": laboratories.record_round,
            "describe": laboratories.describe,
        }  # fmt: skip
        acts[do](laboratory=one, by=self.by, **values)
        return Response(LaboratoryShape(one_of(Laboratory.objects.all(), pk=pk)).data)


class Admissions(Door):
    permission = VIEW
    permissions = {"POST": actions.KEEP}

    @extend_schema(operation_id="admissions", responses=listed("Admission", AdmissionShape), parameters=PAGES)
    def get(self, request: Request) -> Response:
        """The hospital's admissions of laboratories and how they stand."""
        found = Admission.objects.visible_to(request.user).select_related("laboratory", "institution")
        return page(request, found.prefetch_related("tests"), AdmissionShape, "id")

    @extend_schema(operation_id="admission_apply", request=ApplyIn, responses={201: AdmissionShape})
    @repeatable
    def post(self, request: Request) -> Response:
        given = checked(ApplyIn, request)
        laboratory = one_of(Laboratory.objects.all(), code=given.pop("laboratory"))
        made = actions.apply(laboratory=laboratory, tests=tests_named(given.pop("tests")), by=self.by, **given)
        return Response(AdmissionShape(made).data, status=201)


class OneAdmission(Door):
    permission = VIEW
    on = Admission

    @extend_schema(operation_id="admission", responses=AdmissionShape)
    def get(self, request: Request, pk: int) -> Response:
        return Response(AdmissionShape(self.found).data)


class AdmissionStep(Door):
    permission = VIEW
    on = Admission

    @extend_schema(operation_id="admission_step", request=AdmissionStepIn, responses=AdmissionShape)
    @repeatable
    def post(self, request: Request, pk: int) -> Response:
        """One act on the admission; answers with how it stands then."""
        given, one = checked(AdmissionStepIn, request), self.found
        act, wanted, more = ACTS[given["do"]]
        if lacking := [name for name in wanted if name not in given]:
            raise serializers.ValidationError(
                dict.fromkeys(lacking, serializers.Field.default_error_messages["required"])
            )
        values = {name: given[name] for name in (*wanted, *more) if name in given}
        if "tests" in values:
            values["tests"] = tests_named(values["tests"])
        if "visitors" in values:
            values["visitors"] = _people(one.institution_id, values["visitors"])
        if "user" in values:
            values["user"] = _people(one.institution_id, [values["user"]])[0]
        act(admission=one, by=self.by, **values)
        return Response(AdmissionShape(one_of(Admission.objects.visible_to(self.by), pk=pk)).data)
