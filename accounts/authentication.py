"""Who speaks to the API: the session of a signed-in person (with CSRF), or a token (without)."""

from __future__ import annotations

from typing import Any

from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request


class SessionOrToken(SessionAuthentication):
    """`accounts.middleware.Bearer` has set the user already; here DRF is told, and CSRF asked of sessions only."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        plain: Any = request._request
        if fault := getattr(plain, "token_fault", ""):
            raise AuthenticationFailed(fault)
        if token := getattr(plain, "token", None):
            return plain.user, token
        return super().authenticate(request)

    def authenticate_header(self, request: Request) -> str:
        """With a challenge the answer is 401, not 403."""
        return 'Bearer realm="mingjian"'
