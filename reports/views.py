"""Reports of one's own hospital: the list, one report, its text and its steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from audit.gates import Refusal, Refused
from audit.guards import needs
from reports import actions, charts, pathway, queries, tasks, wording
from reports.figures import Figures
from reports.forms import AskForm, NarrativeForm, ReadForm, ReturnForm, SignOffForm
from reports.models import Report, Status


@needs("reports.view_report")
def index(request: HttpRequest) -> HttpResponse:
    """By period, newest first: which report there is, how far it is, and what to do where there is none."""
    user: Any = request.user
    return render(request, "reports/list.html", _index_context(user))


def _index_context(user: Any) -> dict[str, Any]:
    reports = Report.objects.visible_to(user).defer("figures", "narrative", "checkpoint")
    newest = queries.newest_of_each(reports)
    hospitals = list(queries.hospitals_of(user))
    spans = {report.span for report in newest.values()} | set(queries.last_periods())
    rows = [
        (span, [(hospital, newest.get((hospital.pk, span.code))) for hospital in hospitals])
        for span in sorted(spans, key=lambda span: (span.end, span.start), reverse=True)
    ]
    return {
        "rows": rows,
        "several": len(hospitals) > 1,
        "may_build": user.may("reports.build_report"),
        "ask_form": AskForm(),
        "basis": ("B21", "B36", "B45"),
    }


@require_POST
@needs("reports.build_report")
def ask(request: HttpRequest) -> HttpResponse:
    """Build the report of a period, or a new revision when the figures changed."""
    user: Any = request.user
    form = AskForm(request.POST)
    hospital = queries.hospitals_of(user).filter(pk=user.post.institution_id).first()
    if hospital is None:
        raise PermissionDenied("reports.build_report")
    if not form.is_valid():
        return render(request, "reports/list.html", {**_index_context(user), "ask_form": form}, status=422)
    try:
        report, new = actions.ask(institution=hospital, period=form.cleaned_data["period"], by=user)
    except Refused as refused:
        context = {**_index_context(user), "ask_form": form, "refusals": refused.refusals}
        return render(request, "reports/list.html", context, status=409)
    if new:
        tasks.wake()
    elif report.status == Status.BUILDING:
        messages.info(request, _("This report is being built already."))
    else:
        messages.info(
            request, _("The figures are still those of revision %(n)s; nothing was built.") % {"n": report.revision}
        )
    return redirect(report)


@needs("reports.view_report", on=Report)
def detail(request: HttpRequest, report: Report) -> HttpResponse:
    return render(request, "reports/detail.html", detail_context(request, report))


@needs("reports.view_report", on=Report)
def progress(request: HttpRequest, report: Report) -> HttpResponse:
    """How far building is, for the page's poll; once done, the browser opens the report anew."""
    response = render(request, "reports/_progress.html", {"report": report, **progress_words(report)})
    if report.status != Status.BUILDING and getattr(request, "htmx", None):
        response["HX-Refresh"] = "true"
    return response


def progress_words(report: Report) -> dict[str, Any]:
    return {
        "stage_words": stage_words(report.stage),
        "state": "failed" if report.status == Status.FAILED else "running",
    }


def stage_words(stage: str) -> str:
    return {
        "": _("Waiting for a worker"),
        "waiting": _("Waiting for a worker"),
        "counting": _("Counting the figures"),
        "setting": _("Setting the paper"),
    }.get(stage, _("Storing"))


