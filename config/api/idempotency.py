"""A request sent again does nothing again: `Idempotency-Key` on POST.

The answer is kept in the request's own transaction: either what was done and its answer both stand, or neither. A
refusal has done nothing and is not kept, so the same key may be sent again once what was missing is mended.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import connection
from django.utils.translation import gettext as _
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from accounts.models import KeptAnswer
from config.api.problems import Problem

HEADER = "Idempotency-Key"
LONGEST = 120
LOCK = 0x6D6A_0501


def repeatable(handler: Callable[..., Response]) -> Callable[..., Response]:
    """Wraps a `post` method of a door."""

    @wraps(handler)
    def once(self: Any, request: Any, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get(HEADER, "").strip()
        if not key:
            return handler(self, request, *args, **kwargs)
        if len(key) > LONGEST:
            raise Problem("idempotency-key", _("An idempotency key has at most 120 characters."), 400)
        _alone(request.user.pk, key)
        asked, body = f"{request.method} {request.path}"[:300], digest(request.data)
        known = KeptAnswer.objects.filter(user=request.user, key=key).first()
        if known is None:
            response = handler(self, request, *args, **kwargs)
            _keep(request.user, key, asked, body, response)
            return response
        if (known.request, known.body_sha256) != (asked, body):
            raise Problem("idempotency-key", _("This idempotency key was used for another request."), 422)
        return Response(known.answer, status=known.status, headers={"Idempotent-Replayed": "true"})

    return once


def _alone(user: int, key: str) -> None:
    """Of requests with one key only one is handled at a time; the others are told so at once."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, hashtext(%s))", [LOCK, f"{user}:{key}"])
        if not cursor.fetchone()[0]:
            raise Problem("in-progress", _("A request with this idempotency key is being handled just now."), 409)


def _keep(user: Any, key: str, asked: str, body: str, response: Response) -> None:
    if 200 <= response.status_code < 300:
        answer = json.loads(JSONRenderer().render(response.data))
        KeptAnswer.objects.create(
            user=user, key=key, request=asked, body_sha256=body, status=response.status_code, answer=answer
        )


def digest(data: Any) -> str:
    """SHA-256 of what was sent, whatever the order of its fields; a file counts by its content."""
    text = json.dumps(_plain(data), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, UploadedFile):
        content = hashlib.sha256(value.read()).hexdigest()
        value.seek(0)
        return {"sha256": content, "name": value.name}
    if hasattr(value, "lists"):
        return {name: _plain(many) for name, many in value.lists()}
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
