"""Building a report: count, set, store, once, whoever dies on the way.

The row waits as "being built". Whoever holds its lock (`reports.claims`) counts the figures from one snapshot, sets
the paper outside any transaction, and moves the row to "built" with everything in one transaction. Killed before
that, nothing is half-written and the next sweep begins anew; killed after, there is nothing left to do.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from audit import declaring
from audit import seal as sealing
from audit.models import Checkpoint
from audit.steps import move
from documents import files
from reports import claims, pdf, wording
from reports import figures as counted_figures
from reports.compiling import figures_of
from reports.figures import Figures
from reports.models import MOST_ATTEMPTS, Report, Status
from reports.pathway import BUILT, FAILED

log = logging.getLogger(__name__)

STAGES = {"waiting": 0, "counting": 10, "setting": 45, "storing": 90, "done": 100}


def build(report: int, *, by: User, wait: bool = False) -> Report:
    """Finish the report if it is waiting to be built and nobody else is at it; returns it as it now stands.

    With `wait`, a builder at work is waited for. A failure is written on the report and raised again.
    """
    with claims.held(report, wait=wait) as mine:
        if mine:
            found = _begin(report, by)
            if found is not None:
                _finish(found, by)
    with declaring.acting(by, step="report.read"):
        return Report.objects.select_related("institution").get(pk=report)


def _begin(report: int, by: User) -> Report | None:
    """Count this attempt; None when there is nothing to do any more, or it died too often."""
    with declaring.acting(by, step="report.building"):
        found = Report.objects.select_related("institution__supervised_by").get(pk=report)
        if found.status != Status.BUILDING:
            return None
        if found.attempts >= MOST_ATTEMPTS:
            reason = found.error or _("Building was interrupted %(times)s times.") % {"times": found.attempts}
            move(found, FAILED, by=by, error=reason)
            return None
        _progress(found, "counting", attempts=found.attempts + 1)
        return found


def _progress(report: Report, stage: str, **changes: Any) -> None:
    changes |= {"stage": stage, "percent": STAGES[stage], "heartbeat": timezone.now()}
    Report.objects.filter(pk=report.pk, status=Status.BUILDING).update(**changes)
    for name, value in changes.items():
        setattr(report, name, value)


def _finish(report: Report, by: User) -> None:
    try:
        checkpoint = sealed_by_now(by)
        with snapshot(), declaring.acting(by, step="report.counting"):
            report.counted = timezone.now()
            figures = figures_of(report.institution, report.span)
        frozen = figures.to_json()
        report.figures_sha256 = counted_figures.sha256(frozen)
        # A text carried over from the revision before stays.
        report.narrative = {**wording.defaults(figures), **report.narrative}
        with declaring.acting(by, step="report.building"):
            _progress(report, "setting")
        paper = pdf.make(report, figures, checkpoint=checkpoint)
        with declaring.acting(by, step="report.building"):
            stored = store(report, paper, by=by)
            move(
                report,
                BUILT,
                by=by,
                figures=frozen,
                figures_sha256=report.figures_sha256,
                counted=report.counted,
                narrative=report.narrative,
                paper_version=report.narrative_version,
                checkpoint=checkpoint,
                pdf=stored,
                sha256=stored.sha256,
                built_at=timezone.now(),
                built_by=by,
                stage="done",
                percent=STAGES["done"],
                error="",
            )
    except Exception:
        log.exception("report %s: building failed", report.pk)
        _record_failure(report, by)
        raise


def _record_failure(report: Report, by: User) -> None:
    """Say on the report what went wrong; the sweep tries again until it has failed three times."""
    # What exactly went wrong is in the log; a page shows sentences.
    said = _(
        "Building stopped on a fault of the program, which the log keeps under “report %(number)s”. Try again; if "
        "it fails again, tell the information department."
    ) % {"number": report.pk}
    with declaring.acting(by, step="report.building"):
        now = Report.objects.get(pk=report.pk)
        if now.status == Status.BUILDING:
            Report.objects.filter(pk=now.pk, status=Status.BUILDING).update(error=said)
            if now.attempts >= MOST_ATTEMPTS:
                move(now, FAILED, by=by, error=said)


@contextmanager
def snapshot() -> Iterator[None]:
    """All counting sees the records of one moment; inside a transaction that is already open, that one's."""
    with transaction.atomic():
        if len(connection.atomic_blocks) == 1:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


def sealed_by_now(by: User) -> dict[str, Any] | None:
    """Seal what can be sealed, so that the checkpoint covers the records counted here; a sealer that stopped has
    raised its own alarm and holds up no report."""
    if not connection.in_atomic_block:
        try:
            sealing.seal()
        except Exception:
            log.exception("report: sealing before a build failed")
    with declaring.acting(by, step="report.building"):
        return latest_checkpoint()


def latest_checkpoint() -> dict[str, Any] | None:
    """The trail's last signed checkpoint, as it is printed on the last annex."""
    found = Checkpoint.objects.order_by("-tree_size").first()
    if found is None:
        return None
    return {
        "size": found.tree_size,
        "root": bytes(found.root).hex(),
        "at": found.at.isoformat(),
        "key": found.key_id,
        "note": found.note,
    }


def store(report: Report, paper: Any, *, by: User, signed: bool = False) -> Any:
    """Keep the paper under its hash; the name is what a browser saves it as."""
    draft = "" if signed else "（送审稿）"
    name = f"{report.institution.name}{report.span.label}整治工作报告第{report.revision}版{draft}.pdf"
    upload = files.Upload(paper.content, files.clean_name(name), files.PDF)
    return files.store(upload, by=by, institution=report.institution)


def set_paper(report: Report, *, by: User, signature: pdf.Signature | None = None) -> dict[str, Any]:
    """The paper anew, for a text that changed or a signature that came; returns what changes on the report."""
    figures = Figures.from_json(report.figures or {})
    paper = pdf.make(report, figures, checkpoint=report.checkpoint, signature=signature)
    stored = store(report, paper, by=by, signed=signature is not None)
    return {"pdf": stored, "sha256": stored.sha256, "paper_version": report.narrative_version}
