"""When what decides a case's way has changed: in-house capability, contracts, credentials, prices.

Apps on higher floors sign up the sweeps that then have something to do (a case that no laboratory could take goes on, a
consent at another price lapses). They run at once after the commit; should nobody hear it, beat runs them anyway.
"""

from __future__ import annotations

import logging
from typing import Any

from django.db import transaction

log = logging.getLogger(__name__)
_SWEEPS: list[Any] = []


def follow(task: Any) -> None:
    """Run this Celery task, a sweep without arguments, after every change."""
    if task not in _SWEEPS:
        _SWEEPS.append(task)


def announce() -> None:
    """Called by every action that changes a way: wakes the sweeps once its transaction has been committed."""
    transaction.on_commit(_wake, robust=True)


def _wake() -> None:
    for task in _SWEEPS:
        try:
            task.apply_async(retry=False)
        except Exception:
            log.warning("no worker could be told of %s; beat will run it", task.name, exc_info=True)
