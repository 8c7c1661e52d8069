"""The doors of the report, the record, the drug and the wrong entry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from audit.guards import needs
from audit.steps import Step
from documents import files
from documents.templatetags.formats import moment
from referrals import barcodes, pathway
from referrals.actions import ending, filing, results
from referrals.forms import stations as forms
from referrals.forms.drugs import lists
from referrals.models import Referral
from referrals.views.station import ask, page, panel, pdf, simple, take

Act = Callable[..., Any]


# Result


@ask
@needs("referrals.record_result", on=Referral)
def result(request: HttpRequest, referral: Referral) -> HttpResponse:
    return _report(request, referral, forms.ResultForm, results.record_result, pathway.REPORT, _("Report"))


@ask
@needs("referrals.record_result", on=Referral)
def correct(request: HttpRequest, referral: Referral) -> HttpResponse:
    return _report(
        request, referral, forms.CorrectionForm, results.correct_result, pathway.CORRECT_RESULT, _("Corrected report")
    )


def _report(request: HttpRequest, referral: Referral, shape: Any, act: Act, step: Step, title: Any) -> HttpResponse:
    posted = request.method == "POST"
    form = shape(request.POST if posted else None, request.FILES if posted else None, referral=referral)
    held = barcodes.current(referral)
    if not (held and held.barcode):
        form.fields["barcode"].help_text = _("This specimen has no barcode: enter the referral number.")
    rows = forms.Alterations(request.POST if posted else None, prefix="alterations")
    refusals: list = []
    if posted and rows.is_valid() & form.is_valid():
        try:
            form.cleaned_data["pdf"] = files.check(form.cleaned_data["pdf"], kinds=(files.PDF,))
        except ValidationError as wrong:
            form.add_error("pdf", wrong)
        else:
            form.cleaned_data["alterations"] = [one for one in rows.cleaned_data if one]
            done, refusals = take(request, referral, form, act, said=_("The report is taken in."))
            if done:
                return done
    panels = []
    if referral.status in step.sources:
        panels.append(panel(form, title, _("Take in the report"), multipart=True, alterations=rows))
    return page(request, referral, panels, title=title, step=step, refusals=refusals, rows=_reported(referral))


def _reported(referral: Referral) -> list[tuple]:
    """The report in force, and the one it replaced."""
    rows: list[tuple] = []
    known = results.current(referral)
    if known:
        url = ""
        if known.pdf_id:
            from referrals.gates.words import link

            url = link("referrals:report", referral.pk, known.pk)
        rows += [
            (_("Report number"), known.report_no, url, moment(known.reported_at)),
            (_("Result"), known.get_outcome_display(), "", known.findings),
            (_("Signed by, at the laboratory"), known.signed_out_by),
        ]
        rows += [(one.gene, one.variant, "", one.significance) for one in known.alterations.all()]
    return rows


@require_GET
@needs("referrals.view_referral", on=Referral)
def report(request: HttpRequest, referral: Referral, number: int) -> HttpResponse:
    """The file of a report of this case; reading it is recorded."""
    from django.core.exceptions import PermissionDenied
    from django.http import Http404

    from audit.declaring import record_reading

    if not request.user.sees_identity:
        raise PermissionDenied("referrals.view_referral")
    known = referral.results.filter(pk=number, pdf__isnull=False).select_related("pdf").first()
    if known is None:
        raise Http404(_("No such record, or not one of yours."))
    record_reading("referrals_result", known.pk, "report")
    return pdf(files.read(known.pdf), f"report-{known.pk}.pdf")


@ask
@needs("referrals.review_result", on=Referral)
def review(request: HttpRequest, referral: Referral) -> HttpResponse:
    form = forms.ReviewForm(request.POST or None, referral=referral)
    return simple(
        request, referral, form, results.review, pathway.REVIEW, _("Review of the report"), _("Record the review"),
        _("The review is recorded."), rows=_reported(referral),
    )  # fmt: skip


@ask
@needs("referrals.tell_patient", on=Referral)
def tell(request: HttpRequest, referral: Referral) -> HttpResponse:
    form = forms.TellForm(request.POST or None, referral=referral)
    return simple(
        request, referral, form, results.tell, pathway.TELL, _("Tell the patient"), _("The patient was told"),
        _("Recorded that the patient was told."), rows=_reported(referral),
    )  # fmt: skip


# Record and drug


@ask
@needs("referrals.file_record", on=Referral)
def file(request: HttpRequest, referral: Referral) -> HttpResponse:
    """Three documents, as the records show them; nothing here is ticked by hand."""
    held = filing.documents(referral)
    there, missing = _("in the record"), _("missing")
    rows = [
        (_("Informed consent"), there if held["consent_filed"] else missing),
        (_("Order"), there if held["order_filed"] else missing),
        (_("Test result"), there if held["result_filed"] else missing),
    ]
    form = forms.PlainForm(request.POST or None, referral=referral)
    return simple(
        request, referral, form, filing.file_record, pathway.FILE, _("Filing"), _("File the record"),
        _("The record is filed."), rows=rows,
    )  # fmt: skip


@ask
@needs("referrals.prescribe_drug", on=Referral)
def drug(request: HttpRequest, referral: Referral) -> HttpResponse:
    """A targeted drug, judged by the drug rules against this case's result."""
    form = forms.DrugForm(request.POST or None, referral=referral)
    return simple(
        request, referral, form, filing.prescribe, pathway.PRESCRIBE, _("Targeted drug"), _("Check and order"),
        _("The result supports this drug; the order is recorded."), rows=_reported(referral), lists=lists(referral.institution_id, timezone.localdate()),
    )  # fmt: skip


@ask
@needs("referrals.void_referral", on=Referral)
def void(request: HttpRequest, referral: Referral) -> HttpResponse:
    form = forms.ReasonForm(request.POST or None, referral=referral)
    return simple(
        request, referral, form, ending.void, pathway.VOID, _("Void a wrong entry"), _("Void this entry"),
        _("The entry is voided; its number and its records stay."), danger=True,
    )  # fmt: skip
