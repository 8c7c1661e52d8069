"""Labels for programs: recorded as printed, and given back as a PDF for the label printer."""

from __future__ import annotations

import base64

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from config.api.doors import Door, checked
from config.api.idempotency import repeatable
from referrals import labels
from referrals.actions import labelling
from referrals.api.road import optional
from referrals.models import Referral


class LabelPrintIn(serializers.Serializer):
    referrals = serializers.ListField(child=serializers.CharField(max_length=40), min_length=1, max_length=65)
    stock = serializers.ChoiceField([(one.code, one.label) for one in labels.STOCKS.values()], default="")
    start = serializers.IntegerField(default=1, min_value=1, help_text="First free place of an A4 sheet")
    copies = serializers.IntegerField(default=1, min_value=1, max_value=labelling.COPIES)
    reason = optional(max_length=200, help_text="Needed for a label printed before")


class LabelPaper(serializers.Serializer):
    pdf = serializers.CharField(help_text="Base64")
    pages = serializers.IntegerField()


class PrintLabels(Door):
    permission = labelling.PERMISSION

    @extend_schema(operation_id="labels_print", request=LabelPrintIn, responses={201: LabelPaper})
    @repeatable
    def post(self, request: Request) -> Response:
        """Print labels of several cases on one stock; a second print of a barcode needs its reason."""
        data = checked(LabelPrintIn, request)
        named = set(data.pop("referrals"))
        cases = list(Referral.objects.visible_to(request.user).filter(number__in=named))
        if len(cases) != len(named):
            raise Http404
        made = labelling.print_labels(referrals=cases, by=self.by, **data)
        return Response({"pdf": base64.b64encode(made.content).decode(), "pages": made.pages}, status=201)
