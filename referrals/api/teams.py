"""MDT teams, their seats, and deliberations, for programs."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from audit import declaring
from config.api.doors import PAGES, Door, checked, filled, listed, one_of, page
from config.api.idempotency import repeatable
from referrals import deliberating
from referrals.actions import teams
from referrals.api.steps import text
from referrals.api.views import VIEW
from referrals.forms.deliberations import TeamForm
from referrals.models import Deliberation, MDTSeat, MDTTeam, Opinion


class SeatShape(serializers.ModelSerializer):
    username = serializers.CharField(source="expert.username")
    name = serializers.CharField(source="expert.name")

    class Meta:
        model = MDTSeat
        fields = ("id", "username", "name", "discipline", "is_remote", "ended_on")


class TeamShape(serializers.ModelSerializer):
    institution = serializers.CharField(source="institution.code")
    diagnosis_prefixes = serializers.ListField(child=serializers.CharField())
    seats = SeatShape(many=True)

    class Meta:
        model = MDTTeam
        fields = ("id", "institution", "name", "diagnosis_prefixes", "quorum", "needs_pathology", "ended_on", "seats")


class TeamIn(serializers.Serializer):
    name = text(max_length=60)
    diagnosis_prefixes = serializers.ListField(
        child=serializers.CharField(max_length=8), required=False, default=list, max_length=20,
        help_text="First places of ICD-10; none: what no other team takes",
    )  # fmt: skip
    quorum = serializers.IntegerField(default=5, max_value=20, help_text="Disciplines needed")
    needs_pathology = serializers.BooleanField(default=True)


def seen(user: Any) -> Any:
    seats = MDTSeat.objects.filter(ended_on__isnull=True).select_related("expert").order_by("pk")
    found = MDTTeam.objects.visible_to(user).select_related("institution")
    return found.prefetch_related(Prefetch("seats", queryset=seats))


def _asked(request: Request) -> dict[str, Any]:
    data = checked(TeamIn, request)
    return filled(TeamForm({**data, "diagnosis_prefixes": " ".join(data["diagnosis_prefixes"])}))


class TeamDoor(Door):
    """Whoever calls an MDT reads the teams; medical affairs keep them."""

    permission = "referrals.call_mdt"
    permissions = {"POST": teams.PERMISSION}

    def shown(self, team: MDTTeam, status: int = 200) -> Response:
        return Response(TeamShape(one_of(seen(self.by), pk=team.pk)).data, status=status)


class Teams(TeamDoor):
    @extend_schema(operation_id="mdt_teams_list", responses=listed("MDTTeam", TeamShape), parameters=PAGES)
    def get(self, request: Request) -> Response:
        """The hospital's teams with their seats, ended ones too."""
        return page(request, seen(request.user), TeamShape, "id")

    @extend_schema(
        operation_id="mdt_teams_make",
        request=TeamIn,
        responses={201: TeamShape},
        examples=[
            OpenApiExample(
                "team",
                {"name": "肺癌", "diagnosis_prefixes": ["C34"], "quorum": 5, "needs_pathology": True},
                request_only=True,
            )
        ],
    )
    @repeatable
    def post(self, request: Request) -> Response:
        """A team for a disease, with its own quorum."""
        asked = _asked(request)
        return self.shown(teams.save_team(institution=self.by.post.institution, by=self.by, **asked), 201)


class Team(TeamDoor):
    on = MDTTeam

    @extend_schema(operation_id="mdt_teams_retrieve", responses=TeamShape)
    def get(self, request: Request, **kwargs: Any) -> Response:
        """One team."""
        return self.shown(self.found)

    @extend_schema(operation_id="mdt_teams_change", request=TeamIn, responses=TeamShape)
    @repeatable
    def post(self, request: Request, **kwargs: Any) -> Response:
        """Change its rules; a deliberation already called keeps the quorum it was called with."""
        asked = _asked(request)
        return self.shown(teams.save_team(institution=self.found.institution, team=self.found, by=self.by, **asked))


class EndTeam(TeamDoor):
    on = MDTTeam

    @extend_schema(operation_id="mdt_teams_end", request=None, responses=TeamShape)
    @repeatable
    def post(self, request: Request, **kwargs: Any) -> Response:
        """The team is called no more."""
        teams.end_team(team=self.found, by=self.by)
        return self.shown(self.found)


class SeatIn(serializers.Serializer):
    expert = text(max_length=40, help_text="Staff number of somebody with a post as MDT expert")
    discipline = serializers.CharField(max_length=30, allow_blank=True)
    is_remote = serializers.BooleanField(default=False)


class Seats(TeamDoor):
    on = MDTTeam

    @extend_schema(operation_id="mdt_teams_seat", request=SeatIn, responses={201: TeamShape})
    @repeatable
    def post(self, request: Request, **kwargs: Any) -> Response:
        """Seat an expert for one discipline."""
        data = checked(SeatIn, request)
        expert = deliberating.experts(self.found.institution_id).filter(username=data.pop("expert")).first()
        if expert is None:
            raise serializers.ValidationError({"expert": _("This person has no post as an MDT expert here.")})
        teams.give_seat(team=self.found, expert=expert, by=self.by, **data)
        return self.shown(self.found, 201)


