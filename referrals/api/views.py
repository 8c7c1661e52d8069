"""Cases, their gates and steps, results, patients, batches and statement differences, for programs."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from django.db.models import BigIntegerField, QuerySet
from django.db.models.functions import Cast
from django.http import Http404
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from audit import declaring
from audit.models import Event
from config.api import problems
from config.api.doors import PAGES, Door, checked, listed, page
from config.api.idempotency import repeatable
from referrals import queries, strip, ways
from referrals.actions import requests
from referrals.actions.held import as_drawn
from referrals.api import sending, shapes
from referrals.api.register import DOINGS, Doing
from referrals.models import Deliberation, Referral, Status
from referrals.searching import begins

VIEW = "referrals.view_referral"
SINCE = OpenApiParameter("updated_since", OpenApiTypes.DATETIME, description="changed at or after, by the trail")


def moment(text: str, name: str) -> Any:
    """A time or a day; a time without a zone is the hospital's."""
    try:
        at = parse_datetime(text)
        day = None if at else parse_date(text)
    except ValueError:
        at = day = None
    if day:
        at = datetime(day.year, day.month, day.day)
    if at is None:
        message = _("“%(name)s” is a time such as 2026-03-02T09:30:00+08:00.") % {"name": name}
        raise problems.Problem("invalid", message, 400, errors={name: [message]})
    return timezone.make_aware(at) if timezone.is_naive(at) else at


class Referrals(Door):
    permission = VIEW
    permissions = {"POST": "referrals.submit_referral"}

    @extend_schema(
        operation_id="referrals_list",
        responses=listed("Referral", shapes.LineShape),
        parameters=[
            *PAGES,
            OpenApiParameter("status", OpenApiTypes.STR, enum=Status.values, description="may be repeated", many=True),
            OpenApiParameter("department", OpenApiTypes.STR, description="name of the department"),
            OpenApiParameter("requester", OpenApiTypes.STR, description="staff number"),
            OpenApiParameter("nature", OpenApiTypes.STR, enum=Referral.Nature.values),
            OpenApiParameter("number", OpenApiTypes.STR, description="the number, or how it begins"),
            OpenApiParameter("record_no", OpenApiTypes.STR, description="record number of the patient"),
            OpenApiParameter("waiting", OpenApiTypes.STR, enum=queries.WAITING_CODES, description="one worklist"),
            SINCE,
        ],
    )
    def get(self, request: Request, **kwargs: Any) -> Response:
        """The cases this post may see, newest request first."""
        found = _filtered(Referral.objects.visible_to(request.user), request.query_params)
        return page(request, found.select_related(*shapes.RELATED), shapes.LineShape, "requested_at")

    @extend_schema(
        operation_id="referrals_submit",
        request=sending.SubmitIn,
        responses={201: shapes.LineShape},
        examples=[sending.EXAMPLE],
    )
    @repeatable
    def post(self, request: Request) -> Response:
        """Submit a request for a test. The case is numbered and taken on by the system as far as it goes."""
        data = checked(sending.SubmitIn, request)
        referral = requests.submit(by=self.by, **data)
        return Response(line(request, referral.pk), status=201)


def _filtered(found: QuerySet, query: Any) -> QuerySet:
    if wanted := query.getlist("status"):
        if unknown := set(wanted) - set(Status.values):
            message = _("There is no status “%(status)s”.") % {"status": "、".join(sorted(unknown))}
            raise problems.Problem("invalid", message, 400, errors={"status": [message]})
        found = found.filter(status__in=wanted)
    if code := query.get("waiting"):
        if code not in queries.WAITING_CODES:
            message = _("There is no worklist “%(code)s”.") % {"code": code}
            raise problems.Problem("invalid", message, 400, errors={"waiting": [message]})
        found = queries.waiting(found, code)
    plain = {
        "department": "department__name",
        "requester": "requester__username",
        "nature": "nature",
        "record_no": "patient__record_no",
    }
    found = found.filter(**{column: query[name] for name, column in plain.items() if query.get(name)})
    if number := query.get("number"):
        found = found.filter(**begins("number", number))
    if since := query.get("updated_since"):
        found = found.filter(pk__in=changed_since(moment(since, "updated_since")))
    return found


def changed_since(at: Any) -> QuerySet:
    """The cases whose row the trail saw made or changed since; a subquery of their keys."""
    events = Event.objects.filter(table_name=Referral._meta.db_table, op__in=["I", "U"], at__gte=at).order_by()
    return events.annotate(key=Cast("row_id", BigIntegerField())).values("key")


