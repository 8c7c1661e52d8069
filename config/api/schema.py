"""The description of the API (OpenAPI): what every door may answer, problems included."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework import serializers

ROOT = "/api/v1/"


class FactSerializer(serializers.Serializer):
    label = serializers.CharField()  # type: ignore[assignment]
    value = serializers.CharField()


class RefusalSerializer(serializers.Serializer):
    code = serializers.CharField(help_text="The gate (X01–X16), or a word such as stale")
    message = serializers.CharField(help_text="The sentence the pages show")
    clauses = serializers.ListField(child=serializers.CharField(), help_text="Clauses of the two policy documents")
    mend = serializers.CharField(allow_blank=True, help_text="The page where it is mended")
    facts = FactSerializer(many=True)


class RoleSerializer(serializers.Serializer):
    code = serializers.CharField()
    name = serializers.CharField()


class ProblemSerializer(serializers.Serializer):
    """RFC 9457. Members beside the standard ones come with the kind named in `type`."""

    type = serializers.CharField(help_text="urn:mingjian:problem:…")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    refusals = RefusalSerializer(many=True, required=False, help_text="refused, stale")
    errors = serializers.DictField(required=False, help_text="invalid: sentences by field; “” is the whole")  # type: ignore[assignment]
    permission = serializers.CharField(required=False, help_text="forbidden: what the post lacks")
    roles = RoleSerializer(many=True, required=False, help_text="forbidden: who may")


REFUSED = OpenApiExample(
    "refused",
    {
        "type": "urn:mingjian:problem:refused",
        "title": "现在不能办理这一步。",
        "status": 422,
        "detail": "研究检测不得向患者收费。",
        "refusals": [
            {"code": "X09", "message": "研究检测不得向患者收费。", "clauses": ["A49"], "mend": "/cases/7/", "facts": []}
        ],
    },
    response_only=True,
    media_type="application/problem+json",
    status_codes=["422"],
)
SAID = {
    "400": "Not complete or not right: `errors` by field.",
    "401": "Not signed in, or the token does not hold.",
    "403": "This post may not: `permission` and the `roles` that may.",
    "404": "No such record, or not one this post can see.",
    "409": "The record has changed in the meantime, or the same Idempotency-Key is being handled.",
    "422": "A rule refuses the step: `refusals`. Or the Idempotency-Key was used for another request.",
    "429": "Too many requests.",
}
KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="Any text of up to 120 characters, new for each thing to do. The answer is kept for seven days.",
)


class Schema(AutoSchema):
    """Adds to every door the problems it may answer with, and to every POST its Idempotency-Key."""

    def get_override_parameters(self) -> list[Any]:
        return [*super().get_override_parameters(), *([KEY] if self.method == "POST" else [])]

    def get_examples(self) -> list[Any]:
        return [*super().get_examples(), *([REFUSED] if self.method == "POST" else [])]

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies = super()._get_response_bodies(direction)
        wanted = set(SAID) if self.method == "POST" else {"400", "401", "403", "404", "429"}
        for code in sorted(wanted - set(bodies)):
            said = OpenApiResponse(ProblemSerializer, SAID[code])
            bodies[code] = self._get_response_for_code(said, code, ["application/problem+json"], direction)
        return bodies


class SessionOrTokenScheme(OpenApiAuthenticationExtension):
    target_class = "accounts.authentication.SessionOrToken"
    name = ["token", "session"]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        return [
            {"type": "http", "scheme": "bearer", "description": "A token made by the information department"},
            {"type": "apiKey", "in": "cookie", "name": "sessionid", "description": "With X-CSRFToken on POST"},
        ]


def only_ours(endpoints: list[Any]) -> list[Any]:
    return [one for one in endpoints if one[0].startswith(ROOT)]
