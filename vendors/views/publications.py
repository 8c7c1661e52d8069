"""Publications as the staff keep them: the lists with what has changed since, the complaint channel, the places."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Institution
from audit.guards import needs
from documents import files
from vendors import actions, postings, publishing
from vendors.actions.publications import CHECK, KEEP_CHANNEL, PUBLISHERS
from vendors.forms.publications import ChannelForm, CheckForm, PlaceForm
from vendors.models import Board, ComplaintChannel, PostingPlace, Publication
from vendors.views.common import attempt

SHOWN = 50


@needs(CHECK)
def publications(request: HttpRequest) -> HttpResponse:
    """Each list: the last publication, what the registers say otherwise today, and all publications so far."""
    user: Any = request.user
    hospital = user.post.institution
    wanted = request.POST.get("board") or request.GET.get("board") or Board.PRICES
    if wanted not in Board.values or hospital.kind != Institution.Kind.HOSPITAL:
        raise Http404
    board, refusals = Board(wanted), []  # type: ignore[var-annotated]
    if request.method == "POST":
        if not user.may(PUBLISHERS[board]):
            raise PermissionDenied(PUBLISHERS[board])
        if attempt(None, partial(actions.publish_list, institution=hospital, board=board, by=user), refusals):
            messages.success(request, _("The list is published."))
            return redirect(f"{reverse('vendors:publications')}?board={board}")
    last = Publication.objects.latest_of(hospital.pk, board)
    now = publishing.content_of(hospital, board, timezone.localdate())
    address = request.build_absolute_uri(reverse("vendors:board_embed", args=[hospital.code, board]))
    context = {
        "institution": hospital,
        "board": board,
        "tabs": [(one.label, f"?board={one}", None, one == board) for one in Board],
        "last": last,
        "missing": publishing.missing_of(hospital, board),
        "difference": publishing.difference(last.content, now) if last else [],
        "rows": len(now.get("rows", [])),
        "history": Publication.objects.filter(institution=hospital, board=board)
        .defer("content")
        .select_related("published_by", "institution")
        .order_by("-number")[:SHOWN],
        "snippet": f'<iframe src="{address}" title="{hospital.name} {board.label}" width="100%" height="640"></iframe>',
        "ancestors": " ".join(settings.EMBED_ANCESTORS),
        "may_publish": user.may(PUBLISHERS[board]),
        "may_keep": user.may(KEEP_CHANNEL),
        "refusals": refusals,
    }
    return render(request, "vendors/publications.html", context, status=422 if refusals else 200)


@needs(KEEP_CHANNEL)
def channel(request: HttpRequest) -> HttpResponse:
    """The five elements of B25, kept by who receives complaints."""
    user: Any = request.user
    hospital = user.post.institution
    kept = ComplaintChannel.objects.filter(institution=hospital).first()
    initial = {name: getattr(kept, name, "") for name in ComplaintChannel.ELEMENTS}
    if kept is None:
        initial["phone"] = hospital.complaint_phone
    form = ChannelForm(request.POST or None, initial=initial)
    refusals: list[Any] = []
    if form.is_valid() and attempt(
        form, lambda: actions.keep_channel(institution=hospital, by=user, **form.cleaned_data), refusals
    ):
        messages.success(request, _("Kept. The public reads it once it is published."))
        return redirect(f"{reverse('vendors:publications')}?board={Board.COMPLAINTS}")
    context = {"form": form, "refusals": refusals, "missing": (kept or ComplaintChannel()).missing}
    return render(request, "vendors/channel.html", context, status=422 if form.is_bound else 200)


@needs(CHECK)
def places(request: HttpRequest) -> HttpResponse:
    """Where the lists have to be seen, those to look at first, and a new place."""
    user: Any = request.user
    form = PlaceForm(request.POST or None)
    refusals: list[Any] = []
    add = partial(actions.add_place, institution=user.post.institution, by=user)
    if form.is_valid() and attempt(form, lambda: add(**form.cleaned_data), refusals):
        messages.success(request, _("The place is on the list."))
        return redirect("vendors:places")
    waiting = set(postings.waiting(user).values_list("pk", flat=True))
    rows = sorted(postings.places(user).select_related("institution")[:500], key=lambda one: one.pk not in waiting)
    context = {"rows": [(one, one.pk in waiting) for one in rows], "form": form, "refusals": refusals}
    return render(request, "vendors/places.html", context, status=422 if form.is_bound else 200)


@needs(CHECK, on=PostingPlace)
def place(request: HttpRequest, place: PostingPlace) -> HttpResponse:
    """One place: the checks so far, another one, and its end."""
    user: Any = request.user
    refusals: list[Any] = []
    if request.POST.get("do") == "end":
        if attempt(None, lambda: actions.end_place(place=place, by=user), refusals):
            messages.success(request, _("The place has ended."))
            return redirect("vendors:places")
        form = CheckForm(place=place)
    else:
        form = CheckForm(request.POST or None, request.FILES or None, place=place)
        try:
            if form.is_valid() and attempt(
                form, lambda: actions.record_check(place=place, by=user, **form.cleaned_data), refusals
            ):
                messages.success(request, _("The check is recorded."))
                return redirect("vendors:places")
        except files.BadUpload as bad:
            form.add_error("photo", bad)
    context = {
        "place": place,
        "last": Publication.objects.latest_of(place.institution_id, place.board),
        "checks": place.checks.select_related("publication", "recorded_by", "photo")[:SHOWN],
        "form": form,
        "refusals": refusals,
        "may_open": user.may("documents.download_file"),
    }
    return render(request, "vendors/place.html", context, status=422 if request.method == "POST" else 200)