def line(request: Request, pk: int) -> dict[str, Any]:
    referral = Referral.objects.select_related(*shapes.RELATED).get(pk=pk)
    return shapes.LineShape(referral, context={"request": request}).data


class OfCase(Door):
    """An address below one case, named by its id or its number."""

    permission = VIEW
    on = Referral
    number = "number"
    found: Referral


class Case(OfCase):
    @extend_schema(operation_id="referrals_retrieve", responses=shapes.CaseShape)
    def get(self, request: Request, **kwargs: Any) -> Response:
        """One case with its records. Opening it is recorded as a reading."""
        declaring.record_reading("referrals_referral", self.found.pk, "api")
        related = ["patient__identity"] if self.by.sees_identity else []
        case = (
            Referral.objects.select_related(*shapes.RELATED, *related)
            .prefetch_related(
                "evidence", "discussions__chair", "mdt_reviews__chair", "consents", "approvals__decided_by",
                "charges__charged_by", "charges__settled_by", "charges__reversed_by", "deferrals__approved_by",
                "specimens__collected_by", "shipments__laboratory", "shipments__contract",
                "shipments__batch", "shipments__specimen", "results__alterations", "results__specimen", "results__pdf",
                "results__superseded_by", "results__referral__patient", "results__referral__test", "filings__filed_by",
                "prescriptions__prescribed_by", "corrections__corrected_by",
            )
            .get(pk=self.found.pk)
        )  # fmt: skip
        return Response(shapes.CaseShape(case, context={"request": request}).data)


class Gates(OfCase):
    @extend_schema(operation_id="referrals_gates", responses=shapes.GateShape(many=True))
    def get(self, request: Request, **kwargs: Any) -> Response:
        """The gate strip of the case: every rule once, in the order of the pathway."""
        judged = ways.nameless(strip.case_judgements(self.found), self.found, request.user)
        return Response(shapes.GateShape(judged, many=True).data)


class Steps(OfCase):
    @extend_schema(operation_id="referrals_steps", responses=shapes.PossibleShape(many=True))
    def get(self, request: Request, **kwargs: Any) -> Response:
        """The steps whose place the case has reached, whether this post may take them, and what stands against it."""
        by: Any = request.user
        possible = [
            {
                "name": one.name,
                "label": one.label,
                "permission": one.permission,
                "may": by.may(one.permission, self.found),
                "refusals": [problems.refusal(said) for said in one.refusals(self.found, by)],
                "url": request.build_absolute_uri(f"/api/v1/referrals/{self.found.pk}/steps/{one.name}/"),
            }
            for one in DOINGS.values()
            if self.found.status in one.sources and one.is_due(self.found)
        ]
        return Response(shapes.PossibleShape(possible, many=True).data)


class StepOfCase(OfCase):
    """Each step has its own schema: the addresses are spelled out one by one in `urls`."""

    doing: Doing

    def seen(self, request: Request, permission: str, **kwargs: Any) -> Any:
        try:
            return super().seen(request, self.doing.permission, **kwargs)
        except Http404:
            if not self.doing.for_members:
                raise
        return self._as_member(request, kwargs["pk"])

    def _as_member(self, request: Request, pk: str) -> Referral:
        """A member of the department's discussion takes part in a colleague's case."""
        name = "referral_id" if pk.isdecimal() else "referral__number"
        bodies = Deliberation.objects.visible_to(request.user).select_related("referral")
        body = bodies.filter(**{name: pk}).order_by("-pk").first()
        if body is None:
            raise Http404
        return body.referral

    def take(self, request: Request) -> Response:
        data = checked(self.doing.shape, request)
        drawn = request.data.get("drawn_for")
        as_drawn(self.found, str(drawn or ""))
        made = self.doing.take(self.found, self.by, data)
        # The next step of a plan is a request of its own: that one is answered.
        return Response(line(request, made.pk if isinstance(made, Referral) else self.found.pk))


def step_door(doing: Doing) -> type[Door]:
    """The door of one step, with what it takes in its schema."""

    def post(self: StepOfCase, request: Request, **kwargs: Any) -> Response:
        return self.take(request)

    name = "".join(part.capitalize() for part in re.split(r"[._]", doing.name))
    described = extend_schema(
        operation_id=f"referrals_steps_{doing.name.replace('.', '_')}",
        request=doing.shape,
        responses=shapes.LineShape,
        summary=doing.label,
        description=f"Needs `{doing.permission}`. An optional member `drawn_for` (a status) refuses the step as stale "
        "when the case has moved on since it was read.",
        tags=["steps"],
    )(repeatable(post))
    return type(f"{name}Step", (StepOfCase,), {"doing": doing, "post": described, "permission": doing.permission})
