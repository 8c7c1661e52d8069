"""Editions of the indication catalog: put in force and retired."""

from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.gates import Refusal, Refused
from audit.steps import move
from catalog.models import Edition
from catalog.pathway import PUT_IN_FORCE, RETIRE


@transaction.atomic
def put_in_force(*, edition: Edition, starts_on: date, by: Any, basis_for_history: bool = False) -> Edition:
    """Put a draft in force from a day; the institution's edition in force until then ends the day before.

    Refused when it lists nothing, or when a later edition already begins.
    """
    if not edition.indications.exists():
        raise Refused(Refusal("catalog", _("The edition lists no indication yet."), ("B3",)))
    others = Edition.objects.exclude(status=Edition.Status.DRAFT).filter(institution=edition.institution)
    if others.filter(in_force_from__gte=starts_on).exists():
        raise Refused(Refusal("catalog", _("Another edition already begins on or after that day."), ("B3",)))
    for former in others.in_force(starts_on).select_for_update():
        retire(edition=former, ends_on=starts_on - timedelta(days=1), by=by)
    return move(
        edition,
        PUT_IN_FORCE,
        by=by,
        clause="B3",
        in_force_from=starts_on,
        basis_for_history=basis_for_history,
    )


@transaction.atomic
def retire(*, edition: Edition, ends_on: date, by: Any) -> Edition:
    """End an edition on a day. Cases of its time go on being read against it."""
    return move(edition, RETIRE, by=by, clause="B3", in_force_to=ends_on)
