"""A sweep: find what is due, take one, do it, stamp it. A second run finds nothing."""

from celery import shared_task

from supervision import actions


@shared_task
def run_waiting_imports() -> None:
    while actions.run_next_import():
        pass
