"""What an edition changes and what it does, for programs: the same answers as the pages."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from catalog import diffing, effects, overview
from catalog.models import Edition
from config.api.doors import Door, one_of

VIEW = "catalog.view_catalog"


class Differences(Door):
    permission = VIEW
    on = Edition

    @extend_schema(operation_id="catalog_editions_difference", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, **kwargs: Any) -> Response:
        """Against `other` (an id), or against the edition that counts now: rows added, removed, changed, by cell."""
        other = request.query_params.get("other", "")
        before = overview.basis_of(self.found)
        if other:
            if not other.isdecimal():
                raise Http404
            before = one_of(Edition.objects.visible_to(self.by), pk=int(other))
        found = diffing.compare(before, self.found)
        return Response(
            [
                {
                    "code": row.code, "kind": row.kind,
                    "cells": [{"field": c.name, "before": c.before, "after": c.after} for c in row.cells],
                }
                for row in found.rows
            ]
        )  # fmt: skip


class Consequences(Door):
    permission = VIEW
    on = Edition

    @extend_schema(operation_id="catalog_editions_effects", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, **kwargs: Any) -> Response:
        """What the edition does to the hospital before it takes force; of each effect the first that are touched."""
        _difference, found = effects.of(self.found, self.by)
        return Response(
            [
                {
                    "code": one.code, "title": str(one.title), "meaning": str(one.meaning), "count": one.count,
                    "is_grave": one.is_grave, "clauses": list(one.clauses),
                    "touched": [{"label": str(each.label), "note": str(each.note)} for each in one.touched],
                }
                for one in found
            ]
        )  # fmt: skip
