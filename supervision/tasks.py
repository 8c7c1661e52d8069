"""A sweep: find what is due, take one, do it, stamp it. A second run finds nothing."""

from __future__ import annotations

import logging

from celery import shared_task
from django.db import transaction

from supervision import actions

log = logging.getLogger(__name__)


@shared_task
def run_waiting_imports() -> None:
    while actions.run_next_import():
        pass


def wake() -> None:
    """Tell a worker after the commit. If nobody hears it, the sweep finds the import some seconds later."""

    def tell() -> None:
        try:
            run_waiting_imports.apply_async(retry=False)
        except Exception:
            log.warning("no worker could be told; the sweep will find the import", exc_info=True)

    transaction.on_commit(tell, robust=True)
