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
from accounts.delegations import one_with
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
from referrals.models.referral import ENDED

Purpose, Borrower, Back = BlockLoan.Purpose, BlockLoan.Borrower, BlockLoan.Return


@transaction.atomic
def request(
    *, patient: Patient, by: User, purpose: str, borrower: str, destination: str, reason: str, blocks: str,
    block_count: int = 1, slide_count: int = 0, referral: Referral | None = None, study: Study | None = None,
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
    if block_count < 0 or slide_count < 0 or not block_count + slide_count:
        raise ValidationError({"block_count": _("Say how many blocks or slides leave the archive.")})
    if referral is not None and (
        referral.patient_id != patient.pk or referral.laboratory_id is None or referral.status in ENDED
    ):
        raise ValidationError({"referral": _("Name a request of this patient that is under way and sent outside.")})
    outside = purpose == Purpose.TEST_ELSEWHERE and referral is None
    if outside and borrower == Borrower.STAFF:
        message = _(
            "Staff borrow blocks for a test elsewhere only on this hospital's own request: nobody may send a patient's "
            "tissue to a laboratory in private. Request the test first, and name the request here."
        )
        raise Refused(Refusal("private_referral", message, chart.PRIVATE, link("referrals:new"), _("Request a test")))
    now = timezone.now()
    if purpose == Purpose.RESEARCH:
        _approved(study, patient, timezone.localdate(now))
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
            block_count=block_count,
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


def _approved(study: Study | None, patient: Patient, on: date) -> None:
    """A48, as X10: a study of this hospital, approved by it, running, its ethics approval in force here that day."""
    if study is None or study.institution_id != patient.institution_id:
        message = _("Blocks are lent for research only to a study registered here, with its ethics approval.")
    elif not any(one.in_force(on) for one in study.ethics_approvals.all()):
        message = _("No ethics approval of this study is in force here today: nothing is lent for it.")
    elif (
        study.hospital_approved_on is None
        or study.hospital_approved_on > on
        or (study.ended_on and study.ended_on < on)
    ):
        message = _("The hospital has not approved this study, or it has ended: nothing is lent for it.")
    else:
        return
    raise Refused(Refusal("block_loan", message, chart.RESEARCH, link("referrals:studies"), _("See the studies")))


@transaction.atomic
def decide(*, loan: BlockLoan, by: User, approve: bool, note: str, remains_enough: bool = False) -> BlockLoan:
    """The head of pathology looks at what remains and decides; never on a loan they asked for (X14)."""
    note = needed(note=note)["note"]
    loan = _held(loan, by, chart.APPROVE)
    if not is_pathology(by):
        raise PermissionDenied(chart.APPROVE.permission)
    if loan.requested_by_id in one_with(by):
        raise _own(loan, _("Who asks for the loan does not decide on it."))
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
    if loan.requested_by_id in one_with(by):
        raise _own(loan, _("Who asks for the loan does not hand it out."))
    texts = needed(borrower_name=borrower_name, borrower_paper=borrower_paper)
    if len(texts["borrower_paper"]) != 4:
        raise ValidationError({"borrower_paper": _("The last four characters of the identity paper, no more.")})
    if deposit is not None and deposit < 0:
        raise ValidationError({"deposit": _("A deposit is not negative.")})
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
def take_back(
    *, loan: BlockLoan, by: User, state: str, blocks_back: int, slides_back: int, note: str = "",
    patient_told_on: date | None = None,
) -> BlockLoan:  # fmt: skip
    """Counted and inspected on return. Complete is only what is all there. What is damaged, used up, lost or short ends
    the loan too, with the note of it and the day on which the patient was told (`vocab.md` §7)."""
    loan = _held(loan, by, chart.RETURN)
    if state not in Back.values:
        raise ValidationError({"state": _("Say in what state it came back.")})
    _counted(loan, state, blocks_back, slides_back)
    if state == Back.COMPLETE:
        patient_told_on = None
    else:
        note = needed(note=note)["note"]
        if patient_told_on is None:
            raise ValidationError(
                {"patient_told_on": _("Tell the patient what is lost of the tissue, and enter the day.")}
            )
        if not timezone.localdate(loan.lent_at) <= patient_told_on <= timezone.localdate():
            raise ValidationError({"patient_told_on": _("This day lies between the hand-out and today.")})
    step = chart.RETURN if state in (Back.COMPLETE, Back.DAMAGED) else chart.LOSE
    return move(
        loan, step, by=by, returned_at=timezone.now(), returned_by=by, state=state, return_note=note.strip()[:300],
        blocks_back=blocks_back, slides_back=slides_back, patient_told_on=patient_told_on,
    )  # fmt: skip


def _counted(loan: BlockLoan, state: str, blocks_back: int, slides_back: int) -> None:
    """What came back against what left: never more; all of it when complete, not all of it when used up or lost."""
    lent = {"n": loan.block_count, "m": loan.slide_count}
    if loan.status != chart.S.LENT:
        return  # Out of turn: `move` says so.
    for name, back, out in (
        ("blocks_back", blocks_back, loan.block_count),
        ("slides_back", slides_back, loan.slide_count),
    ):
        if not 0 <= back <= out:
            raise ValidationError(
                {name: _("Lent were %(n)s blocks and %(m)s slides: no more than that comes back.") % lent}
            )
    all_back = (blocks_back, slides_back) == (loan.block_count, loan.slide_count)
    if state == Back.COMPLETE and not all_back:
        said = _("Lent were %(n)s blocks and %(m)s slides: it is complete only when all of them are back.")
        raise ValidationError({"state": said % lent})
    if state in (Back.USED_UP, Back.LOST) and all_back:
        raise ValidationError({"state": _("All of it came back: it is neither used up nor lost.")})


def _own(loan: BlockLoan, message: str) -> Refused:
    return Refused(Refusal("X14", message, GATES["X14"].clauses, loan.get_absolute_url()))


def _held(loan: BlockLoan, by: User, step: Step) -> BlockLoan:
    """The loan as it stands, held, for whoever may take this step."""
    may(by, step.permission, loan)
    related = ("institution", "patient", "requested_by")
    return BlockLoan.objects.select_for_update(of=("self",)).select_related(*related).get(pk=loan.pk)
