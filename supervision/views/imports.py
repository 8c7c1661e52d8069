"""Giving in a ledger, seeing how far it is, what is wrong with it, and what it came to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from audit.gates import Refused
from audit.guards import needs
from documents.paging import address, newest_first
from referrals.matching import OF_HISTORY
from referrals.models import StatementDifference
from supervision import actions, queries
from supervision.forms import LedgerUpload
from supervision.ledger.columns import SHEETS
from supervision.models import Finding, ImportProgress, LedgerImport
from supervision.tasks import wake
from supervision.views.papers import answer, errors_book, result_book

PERMISSION = "supervision.import_ledger"
SHOWN_ERRORS = 200


@needs(PERMISSION)
def index(request: HttpRequest) -> HttpResponse:
    """The imports so far, and the place to give in a workbook."""
    form = LedgerUpload(request.POST, request.FILES) if request.method == "POST" else LedgerUpload()
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["ledger"]
        given = actions.request_import(upload=upload, by=request.user)
        if given.status == LedgerImport.Status.DONE:
            messages.info(request, _("This file was imported before; nothing was changed."))
        wake()
        return redirect(given)
    imports = LedgerImport.objects.visible_to(request.user).select_related("institution", "requested_by")
    rows, older, newer = newest_first(imports, "requested_at", request.GET, size=queries.PAGE)
    context = {
        "form": form,
        "imports": rows,
        "older_url": address(request, after=older) if older else "",
        "newer_url": address(request, before=newer) if newer else "",
        "may_give_in": bool(request.user.post and not request.user.post.institution.is_bureau),
    }
    return render(request, "supervision/imports.html", context, status=form.status if form.errors else 200)


@require_GET
@needs(PERMISSION, on=LedgerImport)
def detail(request: HttpRequest, ledger_import: LedgerImport) -> HttpResponse:
    context: dict[str, Any] = {"import": ledger_import, **running(ledger_import)}
    if ledger_import.status == LedgerImport.Status.REFUSED:
        context["errors"] = ledger_import.errors[:SHOWN_ERRORS]
        context["more_errors"] = max(ledger_import.error_count - SHOWN_ERRORS, 0)
    if ledger_import.status == LedgerImport.Status.DONE:
        context |= came_to(request.user, ledger_import)
    return render(request, "supervision/import.html", context)


def running(ledger_import: LedgerImport) -> dict[str, Any]:
    """How far it is, for the progress bar: phase, rows done, and the time left in this phase."""
    how = ImportProgress.objects.filter(pk=ledger_import.pk).first()
    context = {"state": ledger_import.status, "progress": how, "remaining": ""}
    if ledger_import.status == LedgerImport.Status.REFUSED:
        context["state"] = "failed"
    if how and ledger_import.status == LedgerImport.Status.RUNNING and 0 < how.rows_done < how.rows_total:
        spent = (how.beat_at - how.phase_began_at) / timedelta(seconds=1)
        left = spent / how.rows_done * (how.rows_total - how.rows_done)
        context["remaining"] = duration(left)
    return context


def duration(seconds: float) -> str:
    if seconds < 90:
        n = max(int(seconds), 1)
        return ngettext("about %(n)d second", "about %(n)d seconds", n) % {"n": n}
    n = round(seconds / 60)
    return ngettext("about %(n)d minute", "about %(n)d minutes", n) % {"n": n}


def came_to(user: Any, ledger_import: LedgerImport) -> dict[str, Any]:
    """What a finished check or import came to. What is recorded is read from the records the reader may see."""
    result = ledger_import.result
    whole = ledger_import.institution_id is not None
    codes = None if whole else {user.post.institution.code} if user.post else set()
    context: dict[str, Any] = {
        "result": result,
        "whole": whole,
        "unjudged": queries.unjudged_by_gate(result.get("not_judged", []), codes),
        "sheets": [
            (sheet.title, *(result.get(what, {}).get(sheet.title, 0) for what in ("added", "unchanged", "skipped")))
            for sheet in SHEETS
        ],
        "nothing_new": not any(result.get("added", {}).values()),
    }
    if ledger_import.dry_run:
        context["by_gate"] = [
            {"gate": code, "title": queries.title_of(code), "clauses": queries.clauses_of(code), "numbers": numbers}
            | {"n": len(numbers)}
            for code, numbers in result.get("gates", {}).items()
        ]
        context["differences"] = [
            (kind, result.get("statement", {}).get(kind, []), len(result.get("statement", {}).get(kind, [])))
            for kind in OF_HISTORY
        ]
        context["cases"] = result.get("rows", 0)
        context["confirmed"] = ledger_import.confirmed_as.order_by("-pk").first()
    else:
        found = Finding.objects.visible_to(user).filter(ledger_import=ledger_import)
        context["by_gate"] = queries.by_gate(found)
        context["found_url"] = f"{reverse('supervision:findings')}?ledger_import={ledger_import.pk}"
        mine = StatementDifference.objects.visible_to(user)
        context["differences"] = [
            (StatementDifference.Kind(kind), [], n) for kind, n in queries.by_kind(mine).items() if kind in OF_HISTORY
        ]
        context["cases"] = ledger_import.entries.filter(institution__in=user.institution_ids).count()
    context["found"] = sum(row["n"] for row in context["by_gate"])
    context["differing"] = sum(n for _kind, _numbers, n in context["differences"])
    context["unjudged_total"] = sum(row["n"] for row in context["unjudged"])
    return context


@require_GET
@needs(PERMISSION, on=LedgerImport)
def progress(request: HttpRequest, ledger_import: LedgerImport) -> HttpResponse:
    """The fragment that the page asks for every two seconds; once it has ended the page is loaded anew."""
    if not request.htmx:
        return redirect(ledger_import)
    if not ledger_import.is_open:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "supervision/_progress.html", {"import": ledger_import, **running(ledger_import)})


@require_POST
@needs(PERMISSION, on=LedgerImport)
def confirm(request: HttpRequest, ledger_import: LedgerImport) -> HttpResponse:
    try:
        begun = actions.confirm_import(check=ledger_import, by=request.user)
    except Refused as refused:
        messages.error(request, " ".join(refused.messages))
        return redirect(ledger_import)
    wake()
    return redirect(begun)


@require_POST
@needs(PERMISSION, on=LedgerImport)
def retry(request: HttpRequest, ledger_import: LedgerImport) -> HttpResponse:
    if ledger_import.retryable:
        ledger_import = actions.retry_import(ledger_import=ledger_import, by=request.user)
        wake()
    else:
        messages.info(request, _("This import has not failed, or its file is not kept here; nothing to try again."))
    return redirect(ledger_import)


@require_GET
@needs(PERMISSION, on=LedgerImport)
def errors(request: HttpRequest, ledger_import: LedgerImport) -> HttpResponse:
    name = _("Errors in %(file)s.xlsx") % {"file": stem(ledger_import)}
    return answer(errors_book(ledger_import), name)


@require_GET
@needs(PERMISSION, on=LedgerImport)
def result(request: HttpRequest, ledger_import: LedgerImport) -> HttpResponse:
    if ledger_import.status != LedgerImport.Status.DONE:
        messages.info(request, _("There is no result yet."))
        return redirect(ledger_import)
    came = came_to(request.user, ledger_import)
    name = _("Result of %(file)s.xlsx") % {"file": stem(ledger_import)}
    return answer(result_book(request.user, ledger_import, came), name)


def stem(ledger_import: LedgerImport) -> str:
    return ledger_import.file_name.rpartition(".")[0] or ledger_import.file_name
