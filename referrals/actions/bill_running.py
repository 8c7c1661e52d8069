"""The sweep that carries statements given in through: checked, or recorded and matched, in one transaction each."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from itertools import islice
from typing import Any

from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from audit.declaring import acting
from audit.gates import Refused
from documents import files
from documents.files import BadUpload
from documents.spreadsheets import Fault
from referrals.actions.bills import GIVE_IN, refuse_closed, refuse_silent_replacement
from referrals.matching import rematch
from referrals.models import Reconciliation
from vendors.models import Statement, StatementLine, StatementUpload
from vendors.statement_reading import Bill

Status = StatementUpload.Status
BATCH = 2000
# A bill with a systematic mistake has as many errors as lines; so many are kept and listed, all are counted.
MOST_ERRORS = 5000
log = logging.getLogger(__name__)


class Overtaken(Exception):
    """Another worker has taken this file over, or it was given up; what this one did is undone."""


# How far it is: kept beside the database, since the recording's own transaction is still open.


def _key(pk: int) -> str:
    return f"statement-upload-{pk}"


def told(pk: int, phase: str, done: int, total: int) -> None:
    """Write how far it is, and that its worker lives; a cache that cannot be reached stops nothing."""
    try:
        before = cache.get(_key(pk)) or {}
        began = before["began"] if before.get("phase") == phase else time.time()
        state = {"phase": phase, "done": done, "total": total, "began": began, "at": time.time()}
        cache.set(_key(pk), state, timeout=StatementUpload.SILENT / timedelta(seconds=1))
    except Exception:
        log.warning("progress of statement %s could not be written", pk, exc_info=True)


def progress_of(pk: int) -> dict[str, Any]:
    try:
        return cache.get(_key(pk)) or {}
    except Exception:
        return {}


# Running


def run_next() -> bool:
    """Claim one file that is due and carry it through; False when none is due."""
    job = claim_next()
    if job is None:
        return False
    perform(job)
    return True


def claim_next() -> StatementUpload | None:
    """Take the oldest file that waits, or whose worker fell silent. Given up after some attempts."""
    with acting(User.objects.machine(), step="statement.claimed"):
        due = StatementUpload.objects.due().select_for_update(skip_locked=True, of=("self",))
        job = next((one for one in due[:10] if not (one.claim and one.is_begun and progress_of(one.pk))), None)
        if job is None:
            return None
        mine = StatementUpload.objects.filter(pk=job.pk)
        if job.attempts >= StatementUpload.MOST_ATTEMPTS:
            message = _("Stopped %(count)d times before the end; nothing was recorded.") % {"count": job.attempts}
            mine.update(status=Status.FAILED, message=message)
            return None
        mine.update(
            status=StatementUpload.BEGINS.get(Status(job.status), job.status),
            claim=uuid.uuid4(),
            claimed_at=timezone.now(),
            attempts=job.attempts + 1,
        )
        told(job.pk, "reading", 0, 0)
        related = ("institution", "laboratory", "file", "given_in_by", "given_in_post")
        return StatementUpload.objects.select_related(*related).get(pk=job.pk)


def perform(job: StatementUpload) -> None:
    """Carry a claimed file through: checked, recorded, refused with every error, or failed."""
    try:
        check(job) if job.status == Status.CHECKING else record(job)
    except Overtaken:
        log.warning("statement %s was taken over", job.pk)
    except BadUpload as bad:
        refuse(job, [Fault("", 0, "", "", " ".join(bad.messages))])
    except Refused as refused:
        conclude(job, Status.FAILED, message=" ".join(refused.messages)[:300])
    except PermissionDenied:
        conclude(job, Status.FAILED, message=_("The post that gave this statement in may not do so any more."))
    except Exception:
        log.exception("statement %s failed", job.pk)
        if job.attempts < StatementUpload.MOST_ATTEMPTS:
            back = Status.TO_CHECK if job.status == Status.CHECKING else Status.TO_RECORD
            conclude(job, back)
        else:
            message = _("It failed %(count)d times; nothing was recorded.") % {"count": job.attempts}
            conclude(job, Status.FAILED, message=message)


def check(job: StatementUpload) -> None:
    """Read every line and record nothing."""
    bill = Bill(files.read(job.file), job.columns)
    for place, _line in enumerate(bill.lines(), 1):
        if place % BATCH == 0:
            told(job.pk, "reading", place, 0)
    if bill.faults:
        refuse(job, bill.faults, rows_total=bill.count)
    else:
        conclude(job, Status.CHECKED, rows_total=bill.count, amount_total=bill.total)


def record(job: StatementUpload) -> None:
    """The statement's one transaction: the former one replaced, the lines, the differences, and its own end."""
    place = job.institution_id
    by = job.given_in_by.act_as(job.given_in_post)
    post = job.given_in_post_id
    declared = {"step": "statement.recorded", "reason": job.reason, "clause": "A28"}
    with acting(by, post=post, institutions=[place], identity=[], **declared):
        if not by.may(GIVE_IN, job):
            raise PermissionDenied(GIVE_IN)
        refuse_closed(place, job.laboratory_id, job.month)
        refuse_silent_replacement(place, job.laboratory_id, job.month, job.reason)
        here = {"institution_id": place, "laboratory_id": job.laboratory_id, "month": job.month}
        former = Statement.objects.filter(**here).standing().select_for_update()
        former.update(superseded_at=timezone.now(), superseded_by=by, supersede_reason=job.reason)
        # What finance had signed was another statement's figures.
        signed = Reconciliation.objects.open().filter(**here, signed_at__isnull=False)
        signed.update(signed_at=None, signed_by=None, figures={})
        statement = Statement.objects.create(**here, upload=job)
        bill = Bill(files.read(job.file), job.columns)
        for batch in batches(statement, bill):
            StatementLine.objects.bulk_create(batch)
            told(job.pk, "recording", bill.count, job.rows_total)
        if bill.faults:
            raise ValueError("The statement no longer reads as it was checked.")
        told(job.pk, "matching", 0, 0)
        rematch([place])
        finish(job, bill)


def batches(statement: Statement, bill: Bill) -> Iterator[list[StatementLine]]:
    numbered = enumerate(bill.lines(), 1)
    while batch := list(islice(numbered, BATCH)):
        yield [
            StatementLine(
                statement=statement,
                institution_id=statement.institution_id,
                line_no=number,
                sample_no=one.sample_no,
                test_code=one.test_code,
                test_name=one.test_name,
                received_on=one.received_on,
                reported_on=one.reported_on,
                amount=one.amount,
                sheet_row=one.row,
            )
            for number, one in batch
        ]


def finish(job: StatementUpload, bill: Bill) -> None:
    """Only the worker that holds the claim may end it."""
    mine = StatementUpload.objects.filter(pk=job.pk, status=Status.RECORDING, claim=job.claim)
    if not mine.update(status=Status.DONE, rows_total=bill.count, amount_total=bill.total, message=""):
        raise Overtaken


def refuse(job: StatementUpload, faults: list[Fault], **values: Any) -> None:
    kept = [asdict(fault) for fault in faults[:MOST_ERRORS]]
    conclude(job, Status.REFUSED, errors=kept, error_count=len(faults), **values)


def conclude(job: StatementUpload, status: str, **values: Any) -> None:
    """End, or put back, what recorded nothing."""
    with acting(User.objects.machine(), step=f"statement.{status}"):
        mine = StatementUpload.objects.filter(pk=job.pk, status=job.status, claim=job.claim)
        mine.update(status=status, **values)
