"""Blocks and slides lent and returned (`vocab.md` §7); none goes to a laboratory somebody chose in private (A29, B23)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import notices
from accounts.models import User
from accounts.queries import holders
from audit import declaring
from audit.gates import GATES, Refusal, Refused
from audit.refusing import may, needed
from audit.steps import Step, move
from referrals import block_loans as chart
from referrals import numbering
from referrals.gates.words import link
from referrals.models import BlockLoan, Patient, Referral, Study
from referrals.models.loans import is_pathology

Purpose, Borrower, Back = BlockLoan.Purpose, BlockLoan.Borrower, BlockLoan.Return


@transaction.atomic
def request(
    *, patient: Patient, by: User, purpose: str, borrower: str, destination: str, reason: str, blocks: str,
    slide_count: int = 0, referral: Referral | None = None, study: Study | None = None,
) -> BlockLoan:  # fmt: skip
    """Asked for, with what is lent, where it goes and why.

    For a test elsewhere there is a request of this hospital that is sent outside. Staff borrow nothing without one:
    that is the way of a private referral. A patient may have their own tissue tested where they wish; it is lent, and
    shown to the discipline office. Research names its registered study."""
    may(by, chart.REQUEST, patient)
    texts = needed(destination=destination, reason=reason, blocks=blocks)
    if purpose not in Purpose.values:
        raise ValidationError({"purpose": _("Choose the purpose.")})
    if borrower not in Borrower.values:
        raise ValidationError({"borrower": _("Say who borrows.")})
    if referral is not None and (referral.patient_id != patient.pk or referral.laboratory_id is None):
        raise ValidationError({"referral": _("Name a request of this patient that is sent outside.")})
    outside = purpose == Purpose.TEST_ELSEWHERE and referral is None
    if outside and borrower == Borrower.STAFF:
        message = _(
            "Staff borrow blocks for a test elsewhere only on this hospital's own request: nobody may send a patient's "
            "tissue to a laboratory in private. Request the test first, and name the request here."
        )
        raise Refused(Refusal("private_referral", message, chart.PRIVATE, link("referrals:new"), _("Request a test")))
    if purpose == Purpose.RESEARCH and (study is None or study.institution_id != patient.institution_id):
        message = _("Blocks are lent for research only to a study registered here, with its ethics approval.")
        raise Refused(Refusal("block_loan", message, chart.RESEARCH, link("referrals:studies")))
    now = timezone.now()
    with declaring.step(chart.REQUESTED, reason=texts["reason"], clause=chart.PRIVATE[0] if outside else ""):
        loan = BlockLoan.objects.create(
            institution=patient.institution,
            number=numbering.block_loan_number(patient.institution, now),
            patient=patient,
            purpose=purpose,
            borrower=borrower,
            destination=texts["destination"][:120],
            reason=texts["reason"][:300],
            blocks=texts["blocks"][:200],
            slide_count=slide_count,
            referral=referral,
            study=study,
            is_flagged=outside,
            requested_at=now,
            requested_by=by,
        )
    if outside:
        text = _("Loan %(number)s: a test elsewhere without a request of this hospital (%(destination)s). Have a look.")
        values = {"number": loan.number, "destination": loan.destination}
        notices.tell(
            holders(loan.institution_id, "referrals.watch_block_loans"), text % values, loan.get_absolute_url()
        )
    return loan


@transaction.atomic
def decide(*, loan: BlockLoan, by: User, approve: bool, note: str, remains_enough: bool = False) -> BlockLoan:
    """The head of pathology looks at what remains and decides; never on a loan they asked for (X14)."""
    note = needed(note=note)["note"]
    loan = _held(loan, by, chart.APPROVE)
    if not is_pathology(by):
        raise PermissionDenied(chart.APPROVE.permission)
    if loan.requested_by_id == by.pk:
        raise Refused(
            Refusal(
                "X14", _("Who asks for the loan does not decide on it."), GATES["X14"].clauses, loan.get_absolute_url()
            )
        )
    if approve and not remains_enough:
        message = _(
            "Approve only when enough tissue remains here for the patient's care; otherwise lend slides, or decline."
        )
        raise ValidationError({"remains_enough": message})
    step = chart.APPROVE if approve else chart.DECLINE
    loan = move(
        loan, step, by=by, decided_at=timezone.now(), decided_by=by, decision_note=note[:300],
        remains_enough=remains_enough,
    )  # fmt: skip
    text = _("Loan %(number)s: %(status)s.") % {"number": loan.number, "status": loan.get_status_display()}
    notices.tell([loan.requested_by], text, loan.get_absolute_url())
    return loan


@transaction.atomic
def lend(
    *, loan: BlockLoan, by: User, borrower_name: str, borrower_paper: str, due_on: date | None = None,
    deposit: Decimal | None = None, deposit_no: str = "", has_undertaking: bool = False,
) -> BlockLoan:  # fmt: skip
    """Handed out to a person whose paper was seen, against a deposit with its receipt or a written undertaking. Of the
    paper only its last four characters are kept."""
    loan = _held(loan, by, chart.LEND)
    texts = needed(borrower_name=borrower_name, borrower_paper=borrower_paper)
    if len(texts["borrower_paper"]) != 4:
        raise ValidationError({"borrower_paper": _("The last four characters of the identity paper, no more.")})
    if not has_undertaking and not deposit:
        raise ValidationError({"has_undertaking": _("A deposit or a written undertaking is needed.")})
    if deposit and not deposit_no.strip():
        raise ValidationError({"deposit_no": _("Give the number of the hospital's receipt for the deposit.")})
    today = timezone.localdate()
    due_on = due_on or today + timedelta(days=settings.BLOCK_LOAN_DAYS)
    if due_on < today:
        raise ValidationError({"due_on": _("The day it is due lies in the past.")})
    return move(
        loan, chart.LEND, by=by, lent_at=timezone.now(), lent_by=by, due_on=due_on, deposit=deposit,
        deposit_no=deposit_no.strip()[:60], has_undertaking=has_undertaking,
        borrower_name=texts["borrower_name"][:60], borrower_paper=texts["borrower_paper"],
    )  # fmt: skip


@transaction.atomic
def take_back(*, loan: BlockLoan, by: User, state: str, note: str = "") -> BlockLoan:
    """Inspected on return; used up or lost ends the loan too, with the note of what the patient was told."""
    loan = _held(loan, by, chart.RETURN)
    if state not in Back.values:
        raise ValidationError({"state": _("Say in what state it came back.")})
    if state != Back.COMPLETE:
        note = needed(note=note)["note"]
    step = chart.RETURN if state in (Back.COMPLETE, Back.DAMAGED) else chart.LOSE
    return move(
        loan, step, by=by, returned_at=timezone.now(), returned_by=by, state=state, return_note=note.strip()[:300]
    )


def _held(loan: BlockLoan, by: User, step: Step) -> BlockLoan:
    """The loan as it stands, held, for whoever may take this step."""
    may(by, step.permission, loan)
    related = ("institution", "patient", "requested_by")
    return BlockLoan.objects.select_for_update(of=("self",)).select_related(*related).get(pk=loan.pk)
