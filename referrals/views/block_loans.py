"""Loans of blocks and slides: the list with what is overdue, one loan with its next step, and the ledger as a workbook."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from audit.guards import needs
from documents.spreadsheets.writing import Column, SheetOut, attachment, workbook
from documents.templatetags.formats import isoday, moment
from referrals import block_loans as chart
from referrals import borrowing
from referrals.actions import block_loans as actions
from referrals.forms import block_loans as forms
from referrals.gates.words import link
from referrals.models import BlockLoan
from referrals.models.loans import is_pathology
from referrals.views.drug_pages import attempt, detail, listed, panel, sent
from referrals.views.drugs import ask, chip, patient_of, related

S = BlockLoan.Status
STATE = {S.REQUESTED: "waiting", S.APPROVED: "waiting", S.LENT: "ahead", S.RETURNED: "passed"}
HERE = "referrals:block_loans"
SHOWS = ("all", "requested", "approved", "lent", "overdue", "flagged")


def _found(user: Any, show: str) -> Any:
    found = BlockLoan.objects.visible_to(user).select_related(*related(user), "requested_by")
    if show == "overdue":
        return found.overdue()
    if show == "flagged":
        return found.filter(is_flagged=True)
    return found.filter(status=show) if show in SHOWS[1:4] else found


def _shown(loan: BlockLoan) -> Any:
    late = loan.status == S.LENT and loan.due_on and loan.due_on < timezone.localdate()
    return (
        chip("overdue", _("overdue")) if late else chip(STATE.get(S(loan.status), "blocked"), loan.get_status_display())
    )


@ask
@needs(chart.VIEW)
def block_loans(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    data = sent(request, "request")
    form = forms.LoanForm(data, user=user)
    done, refusals = attempt(
        request, form, lambda: actions.request(by=user, **form.cleaned_data),
        _("Asked for; the head of pathology decides."), lambda made: made.get_absolute_url(),
    )  # fmt: skip
    if done:
        return done
    show = request.GET.get("show", "all")
    often = borrowing.often(user)

    def row(one: BlockLoan) -> list:
        who: Any = one.requested_by.name
        if one.requested_by_id in often:
            who = chip(
                "overdue",
                _("%(name)s, %(n)s loans without a consultation") % {"name": who, "n": often[one.requested_by_id]},
            )
        purpose: Any = one.get_purpose_display()
        if one.is_flagged:
            purpose = chip("waiting", _("%(purpose)s, not requested here") % {"purpose": purpose})
        return [
            {"text": one.number, "url": one.get_absolute_url()}, moment(one.requested_at), patient_of(user, one.patient),
            one.blocks, purpose, one.destination, who, isoday(one.due_on) if one.due_on else "—", _shown(one),
        ]  # fmt: skip

    columns = [
        (pgettext("loan", "Number"), "nobreak"), (_("Asked at"), "nobreak"), (_("Patient"), ""), (_("Block numbers"), "wrap"),
        (pgettext("loan", "Purpose"), ""), (_("Where it goes"), "wrap"), (_("Asked by"), "name"), (_("Due back on"), "nobreak"), (_("Status"), ""),
    ]  # fmt: skip
    words = dict(
        zip(
            SHOWS,
            (_("All loans"), _("To approve"), _("To hand out"), _("Lent out"), _("Overdue"), _("Not requested here")),
            strict=True,
        )
    )
    tabs = [(words[one], f"{reverse(HERE)}?show={one}", None, one == show) for one in SHOWS]
    one = panel(form, _("Ask for a loan"), _("Ask"), do="request")
    ledger = {"ledger_url": reverse("referrals:block_loans_xlsx")}
    return listed(
        request, _found(user, show), "requested_at", row, here=HERE, title=_("Loans of blocks and slides"),
        subtitle=_(
            "Lent with purpose, approval by the head of pathology, identity and surety; inspected on return. None goes to a laboratory chosen in private (A29, B23)."),
        columns=columns, panels=[one if user.may(chart.REQUEST) else {}], refusals=refusals, tabs=tabs, **ledger,
    )  # fmt: skip


@ask
@needs(chart.VIEW, on=BlockLoan)
def block_loan(request: HttpRequest, loan: BlockLoan) -> HttpResponse:
    """One loan, and the next thing this person may do."""
    user: Any = request.user
    refusals: list = []
    panels = []
    for do, build, act, title, submit, said in _doings(loan, user):
        data = sent(request, do)
        form = build(data)
        done, refused = attempt(request, form, partial(_taken, act, form, loan, user), said, request.path)
        if done:
            return done
        refusals += refused
        panels.append(panel(form, title, submit, do=do))
    return detail(
        request, title=_("Loan of blocks %(number)s") % {"number": loan.number}, here=HERE, sections=_sections(loan, user), panels=panels,
        refusals=refusals, back=(_("Loans of blocks and slides"), reverse(HERE)),
    )  # fmt: skip


def _taken(act: Any, form: Any, loan: BlockLoan, user: Any) -> Any:
    return act(loan=loan, by=user, **form.cleaned_data)


def _doings(loan: BlockLoan, user: Any) -> list[tuple]:
    if loan.status == S.REQUESTED and user.may(chart.APPROVE.permission, loan) and is_pathology(user):
        said = _("The decision is recorded.")
        return [("decide", forms.LoanDecisionForm, actions.decide, _("Decision of pathology"), _("Decide"), said)]
    if loan.status == S.APPROVED and user.may(chart.LEND.permission, loan):
        return [("lend", forms.LendForm, actions.lend, _("Hand out"), _("Hand out"), _("Handed out."))]
    if loan.status == S.LENT and user.may(chart.RETURN.permission, loan):
        said = _("The return is recorded.")
        return [
            (
                "return",
                partial(forms.TakeBackForm, loan=loan),
                actions.take_back,
                pgettext("loan", "Return"),
                _("Record the return"),
                said,
            )
        ]
    return []


def _counts(blocks: int, slides: int) -> str:
    return _("%(n)s blocks, %(m)s slides") % {"n": blocks, "m": slides}


def _sections(loan: BlockLoan, user: Any) -> list[dict]:
    asked: list[tuple] = [
        (_("Patient"), patient_of(user, loan.patient)),
        (
            pgettext("loan", "Purpose"),
            loan.get_purpose_display(),
            "",
            _("not requested by this hospital") if loan.is_flagged else "",
        ),
        (_("Where it goes"), loan.destination),
        (_("Block numbers"), loan.blocks, "", _counts(loan.block_count, loan.slide_count)),
        (_("Why"), loan.reason),
        (_("Borrower"), loan.get_borrower_display()),
        (_("Asked by"), f"{loan.requested_by.name}　{moment(loan.requested_at)}"),
    ]
    if loan.referral:
        may_see = user.may("referrals.view_referral")
        asked.append((_("Request"), loan.referral.number, link("referrals:case", loan.referral_id) if may_see else ""))
    if loan.study:
        asked.append((_("Study"), str(loan.study)))
    held: list[tuple] = [(_("Status"), loan.get_status_display())]
    if loan.decided_by:
        held.append(
            (
                pgettext("loan", "Decided by"),
                f"{loan.decided_by.name}　{moment(loan.decided_at)}",
                "",
                loan.decision_note,
            )
        )
    if loan.lent_by:
        surety = _("written undertaking") if loan.has_undertaking else ""
        if loan.deposit:
            surety = " ".join([surety, _("deposit %(n)s yuan") % {"n": loan.deposit}, loan.deposit_no]).strip()
        held += [
            (_("Handed out by"), f"{loan.lent_by.name}　{moment(loan.lent_at)}"),
            (_("Name of the borrower"), loan.borrower_name if user.sees_identity else "—"),
            (_("Surety"), surety),
            (_("Due back on"), isoday(loan.due_on)),
        ]
    if loan.returned_by:
        back = f"{loan.get_state_display()}　{loan.returned_by.name}　{moment(loan.returned_at)}"
        held.append((_("State on return"), back, "", loan.return_note))
        if loan.blocks_back is not None and loan.slides_back is not None:
            held.append((_("Came back"), _counts(loan.blocks_back, loan.slides_back)))
        if loan.patient_told_on:
            held.append((_("Patient told on"), isoday(loan.patient_told_on)))
    if loan.status not in (S.REQUESTED, S.DECLINED) and user.sees_identity:
        held.append((_("Loan slip"), _("Print the slip to sign"), reverse("referrals:block_loan_slip", args=[loan.pk])))
    return [{"title": _("What was asked for"), "rows": asked}, {"title": _("How it stands"), "rows": held}]


@require_GET
@needs(chart.VIEW)
def block_loans_xlsx(request: HttpRequest) -> HttpResponse:
    """The ledger of loans, as the archive keeps it; without a patient's name."""
    found = _found(request.user, "all").select_related("decided_by", "lent_by").order_by("requested_at", "pk")
    columns = [
        Column(pgettext("loan", "Number"), 16), Column(_("Asked at"), 17, "moment"), Column(_("Record number"), 14), Column(_("Block numbers"), 20),
        Column(_("Blocks"), 8, "integer"), Column(_("Slides"), 8, "integer"),
        Column(pgettext("loan", "Purpose"), 16), Column(_("Not requested here"), 12), Column(_("Where it goes"), 24),
        Column(_("Why"), 30), Column(_("Asked by"), 10), Column(_("Status"), 14), Column(pgettext("loan", "Decided by"), 10),
        Column(_("Handed out at"), 17, "moment"), Column(_("Deposit (yuan)"), 10, "money"), Column(_("A written undertaking was signed"), 12),
        Column(_("Due back on"), 12, "day"), Column(_("Returned at"), 17, "moment"), Column(_("State on return"), 14), Column(_("Inspection"), 30),
        Column(_("Blocks that came back"), 10, "integer"), Column(_("Slides that came back"), 10, "integer"), Column(_("Patient told on"), 12, "day"),
    ]  # fmt: skip
    rows = (
        (
            one.number, one.requested_at, one.patient.record_no, one.blocks, one.block_count, one.slide_count, one.get_purpose_display(),
            one.is_flagged, one.destination, one.reason, one.requested_by.name, one.get_status_display(),
            one.decided_by.name if one.decided_by else "", one.lent_at, one.deposit, one.has_undertaking, one.due_on,
            one.returned_at, one.get_state_display(), one.return_note,
            one.blocks_back, one.slides_back, one.patient_told_on,
        )
        for one in found.iterator(chunk_size=500)
    )  # fmt: skip
    title = _("Ledger of loans of blocks and slides")
    content = workbook([SheetOut(title, columns, rows)], title=title)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return HttpResponse(content, content_type=kind, headers={"Content-Disposition": attachment(f"{title}.xlsx")})
