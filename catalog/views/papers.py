"""An edition to take away: the county's list as a workbook and as a paper."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from audit.guards import needs
from catalog import papers
from catalog.models import Edition
from catalog.views.editions import VIEW
from documents import files
from documents.spreadsheets import attachment


@require_GET
@needs(VIEW, on=Edition)
def workbook(request: HttpRequest, edition: Edition) -> HttpResponse:
    headers = {"Content-Disposition": attachment(papers.file_name(edition, "xlsx"))}
    return HttpResponse(papers.as_workbook(edition), content_type=files.XLSX, headers=headers)


@require_GET
@needs(VIEW, on=Edition)
def pdf(request: HttpRequest, edition: Edition) -> HttpResponse:
    headers = {"Content-Disposition": attachment(papers.file_name(edition, "pdf"))}
    return HttpResponse(papers.as_paper(edition).content, content_type=files.PDF, headers=headers)
