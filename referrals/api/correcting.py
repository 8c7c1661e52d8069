"""Corrections of a case, who is let into it, and its labels, for programs."""

from __future__ import annotations

from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import grants
from accounts.models import LetIn
from audit import declaring
from config.api.doors import Door, checked, filled, one_of
from config.api.idempotency import repeatable
from config.api.problems import Problem
from referrals import barcodes, correcting, pathway
from referrals.actions import corrections
from referrals.api import shapes
from referrals.api.steps import text
from referrals.api.views import VIEW, OfCase, line
from referrals.forms.cases import LetInForm
from referrals.models import Referral, Specimen


@extend_schema_field({"type": "string", "enum": sorted(correcting.BY_NAME)})
class NameOfValue(serializers.CharField):
    """Which value; one that is not corrected here is refused by the action, in its words."""


class CorrectIn(serializers.Serializer):
    field = NameOfValue(max_length=40)
    value = serializers.CharField(allow_blank=True, allow_null=True, max_length=1000, help_text="yes and no as words")
    reason = serializers.CharField(allow_blank=True, max_length=200)
    was = serializers.CharField(
        required=False, allow_blank=True, allow_null=True, default=None, trim_whitespace=False, max_length=1000,
        help_text="What your screen showed; another value meanwhile is refused as stale",
    )  # fmt: skip


class OptionShape(serializers.Serializer):
    value = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]


class ChoiceShape(serializers.Serializer):
    """A value this post may correct. Identity is never answered, not even to be corrected."""

    field = serializers.CharField(source="field.name")
    label = serializers.CharField(source="field.label")  # type: ignore[assignment]
    kind = serializers.CharField(source="field.kind")
    shown = serializers.CharField(help_text="What stands, in words")
    value = serializers.SerializerMethodField(
        "raw", help_text="What stands, to be sent back as `was`; null for identity"
    )
    options = serializers.SerializerMethodField()
    why_not = serializers.CharField(help_text="Why it is shut in this state, and where to go instead")

    def raw(self, choice: correcting.Choice) -> str | None:
        row = choice.field.row(self.context["referral"])
        return None if choice.field.hidden or row is None else choice.field.value(row)

    @extend_schema_field(OptionShape(many=True))
    def get_options(self, choice: correcting.Choice) -> list[dict[str, str]]:
        listed = correcting.YES_NO if choice.field.kind == "yes_no" else choice.field.choices
        return [{"value": str(value), "label": str(said)} for value, said in listed]


class MadeShape(serializers.Serializer):
    label = serializers.CharField()  # type: ignore[assignment]
    before = serializers.CharField()
    after = serializers.CharField()
    reason = serializers.CharField()
    at = serializers.DateTimeField()
    who = serializers.CharField()
    case = serializers.CharField(help_text="The patient's other case it was made on, if any")


class CorrectionsShape(serializers.Serializer):
    choices = ChoiceShape(many=True)
    made = MadeShape(many=True)


class Corrections(OfCase):
    @extend_schema(operation_id="referrals_corrections", responses=CorrectionsShape)
    def get(self, request: Request, **kwargs: Any) -> Response:
        """What this post may correct on the case, and every correction made, oldest first."""
        found = correcting.choices(self.found, self.by)
        if not found:
            raise PermissionDenied(correcting.REQUEST)
        shown = {"choices": found, "made": correcting.corrections(self.found)}
        return Response(CorrectionsShape(shown, context={"referral": self.found}).data)

    @extend_schema(
        operation_id="referrals_correct",
        request=CorrectIn,
        responses=shapes.LineShape,
        examples=[
            OpenApiExample(
                "stage",
                {"field": "stage", "value": "IVA", "was": "IIIA", "reason": "抄录错误"},
                request_only=True,
            )
        ],
    )
    @repeatable
    def post(self, request: Request, **kwargs: Any) -> Response:
        """Put one value right. The old one stays in view; what a rule judged takes the case back to that rule, or is
        refused with the way to go."""
        corrections.correct(referral=self.found, by=self.by, **checked(CorrectIn, request))
        return Response(line(request, self.found.pk))


# Who is let into a case


class LetInShape(serializers.ModelSerializer):
    username = serializers.CharField(source="user.username")
    name = serializers.CharField(source="user.name")
    given_by = serializers.CharField(source="given_by.name")

    class Meta:
        model = LetIn
        fields = ("id", "username", "name", "reason", "ends_on", "given_by", "given_at")


