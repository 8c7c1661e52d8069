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
from referrals.actions import shipping
from referrals.api import sending, steps
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
    return found.prefetch_related("specimens__referral")


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
        cases = checked(sending.PackIn, request)["referrals"]
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
        batch = shipping.pack(referrals=known, laboratory=known[0].laboratory, by=self.by)
        return Response(sending.BatchShape(batch).data, status=201)


class Batch(BatchDoor):
    @extend_schema(operation_id="batches_retrieve", responses=sending.BatchShape)
    def get(self, request: Request, **kwargs: Any) -> Response:
        """One batch with its specimens."""
        return self.shown()


class HandOverBatchIn(steps.HandOverIn):
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


class Receive(BatchDoor):
    permission = "referrals.record_receipt"

    @extend_schema(operation_id="batches_receive", request=steps.At, responses=sending.BatchShape)
    @repeatable
    def post(self, request: Request, **kwargs: Any) -> Response:
        """The laboratory signed for every specimen of the batch still on the road."""
        shipping.receive_batch(batch=self.found, by=self.by, **checked(steps.At, request))
        return self.shown()
