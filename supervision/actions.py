"""Every write of this room: a ledger is given in, checked, recorded and judged; all of it or nothing."""

from __future__ import annotations

import hashlib
import logging
import uuid
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

import catalog.loading
from accounts import roles
from accounts.models import Institution, Role, User
from audit.declaring import acting, step
from audit.gates import Refusal, Refused
from catalog.models import Indication
from documents import files
from documents.files import BadUpload, Upload
from documents.spreadsheets import Fault
from supervision.ledger.pulse import Pulse
from supervision.ledger.reading import LedgerRefused
from supervision.ledger.running import Outcome, Report, run, silent
from supervision.models import ImportProgress, LedgerImport

IMPORT = "supervision.import_ledger"
Status = LedgerImport.Status
# A workbook with a systematic mistake has as many errors as rows; so many are kept and listed, all are counted.
MOST_ERRORS = 5000
log = logging.getLogger(__name__)


class Overtaken(Exception):
    """Another worker has taken this import over; what this one did is undone."""


# Giving in


@transaction.atomic
def request_import(*, upload: Upload, by: User) -> LedgerImport:
    """Give in a workbook to be looked through; nothing is recorded yet.

    A file that is being looked through already, or was recorded before, is not taken a second time: the import
    that has it is returned.
    """
    institution = own_institution(by)
    mine = LedgerImport.objects.filter(institution=institution, file_sha256=upload.sha256)
    if known := (mine.open().first() or mine.filter(status=Status.DONE, dry_run=False).first()):
        return known
    with step("ledger.given_in"):
        stored = files.store(upload, by=by, institution=institution, holds_identity=True)
        return enqueue(
            institution=institution,
            file=stored,
            file_sha256=stored.sha256,
            file_name=stored.name,
            requested_by=by,
            requested_post=by.post,
            dry_run=True,
        )


@transaction.atomic
def confirm_import(*, check: LedgerImport, by: User) -> LedgerImport:
    """Record what a finished check looked through. Confirming twice gives the same import."""
    if not by.may(IMPORT, check):
        raise PermissionDenied(IMPORT)
    same = LedgerImport.objects.filter(
        institution_id=check.institution_id,
        file_sha256=check.file_sha256,
        dry_run=False,  # type: ignore[misc]
    )
    if known := (same.open().first() or same.filter(status=Status.DONE).first()):
        return known
    if not check.confirmable:
        message = _("This check does not stand any more; upload the workbook again.")
        raise Refused(Refusal("stale", message, (), check.get_absolute_url(), _("To the check")))
    with step("ledger.confirmed"):
        return enqueue(
            institution_id=check.institution_id,
            file_id=check.file_id,
            file_sha256=check.file_sha256,
            file_name=check.file_name,
            requested_by=by,
            requested_post=by.post,
            check_run=check,
            rows_total=check.rows_total,
        )


@transaction.atomic
def retry_import(*, ledger_import: LedgerImport, by: User) -> LedgerImport:
    """Put a failed import back into the queue."""
    if not by.may(IMPORT, ledger_import):
        raise PermissionDenied(IMPORT)
    with step("ledger.retried"):
        try:
            with transaction.atomic():
                LedgerImport.objects.filter(pk=ledger_import.pk, status=Status.FAILED, file__isnull=False).update(
                    status=Status.WAITING, attempts=0, claim=None, finished_at=None, message=""
                )
        except IntegrityError:
            # The same file has been given in again meanwhile; that one is shown.
            same = LedgerImport.objects.filter(
                institution_id=ledger_import.institution_id,
                file_sha256=ledger_import.file_sha256,  # type: ignore[misc]
            )
            return same.open().filter(dry_run=ledger_import.dry_run).get()
    ledger_import.refresh_from_db()
    return ledger_import


def own_institution(by: User) -> Institution:
    """A user takes in their own hospital's ledger and no other."""
    institution = by.post.institution if by.post else None
    if institution is None or institution.is_bureau or not by.may(IMPORT, institution):
        raise PermissionDenied(IMPORT)
    return institution


def enqueue(**values: Any) -> LedgerImport:
    """A row in the queue; whoever comes second with the same file gets the first one's."""
    try:
        with transaction.atomic():
            made = LedgerImport.objects.create(**values)
            ImportProgress.objects.create(ledger_import=made)
            return made
    except IntegrityError:
        same = LedgerImport.objects.filter(file_sha256=values["file_sha256"], dry_run=values.get("dry_run", False))
        institution = values.get("institution_id") or values["institution"].pk
        return same.open().get(institution=institution)


# Running


def run_next_import() -> bool:
    """Claim one import that is due and carry it through; False when none is due."""
    claimed = claim_next()
    if claimed is None:
        return False
    perform(claimed)
    return True


def claim_next() -> LedgerImport | None:
    """Take the oldest import that waits, or whose worker fell silent. Given up after some attempts."""
    with acting(User.objects.machine(), step="ledger.claimed"):
        due = LedgerImport.objects.due().select_for_update(skip_locked=True, of=("self",)).first()
        if due is None:
            return None
        mine = LedgerImport.objects.filter(pk=due.pk)
        if due.attempts >= LedgerImport.MOST_ATTEMPTS:
            message = _("Stopped %(count)d times before the end; nothing was recorded.") % {"count": due.attempts}
            mine.update(status=Status.FAILED, finished_at=timezone.now(), message=message)
            return None
        now = timezone.now()
        mine.update(status=Status.RUNNING, claim=uuid.uuid4(), claimed_at=now, attempts=due.attempts + 1)
        ImportProgress.objects.update_or_create(
            ledger_import=due,
            defaults={"phase": "reading", "rows_done": 0, "rows_total": 0, "beat_at": now, "phase_began_at": now},
        )
        return LedgerImport.objects.select_related("institution", "file", "requested_by", "requested_post").get(
            pk=due.pk
        )


