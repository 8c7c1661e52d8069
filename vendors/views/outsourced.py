"""The outsourced-test catalog: the page, the workbook, the paper; and the statement of sending nothing out."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import Institution
from audit.guards import needs
from audit.refusing import tried
from documents import files
from documents.paging import address, keyset
from documents.spreadsheets import attachment
from vendors import outsourced, outsourced_sheets
from vendors.actions import not_outsourcing as actions
from vendors.forms import not_outsourcing as forms
from vendors.models import NotOutsourcingStatement

VIEW = "vendors.view_vendors"
PAGE = 25
ask = require_http_methods(["GET", "POST"])


def hospitals(user: Any) -> list[Institution]:
    """The hospitals whose catalog this post may read: its own, or for a bureau those of the county."""
    found = Institution.objects.filter(pk__in=user.institution_ids, kind=Institution.Kind.HOSPITAL)
    return list(found.order_by("code"))


def chosen(user: Any, code: str) -> Institution:
    """The one asked for by its code, else the first."""
    found = hospitals(user)
    one = next((one for one in found if one.code == code), None) if code else next(iter(found), None)
    if one is None:
        raise Http404
    return one


@require_GET
@needs(VIEW)
def catalog(request: HttpRequest) -> HttpResponse:
    """What is sent out, where, on what grounds, and whether it may be today (A24-A26, B8, B10)."""
    user: Any = request.user
    hospital, today = chosen(user, request.GET.get("institution", "")), timezone.localdate()
    words = request.GET.get("q", "")[:60]
    found = outsourced.searched(outsourced.items(hospital, today), words)
    rows, older, newer = keyset(found, "id", request.GET, size=PAGE)
    context = {
        "hospital": hospital, "hospitals": hospitals(user), "q": words, "today": today,
        "rows": outsourced.lines(hospital, rows, today),
        "standing": NotOutsourcingStatement.objects.filter(institution=hospital).in_force(today).first(),
        "older_url": address(request, after=older) if older else "",
        "newer_url": address(request, before=newer) if newer else "",
    }  # fmt: skip
    return render(request, "vendors/outsourced.html", context)


@require_GET
@needs(VIEW)
def workbook(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    hospital, today = chosen(user, request.GET.get("institution", "")), timezone.localdate()
    headers = {"Content-Disposition": attachment(f"{outsourced_sheets.title(hospital)} {today:%Y-%m-%d}.xlsx")}
    return HttpResponse(outsourced_sheets.book(hospital, today), content_type=files.XLSX, headers=headers)


@require_GET
@needs(VIEW)
def paper(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    hospital, today = chosen(user, request.GET.get("institution", "")), timezone.localdate()
    headers = {"Content-Disposition": attachment(f"{outsourced_sheets.title(hospital)} {today:%Y-%m-%d}.pdf")}
    made = outsourced_sheets.paper(hospital, today).content
    return HttpResponse(made, content_type="application/pdf", headers=headers)


@ask
@needs(VIEW)
def statements(request: HttpRequest) -> HttpResponse:
    """The hospital's statements that it sends nothing out; making one."""
    user: Any = request.user
    may = user.may(actions.STATE) and bool(user.post) and not user.post.institution.is_bureau
    if request.method == "POST" and not may:
        raise PermissionDenied(actions.STATE)
    form = forms.StateForm(request.POST or None, request.FILES or None) if may else None
    refusals: list = []
    if form is not None and request.method == "POST":
        made, refusals = tried(form, lambda: actions.state(by=user, **form.cleaned_data))
        if made:
            messages.success(request, _("The statement is on record; sending out is switched off from its first day."))
            return redirect(made)
    found = NotOutsourcingStatement.objects.visible_to(user).select_related("institution")
    rows, older, newer = keyset(found, "id", request.GET, size=PAGE, newest=True)
    context = {
        "rows": rows, "form": form, "refusals": refusals, "today": timezone.localdate(),
        "older_url": address(request, after=older) if older else "",
        "newer_url": address(request, before=newer) if newer else "",
    }  # fmt: skip
    return render(request, "vendors/not_outsourcing.html", context, status=422 if request.method == "POST" else 200)


@ask
@needs(VIEW, on=NotOutsourcingStatement)
def statement(request: HttpRequest, one: NotOutsourcingStatement) -> HttpResponse:
    """One statement: why, with its document; ending it."""
    user: Any = request.user
    if request.method == "POST" and not user.may(actions.STATE, one):
        raise PermissionDenied(actions.STATE)
    form = forms.EndForm(request.POST or None)
    refusals: list = []
    if request.method == "POST":
        made, refusals = tried(form, lambda: actions.end(statement=one, by=user, **form.cleaned_data))
        if made:
            messages.success(request, _("The end of the statement is on record."))
            return redirect(made)
    today = timezone.localdate()
    context = {
        "one": one, "form": form, "refusals": refusals, "today": today,
        "may": user.may(actions.STATE, one) and one.valid_to is None,
    }  # fmt: skip
    return render(
        request, "vendors/not_outsourcing_statement.html", context, status=422 if request.method == "POST" else 200
    )
