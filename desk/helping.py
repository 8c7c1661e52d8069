"""The doors of help: the first hour, the procedure for a downtime, and its blank forms."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_GET

from audit.guards import public, sign_in_first
from desk import first_hour
from documents import pdf
from documents.spreadsheets import attachment

# Blank forms by their address: what they are called, and what each is for.
FORMS = {
    "requisition": (_("Requisition"), "基因检测申请单", _("Written by the doctor; goes with the patient.")),
    "consent": (pgettext_lazy("blank form", "Consent"), "基因检测知情同意书", _("Told and signed before the fee and the sample.")),
    "label": (_("Specimen labels"), "标本标签", _("Two a specimen: one on the tube, one on the requisition.")),
    "manifest": (_("Manifest"), "外送标本交接清单", _("Goes with the specimens; a copy stays.")),
    "result": (_("Result transmittal"), "检测结果传递单", _("From the laboratory's report to the doctor.")),
}  # fmt: skip


@require_GET
@public
def first_hour_page(request: HttpRequest) -> HttpResponse:
    """What has to stand before the first case, for the hospital of one's post."""
    user: Any = request.user
    if not user.is_authenticated:
        return sign_in_first(request)
    institution = user.post.institution if user.post else None
    ours = institution is not None and not institution.is_bureau
    found = first_hour.steps(institution) if ours else []  # type: ignore[arg-type]
    context = {"institution": institution, "steps": found, "done": sum(step.done for step in found)}
    return render(request, "desk/first_hour.html", context)


@require_GET
@public
def downtime(request: HttpRequest) -> HttpResponse:
    """What to do while the system is down, and afterwards. Anyone may read and print it beforehand."""
    forms = [(code, label, what) for code, (label, _title, what) in FORMS.items()]
    return render(request, "desk/downtime.html", {"forms": forms})


@require_GET
@public
def blank_form(request: HttpRequest, code: str) -> HttpResponse:
    """One blank form as a PDF on A4. It bears no patient and no secret."""
    if code not in FORMS:
        raise Http404
    title = FORMS[code][1]
    user: Any = request.user
    institution = user.post.institution.name if user.is_authenticated and user.post else ""
    context = {"title": title, "institution": institution, "rows": range(10), "labels": range(10)}
    paper = pdf.make(render_to_string(f"desk/downtime/{code}.html", context))
    headers = {"Content-Disposition": attachment(f"{title}.pdf")}
    return HttpResponse(paper.content, content_type="application/pdf", headers=headers)