def detail_context(request: HttpRequest, report: Report, **more: Any) -> dict[str, Any]:
    """Everything the page of one report shows."""
    user: Any = request.user
    report = Report.objects.select_related(
        "institution__supervised_by",
        "pdf",
        "built_by",
        "reviewed_by",
        "signed_off_by",
        "submitted_by",
        "received_by",
        "returned_by",
        "requested_by",
    ).get(pk=report.pk)
    context: dict[str, Any] = {
        "report": report,
        "span": report.span,
        "stations": stations(report),
        "revisions": Report.objects.visible_to(user).of(report.institution, report.span),
        "receipts": report.receipts.select_related("downloaded_by")[:50],
        "may_download": user.may("reports.download_report", report),
        "may_edit": user.may("reports.edit_narrative", report) and report.is_editable,
        "may_build": user.may("reports.build_report", report),
        "may_list_cases": user.may("referrals.view_referral"),
        "next": next_step(user, report),
        **progress_words(report),
    }
    if report.figures:
        figures = Figures.from_json(report.figures)
        context |= {
            "figures": figures,
            "rows": queries.table_rows(figures),
            "rates": queries.rate_lines(figures),
            "not_recorded": queries.not_recorded(),
            "charts": charts.of(figures),
            "departments": queries.department_lines(figures),
            "laboratories": queries.laboratory_lines(figures),
            "findings": queries.finding_groups(figures),
            "differences": queries.difference_groups(figures),
            "verdict": wording.verdict(figures),
            "sections": wording.sections(figures, report.narrative),
            "changes": _changes(report, figures),
        }
    return context | more


def _changes(report: Report, figures: Figures) -> list[tuple[str, str, str]]:
    before = Report.objects.filter(
        institution=report.institution_id, period=report.period, revision=report.revision - 1, figures__isnull=False
    ).first()
    return queries.changes_between(Figures.from_json(before.figures), figures) if before else []


def stations(report: Report) -> list[dict[str, Any]]:
    """The report's way, station by station, with who passed it when."""
    way = [
        (_("Built"), report.built_at, report.built_by),
        (_("Reviewed"), report.reviewed_at, report.reviewed_by),
        (_("Signed off"), report.signed_off_at, report.signed_off_by),
        (_("Submitted to the bureau"), report.submitted_at, report.submitted_by),
    ]
    if report.returned_at:
        way.append((_("Returned by the bureau"), report.returned_at, report.returned_by))
    else:
        way.append((_("Received by the bureau"), report.received_at, report.received_by))
    return [{"label": label, "at": at, "by": by} for label, at, by in way]


def next_step(user: Any, report: Report) -> dict[str, Any]:
    """The one next action for this person, or whose turn it is."""
    turns = {
        Status.BUILT: ("review", _("Read figures and text through, then pass the report on for signing off.")),
        Status.REVIEWED: ("sign_off", _("Give the document number and sign off; figures and text are final then.")),
        Status.SIGNED_OFF: ("submit", _("Send the signed report to the health bureau.")),
        Status.SUBMITTED: ("receive", _("Receive the report, or return it with a comment.")),
    }
    if report.status not in turns or not report.is_latest:
        return {}
    name, words = turns[Status(report.status)]
    step = pathway.BY_PEOPLE[name]
    mine = user.may(step.permission, report)
    own = name == "sign_off" and report.reviewed_by_id == user.pk
    found: dict[str, Any] = {
        "name": name,
        "words": words,
        "label": step.label,
        "mine": mine and not own,
        "own": mine and own,
    }
    if name == "sign_off" and mine:
        number = actions.suggested_number(report, timezone.localdate().year)
        found["form"] = SignOffForm(initial={"version": report.narrative_version, "document_number": number})
    if name == "receive":
        found["return_form"] = ReturnForm()
    return found


# --- Steps ---


def _take(request: HttpRequest, report: Report, act: Callable[[], Any], said: str, **again: Any) -> HttpResponse:
    """Take a step: back to the report with a word, or the report's page with the refusal."""
    try:
        with transaction.atomic():
            act()
    except Refused as refused:
        return refused_page(request, report, refused.refusals, **again)
    messages.success(request, said)
    return redirect(report)


def refused_page(request: HttpRequest, report: Report, refusals: list[Refusal], **again: Any) -> HttpResponse:
    context = detail_context(request, report, refusals=refusals)
    context["next"] = {**context["next"], **again}
    return render(request, "reports/detail.html", context, status=409)