class LetInIn(serializers.Serializer):
    username = text(max_length=40, help_text="Staff number")
    reason = text(max_length=200)
    ends_on = serializers.DateField(help_text="At most 30 days from today")


def let_ins(referral: Referral) -> Any:
    found = LetIn.objects.filter(
        content_type=ContentType.objects.get_for_model(Referral),
        object_pk=str(referral.pk),
        withdrawn_at__isnull=True,
        ends_on__gte=timezone.localdate(),
    )
    return found.select_related("user", "given_by").order_by("ends_on", "pk")


class LetIns(OfCase):
    permission = "accounts.let_in"

    @extend_schema(operation_id="referrals_let_ins", responses=LetInShape(many=True))
    def get(self, request: Request, **kwargs: Any) -> Response:
        """Who was let into this case by name, until when and why."""
        return Response(LetInShape(let_ins(self.found), many=True).data)

    @extend_schema(operation_id="referrals_let_in", request=LetInIn, responses={201: LetInShape})
    @repeatable
    def post(self, request: Request, **kwargs: Any) -> Response:
        """Let one person see this case until a day."""
        data = checked(LetInIn, request)
        asked = filled(LetInForm(data, referral=self.found, by=self.by))
        with declaring.step("case.let_in", reason=asked["reason"]):
            given = grants.let_in(
                user=asked["user"], obj=self.found, ends_on=asked["ends_on"], reason=asked["reason"], by=self.by
            )
        return Response(LetInShape(given).data, status=201)


class WithdrawLetIn(OfCase):
    permission = "accounts.let_in"

    @extend_schema(operation_id="referrals_withdraw_let_in", request=None, responses=LetInShape)
    @repeatable
    def post(self, request: Request, grant: int, **kwargs: Any) -> Response:
        """This person no longer sees the case."""
        found = one_of(let_ins(self.found), pk=grant)
        with declaring.step("case.let_in_withdrawn"):
            grants.withdraw(grant=found, by=self.by)
        return Response(LetInShape(found).data)


# Labels and scans


class LabelShape(serializers.Serializer):
    number = serializers.CharField()
    barcode = serializers.CharField()
    due = serializers.BooleanField(help_text="Of the specimen to be taken next; else of the last one")
    test = serializers.CharField(source="referral.test.name")
    specimen = serializers.CharField(source="referral.test.specimen", help_text="What the test asks for")


class Label(OfCase):
    permission = "referrals.collect_specimen"

    @extend_schema(operation_id="referrals_label", responses=LabelShape)
    def get(self, request: Request, **kwargs: Any) -> Response:
        """What the label says, to be printed by your own system: of the specimen to be taken, else of the last one."""
        held, due = barcodes.current(self.found), self.found.status in pathway.COLLECT.sources
        code = barcodes.next_barcode(self.found) if due or not held or not held.barcode else held.barcode
        shown = {"number": self.found.number, "barcode": code, "due": due, "referral": self.found}
        return Response(LabelShape(shown).data)


class ScanShape(serializers.Serializer):
    barcode = serializers.CharField()
    taken = serializers.BooleanField(help_text="False: the label is printed, the specimen not taken yet")
    current = serializers.BooleanField(help_text="False: another specimen of the case has taken its place")
    specimen = shapes.SpecimenShape(allow_null=True)
    referral = shapes.LineShape()


class Scan(Door):
    permission = VIEW

    @extend_schema(operation_id="specimens_scan", responses=ScanShape)
    def get(self, request: Request, barcode: str) -> Response:
        """The case behind a scanned label. A code whose check digit does not fit is refused; one of a case this post
        cannot see does not exist."""
        if not barcodes.is_whole(barcode):
            message = _("This is not a whole barcode: its check digit does not fit. Scan it again.")
            raise Problem("invalid", message, 400, errors={"barcode": [message]})
        code = barcodes.clean(barcode)
        visible = Referral.objects.visible_to(request.user)
        taken = Specimen.objects.filter(barcode=code, referral__in=visible).select_related("collected_by").first()
        found = visible.filter(pk=taken.referral_id) if taken else visible.filter(number=code[:-3])
        referral = found.select_related(*shapes.RELATED).first()
        if referral is None or (taken is None and barcodes.next_barcode(referral) != code):
            raise Http404
        last = barcodes.current(referral)
        shown = {
            "barcode": code,
            "taken": taken is not None,
            "current": taken is None or (last is not None and last.pk == taken.pk),
            "specimen": taken,
            "referral": referral,
        }
        return Response(ScanShape(shown, context={"request": request}).data)
