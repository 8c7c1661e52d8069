"""Sources of evidence, reviews of rows and the rule on evidence, for programs: the same acts as the pages (B2, B3, A22)."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from catalog import citing, evidence
from catalog.actions import evidence as actions
from catalog.models import Edition, EvidenceRule, EvidenceSource, Indication, LevelSystem, SourceReview
from config.api.doors import PAGES, Door, checked, listed, one_of, page
from config.api.fields import FileField
from config.api.idempotency import repeatable

VIEW = "catalog.view_catalog"


class SystemShape(serializers.ModelSerializer):
    class Meta:
        model = LevelSystem
        fields = ("code", "name", "recommendations", "classes")


class EvidenceSourceShape(serializers.ModelSerializer):
    institution = serializers.CharField(source="institution.code", default=None)
    kind = serializers.CharField()

    class Meta:
        model = EvidenceSource
        fields = (
            "id", "institution", "title", "issuer", "year", "edition", "doc_no", "kind", "system", "in_force_from",
            "supersedes", "unsettled", "registered_at",
        )  # fmt: skip


class SourceReviewShape(serializers.ModelSerializer):
    code = serializers.CharField(source="indication.code")
    owner = serializers.CharField(source="owner.username")
    outcome = serializers.CharField()
    is_closed = serializers.SerializerMethodField(help_text="Whether the row takes no new request today")

    class Meta:
        model = SourceReview
        fields = (
            "id", "code", "source", "newer", "owner", "due_on", "closes_on", "outcome", "reason", "recommendation",
            "evidence_class", "place", "concluded_at", "is_closed",
        )  # fmt: skip

    def get_is_closed(self, one: SourceReview) -> bool:
        return evidence.is_closed(one, timezone.localdate())


class EvidenceRuleShape(serializers.ModelSerializer):
    institution = serializers.CharField(source="institution.code")
    accepts = serializers.CharField()

    class Meta:
        model = EvidenceRule
        fields = ("institution", "accepts", "grace_days", "review_days", "reason", "set_at")


def said(longest: int) -> serializers.CharField:
    return serializers.CharField(max_length=longest, required=False, default="", allow_blank=True)


class SourceIn(serializers.Serializer):
    """`supersedes` is the id of the former edition; `owner` the staff number of who reviews the rows that cite it."""

    title = serializers.CharField(max_length=120)
    issuer = serializers.CharField(max_length=80)
    kind = serializers.ChoiceField(EvidenceSource.Kind.choices)
    system = serializers.CharField(max_length=20, help_text="Code of a system of levels")
    year = serializers.IntegerField(required=False, allow_null=True, default=None)
    edition = said(40)
    doc_no = said(80)
    in_force_from = serializers.DateField(required=False, allow_null=True, default=None)
    unsettled = serializers.BooleanField(required=False, default=False)
    file = FileField(required=False)
    supersedes = serializers.IntegerField(required=False, allow_null=True, default=None)
    owner = said(40)


class CompleteSourceIn(serializers.Serializer):
    reason = serializers.CharField(max_length=300)
    year = serializers.IntegerField(required=False, allow_null=True, default=None)
    edition = said(40)
    doc_no = said(80)
    in_force_from = serializers.DateField(required=False, allow_null=True, default=None)
    settled = serializers.BooleanField(required=False, default=False)
    file = FileField(required=False)


class NewerEditionIn(serializers.Serializer):
    newer = serializers.IntegerField(help_text="A source of the hospital's register")
    owner = said(40)


class SourceReviewStepIn(serializers.Serializer):
    """`do`: confirmed, change or closed conclude the review; hand_over gives it to `owner`."""

    do = serializers.ChoiceField(choices=[*SourceReview.Outcome.values, "hand_over"])
    reason = said(300)
    recommendation = said(30)
    evidence_class = said(30)
    place = said(80)
    owner = said(40)


class EvidenceRuleIn(serializers.Serializer):
    accepts = serializers.ChoiceField(EvidenceRule.Accepts.choices)
    grace_days = serializers.IntegerField(min_value=0, max_value=365)
    review_days = serializers.IntegerField(min_value=1, max_value=90)
    reason = serializers.CharField(max_length=300)


class SupportIn(serializers.Serializer):
    """Clause A22: evidence and departmental discussion of rows of a draft."""

    codes = serializers.ListField(child=serializers.CharField(max_length=16))
    evidence_text = serializers.CharField(max_length=2000)
    department = serializers.CharField(max_length=60)
    discussed_on = serializers.DateField()
    present = serializers.CharField(max_length=300)
    conclusion = serializers.CharField(max_length=2000)
    file = FileField(required=False)


class EvidenceDoor(Door):
    def somebody(self, username: str) -> User | None:
        here = User.objects.filter(posts__institution__in=self.by.institution_ids).distinct()
        return one_of(here, username=username) if username else None


class Systems(Door):
    permission = VIEW

    @extend_schema(operation_id="catalog_level_systems", responses=SystemShape(many=True))
    def get(self, request: Request) -> Response:
        """The systems of levels, each with what it allows. No level is converted into another system's."""
        return Response(SystemShape(LevelSystem.objects.all(), many=True).data)