def perform(job: LedgerImport) -> None:
    """Carry a claimed import through to its end: recorded, refused with every error, or failed."""
    try:
        with Pulse(job.pk) as pulse:
            take_in(job, pulse.report)
    except Overtaken:
        log.warning("import %s was taken over by another worker", job.pk)
    except LedgerRefused as refused:
        conclude(job, Status.REFUSED, **kept_errors(refused.faults))
    except BadUpload as bad:
        conclude(job, Status.REFUSED, **kept_errors([Fault("", 0, "", "", " ".join(bad.messages))]))
    except PermissionDenied:
        message = _("The post that gave this workbook in may not import ledgers any more.")
        conclude(job, Status.FAILED, message=message)
    except Exception:
        log.exception("import %s failed", job.pk)
        if job.attempts < LedgerImport.MOST_ATTEMPTS:
            conclude(job, Status.WAITING)
        else:
            message = _("The import failed %(count)d times; nothing was recorded.") % {"count": job.attempts}
            conclude(job, Status.FAILED, message=message)


def take_in(job: LedgerImport, report: Report) -> Outcome:
    """The import's one transaction: records, findings, differences and the import's own end together."""
    place: Any = job.institution
    by = job.requested_by.act_as(job.requested_post)
    workbook: Any = job.file
    content = files.read(workbook)
    done = "ledger.checked" if job.dry_run else "ledger.imported"
    with acting(by, step=done, post=job.requested_post_id, institutions=[place.pk], identity=[place.pk]):
        if not by.may(IMPORT, place):
            raise PermissionDenied(IMPORT)
        with transaction.atomic():
            outcome = run(content, scope={place.code}, record=lambda: job, report=report)
            if job.dry_run:
                transaction.set_rollback(True)
        finish(job, outcome)
    return outcome


def finish(job: LedgerImport, outcome: Outcome) -> None:
    """Only the worker that holds the claim may end the import."""
    mine = LedgerImport.objects.filter(pk=job.pk, status=Status.RUNNING, claim=job.claim)
    if not mine.update(
        status=Status.DONE,
        finished_at=timezone.now(),
        rows_total=outcome.rows,
        result=asdict(outcome),
        errors=[],
        error_count=0,
        message="",
    ):
        raise Overtaken


def conclude(job: LedgerImport, status: str, **values: Any) -> None:
    """End, or put back, an import that recorded nothing."""
    if status != Status.WAITING:
        values["finished_at"] = timezone.now()
    with acting(User.objects.machine(), step=f"ledger.{status}"):
        mine = LedgerImport.objects.filter(pk=job.pk, status=Status.RUNNING, claim=job.claim)
        mine.update(status=status, **values)


def kept_errors(faults: list[Fault]) -> dict[str, Any]:
    return {"errors": [asdict(fault) for fault in faults[:MOST_ERRORS]], "error_count": len(faults)}


# From the shell


def import_file(
    *,
    path: str | Path,
    by: User | None = None,
    institution: Institution | None = None,
    dry_run: bool = False,
    report: Report = silent,
    said: Callable[[str], None] = lambda line: None,
) -> Outcome:
    """Take in a workbook at once. Without `institution` the rows of every institution it names are taken.

    A dry run writes nothing, not even what a home without reference data lacks; a workbook known already writes
    nothing either. Raises BadUpload or LedgerRefused.
    """
    content = Path(path).read_bytes()
    if by is None:
        by = None if dry_run else User.objects.machine()
    scope = None if institution is None else {institution.code}
    walls: Any = "*" if institution is None else [institution.pk]
    with acting(by or User(pk=0), step="ledger.imported", institutions=walls, identity=walls), transaction.atomic():
        if ensure_reference():
            said(_("Reference data were missing and have been loaded."))
        by = by or User.objects.machine()
        if not by.may(IMPORT, institution):
            raise PermissionDenied(IMPORT)
        made: list[LedgerImport] = []

        def record() -> LedgerImport:
            made.append(recorded_at_once(content, Path(path).name, by, institution))
            return made[0]

        outcome = run(content, scope=scope, record=record, report=report)
        if made:
            finish(made[0], outcome)
        else:
            outcome.not_judged = said_before(content)
        if dry_run:
            transaction.set_rollback(True)
    return outcome


def said_before(content: bytes) -> list[dict[str, Any]]:
    """What could not be judged when this very file was recorded."""
    same = LedgerImport.objects.filter(
        file_sha256=hashlib.sha256(content).hexdigest(), dry_run=False, status=Status.DONE
    )
    return [one for job in same.order_by("pk") for one in job.result.get("not_judged", [])]


def recorded_at_once(content: bytes, name: str, by: User, institution: Institution | None) -> LedgerImport:
    now = timezone.now()
    checked = files.check(content, name=name)
    return LedgerImport.objects.create(
        institution=institution,
        file_sha256=checked.sha256,
        file_name=checked.name,
        requested_by=by,
        requested_post=by.post,
        status=Status.RUNNING,
        claim=uuid.uuid4(),
        claimed_at=now,
        attempts=1,
    )


def ensure_reference() -> bool:
    """Roles and the catalog, where the home has none yet."""
    missing = False
    if not Role.objects.exists():
        missing = bool(roles.load())
    if not Indication.objects.filter(edition__basis_for_history=True).exists():
        catalog.loading.load()
        missing = True
    return missing