@require_POST
@needs("reports.review_report", on=Report)
def review(request: HttpRequest, report: Report) -> HttpResponse:
    form = ReadForm(request.POST)
    version = form.cleaned_data["version"] if form.is_valid() else -1
    return _take(
        request,
        report,
        lambda: actions.review(report=report, version=version, by=request.user),
        _("Reviewed. The hospital's leader can sign it off now."),
    )


@require_POST
@needs("reports.sign_off_report", on=Report)
def sign_off(request: HttpRequest, report: Report) -> HttpResponse:
    form = SignOffForm(request.POST)
    if not form.is_valid():
        context = detail_context(request, report)
        context["next"] = {**context["next"], "form": form}
        return render(request, "reports/detail.html", context, status=422)
    return _take(
        request,
        report,
        lambda: actions.sign_off(report=report, by=request.user, **form.cleaned_data),
        _("Signed off as %(number)s.") % {"number": form.cleaned_data["document_number"]},
        form=form,
    )


@require_POST
@needs("reports.submit_report", on=Report)
def submit(request: HttpRequest, report: Report) -> HttpResponse:
    return _take(
        request,
        report,
        lambda: actions.submit(report=report, by=request.user),
        _("Submitted. The health bureau can open it now."),
    )


@require_POST
@needs("reports.receive_report", on=Report)
def receive(request: HttpRequest, report: Report) -> HttpResponse:
    return _take(
        request, report, lambda: actions.receive(report=report, by=request.user), _("Received; the report is locked.")
    )


@require_POST
@needs("reports.return_report", on=Report)
def give_back(request: HttpRequest, report: Report) -> HttpResponse:
    form = ReturnForm(request.POST)
    if not form.is_valid():
        context = detail_context(request, report)
        context["next"] = {**context["next"], "return_form": form}
        return render(request, "reports/detail.html", context, status=422)
    return _take(
        request,
        report,
        lambda: actions.return_with_comment(report=report, by=request.user, **form.cleaned_data),
        _("Returned with your comment."),
        return_form=form,
    )


@require_POST
@needs("reports.build_report", on=Report)
def retry(request: HttpRequest, report: Report) -> HttpResponse:
    def again() -> None:
        actions.retry(report=report, by=request.user)
        tasks.wake()

    return _take(request, report, again, _("Building begins anew."))


@needs("reports.edit_narrative", on=Report)
def text(request: HttpRequest, report: Report) -> HttpResponse:
    """The office's own words. What was typed stays, whatever happens; another's words stand beside it."""
    form = NarrativeForm(request.POST or None, report=report)
    context: dict[str, Any] = {"report": report, "form": form, "status": 200}
    if not report.is_editable and request.method == "GET":
        return redirect(report)
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                actions.edit_narrative(
                    report=report,
                    version=form.cleaned_data["version"],
                    texts=form.texts(),
                    contact=form.contact(),
                    by=request.user,
                )
        except Refused as refused:
            return _beside(request, report, form, refused)
        messages.success(request, _("The text is saved; the draft paper is set anew when it is next opened."))
        return redirect(report)
    if form.is_bound and form.errors:
        context["status"] = 422
    return render(request, "reports/text.html", context, status=context["status"])


def _beside(request: HttpRequest, report: Report, form: NarrativeForm, refused: Refused) -> HttpResponse:
    """Theirs beside yours, part by part; saving again then is a decision, not an accident."""
    report.refresh_from_db()
    labels = {"preamble": _("Opening paragraph"), **wording.HEADINGS}
    theirs = [
        (labels[key], report.narrative.get(key, ""), form.cleaned_data[key])
        for key in wording.WRITTEN
        if report.narrative.get(key, "").strip() != form.cleaned_data[key].replace("\r\n", "\n").strip()
    ]
    typed = form.data.copy()
    typed["version"] = str(report.narrative_version)
    again = NarrativeForm(typed, report=report)
    again.is_valid()
    context = {"report": report, "form": again, "refusals": refused.refusals, "theirs": theirs}
    return render(request, "reports/text.html", context, status=409)
