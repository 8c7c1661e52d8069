"""Refusals for programs: `application/problem+json` (RFC 9457), in the words the pages use."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from rest_framework import exceptions as drf
from rest_framework.response import Response

from accounts.models import Role
from audit.gates import Refusal, Refused
from audit.steps import OUT_OF_TURN
from desk import errors

CONTENT_TYPE = "application/problem+json"
TYPE = "urn:mingjian:problem:"
API = "/api/"


class Problem(Exception):
    """Any other refusal: its kind, title and status."""

    def __init__(self, kind: str, title: str, status: int, **more: Any):
        super().__init__(title)
        self.body = problem(kind, title, status, **more)


def problem(kind: str, title: str, status: int, detail: str = "", **more: Any) -> dict[str, Any]:
    return {"type": TYPE + kind, "title": title, "status": status, "detail": detail or title, **more}


def refusal(one: Refusal) -> dict[str, Any]:
    return {
        "code": one.code,
        "message": str(one.message),
        "clauses": list(one.clauses),
        "mend": one.mend,
        "facts": [{"label": str(label), "value": str(value)} for label, value in one.facts],
    }


def of(fault: Exception) -> dict[str, Any] | None:
    """The problem a refusal is; None for what is no refusal but a fault of ours."""
    if isinstance(fault, Problem):
        return fault.body
    if isinstance(fault, Refused):
        return _refused(fault)
    if isinstance(fault, ValidationError):
        return _invalid(_by_field(fault))
    if isinstance(fault, drf.ValidationError):
        return _invalid(_of_shape(fault.detail))
    if isinstance(fault, Http404 | drf.NotFound):
        return problem("not-found", _("No such record, or not one of yours."), 404)
    if isinstance(fault, drf.NotAuthenticated | drf.AuthenticationFailed):
        plain = isinstance(fault, drf.NotAuthenticated)
        return problem("not-signed-in", _("Sign in first."), 401, "" if plain else str(fault.detail))
    if isinstance(fault, PermissionDenied | drf.PermissionDenied):
        return _forbidden(fault)
    if isinstance(fault, drf.Throttled):
        title = _("Too many requests: wait %(n)s seconds.") % {"n": int((getattr(fault, "wait", None) or 1) + 1)}
        return problem("throttled", title, 429)
    if isinstance(fault, drf.MethodNotAllowed):
        return problem(
            "method-not-allowed", _("This address does not take %(method)s.") % {"method": fault.args[0]}, 405
        )
    if isinstance(fault, drf.UnsupportedMediaType):
        return problem("media-type", _("Send application/json or multipart/form-data."), 415)
    if isinstance(fault, drf.NotAcceptable):
        return problem("not-acceptable", _("This address answers in application/json."), 406)
    if isinstance(fault, drf.ParseError):
        return problem("unreadable", _("The request cannot be read."), 400, str(fault.detail))
    return None


def _refused(fault: Refused) -> dict[str, Any]:
    """409 when the case has moved on or the step does not start from where it stands, else 422: the gates' own words."""
    said = [refusal(one) for one in fault.refusals]
    detail = "；".join(one["message"] for one in said)
    if any(one["code"] == "stale" for one in said):
        return problem("stale", _("The record has changed in the meantime."), 409, detail, refusals=said)
    if any(one["code"] == OUT_OF_TURN for one in said):
        return problem("out-of-turn", _("This step is not due now."), 409, detail, refusals=said)
    return problem("refused", _("This step may not be taken now."), 422, detail, refusals=said)


def _invalid(errors: dict[str, Any]) -> dict[str, Any]:
    detail = "；".join(_sentences(errors))
    return problem("invalid", _("What was sent is not complete or not right."), 400, detail, errors=errors)


def _sentences(errors: Any) -> list[str]:
    if isinstance(errors, dict):
        return [one for value in errors.values() for one in _sentences(value)]
    if isinstance(errors, list):
        return [one for value in errors for one in _sentences(value)]
    return [str(errors)]


def _by_field(fault: ValidationError) -> dict[str, list[str]]:
    if hasattr(fault, "error_dict"):
        return {("" if name == "__all__" else name): list(said) for name, said in fault.message_dict.items()}
    return {"": list(fault.messages)}


def _of_shape(detail: Any) -> dict[str, Any]:
    if isinstance(detail, dict):
        return {("" if name == "non_field_errors" else name): said for name, said in detail.items()}
    return {"": detail}


def _forbidden(fault: Exception) -> dict[str, Any]:
    """Names the permission and the roles that carry it."""
    said = str(fault.detail if isinstance(fault, drf.PermissionDenied) else fault)
    named = "." in said and " " not in said and said.isascii()
    if not named:
        return problem("forbidden", _("This post may not do that."), 403, said)
    roles = [
        {"code": code, "name": name}
        for code, name in Role.objects.filter(permissions__contains=[said]).values_list("code", "name")
    ]
    detail = _("This post may not do that.")
    if roles:
        detail += _("These may: %(roles)s.") % {"roles": "、".join(one["name"] for one in roles)}
    return problem("forbidden", _("This post may not do that."), 403, detail, permission=said, roles=roles)


def answer(body: dict[str, Any]) -> Response:
    headers = {"WWW-Authenticate": 'Bearer realm="mingjian"'} if body["status"] == 401 else None
    return Response(body, status=body["status"], content_type=CONTENT_TYPE, headers=headers)


def handler(fault: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler. What was written before the refusal is undone with the request."""
    body = of(fault)
    if body is None:
        return None
    request = context.get("request")
    if request is not None:
        request._request.undo = True
    return answer(body)


def plain(body: dict[str, Any]) -> JsonResponse:
    return JsonResponse(
        body,
        status=body["status"],
        content_type=CONTENT_TYPE,
        json_dumps_params={"ensure_ascii": False},
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if request.path.startswith(API):
        return plain(problem("not-found", _("No such record, or not one of yours."), 404))
    return errors.not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    if request.path.startswith(API):
        return plain(problem("fault", _("Something went wrong here. Nothing was saved."), 500))
    return errors.server_error(request)
