"""Batches of specimens on their way to a laboratory, for programs."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from audit.gates import Refusal, Refused
from config.api.doors import PAGES, Door, checked, listed, one_of, page
from config.api.idempotency import repeatable
from referrals.actions import receipts, shipping
from referrals.api import road, sending, steps
from referrals.models import Referral, ShipmentBatch

PACK = "referrals.hand_over_specimen"


class BatchDoor(Door):
    permission = PACK
    on = ShipmentBatch
    number = "number"

    def shown(self) -> Response:
        return Response(sending.BatchShape(one_of(seen(self.by), pk=self.found.pk)).data)


def seen(user: Any) -> Any:
    found = ShipmentBatch.objects.visible_to(user).select_related("laboratory")
    # Each shipment asks its batch for the range; the batch is at hand.
    return found.prefetch_related("specimens__referral", "shipments__referral", "shipments__specimen")


class Batches(Door):
    permission = PACK

    @extend_schema(
        operation_id="batches_list",
        responses=listed("Batch", sending.BatchShape),
        parameters=[
            *PAGES,
            OpenApiParameter("left", OpenApiTypes.BOOL, description="only handed over, or only packed"),
        ],
    )
    def get(self, request: Request) -> Response:
        """Batches, newest first."""
        found = seen(request.user)
        if asked := request.query_params.get("left"):
            found = found.filter(handed_over_at__isnull=asked.lower() not in ("true", "1"))
        return page(request, found, sending.BatchShape, "id")

    @extend_schema(operation_id="batches_pack", request=sending.PackIn, responses={201: sending.BatchShape})
    @repeatable
    def post(self, request: Request) -> Response:
        """Pack specimens of several cases for one laboratory."""
        data = checked(sending.PackIn, request)
        cases = data["referrals"]
        known = list(
            Referral.objects.visible_to(request.user)
            .filter(number__in=cases)
            .select_related("laboratory")
            .order_by("pk")
        )
        if len(known) != len(set(cases)):
            raise Http404
        if known[0].laboratory is None:
            raise Refused(Refusal("packing", _("This case is tested in-house: nothing is sent out.")))
        batch = shipping.pack(referrals=known, laboratory=known[0].laboratory, by=self.by, scanned=data["scanned"])
        return Response(sending.BatchShape(batch).data, status=201)


class Batch(BatchDoor):
    @extend_schema(operation_id="batches_retrieve", responses=sending.BatchShape)
    def get(self, request: Request, **kwargs: Any) -> Response:
        """One batch with its specimens."""
        return self.shown()


class HandOverBatchIn(road.HandOverIn):
    leave_out = serializers.ListField(
        child=serializers.CharField(max_length=40), required=False, default=list, max_length=200,
        help_text="Numbers of the cases whose specimens stay behind",
    )  # fmt: skip


class HandOver(BatchDoor):
    @extend_schema(operation_id="batches_hand_over", request=HandOverBatchIn, responses=sending.BatchShape)
    @repeatable
    def post(self, request: Request, **kwargs: Any) -> Response:
        """The batch leaves, past X05, X06, X08, X13, X15 and X16 for each of its cases; one refused, none leaves."""
        data = checked(HandOverBatchIn, request)
        behind = Referral.objects.visible_to(request.user).filter(number__in=data.pop("leave_out"))
        shipping.hand_over(batch=self.found, by=self.by, leave_out=list(behind.values_list("pk", flat=True)), **data)
        return self.shown()


class TakeOutIn(serializers.Serializer):
    referral = steps.text(max_length=40, help_text="Number of the case")


class TakeOut(BatchDoor):
    @extend_schema(operation_id="batches_take_out", request=TakeOutIn, responses=sending.BatchShape)
    @repeatable
    def post(self, request: Request, **kwargs: Any) -> Response:
        """A specimen is taken out of a batch that has not left."""
        number = checked(TakeOutIn, request)["referral"]
        case = one_of(Referral.objects.visible_to(request.user), number=number)
        shipping.take_out(batch=self.found, referral=case, by=self.by)
        return self.shown()


class ArrivedAsIn(serializers.Serializer):
    referral = steps.text(max_length=40, help_text="Number of the case")
    state = serializers.ChoiceField(receipts.STATES)
    reason = steps.long(max_length=200)


class ArrivedIn(road.ReceiveIn):
    states = ArrivedAsIn(
        many=True, required=False, allow_null=True, default=None,
        help_text="How each specimen arrived; those not named stay on the road. Left out: all were received",
    )  # fmt: skip


class Receive(BatchDoor):
    permission = "referrals.record_receipt"

    @extend_schema(operation_id="batches_receive", request=ArrivedIn, responses=sending.BatchShape)
    @repeatable
    def post(self, request: Request, **kwargs: Any) -> Response:
        """What the laboratory found in the box: received, missing, damaged or refused, each with its reason."""
        data = checked(ArrivedIn, request)
        listed = data.pop("states")
        states = None
        if listed is not None:
            named = {one["referral"]: (one["state"], one["reason"]) for one in listed}
            away = self.found.shipments.filter(referral__number__in=named).values_list(
                "referral_id", "referral__number"
            )
            states = {pk: named[number] for pk, number in away}
            if len(states) != len(named):
                raise Http404
        receipts.receive_batch(batch=self.found, by=self.by, states=states, **data)
        return self.shown()
