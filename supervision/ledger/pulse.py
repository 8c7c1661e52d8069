"""How far an import is, written by a second connection while the import's own transaction is still open."""

from __future__ import annotations

import logging
import threading
import time
from types import TracebackType
from typing import Self

from django.db import DatabaseError, connections
from django.utils import timezone

from accounts.models import User
from audit.declaring import acting
from supervision.models import ImportProgress

EVERY = 1.0
log = logging.getLogger(__name__)


class Pulse:
    """Writes the progress reported to it, and a sign of life, once a second from a thread of its own.

    A killed worker falls silent, and another takes the import up again (`LedgerImportQuerySet.due`).
    """

    def __init__(self, ledger_import_id: int, *, every: float = EVERY):
        self.pk = ledger_import_id
        self.every = every
        self.state = {"phase": ImportProgress.Phase.READING, "rows_done": 0, "rows_total": 0}
        self.phase_began_at = timezone.now()
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._beat, name=f"import-{ledger_import_id}", daemon=True)

    def report(self, phase: str, done: int, total: int) -> None:
        if phase != self.state["phase"]:
            self.phase_began_at = timezone.now()
        self.state = {"phase": phase, "rows_done": done, "rows_total": total}

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, kind: type | None, fault: BaseException | None, trace: TracebackType | None) -> None:
        self.ended.set()
        self.thread.join(timeout=10)

    def _beat(self) -> None:
        try:
            while not self.ended.is_set():
                try:
                    self._write()
                except DatabaseError:
                    # The import itself will meet the same fault; a missed beat alone is no reason to stop it.
                    log.warning("progress of import %s could not be written", self.pk)
                    connections.close_all()
                    time.sleep(self.every)
                self.ended.wait(self.every)
        finally:
            connections.close_all()

    def _write(self) -> None:
        with acting(User.objects.get(username="system"), step="ledger.progress"):
            ImportProgress.objects.filter(pk=self.pk).update(
                **self.state, phase_began_at=self.phase_began_at, beat_at=timezone.now()
            )
