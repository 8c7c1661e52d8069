"""A request sent again does nothing again: `Idempotency-Key` on POST (draft-ietf-httpapi-idempotency-key-header).

The answer is kept in the request's own transaction: either what was done and its answer both stand, or neither.

A refusal is not kept as the answer. The draft replays the result of the operation that was completed; a refused step
(403, 409, 422) was not: it did nothing, and says what to mend. Played back from here it would go on refusing after the
patient has signed, and a program that sends again would never get its charge in. So the step is judged anew each time.
What a refusal does keep is what was asked for: its key stays bound to that body, as the draft has it, so that a key never
comes to mean another thing. A request that could not even be read or lacks a field (400) binds nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import connection, transaction
from django.utils.translation import gettext as _
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from accounts.models import KeptAnswer
from config.api import problems
from config.api.problems import Problem

HEADER = "Idempotency-Key"
LONGEST = 120
LOCK = 0x6D6A_0501
# Refusals of what was understood: judged anew when sent again, with the same body only.
REFUSALS = (403, 409, 422)


def repeatable(handler: Callable[..., Response]) -> Callable[..., Response]:
    """Wraps a `post` method of a door."""

    @wraps(handler)
    def once(self: Any, request: Any, *args: Any, **kwargs: Any) -> Response:
        key = _key(request.headers.get(HEADER, ""))
        if not key:
            return handler(self, request, *args, **kwargs)
        if len(key) > LONGEST:
            raise Problem("idempotency-key", _("An idempotency key has at most 120 characters."), 400)
        _alone(request.user.pk, key)
        asked, body = f"{request.method} {request.path}"[:300], digest(request.data)
        known = KeptAnswer.objects.filter(user=request.user, key=key).first()
        if known and (known.request, known.body_sha256) != (asked, body):
            raise Problem("idempotency-key", _("This idempotency key was used for another request."), 422)
        if known and known.status not in REFUSALS:
            return Response(known.answer, status=known.status, headers={"Idempotent-Replayed": "true"})
        used = {"user": request.user, "key": key, "request": asked, "body_sha256": body}
        try:
            with transaction.atomic():
                response = handler(self, request, *args, **kwargs)
        except Exception as fault:
            refused = problems.of(fault)
            if refused is None or refused["status"] not in REFUSALS:
                raise
            # What the step wrote is undone with its savepoint; that the key was used stands.
            _keep(used, refused["status"], {})
            return problems.answer(refused)
        if 200 <= response.status_code < 300:
            _keep(used, response.status_code, json.loads(JSONRenderer().render(response.data)))
        return response

    return once


def _key(header: str) -> str:
    """The draft writes the key as a quoted string; a bare one means the same."""
    text = header.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


def _alone(user: int, key: str) -> None:
    """Of requests with one key only one is handled at a time; the others are told so at once."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, hashtext(%s))", [LOCK, f"{user}:{key}"])
        if not cursor.fetchone()[0]:
            raise Problem("in-progress", _("A request with this idempotency key is being handled just now."), 409)


def _keep(used: dict[str, Any], status: int, answer: Any) -> None:
    KeptAnswer.objects.update_or_create(**used, defaults={"status": status, "answer": answer})


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
