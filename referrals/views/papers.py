"""Papers of one case and of one loan, as PDF: for the patient's hand and for the archive."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from audit.declaring import record_reading
from audit.guards import needs
from referrals import block_loans as chart
from referrals import papers, refunding
from referrals.models import BlockLoan, Referral, Status
from referrals.views.station import pdf

VIEW = "referrals.view_referral"


@require_GET
@needs(VIEW, on=Referral)
def requisition(request: HttpRequest, referral: Referral) -> HttpResponse:
    """The request on paper, with the barcode that the window and the ward scan."""
    user: Any = request.user
    if referral.status == Status.DRAFT:
        raise Http404(_("A draft is no request yet: hand it in, then print it."))
    record_reading("referrals_referral", referral.pk, "requisition")
    return pdf(papers.requisition(referral, named=user.sees_identity).content, f"{referral.number}.pdf")


@require_GET
@needs(VIEW, on=Referral)
def fee_paper(request: HttpRequest, referral: Referral) -> HttpResponse:
    """What the patient is told of the fee: put off until when, given back when and why. No receipt."""
    user: Any = request.user
    if not papers.has_fee(referral):
        raise Http404(_("No fee has been entered or put off for this case."))
    record_reading("referrals_referral", referral.pk, "fee")
    made = papers.fee(referral, refund_by=refunding.due_by(referral), named=user.sees_identity)
    return pdf(made.content, f"{referral.number}-fee.pdf")


@require_GET
@needs(chart.VIEW, on=BlockLoan)
def loan_slip(request: HttpRequest, loan: BlockLoan) -> HttpResponse:
    """The slip to sign when blocks leave and when they come back; from the approval on."""
    user: Any = request.user
    if not user.sees_identity:
        raise PermissionDenied(chart.VIEW)
    if loan.status in (BlockLoan.Status.REQUESTED, BlockLoan.Status.DECLINED):
        raise Http404(_("This loan has not been approved: there is no slip yet."))
    record_reading("referrals_blockloan", loan.pk, "slip")
    return pdf(papers.loan_slip(loan).content, f"{loan.number}.pdf")
