"""The description of the API as it is handed out."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.http import HttpResponse
from django.utils.translation import get_language
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.renderers import BaseRenderer


@cache
def _description(renderer: type[BaseRenderer], language: str) -> bytes:
    """The same until the program is restarted; making it takes seconds, and anybody may ask for it."""
    schema = SchemaGenerator().get_schema(request=None, public=True)
    return renderer().render(schema, renderer_context={})


class Description(SpectacularAPIView):
    """OpenAPI 3, as YAML or JSON (`?format=json`)."""

    @extend_schema(exclude=True)
    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        renderer: Any = request.accepted_renderer
        content = _description(renderer.__class__, get_language() or "")
        return HttpResponse(content, content_type=renderer.media_type)
