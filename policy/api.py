"""Clauses, documents and the hospital's rules for programs: the same scope, the same actions, the same refusals."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from config.api.doors import Door, checked
from config.api.fields import FileField
from config.api.idempotency import repeatable
from policy import pathway, queries
from policy.actions import register, rules
from policy.models import Clause, HospitalRule, PolicyDocument
from policy.views.common import where

INSTITUTION = OpenApiParameter("institution", OpenApiTypes.STR, description="code of the hospital; left out: one's own")


class ClauseEvidence(serializers.Serializer):
    record = serializers.CharField(source="claim.label")
    count = serializers.IntegerField()
    last = serializers.DateTimeField(allow_null=True)


class ClauseStanding(serializers.Serializer):
    label = serializers.CharField()  # type: ignore[assignment]  # a field named as an option of fields
    value = serializers.CharField()
    is_bad = serializers.BooleanField()


class FulfilmentShape(serializers.Serializer):
    how = serializers.CharField()
    department = serializers.CharField()
    stated_at = serializers.DateTimeField()
    review_by = serializers.DateField()


class ClauseShape(serializers.Serializer):
    """A clause as it stands in one hospital."""

    code = serializers.CharField(source="clause.code")
    document = serializers.CharField(source="clause.document.code")
    section = serializers.CharField(source="clause.section")
    quote = serializers.CharField(source="clause.quote")
    actor = serializers.CharField(source="clause.actor")
    theme = serializers.CharField(source="clause.tag")
    stand = serializers.SerializerMethodField()
    carried_out_by = serializers.SerializerMethodField(help_text="Labels by kind: gate, record, indicator, form, page")
    evidence = ClauseEvidence(many=True)
    standings = ClauseStanding(many=True)
    statement = FulfilmentShape(source="fulfilment", allow_null=True)
    tests = serializers.ListField(child=serializers.CharField())

    def get_stand(self, row: queries.Row) -> str:
        return row.stand(timezone.localdate()).value

    def get_carried_out_by(self, row: queries.Row) -> dict[str, list[str]]:
        return {kind: [str(one.label) for one in ones] for kind, ones in row.claims.items() if ones}


class PolicyDocumentShape(serializers.ModelSerializer):
    supersedes = serializers.CharField(source="supersedes.code", allow_null=True, default=None)

    class Meta:
        model = PolicyDocument
        fields = (
            "code", "title", "kind", "issuer", "doc_no", "issued_on", "in_force_from", "in_force_to", "dates_verified",
            "supersedes", "articles", "duty",
        )  # fmt: skip


class RuleShape(serializers.ModelSerializer):
    institution = serializers.CharField(source="institution.code")
    basis: Any = serializers.SlugRelatedField("code", many=True, read_only=True)

    class Meta:
        model = HospitalRule
        fields = (
            "id", "institution", "kind", "title", "version", "status", "basis", "drafted_in", "meeting", "met_on",
            "doc_no", "issued_on", "starts_on", "ends_on", "ended_reason", "review_by", "returned_reason",
        )  # fmt: skip


class Clauses(Door):
    permission = "policy.view_policy"

    @extend_schema(operation_id="policy_clauses", responses=ClauseShape(many=True), parameters=[INSTITUTION])
    def get(self, request: Request) -> Response:
        """Every clause with what carries it out and the evidence in one hospital."""
        institution, _all = where(request)
        found = Clause.objects.select_related("document").defer("document__text")
        return Response(ClauseShape(queries.rows(self.by, institution, found), many=True).data)


class OneClause(Door):
    permission = "policy.view_policy"
    permissions = {"POST": register.STATE}

    def _clause(self, code: str) -> Clause:
        from django.shortcuts import get_object_or_404

        return get_object_or_404(Clause.objects.select_related("document"), code=code.upper())

    @extend_schema(operation_id="policy_clause", responses=ClauseShape, parameters=[INSTITUTION])
    def get(self, request: Request, code: str) -> Response:
        """One clause in one hospital."""
        institution, _all = where(request)
        (row,) = queries.rows(self.by, institution, [self._clause(code)])
        return Response(ClauseShape(row).data)


class StateIn(serializers.Serializer):
    how = serializers.CharField(max_length=1000)
    department = serializers.CharField(max_length=60)
    review_by = serializers.DateField()
    upload = FileField(required=False, default=None, name="upload.pdf")


class ReasonIn(serializers.Serializer):
    reason = serializers.CharField(max_length=300)


class Statement(OneClause):
    permission = register.STATE
    permissions = {}
    http_method_names = ["post", "delete", "options"]

    @extend_schema(operation_id="policy_state", request=StateIn, responses={201: FulfilmentShape})
    @repeatable
    def post(self, request: Request, code: str) -> Response:
        """The hospital says how it carries the clause out outside this system."""
        data = checked(StateIn, request)
        made = register.state(institution=self.by.post.institution, clause=self._clause(code), by=self.by, **data)
        return Response(FulfilmentShape(made).data, status=201)

    @extend_schema(operation_id="policy_take_back", request=ReasonIn, responses=FulfilmentShape)
    def delete(self, request: Request, code: str) -> Response:
        """The statement no longer holds."""
        from django.shortcuts import get_object_or_404

        clause = self._clause(code)
        said = get_object_or_404(clause.fulfilments.standing(), institution=self.by.post.institution)
        return Response(
            FulfilmentShape(register.take_back(fulfilment=said, by=self.by, **checked(ReasonIn, request))).data
        )


class DocumentIn(serializers.Serializer):
    code = serializers.CharField(max_length=12)
    title = serializers.CharField(max_length=200)
    kind = serializers.ChoiceField(PolicyDocument.Kind.choices)
    issuer = serializers.CharField(max_length=100)
    doc_no = serializers.CharField(max_length=80, required=False, default="", allow_blank=True)
    issued_on = serializers.DateField(required=False, allow_null=True, default=None)
    in_force_from = serializers.DateField(required=False, allow_null=True, default=None)
    in_force_to = serializers.DateField(required=False, allow_null=True, default=None)
    duty = serializers.CharField(required=False, default="", allow_blank=True)
    supersedes = serializers.SlugRelatedField(
        "code", queryset=PolicyDocument.objects.all(), required=False, allow_null=True, default=None
    )


class DocumentDatesIn(serializers.Serializer):
    source = serializers.CharField(max_length=200)  # type: ignore[assignment]  # the same
    doc_no = serializers.CharField(max_length=80, required=False, default="", allow_blank=True)
    issued_on = serializers.DateField(required=False, allow_null=True, default=None)
    in_force_from = serializers.DateField(required=False, allow_null=True, default=None)
    in_force_to = serializers.DateField(required=False, allow_null=True, default=None)


class SupersedeIn(serializers.Serializer):
    former = serializers.SlugRelatedField("code", queryset=PolicyDocument.objects.all())


class Documents(Door):
    permission = "policy.view_policy"
    permissions = {"POST": register.KEEP_REGISTER}

    @extend_schema(operation_id="policy_documents", responses=PolicyDocumentShape(many=True))
    def get(self, request: Request) -> Response:
        """The register of policy documents, without their texts."""
        found = PolicyDocument.objects.select_related("supersedes").defer("text")
        return Response(PolicyDocumentShape(found, many=True).data)

    @extend_schema(operation_id="policy_register", request=DocumentIn, responses={201: PolicyDocumentShape})
    @repeatable
    def post(self, request: Request) -> Response:
        """A document of a higher level enters the register."""
        made = register.register_document(by=self.by, **checked(DocumentIn, request))
        return Response(PolicyDocumentShape(made).data, status=201)


class DocumentAct(Door):
    """One act on a document of the register, named by its code."""

    permission = register.KEEP_REGISTER

    def document(self, code: str) -> PolicyDocument:
        from django.shortcuts import get_object_or_404

        return get_object_or_404(PolicyDocument, code=code.upper())


class Dates(DocumentAct):
    @extend_schema(operation_id="policy_check_dates", request=DocumentDatesIn, responses=PolicyDocumentShape)
    @repeatable
    def post(self, request: Request, code: str) -> Response:
        """Number and dates are compared with the original; they lose the mark 待核."""
        done = register.check_dates(document=self.document(code), by=self.by, **checked(DocumentDatesIn, request))
        return Response(PolicyDocumentShape(done).data)


class Supersede(DocumentAct):
    @extend_schema(operation_id="policy_supersede", request=SupersedeIn, responses=PolicyDocumentShape)
    @repeatable
    def post(self, request: Request, code: str) -> Response:
        """The document takes the place of a former one."""
        done = register.supersede(document=self.document(code), by=self.by, **checked(SupersedeIn, request))
        return Response(PolicyDocumentShape(done).data)


class RuleDraftIn(serializers.Serializer):
    kind = serializers.ChoiceField(HospitalRule.Kind.choices)
    title = serializers.CharField(max_length=120)
    drafted_in = serializers.CharField(max_length=60)
    upload = FileField(required=False, default=None, name="upload.pdf")
    replaces = serializers.IntegerField(required=False, allow_null=True, default=None)


class ReviseIn(serializers.Serializer):
    title = serializers.CharField(max_length=120)
    drafted_in = serializers.CharField(max_length=60)
    upload = FileField(required=False, default=None, name="upload.pdf")


class DeliberateIn(serializers.Serializer):
    meeting = serializers.CharField(max_length=120)
    met_on = serializers.DateField()


class IssueIn(serializers.Serializer):
    doc_no = serializers.CharField(max_length=60)
    issued_on = serializers.DateField()
    starts_on = serializers.DateField()
    review_by = serializers.DateField()


class RepealIn(ReasonIn):
    ends_on = serializers.DateField()


class ReviewIn(serializers.Serializer):
    review_by = serializers.DateField()


class Rules(Door):
    permission = "policy.view_policy"
    permissions = {"POST": pathway.KEEP}

    @extend_schema(operation_id="policy_rules", responses=RuleShape(many=True), parameters=[INSTITUTION])
    def get(self, request: Request) -> Response:
        """The rules of one hospital, dropped drafts left out."""
        institution, _all = where(request)
        found = HospitalRule.objects.visible_to(self.by).filter(institution=institution)
        found = found.exclude(status="discarded").select_related("institution").prefetch_related("basis")
        return Response(RuleShape(found[:300], many=True).data)

    @extend_schema(operation_id="policy_draft_rule", request=RuleDraftIn, responses={201: RuleShape})
    @repeatable
    def post(self, request: Request) -> Response:
        """A rule is begun, or the next version of one that is issued."""
        from django.shortcuts import get_object_or_404

        data = checked(RuleDraftIn, request)
        if wanted := data.pop("replaces"):
            data["replaces"] = get_object_or_404(HospitalRule.objects.visible_to(self.by), pk=wanted)
        made = rules.draft(institution=self.by.post.institution, by=self.by, **data)
        return Response(RuleShape(made).data, status=201)


ACTS: dict[str, tuple[str, type[serializers.Serializer], Any]] = {
    "revise": (pathway.KEEP, ReviseIn, rules.revise),
    "deliberate": (pathway.KEEP, DeliberateIn, rules.deliberate),
    "discard": (pathway.KEEP, ReasonIn, rules.discard),
    "issue": (pathway.ISSUE, IssueIn, rules.issue),
    "return": (pathway.ISSUE, ReasonIn, rules.return_draft),
    "confirm": (pathway.ISSUE, ReviewIn, rules.confirm),
    "repeal": (pathway.ISSUE, RepealIn, rules.repeal),
}


def act_door(name: str) -> type[Door]:
    """The door of one act on a rule."""
    permission, shape, action = ACTS[name]

    def post(self: Door, request: Request, **kwargs: Any) -> Response:
        return Response(RuleShape(action(rule=self.found, by=self.by, **checked(shape, request))).data)

    described = extend_schema(
        operation_id=f"policy_rule_{name}", request=shape, responses=RuleShape, description=f"Needs `{permission}`."
    )(repeatable(post))
    body = {"permission": permission, "on": HospitalRule, "post": described}
    return type(f"Rule{name.capitalize()}", (Door,), body)
