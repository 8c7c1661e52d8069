"""The doors of standing in for somebody, and of the notices under the bell. Everybody signed in has these pages; what
they show and allow follows from the person."""

from __future__ import annotations

from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import delegations as standing_in
from accounts import notices as telling
from accounts.forms import DelegationForm
from accounts.models import Notice, Post
from audit import declaring
from audit.guards import public, sign_in_first

SHOWN = 200


def signed_in(view: Any) -> Any:
    """Anyone with an account; the page is theirs."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return sign_in_first(request)
        return view(request, *args, **kwargs)

    return public(guarded)


@require_GET
@signed_in
def delegations(request: HttpRequest) -> HttpResponse:
    """One's own posts, to be lent; who stands in for whom, now, later, and before."""
    user: Any = request.user
    today = timezone.localdate()
    found = list(standing_in.listed(user)[:SHOWN])
    standing = [one for one in found if one.revoked_at is None and one.ends_on >= today]
    context = {
        "own": [post for post in standing_in.own_posts(user) if standing_in.may_delegate(user, post)],
        "standing": [(one, one.starts_on <= today, standing_in.may_delegate(user, one.from_post)) for one in standing],
        "past": [one for one in found if one not in standing],
        "stands_in": bool(user.post and user.post.stands_in_for),
        "may_all": user.may(standing_in.PERMISSION),
        "today": today,
    }
    return render(request, "accounts/delegations.html", context)


@signed_in
def delegate(request: HttpRequest, pk: int) -> HttpResponse:
    """One post, lent to somebody for some days."""
    user: Any = request.user
    related = ("institution", "department", "role", "user")
    found = Post.objects.in_force(timezone.localdate()).select_related(*related)
    post = get_object_or_404(found.filter(institution_id__in=user.institution_ids), pk=pk)
    if not standing_in.may_delegate(user, post):
        raise PermissionDenied(standing_in.PERMISSION)
    form = DelegationForm(request.POST or None, post=post)
    if form.is_valid():
        asked = {name: form.cleaned_data[name] for name in ("to", "starts_on", "ends_on", "reason")}
        try:
            made = standing_in.delegate(post=post, by=user, **asked)
        except ValidationError as wrong:
            form.add_error(None, wrong)
        else:
            messages.success(request, _("%(name)s stands in. It ends by itself.") % {"name": made.to_user.name})
            return redirect("accounts:delegations")
    context = {"post": post, "form": form}
    return render(request, "accounts/delegate.html", context, status=422 if form.errors else 200)


@require_POST
@signed_in
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    user: Any = request.user
    found = get_object_or_404(standing_in.listed(user), pk=pk)
    standing_in.revoke(delegation=found, by=user)
    messages.success(request, _("%(name)s no longer stands in.") % {"name": found.to_user.name})
    return redirect("accounts:delegations")


@require_GET
@signed_in
def notice_list(request: HttpRequest) -> HttpResponse:
    found = Notice.objects.filter(user=request.user)[: telling.SHOWN]  # type: ignore[misc]
    return render(request, "accounts/notices.html", {"notices": found})


@require_GET
@signed_in
def notice(request: HttpRequest, pk: int) -> HttpResponse:
    """To where the notice leads; it counts as read."""
    user: Any = request.user
    found = get_object_or_404(Notice, pk=pk, user=user)
    with declaring.step("notice.read"):
        telling.mark_read(by=user, notice=found)
    safe = found.url.startswith("/") and url_has_allowed_host_and_scheme(found.url, {request.get_host()})
    return redirect(found.url if safe else "accounts:notices")


@require_POST
@signed_in
def read_all(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    with declaring.step("notice.read"):
        telling.mark_read(by=user)
    return redirect("accounts:notices")
