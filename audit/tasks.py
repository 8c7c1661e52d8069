"""The sealer, as a sweep: whatever has not been sealed is due."""

from celery import shared_task

from audit import seal as sealing


@shared_task(ignore_result=True)
def seal() -> None:
    """Seal what can be sealed (`audit.seal`)."""
    sealing.seal()