class Sources(EvidenceDoor):
    permission = VIEW
    permissions = {"POST": actions.REGISTER}

    @extend_schema(
        operation_id="catalog_sources_list",
        responses=listed("EvidenceSource", EvidenceSourceShape),
        parameters=[*PAGES, OpenApiParameter("q", OpenApiTypes.STR, description="in the title or the issuer's name")],
    )
    def get(self, request: Request) -> Response:
        """The register: the county's library and the hospital's own sources."""
        found = EvidenceSource.objects.visible_to(self.by).select_related("institution")
        if words := request.query_params.get("q", ""):
            found = found.filter(Q(title__icontains=words) | Q(issuer__icontains=words))
        return page(request, found, EvidenceSourceShape, "id")

    @extend_schema(operation_id="catalog_sources_register", request=SourceIn, responses={201: EvidenceSourceShape})
    @repeatable
    def post(self, request: Request) -> Response:
        """Register a source; as the newer edition of another it puts the rows that cite that one up for review."""
        sent = checked(SourceIn, request)
        former = sent.pop("supersedes")
        sent["supersedes"] = one_of(EvidenceSource.objects.visible_to(self.by), pk=former) if former else None
        sent["system"] = one_of(LevelSystem.objects.all(), code=sent["system"])
        sent["owner"] = self.somebody(sent["owner"])
        return Response(EvidenceSourceShape(actions.register_source(by=self.by, **sent)).data, status=201)


class OneSource(Door):
    permission = VIEW
    permissions = {"POST": actions.REGISTER}
    on = EvidenceSource

    @extend_schema(operation_id="catalog_sources_retrieve", responses=EvidenceSourceShape)
    def get(self, request: Request, **kwargs: Any) -> Response:
        """One source."""
        return Response(EvidenceSourceShape(self.found).data)

    @extend_schema(operation_id="catalog_sources_complete", request=CompleteSourceIn, responses=EvidenceSourceShape)
    @repeatable
    def post(self, request: Request, **kwargs: Any) -> Response:
        """Complete it against the original, with the reason."""
        made = actions.complete_source(source=self.found, by=self.by, **checked(CompleteSourceIn, request))
        return Response(EvidenceSourceShape(made).data)


class Supersede(EvidenceDoor):
    permission = actions.REGISTER
    on = EvidenceSource

    @extend_schema(
        operation_id="catalog_sources_supersede", request=NewerEditionIn, responses=SourceReviewShape(many=True)
    )
    @repeatable
    def post(self, request: Request, **kwargs: Any) -> Response:
        """Another source of the register is its newer edition; gives the reviews this asks for."""
        sent = checked(NewerEditionIn, request)
        newer = one_of(EvidenceSource.objects.visible_to(self.by), pk=sent["newer"])
        made = actions.supersede(source=self.found, newer=newer, owner=self.somebody(sent["owner"]), by=self.by)
        return Response(SourceReviewShape(made, many=True).data)


class Reviews(Door):
    permission = VIEW

    @extend_schema(
        operation_id="catalog_source_reviews_list",
        responses=listed("SourceReview", SourceReviewShape),
        parameters=[*PAGES, OpenApiParameter("open", OpenApiTypes.BOOL, description="only those not concluded")],
    )
    def get(self, request: Request) -> Response:
        """The reviews of rows under newer editions, newest first."""
        found = SourceReview.objects.visible_to(self.by).select_related("indication", "owner")
        if request.query_params.get("open", "").lower() in ("true", "1"):
            found = found.open()
        return page(request, found, SourceReviewShape, "id")


class ReviewStep(EvidenceDoor):
    permission = VIEW
    on = SourceReview

    @extend_schema(operation_id="catalog_source_reviews_step", request=SourceReviewStepIn, responses=SourceReviewShape)
    @repeatable
    def post(self, request: Request, **kwargs: Any) -> Response:
        """Conclude the review, or hand it over."""
        sent = checked(SourceReviewStepIn, request)
        do, owner = sent.pop("do"), self.somebody(sent.pop("owner"))
        if do == "hand_over":
            if owner is None:
                raise serializers.ValidationError({"owner": "required"})
            return Response(SourceReviewShape(actions.hand_over(review=self.found, owner=owner, by=self.by)).data)
        return Response(
            SourceReviewShape(actions.conclude_review(review=self.found, outcome=do, by=self.by, **sent)).data
        )


class EvidenceRules(Door):
    permission = VIEW
    permissions = {"POST": actions.RULE}

    @extend_schema(operation_id="catalog_evidence_rule", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        """What counts as evidence here now: the narrower of the bureau's rule and the hospital's."""
        now = evidence.rule_for(self.by.post and self.by.post.institution_id)
        return Response({"accepts": now.accepts.value, "grace_days": now.grace_days, "review_days": now.review_days})

    @extend_schema(operation_id="catalog_evidence_rule_set", request=EvidenceRuleIn, responses={201: EvidenceRuleShape})
    @repeatable
    def post(self, request: Request) -> Response:
        """Set it for one's own institution, with the reason."""
        made = actions.set_rule(institution=self.by.post.institution, by=self.by, **checked(EvidenceRuleIn, request))
        return Response(EvidenceRuleShape(made).data, status=201)


class EvidenceCheck(Door):
    permission = VIEW
    permissions = {"POST": "catalog.draft_edition"}
    on = Edition

    @extend_schema(operation_id="catalog_editions_evidence", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, **kwargs: Any) -> Response:
        """The rows with what they cite, and what each rests on: guideline, consensus, other or unknown."""
        lines = list(Indication.objects.filter(edition=self.found).prefetch_related(citing.prefetch()).order_by("code"))
        kinds = evidence.kinds_of(lines)
        return Response(
            [
                {
                    "code": one.code,
                    "standing": evidence.standing_of(kinds[one.pk]),
                    "citations": citing.text(citing.of(one)),
                }
                for one in lines
            ]
        )

    @extend_schema(operation_id="catalog_editions_support", request=SupportIn, responses=OpenApiTypes.OBJECT)
    @repeatable
    def post(self, request: Request, **kwargs: Any) -> Response:
        """Record clause A22's two elements for rows of a draft."""
        sent = checked(SupportIn, request)
        return Response({"recorded": actions.record_support(edition=self.found, by=self.by, **sent)}, status=201)
