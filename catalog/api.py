"""The catalog in force, for programs."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, Q, Value, When
from django.http import Http404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog import queries, restricted
from catalog.models import Edition, GeneTest, Indication
from config.api.doors import Door

SHOWN = 200


class TestShape(serializers.ModelSerializer):
    class Meta:
        model = GeneTest
        fields = ("code", "name", "genes", "method", "specimen")


class IndicationShape(serializers.ModelSerializer):
    edition = serializers.CharField(source="edition.number")
    test = TestShape()
    covers = serializers.SerializerMethodField(help_text="Whether it covers `diagnosis`; null when none was named")

    class Meta:
        model = Indication
        fields = (
            "code", "edition", "tumour", "setting", "icd10_match", "genes", "alteration", "test", "grade", "is_risky",
            "guideline", "issuer", "year", "recommendation", "evidence_class", "mdt_on_first_visit", "drugs",
            "turnaround_days", "covers",
        )  # fmt: skip

    def get_covers(self, line: Indication) -> bool | None:
        wanted = self.context.get("diagnosis", "")
        return line.covers(wanted) if wanted else None


def edition_of(user: Any) -> Edition | None:
    return queries.edition_in_force(user.post and user.post.institution_id, timezone.localdate())


class Indications(Door):
    permission = "catalog.view_catalog"

    @extend_schema(
        operation_id="catalog_indications",
        responses=IndicationShape(many=True),
        parameters=[
            OpenApiParameter("q", OpenApiTypes.STR, description="gene, tumour, drug, test, code or pinyin initials"),
            OpenApiParameter("diagnosis", OpenApiTypes.STR, description="ICD-10; lines that cover it come first"),
        ],
    )
    def get(self, request: Request) -> Response:
        """The lines of the edition in force at this hospital that the words mean, 200 at most."""
        diagnosis = request.query_params.get("diagnosis", "").strip()[:20]
        words = request.query_params.get("q", "")[:100]
        lines = Indication.objects.filter(edition=edition_of(request.user))
        covers = lines.covering_condition(diagnosis) if diagnosis else Q(pk__in=[])
        ranked = lines.search(words).order_by(Case(When(covers, then=Value(0)), default=Value(1)), "code")
        found = ranked.select_related("test", "edition")[:SHOWN]
        return Response(IndicationShape(found, many=True, context={"diagnosis": diagnosis}).data)


class AnswerShape(serializers.Serializer):
    code = serializers.CharField()
    item = serializers.CharField(help_text="What is asked for again and again")
    message = serializers.CharField(help_text="The answer to give")
    basis = serializers.CharField()


class NotIndicatedTests(Door):
    permission = "catalog.view_catalog"

    @extend_schema(
        operation_id="catalog_not_indicated",
        responses=AnswerShape(many=True),
        parameters=[OpenApiParameter("q", OpenApiTypes.STR, description="words; left out, the whole list")],
    )
    def get(self, request: Request) -> Response:
        """Tests that have no place in the catalog and that the words mean, with the answer to give."""
        words = request.query_params.get("q", "")[:100]
        post = getattr(request.user, "post", None)
        if words.strip():
            found = restricted.answers(
                words, rules=queries.rules_in_force(post and post.institution_id, timezone.localdate())
            )
        else:
            found = restricted.every_answer()
        return Response(AnswerShape(found, many=True).data)


class OneIndication(Door):
    permission = "catalog.view_catalog"

    @extend_schema(operation_id="catalog_indication", responses=IndicationShape)
    def get(self, request: Request, code: str) -> Response:
        """One line of the edition in force."""
        line = (
            Indication.objects.select_related("test", "edition")
            .filter(edition=edition_of(request.user), code=code.upper())
            .first()
        )
        if line is None:
            raise Http404
        return Response(IndicationShape(line).data)


class Tests(Door):
    permission = "catalog.view_catalog"

    @extend_schema(operation_id="catalog_tests", responses=TestShape(many=True))
    def get(self, request: Request) -> Response:
        """Every gene test, without the diseases."""
        return Response(TestShape(GeneTest.objects.order_by("code"), many=True).data)
