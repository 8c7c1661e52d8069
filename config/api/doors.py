"""`Door`: one address of the API, guarded by `audit.guards.needs` like any page."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from audit.guards import needs
from config.api.problems import Problem
from documents.paging import keyset, newest_first

PAGE, LARGEST = 50, 200
PAGES = [
    OpenApiParameter("cursor", OpenApiTypes.STR, description="as given by next or previous"),
    OpenApiParameter("limit", OpenApiTypes.INT, description="1 to 200, 50 when left out"),
]


class Door(APIView):
    """`permission` is asked of every method but those that `permissions` names otherwise. With `on`, `self.found` is
    the object of the address that this post can see: by id, or by its number when the address says one."""

    permission = ""
    permissions: dict[str, str] = {}
    on: Any = None
    number = ""
    found: Any = None

    @property
    def by(self) -> Any:
        """Who speaks: signed in, once the door has let them through."""
        return self.request.user

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if int(request.META.get("CONTENT_LENGTH") or 0) > settings.UPLOAD_MAX_BYTES * 3 // 2:
            raise Problem("too-large", _("The request is too large."), 413)
        super().initial(request, *args, **kwargs)
        permission = self.permissions.get(request.method or "", self.permission)
        self.found = self.seen(request, permission, **kwargs)

    def seen(self, request: Request, permission: str, **kwargs: Any) -> Any:
        lookup = self.number if self.number and not str(kwargs.get("pk", "")).isdecimal() else "pk"
        return needs(permission, on=self.on, lookup=lookup)(_seen)(request, **kwargs)


def _seen(request: Any, found: Any = None, **kwargs: Any) -> Any:
    return found


class OwnDoor(Door):
    """Anyone with an account; what is shown and allowed follows from the person. With `scope`, a token opens it only
    when it names that scope: made for charges, it does not lend its holder's post."""

    public = True
    scope = ""

    def seen(self, request: Request, permission: str, **kwargs: Any) -> Any:
        user: Any = request.user
        if not user.is_authenticated:
            raise NotAuthenticated
        if self.scope and not user.speaks_for(self.scope):
            said = _("This token was not made for that: it would have to name “%(scope)s”.") % {"scope": self.scope}
            raise Problem("forbidden", _("This post may not do that."), 403, detail=said, permission=self.scope)


def one_of(found: QuerySet, **where: Any) -> Any:
    """The row among those this post may see; another one does not exist."""
    row = found.filter(**where).first()
    if row is None:
        raise Http404
    return row


def filled(form: forms.Form) -> dict[str, Any]:
    """What a page's own form makes of it, refused in the page's words, by field."""
    if not form.is_valid():
        raise ValidationError(form.errors.as_data())
    return form.cleaned_data


def listed(name: str, shape: Any) -> Any:
    """The shape of one page."""
    return type(
        f"{name}Page",
        (serializers.Serializer,),
        {
            "results": shape(many=True),
            "next": serializers.URLField(allow_null=True),
            "previous": serializers.URLField(allow_null=True),
        },
    )


def checked(shape: type[Serializer], request: Request, **context: Any) -> dict[str, Any]:
    """What was sent, in the shape asked for; raises by field."""
    given = shape(data=request.data, context={"request": request, **context})
    given.is_valid(raise_exception=True)
    return given.validated_data


def page(request: Request, found: QuerySet, shape: type[Serializer], field: str, **context: Any) -> Response:
    """One page by (`field`, id), newest first; by id alone where `field` is "id". `next` and `previous` are addresses to
    follow as they are."""
    limit = _limit(request)
    given = request.query_params.get("cursor", "")
    side, key = _opened(given, by_id=field == "id") if given else ("after", "")
    if field == "id":
        rows, older, newer = keyset(found, "id", {side: key}, size=limit, newest=True)
    else:
        rows, older, newer = newest_first(found, field, {side: key}, size=limit)
    results = shape(rows, many=True, context={"request": request, **context}).data
    return Response(
        {
            "results": results,
            "next": _address(request, "after", older),
            "previous": _address(request, "before", newer),
        }
    )


def _limit(request: Request) -> int:
    text = request.query_params.get("limit", "") or str(PAGE)
    if not text.isdecimal() or not 1 <= int(text[:6]) <= LARGEST:
        raise Problem("invalid", _("“limit” is a number from 1 to %(n)s.") % {"n": LARGEST}, 400)
    return int(text)


def _address(request: Request, side: str, key: str) -> str | None:
    if not key:
        return None
    query = request.query_params.copy()
    query["cursor"] = base64.urlsafe_b64encode(f"{side}:{key}".encode()).decode().rstrip("=")
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")


def _opened(cursor: str, *, by_id: bool) -> tuple[str, str]:
    try:
        side, _colon, key = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().partition(":")
        stamp, _line, pk = key.partition("_")
        _number = int(key) if by_id else (float(stamp), int(pk))
    except (ValueError, binascii.Error):
        side = ""
    if side not in ("after", "before"):
        raise Problem("invalid", _("This cursor was not given by this address."), 400)
    return side, key
