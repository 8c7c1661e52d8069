"""The one thing a person writes here: that an alarm was looked into."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from audit import declaring
from audit.gates import Refusal, Refused
from audit.models import Alarm

ACKNOWLEDGE = "audit.acknowledge_alarm"


@transaction.atomic
def acknowledge(*, alarm: Alarm, found: str, by: Any) -> None:
    """Say what was found behind an alarm. Whoever comes second is told so, and the first word stays."""
    if not by.may(ACKNOWLEDGE):
        raise PermissionDenied(ACKNOWLEDGE)
    with declaring.step("alarm.acknowledged", reason=found):
        taken = Alarm.objects.awaiting_acknowledgement().filter(pk=alarm.pk)
        if not taken.update(acknowledged_at=timezone.now(), acknowledged_by=by.pk, acknowledged_reason=found):
            raise Refused(Refusal("stale", _("Someone else has already acknowledged this alarm.")))
