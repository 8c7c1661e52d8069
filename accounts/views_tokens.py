"""Tokens of other programs: the list, making one for a person's post, ending one; and one's own, for everybody."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts import issuing
from accounts.models import ApiToken, Post
from accounts.views_delegation import signed_in
from audit.guards import needs
from documents.fields import day_field

SHOWN = 200


class TokenForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("What the token is for"), max_length=60, help_text=gettext_lazy("For example: HIS charges")
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("What it may do"),
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Permissions of this post; choose as few as the program needs."),
    )
    expires_on = day_field(gettext_lazy("Last day"))

    def __init__(self, *args: Any, post: Post, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "label_suffix": ""})
        self.fields["scopes"].choices = [  # type: ignore[attr-defined]
            (one, said) for one in (*post.role.permissions, *issuing.OWN) if (said := issuing.words(one)) != one
        ]


@require_GET
@needs(issuing.PERMISSION)
def tokens(request: HttpRequest) -> HttpResponse:
    """Every token that acts at one's institutions: of whom, for what, until when, and when it was last used."""
    today = timezone.localdate()
    by: Any = request.user
    found = []
    if number := request.GET.get("username", "").strip()[:40]:
        found = list(issuing.posts(by).filter(user__username=number))
    context = {"tokens": _rows(issuing.tokens(by), today), "posts": found, "username": number}
    return render(request, "accounts/tokens.html", context)


def _rows(found: QuerySet[ApiToken], today: date) -> list[tuple[ApiToken, bool, list[str]]]:
    """Each token, whether it is in force, and what it may do in words."""
    return [(one, one.is_in_force(today), [issuing.words(scope) for scope in one.scopes]) for one in found[:SHOWN]]


@require_GET
@signed_in
def own_tokens(request: HttpRequest) -> HttpResponse:
    """The programs that act in one's own name: who let them, for what, and when they last did."""
    rows = _rows(issuing.own_tokens(request.user), timezone.localdate())  # type: ignore[arg-type]
    return render(request, "accounts/tokens_own.html", {"tokens": rows})


@require_POST
@signed_in
def revoke_own(request: HttpRequest, pk: int) -> HttpResponse:
    """Whose post it is ends it without asking anybody."""
    by: Any = request.user
    token = get_object_or_404(issuing.own_tokens(by), pk=pk)
    issuing.revoke_token(token=token, by=by)
    messages.success(request, _("The token “%(name)s” opens nothing any more.") % {"name": token.name})
    return redirect("accounts:own_tokens")


@needs(issuing.PERMISSION)
def make(request: HttpRequest, pk: int) -> HttpResponse:
    """A token for one post. The secret is shown once, on this page's answer."""
    by: Any = request.user
    post = get_object_or_404(issuing.posts(by), pk=pk)
    form = TokenForm(request.POST if request.method == "POST" else None, post=post)
    if form.is_valid():
        try:
            token, secret = issuing.make_token(post=post, by=by, **form.cleaned_data)
        except ValidationError as wrong:
            form.add_error(None, wrong.messages)
        else:
            response = render(request, "accounts/token_made.html", {"token": token, "secret": secret})
            response["Cache-Control"] = "no-store"
            return response
    context = {"form": form, "post": post}
    return render(request, "accounts/token_make.html", context, status=422 if form.errors else 200)


@require_POST
@needs(issuing.PERMISSION)
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    by: Any = request.user
    token = get_object_or_404(issuing.tokens(by), pk=pk)
    issuing.revoke_token(token=token, by=by)
    messages.success(request, _("The token “%(name)s” opens nothing any more.") % {"name": token.name})
    return redirect("accounts:tokens")
