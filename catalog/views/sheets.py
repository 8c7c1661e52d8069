"""A sheet for a draft: given in, looked through row by row, taken in on a second click."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from audit.gates import Refused
from audit.guards import needs
from catalog import sheets
from catalog.actions import sheets as actions
from catalog.forms import editions as forms
from catalog.models import Edition, SheetImport
from catalog.rows import UNREAD, labels, shown
from catalog.views.editions import DRAFT, attempt, head
from documents.files import BadUpload

SHOWN = 200


@needs(DRAFT, on=Edition)
def give(request: HttpRequest, edition: Edition) -> HttpResponse:
    """Give in a sheet; the sheets so far."""
    if not edition.is_writable:
        return redirect(edition)
    form = forms.SheetForm(request.POST or None, request.FILES or None)
    refusals: list = []
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["sheet"]
        try:
            given = actions.give_sheet(edition=edition, content=upload.read(), name=upload.name, by=request.user)
        except BadUpload as bad:
            form.add_error("sheet", bad)
        except Refused as refused:
            refusals = refused.refusals
        else:
            return redirect("catalog:sheet", edition.pk, given.pk)
    given_in = SheetImport.objects.filter(edition=edition).defer("rows", "problems").select_related("given_by")
    context = {
        **head(edition, request.user),
        "form": form,
        "refusals": refusals,
        "sheets": given_in[:20],
        "here": "rows",
    }
    status = 409 if refusals else 422 if form.errors else 200
    return render(request, "catalog/edition_sheets.html", context, status=status)


@needs(DRAFT, on=Edition)
def preview(request: HttpRequest, edition: Edition, sheet: int) -> HttpResponse:
    """What the sheet would change, and everything wrong with it; confirming takes it in."""
    found = (
        SheetImport.objects.filter(edition=edition, pk=sheet)
        .select_related("given_by", "edition", "confirmed_by")
        .first()
    )
    if found is None:
        raise Http404
    form = forms.ConfirmSheetForm(request.POST or None)
    refusals: list = []
    if request.method == "POST" and form.is_valid():
        refusals = attempt(
            request,
            lambda: actions.confirm_sheet(sheet=found, reason=form.cleaned_data["reason"], by=request.user),
            _("The sheet is taken in."),
        )
        if not refusals:
            return redirect(edition)
    changes, same = ([], 0) if found.confirmed_at else sheets.changes(found.rows, edition)
    context = {
        **head(edition, request.user),
        "sheet": found,
        "form": form,
        "refusals": refusals,
        "faults": [one for one in found.problems if one["is_fault"]][:SHOWN],
        "doubts": [one for one in found.problems if not one["is_fault"]][:SHOWN],
        "changes": [(one, _cells(one)) for one in changes[:SHOWN]],
        "added": sum(one["kind"] == "added" for one in changes),
        "changed": sum(one["kind"] == "changed" for one in changes),
        "same": same,
        "here": "rows",
    }
    status = 409 if refusals else 422 if form.errors else 200
    return render(request, "catalog/edition_sheet.html", context, status=status)


def _cells(change: dict[str, Any]) -> list[tuple[str, str, str]]:
    """What changes in a row; of a new row what it is for."""
    named = labels()
    names = change["after"]
    if change["kind"] == "added":
        names = [name for name in ("tumour", "setting", "genes", "alteration", "recommendation") if name in names]
    return [
        (named[name], shown(name, change["before"].get(name)), shown(name, change["after"][name]))
        for name in names
        if name in named and name not in UNREAD
    ]
