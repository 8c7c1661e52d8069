"""The expert's own pages: the edition row by row, and signing the whole."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from audit.guards import needs
from catalog import actions, checking, citing, diffing, overview
from catalog.forms import editions as forms
from catalog.models import Edition, Indication, RowChange
from catalog.views.edition_rows import comments_of, line_of, row_values
from catalog.views.editions import attempt, cells_of, head
from documents.paging import address, keyset


@require_GET
@needs("catalog.review_edition", on=Edition)
def review(request: HttpRequest, edition: Edition) -> HttpResponse:
    """An expert's way through the edition: what changed first, then the rest; where one is; signing the whole."""
    user: Any = request.user
    context = head(edition, user)
    if not context["is_expert"]:
        raise PermissionDenied("catalog.review_edition")
    return review_page(request, edition, context)


def review_page(request: HttpRequest, edition: Edition, context: dict[str, Any], **more: Any) -> HttpResponse:
    user: Any = request.user
    form = forms.RowsFilter(request.GET or None, tumours=overview.tumours_of(edition))
    lines = overview.rows_of(edition)
    if form.is_valid():
        lines = lines.search(form.cleaned_data["q"])
        lines = lines.filter(tumour=form.cleaned_data["tumour"]) if form.cleaned_data["tumour"] else lines
        lines = overview.only(lines, form.cleaned_data["which"])
    shown, older, newer = keyset(lines, "code", request.GET, size=overview.PAGE)
    context |= {
        "filter": form,
        "lines": shown,
        "older_url": address(request, after=older) if older else "",
        "newer_url": address(request, before=newer) if newer else "",
        "progress": overview.progress(edition),
        "mine": edition.sign_offs.filter(signed_by=user, lapsed_at__isnull=True).first(),
        "sign_form": forms.SignOffForm(),
        "whole": comments_of(edition, ""),
        "comment_form": forms.CommentForm(initial={"kind": "remark"}),
        "here": "review",
        **more,
    }
    return render(request, "catalog/review.html", context, status=409 if more.get("refusals") else 200)


@needs("catalog.review_edition", on=Edition)
def review_row(request: HttpRequest, edition: Edition, code: str) -> HttpResponse:
    """One row for an expert: read, confirm, remark or object, go on to the next."""
    user: Any = request.user
    context = head(edition, user)
    if not context["is_expert"]:
        raise PermissionDenied("catalog.review_edition")
    line = line_of(edition, code)
    codes = list(Indication.objects.filter(edition=edition).order_by("code").values_list("code", flat=True))
    place = codes.index(line.code)
    following = codes[place + 1] if place + 1 < len(codes) else ""
    form = forms.CommentForm(request.POST if request.POST.get("do") == "comment" else None, initial={"kind": "remark"})
    refusals: list = []
    if request.method == "POST":
        do = request.POST.get("do", "")
        if do == "confirm":
            act: Any = lambda: actions.confirm_rows(edition=edition, codes=[line.code], by=user)  # noqa: E731
            refusals = attempt(request, act, _("%(code)s is confirmed.") % {"code": line.code})
        elif do == "take_back":
            act = lambda: actions.take_back_confirmation(line=line, by=user)  # noqa: E731
            refusals = attempt(request, act, _("The confirmation is taken back."))
        elif do == "comment" and form.is_valid():
            act = lambda: actions.comment(edition=edition, code=line.code, by=user, **form.cleaned_data)  # noqa: E731
            refusals = attempt(request, act, _("Your comment is recorded."))
        elif do != "comment":
            raise Http404
        if not refusals and not form.errors:
            onward = following if do == "confirm" and following else line.code
            return redirect("catalog:review_row", edition.pk, onward)
    basis = context["basis"]
    former = Indication.objects.filter(edition=basis, code=line.code).select_related("test").first() if basis else None
    named = diffing.rows.labels()
    changes = RowChange.objects.filter(edition=edition, code=line.code).select_related("made_by")[:50]
    context |= {
        "line": line,
        "values": row_values(line, former),
        "has_former": former is not None,
        "doubts": checking.problems(
            diffing.rows.values_of(line), register=citing.register_of(line.edition.institution_id)
        ),
        "changes": [(one, cells_of(one, named)) for one in changes],
        "comments": comments_of(edition, line.code),
        "form": form,
        "refusals": refusals,
        "place": place + 1,
        "total": len(codes),
        "previous": codes[place - 1] if place else "",
        "following": following,
        "here": "review",
    }
    status = 409 if refusals else 422 if form.errors else 200
    return render(request, "catalog/review_row.html", context, status=status)


@require_POST
@needs("catalog.review_edition", on=Edition)
def sign_off(request: HttpRequest, edition: Edition) -> HttpResponse:
    """An expert's yes or no to the whole; or a comment on the whole; or the rows ticked as confirmed."""
    user: Any = request.user
    context = head(edition, user)
    if not context["is_expert"]:
        raise PermissionDenied("catalog.review_edition")
    do = request.POST.get("do", "sign")
    if do == "confirm":
        codes = request.POST.getlist("code")
        act: Any = lambda: actions.confirm_rows(edition=edition, codes=codes, by=user)  # noqa: E731
        refusals = attempt(request, act, _("The ticked rows are confirmed."))
        more: dict[str, Any] = {"ticked": codes}
    elif do == "comment":
        form = forms.CommentForm(request.POST)
        if not form.is_valid():
            return review_page(request, edition, context, comment_form=form)
        act = lambda: actions.comment(edition=edition, code="", by=user, **form.cleaned_data)  # noqa: E731
        refusals, more = attempt(request, act, _("Your comment is recorded.")), {"comment_form": form}
    else:
        signing = forms.SignOffForm(request.POST)
        if not signing.is_valid():
            return review_page(request, edition, context, sign_form=signing)
        act = lambda: actions.sign_off(edition=edition, by=user, **signing.cleaned_data)  # noqa: E731
        refusals, more = (
            attempt(request, act, _("Your opinion on the whole edition is recorded.")),
            {"sign_form": signing},
        )
    if refusals:
        return review_page(request, edition, context, refusals=refusals, **more)
    return redirect("catalog:review", edition.pk)
