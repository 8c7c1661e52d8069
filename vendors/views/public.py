"""What everyone may read without a login (clauses A13, B14, B25): no script, no cookie, the same for everybody, so that
the hospital's web server and the reader's browser may keep it.

Each list has a page, a poster, a screen, a frame for other sites and a door for programs; and every publication so far
can be looked up by its number.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import wraps
from math import ceil
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import Institution
from audit.guards import public
from vendors import boards, publishing
from vendors.models import Board, Publication

KEPT_SECONDS = 300
PAPER_SECONDS = 24 * 3600
SCREEN_RELOADS = 600  # a screen that scrolls fetches the list anew
SCREEN_TURNS = 15  # a screen that turns pages shows each so long

View = Callable[..., HttpResponse]


def for_everybody(view: View) -> View:
    """In Chinese, without asking who reads: one answer for all, kept for five minutes and compared by its ETag."""

    @public
    @require_safe
    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with translation.override(settings.LANGUAGE_CODE):
            answer = view(request, *args, **kwargs)
            answer["Content-Language"] = settings.LANGUAGE_CODE
        if answer.status_code != 200:
            return answer
        answer["Cache-Control"] = f"public, max-age={KEPT_SECONDS}"
        if not answer.has_header("ETag"):
            answer["ETag"] = quote_etag(hashlib.sha256(answer.content).hexdigest()[:32])
        # The page does not depend on the cookie that the frame around every view has looked at.
        request.session.accessed = False
        return get_conditional_response(request, etag=answer["ETag"], response=answer) or answer

    return answered


def _shown(code: str, board: str) -> boards.Shown:
    if board not in Board.values:
        raise Http404
    hospital = get_object_or_404(Institution, code=code, kind=Institution.Kind.HOSPITAL)
    return boards.shown(hospital, Board(board), timezone.localdate())


def _context(request: HttpRequest, found: boards.Shown, **more: Any) -> dict[str, Any]:
    here = reverse("vendors:board", args=[found.institution.code, found.board])
    return {
        "shown": found,
        "institution": found.institution,
        "address": request.build_absolute_uri(here),
        "others": [
            (one.label, reverse("vendors:board", args=[found.institution.code, one]), one == found.board)
            for one in Board
        ],
        "supervision": publishing.SUPERVISION,
        "demo": settings.DEMO,
        **more,
    }


@public
def public_prices(request: HttpRequest, code: str | None = None) -> HttpResponse:
    """The address printed on older posters: to the hospital's price list; without a code, which hospital."""
    hospitals = list(Institution.objects.filter(kind=Institution.Kind.HOSPITAL))
    if code is None and len(hospitals) == 1:
        code = hospitals[0].code
    if code is None:
        return render(request, "vendors/public/hospitals.html", {"hospitals": hospitals})
    if code not in {one.code for one in hospitals}:
        raise Http404(_("There is no such hospital here."))
    return redirect("vendors:board", code, Board.PRICES)


@for_everybody
def board(request: HttpRequest, code: str, board: str) -> HttpResponse:
    """The list, with a search for the price list; prints on paper as it is."""
    found = _shown(code, board)
    text = request.GET.get("q", "").strip()[:60]
    rows = boards.matching(found.rows, text) if text else found.rows
    return render(request, "vendors/public/board.html", _context(request, found, rows=rows, q=text))


@for_everybody
def board_screen(request: HttpRequest, code: str, board: str) -> HttpResponse:
    """For a screen in the hall, 1920×1080: scrolls by itself; with `?page=` it turns pages instead."""
    found = _shown(code, board)
    pages = max(1, ceil(len(found.rows) / boards.SCREENFUL))
    asked = request.GET.get("page", "")
    context = _context(request, found, rows=found.rows, pages=pages)
    if asked.isdecimal():
        number = min(max(int(asked[:4]), 1), pages)
        first = (number - 1) * boards.SCREENFUL
        context |= {"rows": found.rows[first : first + boards.SCREENFUL], "page": number}
        after = f"{SCREEN_TURNS}; url={request.path}?page={number % pages + 1}"
    else:
        # How fast it scrolls, as a class: the page's own styles are all the styles it may have.
        context["speed"] = min(20, max(1, ceil(len(found.rows) / 5)))
        after = f"{SCREEN_RELOADS}; url={request.path}"
    answer = render(request, "vendors/public/screen.html", context)
    answer["Refresh"] = after
    return answer


@for_everybody
def board_embed(request: HttpRequest, code: str, board: str) -> HttpResponse:
    """The list alone, for a frame in the hospital's own website: only sites named in EMBED_ANCESTORS may show it."""
    found = _shown(code, board)
    answer = render(request, "vendors/public/embed.html", _context(request, found, rows=found.rows))
    answer.xframe_options_exempt = True  # the policy below says who may
    answer._csp_replace = {"frame-ancestors": settings.EMBED_ANCESTORS}
    return answer


@for_everybody
def board_data(request: HttpRequest, code: str, board: str) -> HttpResponse:
    """The same for programs, without a token: what the page shows, with the publication it was read from."""
    found = _shown(code, board)
    last = found.publication
    answer = JsonResponse(
        {
            "institution": found.institution.name,
            "board": str(found.board),
            "on": found.on.isoformat(),
            "publication": {
                "number": last.number, "published_at": timezone.localtime(last.published_at).isoformat(),
                "sha256": last.content_sha256,
            } if last else None,
            "rows": found.rows,
            "channel": found.channel or None,
        },
        json_dumps_params={"ensure_ascii": False},
    )  # fmt: skip
    answer["Access-Control-Allow-Origin"] = "*"
    return answer


@for_everybody
def board_poster(request: HttpRequest, code: str, board: str) -> HttpResponse:
    """The list on A3 paper with a QR code to its page; set once for each list and day."""
    found = _shown(code, board)
    context = _context(request, found, rows=found.rows)
    context["qr"] = boards.code_of(context["address"])
    html = render_to_string("vendors/public/poster.html", context)
    key = f"poster:{hashlib.sha256((html + boards.poster_styles()).encode()).hexdigest()}"
    content = cache.get(key)
    if content is None:
        content = boards.poster(html)
        cache.set(key, content, PAPER_SECONDS)
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{found.board}-{found.institution.code}.pdf"'
    return answer


@for_everybody
def publication(request: HttpRequest, code: str, board: str, number: int) -> HttpResponse:
    """The list as published under that number, and the digest anybody can make again from its content."""
    hospital = get_object_or_404(Institution, code=code, kind=Institution.Kind.HOSPITAL)
    found = get_object_or_404(
        Publication.objects.select_related("institution"), institution=hospital, board=board, number=number
    )
    last = Publication.objects.latest_of(hospital.pk, found.board)
    before = Publication.objects.filter(institution=hospital, board=found.board, number=number - 1).first()
    as_published = boards.Shown(
        hospital, Board(found.board), timezone.localdate(found.published_at), found, found.content.get("rows", []),
        found.content.get("channel", {}),
    )  # fmt: skip
    context = _context(
        request, as_published, rows=as_published.rows, publication=found, before=before,
        is_last=last is not None and last.number == number, difference=publishing.difference(before and before.content, found.content) if before else [],
    )  # fmt: skip
    return render(request, "vendors/public/publication.html", context)


@for_everybody
def publication_content(request: HttpRequest, code: str, board: str, number: int) -> HttpResponse:
    """The very bytes that were hashed."""
    found = get_object_or_404(
        Publication, institution__code=code, institution__kind=Institution.Kind.HOSPITAL, board=board, number=number
    )
    return HttpResponse(boards.canonical(found.content), content_type="application/json; charset=utf-8")
