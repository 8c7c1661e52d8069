"""Giving in a laboratory's bill: naming its columns, seeing how far it is, confirming what was found."""

from __future__ import annotations

import time
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from audit.gates import Refused
from audit.guards import needs
from audit.refusing import tried
from documents import files
from documents.paging import address, newest_first
from documents.spreadsheets import Column, SheetOut, attachment, workbook
from referrals.actions import bill_running
from referrals.actions import bills as actions
from referrals.forms.bills import ColumnsForm, StatementForm
from referrals.models import Reconciliation
from referrals.tasks import wake_statements
from referrals.views.common import who
from vendors.models import StatementUpload
from vendors.statement_reading import preview

PAGE = 50
SHOWN_ERRORS = 200
Status = StatementUpload.Status
PHASES = {
    "reading": gettext_lazy("Reading the statement"),
    "recording": gettext_lazy("Recording the lines"),
    "matching": gettext_lazy("Matching with referrals, results, prices and charges"),
}
ACTS = {"confirm": actions.confirm, "discard": actions.discard, "retry": actions.retry}


@needs(actions.GIVE_IN)
def uploads(request: HttpRequest) -> HttpResponse:
    """What was given in so far, and the place to give in a statement."""
    user = who(request)
    sent = request.method == "POST"
    start = {name: request.GET[name] for name in ("laboratory", "month") if request.GET.get(name)}
    form = StatementForm(request.POST, request.FILES) if sent else StatementForm(initial=start)
    given, refusals = tried(form, lambda: _given(form, user))
    if given:
        if given.status == Status.DONE:
            messages.info(request, _("This file was recorded before; nothing was changed."))
        wake_statements()
        return redirect(given)
    found = StatementUpload.objects.visible_to(user).select_related("laboratory", "given_in_by")
    rows, older, newer = newest_first(found, "given_in_at", request.GET, size=PAGE)
    context = {
        "form": form,
        "refusals": refusals,
        "rows": rows,
        "older_url": address(request, after=older) if older else "",
        "newer_url": address(request, before=newer) if newer else "",
    }
    return render(request, "bills/uploads.html", context, status=form.status if sent else 200)


def _given(form: StatementForm, user: Any) -> StatementUpload:
    asked = form.cleaned_data
    return actions.give_in(
        upload=asked["statement"], laboratory=asked["laboratory"], month=asked["month"], reason=asked["reason"], by=user
    )


@needs(actions.GIVE_IN, on=StatementUpload)
def upload(request: HttpRequest, job: StatementUpload) -> HttpResponse:
    """One file: its columns to name, its progress, its errors, or what is to be confirmed."""
    user = who(request)
    naming = job.status == Status.MAPPING or (
        job.status in (Status.REFUSED, Status.CHECKED) and "columns" in request.GET
    )
    context: dict[str, Any] = {"job": job, "naming": naming, **running(job)}
    sent = request.method == "POST"
    if naming or sent:
        seen = preview(files.read(job.file))
        form = ColumnsForm(request.POST if sent else None, preview=seen, known=job.columns)
        named, refusals = tried(form, lambda: actions.name_columns(upload=job, columns=form.cleaned_data, by=user))
        if named:
            wake_statements()
            return redirect(job)
        context |= {"form": form, "preview": seen, "refusals": refusals, "naming": True}
    month = Reconciliation.objects.visible_to(user).filter(
        institution=job.institution_id, laboratory=job.laboratory_id, month=job.month
    )
    context |= {
        "errors": job.errors[:SHOWN_ERRORS],
        "more_errors": max(job.error_count - SHOWN_ERRORS, 0),
        "month": month.first() if job.status == Status.DONE else None,
        "kept": dict(job.columns),
    }
    return render(request, "bills/upload.html", context, status=422 if sent else 200)


def running(job: StatementUpload) -> dict[str, Any]:
    """How far it is, for the progress bar: phase, lines done, and the time left in this phase."""
    how = bill_running.progress_of(job.pk) if job.is_running else {}
    done, total = how.get("done", 0), how.get("total", 0)
    remaining = ""
    if 0 < done < total:
        seconds = max(int((time.time() - how["began"]) / done * (total - done)), 1)
        remaining = ngettext("about %(n)d second", "about %(n)d seconds", seconds) % {"n": seconds}
    state = "running" if job.is_begun else "waiting" if job.is_running else "done"
    return {"progress": how, "stage": PHASES.get(how.get("phase", ""), ""), "remaining": remaining, "state": state}


@require_GET
@needs(actions.GIVE_IN, on=StatementUpload)
def progress(request: HttpRequest, job: StatementUpload) -> HttpResponse:
    """The fragment that the page asks for every two seconds; once it has ended the page is loaded anew."""
    if not request.htmx:
        return redirect(job)
    if not job.is_running:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "bills/_progress.html", {"job": job, **running(job)})


@require_POST
@needs(actions.GIVE_IN, on=StatementUpload)
def upload_act(request: HttpRequest, job: StatementUpload) -> HttpResponse:
    """Confirm what was found, give the file up, or try a failed one again."""
    act = ACTS.get(request.POST.get("do", ""))
    if act is not None:
        try:
            act(upload=job, by=who(request))
        except Refused as refused:
            messages.error(request, " ".join(refused.messages))
        wake_statements()
    return redirect(job)


@require_GET
@needs(actions.GIVE_IN, on=StatementUpload)
def upload_errors(request: HttpRequest, job: StatementUpload) -> HttpResponse:
    """Every error as a workbook, to be mended in one round."""
    columns = [
        Column(_("Sheet"), 14), Column(_("Row"), 8, "integer"), Column(_("Column"), 8), Column(_("Heading"), 20),
        Column(_("What is wrong"), 60),
    ]  # fmt: skip
    rows = [(one["sheet"], one["row"] or None, one["column"], one["heading"], one["message"]) for one in job.errors]
    notes = []
    if job.error_count > len(rows):
        notes = [_("%(count)d errors in all; the first are listed.") % {"count": job.error_count}]
    name = _("Errors in %(file)s.xlsx") % {"file": job.file_name.rpartition(".")[0] or job.file_name}
    content = workbook([SheetOut(_("Errors"), columns, rows, notes)], title=name)
    return HttpResponse(content, content_type=files.XLSX, headers={"Content-Disposition": attachment(name)})
