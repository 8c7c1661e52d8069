"""Taking a copy: the paper, the frozen figures, the tables. Every copy leaves a receipt."""

from __future__ import annotations

import hashlib
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from audit.guards import needs
from documents import files
from documents.spreadsheets import attachment
from reports import actions, pdf
from reports.figures import Figures
from reports.models import Report, ReportReceipt

CSV_FILES = {
    "status-table.csv": (pdf.status_csv, "工作情况表"),
    "indicators.csv": (pdf.indicators_csv, "指标表"),
    "findings.csv": (pdf.findings_csv, "自查发现"),
    "differences.csv": (pdf.differences_csv, "账单差异"),
}


@require_GET
@needs("reports.download_report", on=Report)
def download(request: HttpRequest, report: Report, name: str) -> HttpResponse:
    """One of report.pdf, figures.json and the four CSV files, as a download."""
    user: Any = request.user
    if report.is_unbuilt or not report.figures:
        raise Http404
    frozen: Any = report.figures
    stem = f"{report.institution.name}{report.span.label}整治工作报告第{report.revision}版"
    if name == "report.pdf":
        report = actions.current_paper(report=report, by=user)
        paper: Any = report.pdf
        content, kind, said, media = files.read(paper), ReportReceipt.Kind.PDF, paper.name, files.PDF
    elif name == "figures.json":
        figures = Figures.from_json(frozen)
        content = pdf.frozen_json(report, figures, report.checkpoint)
        kind, said, media = ReportReceipt.Kind.JSON, f"{stem}.json", "application/json"
    elif name in CSV_FILES:
        make, title = CSV_FILES[name]
        content = make(Figures.from_json(frozen))
        kind, said, media = ReportReceipt.Kind.CSV, f"{stem}（{title}）.csv", "text/csv; charset=utf-8"
    else:
        raise Http404
    actions.leave_receipt(report=report, kind=kind, sha256=hashlib.sha256(content).hexdigest(), by=user)
    response = HttpResponse(content, content_type=media)
    response["Content-Disposition"] = attachment(said)
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response
