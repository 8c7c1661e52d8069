"""What a case answers to a step tried out of turn: where it stands, what it waits for, and who does that."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _

from audit.gates import Refusal
from audit.steps import OUT_OF_TURN, Step, tells_its_turn
from referrals import next_steps
from referrals.actions.onward import awaited
from referrals.gates.words import link
from referrals.models import Referral
from referrals.models.referral import ENDED

ASK_AGAIN = "referrals.allocate_again"


@tells_its_turn(Referral, ended=ENDED)
def whose_turn(referral: Referral, step: Step) -> Refusal:
    """Asked only when no gate of the step refuses, and of a case that has ended."""
    values = {"step": step.label, "status": referral.get_status_display()}
    station = next((one for one in next_steps.STATIONS if one.main and one.is_due(referral)), None)
    if referral.status in ENDED:
        message = _("“%(step)s” cannot be done any more: this case has ended (%(status)s).") % values
    elif station:
        message = _(
            "“%(step)s” cannot be done now: this case stands at “%(status)s” and waits for “%(next)s” by %(roles)s."
        ) % {**values, "next": station.label, "roles": _by(station.asks)}
    elif awaited(referral, timezone.now()):
        message = _(
            "“%(step)s” cannot be done now: this case stands at “%(status)s” and waits for the place of testing to be "
            "allocated. What shuts the way is listed on the case; %(roles)s may have it allocated again."
        ) % {**values, "roles": _by(ASK_AGAIN)}
    else:
        message = _("“%(step)s” cannot be done now: this case stands at “%(status)s”.") % values
    return Refusal(OUT_OF_TURN, message, (), link("referrals:case", referral.pk), _("To the case"))


def _by(permission: str) -> str:
    return "、".join(next_steps.roles_with(permission))
