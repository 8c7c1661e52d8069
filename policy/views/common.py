"""What the doors of the register share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpRequest

from audit.refusing import tried


def where(request: HttpRequest) -> tuple[Any, list[Any]]:
    """The hospital looked at, and those this post may look at: the bureau sees every hospital of its county."""
    user: Any = request.user
    model = type(user.post.institution)
    hospitals = list(model.objects.filter(pk__in=user.institution_ids, kind="hospital").order_by("code"))
    wanted = request.GET.get("institution", "")
    own = user.post.institution_id
    named = [one for one in hospitals if one.code == wanted] or [one for one in hospitals if one.pk == own]
    return (named or hospitals or [user.post.institution])[0], hospitals


def attempt(form: forms.Form, act: Callable[..., Any], refusals: list[Any], **given: Any) -> Any:
    """Take the action with what was typed. None when the form or the action said no; it says so where it was typed."""
    made, said = tried(form, lambda: act(**given, **form.cleaned_data))
    refusals.extend(said)
    return made