class EndSeat(TeamDoor):
    on = MDTTeam

    @extend_schema(operation_id="mdt_teams_end_seat", request=None, responses=TeamShape)
    @repeatable
    def post(self, request: Request, seat: int, **kwargs: Any) -> Response:
        """The seat is given up."""
        teams.end_seat(seat=one_of(MDTSeat.objects.filter(team=self.found), pk=seat), by=self.by)
        return self.shown(self.found)


# Deliberations


class HeldShape(serializers.ModelSerializer):
    """Calling, opinions, conclusion and calling off are steps of the case: `/referrals/{number}/steps/`."""

    referral = serializers.CharField(source="referral.number")
    team = serializers.CharField(source="team.name", default=None)
    department = serializers.CharField(source="department.name", default=None)
    status_label = serializers.CharField(source="get_status_display")
    called_by = serializers.CharField(source="called_by.name")
    concluded_by = serializers.CharField(source="concluded_by.name", default=None)

    class Meta:
        model = Deliberation
        fields = (
            "id", "number", "referral", "kind", "team", "department", "status", "status_label", "quorum",
            "needs_pathology", "called_at", "called_by", "concluded_at", "concluded_by",
        )  # fmt: skip


class OpinionShape(serializers.ModelSerializer):
    member = serializers.CharField(source="member.name")

    class Meta:
        model = Opinion
        fields = (
            "member", "discipline", "is_remote", "is_first", "stance", "risk", "cost", "evidence", "note", "given_at",
        )  # fmt: skip


class QuorumShape(serializers.Serializer):
    needed = serializers.IntegerField()
    given = serializers.IntegerField()
    short = serializers.BooleanField()
    missing = serializers.CharField()


class DeliberationShape(HeldShape):
    has_quorum = serializers.SerializerMethodField()
    opinions_given = serializers.SerializerMethodField(help_text="To be sent back as `seen` with the conclusion")
    opinions = serializers.SerializerMethodField(
        help_text="Nobody's before one's own first opinion; everybody's once it is concluded. null: not yet"
    )

    class Meta(HeldShape.Meta):
        fields = (*HeldShape.Meta.fields, "minutes", "has_quorum", "opinions_given", "opinions")  # type: ignore[assignment]

    @extend_schema_field(QuorumShape)
    def get_has_quorum(self, held: Deliberation) -> Any:
        return QuorumShape(deliberating.quorum(held)).data

    def get_opinions_given(self, held: Deliberation) -> int:
        return held.opinions.count()

    @extend_schema_field(OpinionShape(many=True, allow_null=True))
    def get_opinions(self, held: Deliberation) -> Any:
        if not deliberating.may_see_opinions(held, self.context["request"].user):
            return None
        return OpinionShape(held.opinions.select_related("member"), many=True).data


RELATED = ("referral__institution", "team", "department", "called_by", "concluded_by")


class Deliberations(Door):
    permission = VIEW

    @extend_schema(
        operation_id="deliberations_list",
        responses=listed("Deliberation", HeldShape),
        parameters=[
            *PAGES,
            OpenApiParameter("kind", OpenApiTypes.STR, enum=Deliberation.Kind.values),
            OpenApiParameter("status", OpenApiTypes.STR, enum=Deliberation.Phase.values),
            OpenApiParameter("mine", OpenApiTypes.BOOL, description="open ones this person sits on"),
            OpenApiParameter("waiting", OpenApiTypes.BOOL, description="those that wait for this person's opinion"),
        ],
    )
    def get(self, request: Request) -> Response:
        """MDT and departmental discussions this post may see, newest first."""
        query, user = request.query_params, self.by
        asked = {name: query.get(name, "").lower() in ("true", "1") for name in ("mine", "waiting")}
        found: QuerySet[Deliberation] = Deliberation.objects.visible_to(user)
        if asked["mine"]:
            found = deliberating.seated(user)
        if asked["waiting"]:
            found = deliberating.waiting_for(user)
        found = found.filter(**{name: query[name] for name in ("kind", "status") if query.get(name)})
        return page(request, found.select_related(*RELATED), HeldShape, "called_at")


class OneDeliberation(Door):
    permission = VIEW
    on = Deliberation

    @extend_schema(operation_id="deliberations_retrieve", responses=DeliberationShape)
    def get(self, request: Request, **kwargs: Any) -> Response:
        """One deliberation; opening it is recorded as a reading. Opinions stay blind until one's own is given."""
        declaring.record_reading("referrals_deliberation", self.found.pk, "api")
        held = Deliberation.objects.select_related(*RELATED).get(pk=self.found.pk)
        return Response(DeliberationShape(held, context={"request": request}).data)
