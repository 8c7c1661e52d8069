"""The last checkpoint, kept in a file outside the database.

Whoever cuts the trail's tail off, or writes it anew, in the database does not reach this file. Copies belong
on another host and in print: each quarterly report carries one.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from django.conf import settings

# The log of past checkpoints grows by one at most so often (seconds).
LOG_EVERY = 600


def folder() -> Path:
    return Path(settings.HOME) / "trail"


def last() -> str | None:
    """The note kept last, or None."""
    path = folder() / "checkpoint"
    return path.read_text(encoding="utf-8") if path.is_file() else None


def keep(note: str) -> None:
    """Replace the last checkpoint in one step, and now and then add it to the log."""
    where = folder()
    where.mkdir(parents=True, exist_ok=True)
    fresh = where / f".checkpoint.{os.getpid()}"
    with fresh.open("w", encoding="utf-8") as file:
        file.write(note)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(where / "checkpoint")
    log = where / "checkpoints.log"
    if not log.exists() or time.time() - log.stat().st_mtime >= LOG_EVERY:
        with log.open("a", encoding="utf-8") as file:
            file.write(note + "\n")
