"""`needs()`: the one way a view is guarded. A view that anyone may see says so with `public`."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import FieldError, PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render, resolve_url
from django.utils.translation import gettext as _

View = Callable[..., HttpResponse]
NOT_TYPED = {"csrfmiddlewaretoken", "password"}


def public(view: View) -> View:
    """Anyone may see this page, signed in or not."""
    view.permission = None  # type: ignore[attr-defined]
    view.public = True  # type: ignore[attr-defined]
    return view


def needs(permission: str, on: type | None = None, key: str = "pk", lookup: str = "pk") -> Callable[[View], View]:
    """Only for those whose current post has `permission`; with `on`, for an object they can see.

    The object is looked up by `lookup` among `on.objects.visible_to(user)` with the address's argument `key` and
    given to the view as its second argument. Not visible: 404, as if it did not exist. Visible but not permitted:
    403 (PermissionDenied carries the permission, so the page can name the posts that have it). Not signed in:
    the sign-in page; a form that was being sent is kept.
    """

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            user: Any = request.user
            if not user.is_authenticated:
                return sign_in_first(request)
            if on is None:
                if not user.may(permission):
                    raise PermissionDenied(permission)
                return view(request, *args, **kwargs)
            obj = _visible(on, user, lookup, kwargs.pop(key))
            if not user.may(permission, obj):
                raise PermissionDenied(permission)
            return view(request, obj, *args, **kwargs)

        guarded.permission = permission  # type: ignore[attr-defined]
        guarded.public = False  # type: ignore[attr-defined]
        guarded.guarded_model = on  # type: ignore[attr-defined]
        return guarded

    return guard


def _visible(model: Any, user: Any, lookup: str, value: Any) -> Any:
    from django.http import Http404

    try:
        return model.objects.visible_to(user).get(**{lookup: value})
    except (model.DoesNotExist, ValueError, ValidationError):
        raise Http404(_("No such record, or not one of yours.")) from None
    except FieldError as fault:
        raise TypeError(f"{model.__name__} cannot be looked up by {lookup}") from fault


def sign_in_first(request: HttpRequest) -> HttpResponse:
    """To the sign-in page and back; a program gets 401, and what was typed into a form is shown, not lost."""
    if getattr(request, "htmx", None):
        here = request.headers.get("HX-Current-URL", "") or request.get_full_path()
        to = redirect_to_login(_path_of(here), resolve_url(settings.LOGIN_URL)).url
        return HttpResponse(status=401, headers={"HX-Redirect": to})
    if request.path.startswith("/api/"):
        return JsonResponse({"detail": _("Sign in first.")}, status=401)
    if request.method in ("GET", "HEAD"):
        return redirect_to_login(request.get_full_path(), resolve_url(settings.LOGIN_URL))
    return keep_typed(request, status=401)


def keep_typed(request: HttpRequest, *, status: int) -> HttpResponse:
    """A form came too late (the session lapsed): say so, show what was typed, and offer to send it again."""
    typed = [
        (name, value)
        for name, values in request.POST.lists()
        if name not in NOT_TYPED
        for value in values
        if isinstance(value, str)
    ]
    context = {
        "typed": typed,
        "had_files": bool(request.FILES),
        "sign_in": redirect_to_login(request.get_full_path(), resolve_url(settings.LOGIN_URL)).url,
    }
    return render(request, "audit/keep_typed.html", context, status=status)


def _path_of(url: str) -> str:
    from urllib.parse import urlsplit, urlunsplit

    parts = urlsplit(url)
    return urlunsplit(("", "", parts.path or "/", parts.query, ""))
