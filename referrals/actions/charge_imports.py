"""Charges of HIS are taken in: looked through, answered row by row, and recorded only after somebody has confirmed them,
through the same acts as at the window (A28, B13; X07, X09)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import notices
from accounts.models import Institution, User
from accounts.queries import holders
from audit import declaring
from audit.gates import Refusal, Refused
from audit.refusing import may
from documents import files
from documents.files import BadUpload, Upload
from referrals import charge_reading
from referrals.actions import charging
from referrals.charge_judging import Bill, bills, judge
from referrals.gates.words import link
from referrals.models import ChargeImport, ChargeRow

IMPORT = "referrals.import_charges"
SEES_OFF_BOOK = "referrals.view_off_book_charges"
Status = ChargeImport.Status
V = ChargeRow.Verdict
PUT = ("verdict", "says", "referral", "outcome")
log = logging.getLogger(__name__)


def own_institution(by: User) -> Institution:
    """One takes in one's own hospital's charges."""
    institution = by.post.institution if by.post else None
    if institution is None or institution.is_bureau or not by.may(IMPORT, institution):
        raise PermissionDenied(IMPORT)
    return institution


@transaction.atomic
def give_in(*, upload: Upload, by: User) -> tuple[ChargeImport, bool]:
    """A file to be looked through, and whether it is new: the same file a second time is the one that is there."""
    institution = own_institution(by)
    same = ChargeImport.objects.filter(institution=institution, file_sha256=upload.sha256)
    known = same.exclude(status__in=(Status.UNREADABLE, Status.DISCARDED))
    if found := known.first():
        return found, False
    post: Any = by.post
    with declaring.step("charges.given_in", clause="A28"):
        stored = files.store(upload, by=by, institution=institution, holds_identity=True)
        try:
            with transaction.atomic():
                made = ChargeImport.objects.create(
                    institution=institution, file=stored, file_sha256=stored.sha256, file_name=stored.name,
                    given_in_at=timezone.now(), given_in_by=by, post=post,
                )  # fmt: skip
        except IntegrityError:
            return known.get(), False
    return made, True


@transaction.atomic
def confirm(*, charge_import: ChargeImport, by: User) -> ChargeImport:
    """The rows answered “to be recorded” are recorded, by whoever confirms. Confirming twice changes nothing."""
    may(by, IMPORT, charge_import)
    held = ChargeImport.objects.select_for_update().get(pk=charge_import.pk)
    if held.status in (Status.RECORDING, Status.DONE):
        return held
    _only_checked(held)
    held.status, held.confirmed_at, held.confirmed_by, held.post = Status.RECORDING, timezone.now(), by, by.post
    held.rows_done, held.beat_at = 0, None
    with declaring.step("charges.confirmed", clause="A28"):
        held.save()
    return held


@transaction.atomic
def discard(*, charge_import: ChargeImport, by: User, reason: str) -> ChargeImport:
    """A file given in by mistake: nothing of it is recorded, and it may be given in again."""
    may(by, IMPORT, charge_import)
    held = ChargeImport.objects.select_for_update().get(pk=charge_import.pk)
    _only_checked(held)
    if not reason.strip():
        raise ValidationError({"reason": _("This has to be filled in.")})
    held.status, held.message = Status.DISCARDED, reason.strip()[:300]
    with declaring.step("charges.discarded", reason=held.message[:200]):
        held.save()
    return held


def _only_checked(held: ChargeImport) -> None:
    if held.status != Status.CHECKED:
        message = _("This file stands at “%(status)s”: there is nothing to decide on it.")
        said = message % {"status": held.get_status_display()}
        raise Refused(Refusal("stale", said, (), held.get_absolute_url(), _("To the file")))


# Working through


def work_next() -> bool:
    """Claim one file that is due and carry it through; False when none is."""
    machine = User.objects.machine()
    with declaring.acting(machine, step="charges.claimed"), transaction.atomic():
        due = ChargeImport.objects.due().select_for_update(skip_locked=True, of=("self",)).first()
        if due is None:
            return False
        ChargeImport.objects.filter(pk=due.pk).update(beat_at=timezone.now())
        found = ChargeImport.objects.select_related("institution", "file", "given_in_by", "confirmed_by", "post")
        job = found.get(pk=due.pk)
    person: Any = job.confirmed_by if job.status == Status.RECORDING else job.given_in_by
    by, place = person.act_as(job.post), [job.institution_id]
    step = "charges.recorded" if job.status == Status.RECORDING else "charges.looked_through"
    try:
        with declaring.acting(by, step=step, post=job.post_id, institutions=place, identity=place):
            may(by, IMPORT, job)
            _record(job, by) if job.status == Status.RECORDING else _look_through(job, by)
    except PermissionDenied:
        _end(job, Status.UNREADABLE, _("Who gave this file in may not import charges any more; nothing was recorded."))
    except BadUpload as bad:
        _end(job, Status.UNREADABLE, " ".join(bad.messages)[:300])
    return True


def _end(job: ChargeImport, status: str, message: str) -> None:
    with declaring.acting(User.objects.machine(), step="charges.not_readable"):
        ChargeImport.objects.filter(pk=job.pk).update(status=status, message=message, beat_at=None)


def _beat(job: ChargeImport, done: int, total: int) -> None:
    ChargeImport.objects.filter(pk=job.pk).update(rows_done=done, rows_total=total, beat_at=timezone.now())


@transaction.atomic
def _look_through(job: ChargeImport, by: User) -> None:
    """Every row with its answer; nothing else is written."""
    rows = charge_reading.read(files.read(job.file))
    judge(rows, by=by, institution=job.institution_id)
    for one in rows:
        one.charge_import = job
    ChargeRow.objects.bulk_create(rows, batch_size=1000)
    ChargeImport.objects.filter(pk=job.pk).update(
        status=Status.CHECKED, rows_total=len(rows), rows_done=0, beat_at=None, message=""
    )
    clues = sum(1 for one in rows if one.verdict == V.OFF_BOOK)
    if clues:
        text = _("HIS charged %(n)d rows of gene tests without a request here; look into them.") % {"n": clues}
        notices.tell(holders(job.institution_id, SEES_OFF_BOOK), text, link("referrals:off_book_charges"))


def _record(job: ChargeImport, by: User) -> None:
    """One entry after another, each in a transaction of its own; begun again, it goes on where it stopped."""
    waiting = job.rows.filter(verdict=V.MATCHED, outcome="").select_related("referral").order_by("line")
    groups = bills(list(waiting))
    total, done = sum(len(one.rows) for one in groups), 0
    for group in groups:
        with transaction.atomic():
            take(group, by)
            ChargeRow.objects.bulk_update(group.rows, PUT)
        done += len(group.rows)
        if done % 50 == 0 or done == total:
            _beat(job, done, total)
    ChargeImport.objects.filter(pk=job.pk).update(status=Status.DONE, beat_at=None)


def take(group: Bill, by: User) -> None:
    """One entry of HIS through the act of the window; what refuses it stands on its rows."""
    first: Any = group.first
    referral: Any = first.referral
    try:
        with transaction.atomic():
            if first.is_refund:
                charging.refund(
                    referral=referral, by=by, reversal_no=first.reversal_no or first.number,
                    reason=first.reason or _("Refund in HIS"), amount=group.amount, at=first.happened_at,
                )  # fmt: skip
            else:
                charging.charge(
                    referral=referral, by=by, amount=group.amount, lines=group.lines or None, at=first.happened_at,
                    **group.entry,
                )  # fmt: skip
    except ValidationError as refused:
        for one in group.rows:
            one.outcome, one.says = ChargeRow.Outcome.REFUSED, "；".join(refused.messages)[:500]
    else:
        for one in group.rows:
            one.outcome = ChargeRow.Outcome.DONE


def take_in(*, rows: Sequence[ChargeRow], by: User, check: bool = False) -> Sequence[ChargeRow]:
    """Rows a program sends, answered and, unless it only asks, recorded at once. The same rows again are recorded
    already."""
    institution = own_institution(by)
    judge(rows, by=by, institution=institution.pk)
    if not check:
        for group in bills([one for one in rows if one.verdict == V.MATCHED]):
            take(group, by)
    return rows
