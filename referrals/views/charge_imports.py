"""Charges of HIS by file: given in, each row with its answer, confirmed; and what was charged off the books."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from audit.guards import needs
from audit.refusing import tried
from documents.paging import address, keyset, newest_first
from referrals import charge_judging, charge_reading
from referrals.actions import charge_imports as actions
from referrals.forms.charge_imports import ChargeFileForm, DiscardForm
from referrals.models import ChargeImport, ChargeRow
from referrals.tasks import wake_charges
from referrals.views.common import who
from referrals.views.station import ask

PAGE = 50
LOOK = {
    "matched": "passed", "already": "done", "price": "blocked", "research": "blocked", "not_now": "waiting",
    "off_book": "blocked", "unclear": "unknown", "other": "na", "fault": "blocked",
}  # fmt: skip


@ask
@needs(actions.IMPORT)
def imports(request: HttpRequest) -> HttpResponse:
    """The files so far, and the place to give one in."""
    form = ChargeFileForm(request.POST or None, request.FILES or None)
    made, _refusals = tried(form, lambda: actions.give_in(upload=form.cleaned_data["charges"], by=who(request)))
    if made:
        given, is_new = made
        if not is_new:
            messages.info(request, _("This file was given in before; nothing was changed."))
        wake_charges()
        return redirect(given)
    found = ChargeImport.objects.visible_to(request.user).select_related("given_in_by", "confirmed_by")
    rows, older, newer = newest_first(found, "given_in_at", request.GET, size=PAGE)
    context = {
        "form": form,
        "rows": rows,
        "headings": "、".join([*charge_reading.NEEDED, *charge_reading.OPTIONAL]),
        "older_url": address(request, after=older) if older else "",
        "newer_url": address(request, before=newer) if newer else "",
    }
    return render(request, "referrals/charge_imports.html", context, status=422 if form.errors else 200)


@ask
@needs(actions.IMPORT, on=ChargeImport)
def one(request: HttpRequest, charge_import: ChargeImport) -> HttpResponse:
    """One file with the answer to each row; it is confirmed or discarded here."""
    do = request.POST.get("do") if request.method == "POST" else ""
    confirm = forms.Form(request.POST if do == "confirm" else None)
    drop = DiscardForm(request.POST if do == "discard" else None)
    by = who(request)
    begun, refusals = tried(confirm, lambda: actions.confirm(charge_import=charge_import, by=by))
    if begun:
        wake_charges()
        messages.success(request, _("The charges are being recorded."))
        return redirect(begun)
    if do == "discard":
        ended, refusals = tried(
            drop, lambda: actions.discard(charge_import=charge_import, by=by, reason=drop.cleaned_data["reason"])
        )
        if ended:
            messages.success(request, _("The file is discarded; nothing was recorded."))
            return redirect("referrals:charge_imports")
    counts = dict(charge_import.rows.order_by().values_list("verdict").annotate(n=Count("pk")))
    chosen = request.GET.get("verdict", "")
    found = charge_import.rows.select_related("referral")
    if chosen in ChargeRow.Verdict.values:
        found = found.filter(verdict=chosen)
    rows, after, before = keyset(found, "line", request.GET, size=PAGE)
    context: dict[str, Any] = {
        "import": charge_import,
        "tabs": [(v, v.label, counts[v.value], LOOK[v.value], v.value == chosen) for v in ChargeRow.Verdict if counts.get(v.value)],
        "chosen": chosen,
        "rows": [(row, LOOK.get(row.verdict, "na")) for row in rows],
        "matched": counts.get("matched", 0),
        "drop": drop,
        "refusals": refusals,
        "older_url": address(request, after=after) if after else "",
        "newer_url": address(request, before=before) if before else "",
    }  # fmt: skip
    return render(request, "referrals/charge_import.html", context, status=422 if do else 200)


@require_GET
@needs(actions.IMPORT, on=ChargeImport)
def progress(request: HttpRequest, charge_import: ChargeImport) -> HttpResponse:
    """The fragment the page asks for every two seconds; once it has ended the page is loaded anew."""
    if not request.htmx:
        return redirect(charge_import)
    if not charge_import.is_working:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "referrals/_charge_progress.html", {"import": charge_import})


@require_GET
@needs(actions.SEES_OFF_BOOK)
def off_book(request: HttpRequest) -> HttpResponse:
    """Gene tests HIS charged without a request in this hospital, newest file first."""
    found = charge_judging.off_book(request.user.institution_ids)
    rows, older, newer = keyset(found, "id", request.GET, size=PAGE, newest=True)
    context = {
        "rows": rows,
        "older_url": address(request, after=older) if older else "",
        "newer_url": address(request, before=newer) if newer else "",
    }
    return render(request, "referrals/off_book_charges.html", context)
