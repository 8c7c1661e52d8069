"""The doors of drug checks, pathology, and outside reports."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_http_methods

from audit.declaring import record_reading
from audit.guards import needs
from documents import files
from documents.templatetags.formats import day, isoday, moment
from referrals.actions import drug_checks as actions
from referrals.forms import drugs as forms
from referrals.forms.stations import Alterations
from referrals.gates.words import link
from referrals.models import DrugCheck, OutsideReport, PathologyBasis
from referrals.views.drug_pages import attempt, detail, listed, panel, sent
from referrals.views.station import pdf

ask = require_http_methods(["GET", "POST"])
CHIPS = {"supported": "passed", "not_supported": "blocked", "not_required": "na", "cannot_tell": "unknown"}


def chip(kind: str, label: Any) -> dict:
    return {"chip": kind, "text": label}


def patient_of(user: Any, patient: Any) -> str:
    """Record number, and the name for those who may read it."""
    known = getattr(patient, "identity", None) if user.sees_identity else None
    return f"{patient.record_no} {known.name}" if known else patient.record_no


def related(user: Any) -> tuple[str, ...]:
    return ("patient__identity",) if user.sees_identity else ("patient",)


@ask
@needs(actions.VIEW)
def checks(request: HttpRequest) -> HttpResponse:
    """The question on the right, the answers so far on the left."""
    user: Any = request.user
    start = {name: request.GET.get(name, "") for name in ("record_no", "drug", "indication", "line")}
    form = forms.CheckForm(sent(request, "check"), user=user, initial=start)
    done, refusals = attempt(
        request, form, lambda: actions.ask(patient=form.patient, by=user, **form.asked),
        _("Answered and recorded."), lambda made: made.get_absolute_url(),
    )  # fmt: skip
    if done:
        return done
    found = DrugCheck.objects.visible_to(user).select_related(*related(user), "asked_by", "rule")
    if answer := request.GET.get("answer"):
        found = found.filter(answer=answer)

    def row(one: DrugCheck) -> list:
        return [
            {"text": moment(one.asked_at), "url": one.get_absolute_url()},
            patient_of(user, one.patient), one.drug, f"{one.indication} {one.line}".strip(),
            chip(CHIPS[one.answer], one.get_answer_display()), one.rule.code if one.rule else "", one.asked_by.name,
        ]  # fmt: skip

    columns = [
        (_("Asked at"), "nobreak"), (_("Patient"), ""), (_("Drug"), ""), (_("Indication and line"), "wrap"),
        (_("Answer"), ""), (_("Rule"), ""), (_("Asked by"), "name"),
    ]  # fmt: skip
    may = user.may(actions.CHECK)
    return listed(
        request, found, "asked_at", row, here="referrals:drug_checks", title=_("Drug checks"),
        subtitle=_("Is this drug, for this indication in this line, supported by a result on record? (A31)"),
        columns=columns, panels=[panel(form, _("Check a drug"), _("Check"), do="check") if may else {}],
        refusals=refusals, lists=forms.lists(user.post.institution_id, timezone.localdate()) if may else {},
    )  # fmt: skip


@require_GET
@needs(actions.VIEW, on=DrugCheck)
def check(request: HttpRequest, check: DrugCheck) -> HttpResponse:
    user: Any = request.user
    rows = [
        (_("Patient"), patient_of(user, check.patient)),
        (_("Drug"), check.drug),
        (pgettext("of a drug", "Indication"), check.indication),
        (_("Line or setting"), check.line),
        (_("Pathology"), check.pathology),
        (_("Asked by"), f"{check.asked_by.name} {moment(check.asked_at)}"),
    ]
    if check.since:
        rows.insert(4, (_("Day of progression or relapse"), day(check.since)))
    sections = [
        {"title": check.get_answer_display(), "chip": CHIPS[check.answer], "lead": check.why, "rows": rows},
        {
            "title": _("Reports it stands on"),
            "columns": [(_("Shows"), "wrap"), (_("Found"), "wrap"), (_("Report"), "wrap"), (_("Reported on"), "nobreak"),
                        (_("Specimen"), ""), (_("Method"), "")],
            "table": [
                [one["target"], one["found"], _report_link(one), one["reported_on"], one["specimen"], one["method"]]
                for one in check.used
            ],
            "empty": _("None."),
        },
        {
            "title": _("Reports that do not count"),
            "columns": [(_("Report"), "wrap"), (_("Reported on"), "nobreak"), (_("Why not"), "wrap")],
            "table": [[_report_link(one), one["reported_on"], one["why"]] for one in check.others],
            "empty": _("None."),
        },
    ]  # fmt: skip
    if check.rule:
        rule = check.rule
        sections.append(
            {
                "title": _("Rule as written"),
                "rows": [
                    (_("Rule"), f"{rule.code} {rule.drugs}", rule.edition.get_absolute_url(), str(rule.edition)),
                    (pgettext("of a drug", "Indication"), f"{rule.indication} {rule.line}".strip()),
                    (_("Required biomarker"), rule.biomarker),
                    (_("Need as written"), rule.need_as_written),
                    (_("Accepted result"), f"{rule.accepted_result}；{rule.accepted_specimen}".strip("；")),
                    (_("Not sufficient"), rule.not_sufficient),
                    (_("Basis of the rule"), f"{rule.basis} {rule.mark}".strip()),
                ],
            }
        )
    return detail(request, title=f"{check.drug}　{check.indication}", here="referrals:drug_checks", sections=sections)


def _report_link(one: dict) -> dict | str:
    if one.get("referral"):
        return {"text": one["report"], "url": link("referrals:case", int(one["referral"]), anchor="result")}
    if one.get("outside"):
        return {"text": one["report"], "url": link("referrals:outside_report", int(one["outside"]))}
    return one["report"]


# Pathology


@ask
@needs(actions.VIEW)
def pathology_bases(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    form = forms.PathologyForm(
        sent(request, "pathology"), user=user, initial={"record_no": request.GET.get("record_no", "")}
    )
    done, refusals = attempt(
        request, form, lambda: actions.record_pathology(patient=form.patient, by=user, **form.asked),
        _("Recorded."), request.path,
    )  # fmt: skip
    approve = forms.MatchForm({"item": request.POST.get("item")}) if request.POST.get("do") == "approve" else None
    if approve is not None and not done:
        done, refusals = _approved(request, user)
    if done:
        return done
    found = PathologyBasis.objects.visible_to(user).select_related(*related(user), "recorded_by", "approved_by")
    if request.GET.get("waiting"):
        found = found.filter(kind="clinical", approved_at__isnull=True)
    may_approve = user.may(actions.APPROVE_CLINICAL)

    def row(one: PathologyBasis) -> list:
        basis = one.report_no or f"{one.reason}；{one.guideline}"
        if one.stands:
            state: dict = chip(
                "passed",
                _("on record")
                if one.approved_by is None
                else _("approved by %(name)s") % {"name": one.approved_by.name},
            )
        else:
            state = chip("waiting", _("awaits approval"))
        act = {"do": "approve", "item": one.pk, "label": _("Approve")} if may_approve and not one.stands else ""
        return [moment(one.recorded_at), patient_of(user, one.patient), one.get_kind_display(), one.diagnosis, isoday(one.diagnosed_on), basis, state, act]  # fmt: skip

    columns = [
        (_("Recorded at"), "nobreak"), (_("Patient"), ""), (_("Kind of basis"), ""), (_("Diagnosis"), "wrap"),
        (_("Diagnosed on"), "nobreak"), (_("Report, or reason and guideline"), "wrap"), (_("Status"), ""), ("", "act"),
    ]  # fmt: skip
    may = user.may(actions.RECORD_PATHOLOGY)
    return listed(
        request, found, "recorded_at", row, here="referrals:pathology_bases", title=_("Pathology before a drug"),
        subtitle=_("Before an antitumour drug the pathology is on record (A30); an exception by clinical diagnosis has a guideline and an approver (A32)."),
        columns=columns, panels=[panel(form, _("Record the basis"), _("Record"), do="pathology") if may else {}],
        refusals=refusals,
    )  # fmt: skip


def _approved(request: HttpRequest, user: Any) -> tuple[HttpResponse | None, list]:
    if not user.may(actions.APPROVE_CLINICAL):
        raise PermissionDenied(actions.APPROVE_CLINICAL)
    number = request.POST.get("item", "")
    basis = PathologyBasis.objects.visible_to(user).filter(pk=number).first() if number.isdecimal() else None
    if basis is None:
        raise Http404(_("No such record, or not one of yours."))
    form = forms.MatchForm({"item": number, "verdict": "match"})
    return attempt(
        request, form, lambda: actions.approve_clinical_diagnosis(basis=basis, by=user), _("Approved."), request.path
    )


# Outside reports


@ask
@needs(actions.VIEW)
def outside_reports(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    data = sent(request, "outside")
    form = forms.OutsideReportForm(
        data, request.FILES if data else None, user=user, initial={"record_no": request.GET.get("record_no", "")}
    )
    rows = Alterations(data, prefix="alterations")
    done: HttpResponse | None = None
    refusals: list = []
    if data and rows.is_valid() & form.is_valid():
        altered = [one for one in rows.cleaned_data if one]
        done, refusals = attempt(
            request, form,
            lambda: actions.record_outside_report(patient=form.patient, by=user, alterations=altered, **form.asked),
            _("The report is on record. It counts once pathology or medical affairs has reviewed it."),
            lambda made: made.get_absolute_url(),
        )  # fmt: skip
    if done:
        return done
    found = OutsideReport.objects.visible_to(user).select_related(*related(user), "recorded_by")
    if request.GET.get("waiting"):
        found = found.filter(reviewed_at__isnull=True)

    def row(one: OutsideReport) -> list:
        return [
            {"text": moment(one.recorded_at), "url": one.get_absolute_url()}, patient_of(user, one.patient),
            one.get_source_display(), str(one), isoday(one.reported_on), one.findings or one.get_outcome_display(),
            state_of(one),
        ]  # fmt: skip

    columns = [
        (_("Recorded at"), "nobreak"), (_("Patient"), ""), (_("Where it comes from"), ""), (_("Report"), "wrap"),
        (_("Reported on"), "nobreak"), (_("Main findings"), "wrap"), (_("Review"), ""),
    ]  # fmt: skip
    may = user.may(actions.RECORD_OUTSIDE)
    one = panel(form, _("Register an outside report"), _("Register"), do="outside", multipart=True, alterations=rows)
    return listed(
        request, found, "recorded_at", row, here="referrals:outside_reports", title=_("Outside reports"),
        subtitle=_(
            "A report from outside is registered with where it comes from. If this hospital did not ask for it, it is a "
            "record only, and does not mean that anything was wrong."
        ),
        columns=columns, panels=[one if may else {}], refusals=refusals,
    )  # fmt: skip


def state_of(one: OutsideReport) -> dict:
    if one.reviewed_at is None:
        return chip("waiting", _("awaits review"))
    return chip("passed", _("accepted")) if one.is_accepted else chip("blocked", _("not accepted"))


@ask
@needs(actions.VIEW, on=OutsideReport)
def outside_report(request: HttpRequest, report: OutsideReport) -> HttpResponse:
    user: Any = request.user
    form = forms.ReviewOutsideForm(sent(request, "review"))
    done, refusals = attempt(
        request, form, lambda: actions.review_outside_report(report=report, by=user, **form.cleaned_data),
        _("The review is recorded."), request.path,
    )  # fmt: skip
    if done:
        return done
    paper = link("referrals:outside_report_pdf", report.pk) if report.pdf_id and user.sees_identity else ""
    rows = [
        (_("Patient"), patient_of(user, report.patient)),
        (_("Where it comes from"), report.get_source_display()),
        (_("Issued by"), report.issuer),
        (_("Report number"), report.report_no, paper, day(report.reported_on)),
        (_("Specimen"), report.specimen, "", isoday(report.collected_on) if report.collected_on else ""),
        (_("Method"), report.method),
        (_("Genes read"), report.genes),
        (_("Result"), report.get_outcome_display(), "", report.findings),
        *((one["gene"], one["variant"], "", one["significance"]) for one in report.alterations),
        (_("Registered by"), f"{report.recorded_by.name} {moment(report.recorded_at)}"),
    ]
    if report.reviewed_at:
        who = f"{report.reviewed_by.name} {moment(report.reviewed_at)}" if report.reviewed_by else ""
        rows.append((_("Reviewed by"), who, "", report.review_note))
    state = state_of(report)
    may = user.may(actions.REVIEW_OUTSIDE) and report.reviewed_at is None
    return detail(
        request, title=_("Outside report"), here="referrals:outside_reports", refusals=refusals,
        sections=[{"title": state["text"], "chip": state["chip"], "rows": rows}],
        panels=[panel(form, _("Review of the report"), _("Record the review"), do="review") if may else {}],
    )  # fmt: skip


@require_GET
@needs(actions.VIEW, on=OutsideReport)
def outside_report_pdf(request: HttpRequest, report: OutsideReport) -> HttpResponse:
    """The file as it was brought; reading it is recorded."""
    user: Any = request.user
    if not user.sees_identity:
        raise PermissionDenied(actions.VIEW)
    if report.pdf is None:
        raise Http404(_("No such record, or not one of yours."))
    record_reading("referrals_outsidereport", report.pk, "report")
    return pdf(files.read(report.pdf), f"outside-{report.pk}.pdf")
