"""MDT teams: who sits for which discipline, and the quorum of each (A8)."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from audit.guards import needs
from referrals import deliberating
from referrals.actions import teams as team_actions
from referrals.forms.deliberations import (
    SeatForm,
    TeamForm,
)
from referrals.models import Deliberation, MDTSeat, MDTTeam
from referrals.views.common import put_errors, who

MDT, DEPARTMENT = Deliberation.Kind.MDT, Deliberation.Kind.DEPARTMENT
SHOWN = 200
MINUTES_CSS = "col.who { width: 22% } col.stance { width: 14% } td { line-height: 1.5 } h2 { font-size: 12pt }"


# Worklists


# Teams


@needs("referrals.manage_mdt_teams")
def teams(request: HttpRequest) -> HttpResponse:
    """The hospital's teams; a new one is made here."""
    user = who(request)
    form = TeamForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            team = team_actions.save_team(institution=user.post.institution, by=user, **form.cleaned_data)
        except ValidationError as wrong:
            put_errors(wrong, form)
        else:
            messages.success(request, _("The team is saved. Now give its seats."))
            return redirect("referrals:team", team.pk)
    sitting = Count("seats", filter=Q(seats__ended_on__isnull=True))
    found = MDTTeam.objects.visible_to(user).annotate(sitting=sitting).select_related("institution").order_by("pk")
    context = {"teams": found, "form": form}
    return render(request, "referrals/teams.html", context, status=422 if form.errors else 200)


@needs("referrals.manage_mdt_teams", on=MDTTeam)
def team(request: HttpRequest, team: MDTTeam) -> HttpResponse:
    """One team: its rules and its seats."""
    user = who(request)
    do = request.POST.get("do", "")
    initial = {
        "name": team.name, "quorum": team.quorum, "needs_pathology": team.needs_pathology,
        "diagnosis_prefixes": " ".join(team.diagnosis_prefixes),
    }  # fmt: skip
    form = TeamForm(request.POST if do == "save" else None, initial=initial)
    seat_form = SeatForm(request.POST if do == "seat" else None, team=team)
    used = form if do == "save" else seat_form
    if request.method == "POST":
        if do == "end_seat":
            team_actions.end_seat(seat=get_object_or_404(MDTSeat, pk=request.POST.get("seat"), team=team), by=user)
            messages.success(request, _("The seat is given up."))
            return redirect("referrals:team", team.pk)
        if do == "end":
            team_actions.end_team(team=team, by=user)
            messages.success(request, _("The team is ended."))
            return redirect("referrals:teams")
        if used.is_valid():
            try:
                if do == "save":
                    team_actions.save_team(institution=team.institution, team=team, by=user, **form.cleaned_data)
                else:
                    team_actions.give_seat(team=team, by=user, **seat_form.cleaned_data)
            except ValidationError as wrong:
                put_errors(wrong, used)
            else:
                messages.success(request, _("Saved."))
                return redirect("referrals:team", team.pk)
    seated = list(deliberating.seats(team))
    disciplines = list(dict.fromkeys(one.discipline for one in seated))
    context = {
        "team": team, "form": form, "seat_form": seat_form, "seats": seated, "disciplines": disciplines,
        "lacks_pathology": team.needs_pathology and not any(MDTSeat.PATHOLOGY in one for one in disciplines),
        "too_few": len(disciplines) < team.quorum,
    }  # fmt: skip
    return render(request, "referrals/team.html", context, status=422 if used.errors else 200)
