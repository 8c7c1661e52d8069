"""MDT teams: who sits on them, for which diseases, with which quorum (A8; practice.md 12)."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Institution, User
from audit import declaring
from referrals import deliberating
from referrals.models import MDTSeat, MDTTeam

PERMISSION = "referrals.manage_mdt_teams"


def _allowed(by: User, institution_id: int) -> None:
    if not by.may(PERMISSION) or institution_id not in by.institution_ids:
        raise PermissionDenied(PERMISSION)


@transaction.atomic
def save_team(
    *,
    institution: Institution,
    by: User,
    name: str,
    quorum: int = 5,
    needs_pathology: bool = True,
    diagnosis_prefixes: list[str] | None = None,
    team: MDTTeam | None = None,
) -> MDTTeam:
    """Make a team or change one. A deliberation already called keeps the quorum it was called with."""
    _allowed(by, institution.pk)
    if quorum < deliberating.AT_LEAST:
        raise ValidationError({"quorum": _("Nobody concludes alone: at least %(n)d.") % {"n": deliberating.AT_LEAST}})
    team = team or MDTTeam(institution=institution)
    team.name, team.quorum, team.needs_pathology = name.strip(), quorum, needs_pathology
    team.diagnosis_prefixes = diagnosis_prefixes or []
    try:
        with transaction.atomic(), declaring.step("team.saved"):
            team.save()
    except IntegrityError:
        raise ValidationError({"name": _("There is a team of this name already.")}) from None
    return team


@transaction.atomic
def end_team(*, team: MDTTeam, by: User) -> None:
    """A team is called no more; what it is deliberating it ends."""
    _allowed(by, team.institution_id)
    with declaring.step("team.ended"):
        team.ended_on = timezone.localdate()
        team.save(update_fields=["ended_on"])


@transaction.atomic
def give_seat(*, team: MDTTeam, expert: User, discipline: str, by: User, is_remote: bool = False) -> MDTSeat:
    """Seat an expert of the hospital for one discipline; a seat that was ended begins again."""
    _allowed(by, team.institution_id)
    if not discipline.strip():
        raise ValidationError({"discipline": _("Enter the discipline.")})
    if not deliberating.experts(team.institution_id).filter(pk=expert.pk).exists():
        raise ValidationError({"expert": _("This person has no post as an MDT expert here.")})
    with declaring.step("team.seat_given"):
        seat, _made = MDTSeat.objects.update_or_create(
            team=team,
            expert=expert,
            discipline=discipline.strip(),
            defaults={"is_remote": is_remote, "ended_on": None},
        )
    return seat


@transaction.atomic
def end_seat(*, seat: MDTSeat, by: User) -> None:
    _allowed(by, seat.team.institution_id)
    with declaring.step("team.seat_ended"):
        seat.ended_on = timezone.localdate()
        seat.save(update_fields=["ended_on"])
