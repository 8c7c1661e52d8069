"""What waits for a post, and the search box, for programs."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from config.api.doors import Door, OwnDoor
from desk import worklists
from referrals import searching
from referrals.api.shapes import LineShape


class WorklistShape(serializers.Serializer):
    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    permission = serializers.CharField()
    count = serializers.SerializerMethodField(help_text="null: a list that is not counted; 1001: more than 1000")
    page = serializers.CharField(source="url", help_text="Where people work it off")
    cases = serializers.SerializerMethodField(help_text="Where its cases are read; null when it lists no cases")

    def get_count(self, one: worklists.Worklist) -> int | None:
        return self.context["counted"].get(one.code)

    def get_cases(self, one: worklists.Worklist) -> str | None:
        code = one.code.removeprefix("waiting_")
        return f"/api/v1/referrals/?waiting={code}" if code != one.code else None


class Worklists(OwnDoor):
    @extend_schema(operation_id="worklists", responses=WorklistShape(many=True))
    def get(self, request: Request) -> Response:
        """The lists this post works from, with true counts: those that its permissions, and the token's, open."""
        lists = worklists.of(self.by)
        counted = worklists.counts(self.by, lists)
        return Response(WorklistShape(lists, many=True, context={"counted": counted}).data)


class FoundShape(serializers.Serializer):
    results = LineShape(many=True)
    more = serializers.BooleanField(help_text="There are more than these 50: say more")


class Search(Door):
    permission = "referrals.view_referral"

    @extend_schema(
        operation_id="search",
        responses=FoundShape,
        parameters=[
            OpenApiParameter(
                "q", OpenApiTypes.STR, required=True,
                description="a case number or its beginning, a scanned barcode; for posts that may read identity also a "
                "record number, a name, pinyin initials",
            )
        ],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """What the search box finds, newest first, 50 at most."""
        found = list(searching.referrals(self.by, request.query_params.get("q", "").strip()[:80]))
        shown = {"results": found[: searching.SHOWN], "more": len(found) > searching.SHOWN}
        return Response(FoundShape(shown, context={"request": request}).data)
