"""What the hospital does itself, and first-time technologies, for programs: the same acts as the pages (A2, A43)."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Department
from catalog import announcing, capability
from catalog.actions import capability as actions
from catalog.models import (
    CapabilityEquipment,
    CapabilityProduct,
    CapabilityStaff,
    GeneTest,
    InHouseCapability,
    QualityRound,
    TechnologyIntake,
)
from config.api.doors import PAGES, Door, checked, listed, one_of, page
from config.api.fields import FileField
from config.api.idempotency import repeatable

PARTS: dict[str, Any] = {"equipment": CapabilityEquipment, "staff": CapabilityStaff, "product": CapabilityProduct}


class CapabilityShape(serializers.ModelSerializer):
    test = serializers.CharField(source="test.code")
    department = serializers.CharField(source="department.name", default=None)
    closed_by = serializers.SerializerMethodField(help_text="What closes the item today, in words; empty: it is open")

    class Meta:
        model = InHouseCapability
        fields = ("id", "test", "department", "registered_on", "ends_on", "is_detailed", "closed_by")

    def get_closed_by(self, one: InHouseCapability) -> list[str]:
        if "registry" not in self.__dict__:
            many: Any = self.parent
            rows = many.instance if many is not None else [one]
            self.__dict__["registry"] = capability.Registry.of(rows)
        return [str(why) for why in self.__dict__["registry"].shut(one, timezone.localdate())]


class IntakeShape(serializers.ModelSerializer):
    test = serializers.CharField(source="test.code")
    proposed_by = serializers.CharField(source="proposed_by.name")

    class Meta:
        model = TechnologyIntake
        fields = ("id", "test", "need", "ability", "safety", "proposed_by", "approved", "decided_at", "decision_note")


class RegisterIn(serializers.Serializer):
    test = serializers.CharField(max_length=20)
    department = serializers.CharField(max_length=60)
    registered_on = serializers.DateField(required=False)


class CapabilityStepIn(serializers.Serializer):
    """`do` says what is added: equipment, staff, product or round; `correction` approves a round's corrective action and
    `end` ends a part, both by `row`; `part` says which kind of row ends."""

    do = serializers.ChoiceField(choices=["equipment", "staff", "product", "round", "correction", "end"])
    row = serializers.IntegerField(required=False)
    part = serializers.ChoiceField(choices=sorted(PARTS), required=False)
    reason = serializers.CharField(max_length=300, required=False, default="")
    user = serializers.CharField(max_length=40, required=False, default="")
    name = serializers.CharField(max_length=120, required=False, default="")
    serial = serializers.CharField(max_length=60, required=False, default="")
    kind = serializers.ChoiceField(CapabilityProduct.Kind.choices, required=False, default="reagent")
    basis = serializers.ChoiceField(CapabilityProduct.Basis.choices, required=False, default="registered")
    number = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)
    organiser = serializers.CharField(max_length=80, required=False, default="")
    held_on = serializers.DateField(required=False)
    passed = serializers.BooleanField(required=False)
    correction = serializers.CharField(max_length=1000, required=False, default="", allow_blank=True)
    valid_from = serializers.DateField(required=False)
    valid_to = serializers.DateField(required=False, allow_null=True, default=None)
    file = FileField(required=False)


class ProposeIn(serializers.Serializer):
    test = serializers.CharField(max_length=20)
    need = serializers.CharField(max_length=2000)
    ability = serializers.CharField(max_length=2000)
    safety = serializers.CharField(max_length=2000)


class IntakeStepIn(serializers.Serializer):
    do = serializers.ChoiceField(choices=["opinion", "decide"])
    agreed = serializers.BooleanField()
    text = serializers.CharField(max_length=300)


FIELDS = {
    "equipment": ("name", "serial", "valid_from", "valid_to"),
    "product": ("kind", "name", "basis", "number", "valid_from", "valid_to", "file"),
    "round": ("organiser", "name", "held_on", "passed", "correction"),
}
NEEDED = {"equipment": ("valid_from",), "product": ("valid_from",), "round": ("held_on", "passed")}


class Capabilities(Door):
    permission = "catalog.view_catalog"
    permissions = {"POST": actions.KEEP}

    @extend_schema(operation_id="capabilities", responses=listed("Capability", CapabilityShape), parameters=PAGES)
    def get(self, request: Request) -> Response:
        found = InHouseCapability.objects.visible_to(request.user).select_related("test", "department")
        return page(request, found, CapabilityShape, "id")

    @extend_schema(operation_id="capability_register", request=RegisterIn, responses={201: CapabilityShape})
    @repeatable
    def post(self, request: Request) -> Response:
        given = checked(RegisterIn, request)
        place = self.by.post.institution
        made = actions.register(
            test=one_of(GeneTest.objects.all(), code=given["test"]),
            department=one_of(Department.objects.filter(institution=place), name=given["department"]),
            registered_on=given.get("registered_on"),
            by=self.by,
        )
        return Response(CapabilityShape(made).data, status=201)


class CapabilityStep(Door):
    permission = "catalog.view_catalog"
    on = InHouseCapability

    @extend_schema(operation_id="capability_step", request=CapabilityStepIn, responses=CapabilityShape)
    @repeatable
    def post(self, request: Request, pk: int) -> Response:
        """Add a part, end one, approve a corrective action; answers with the item as it stands then."""
        given, by = checked(CapabilityStepIn, request), self.by
        do, one = given["do"], self.found
        if lacking := [name for name in NEEDED.get(do, ()) if name not in given]:
            words = serializers.Field.default_error_messages["required"]
            raise serializers.ValidationError(dict.fromkeys(lacking, words))
        mine = {name: given[name] for name in FIELDS.get(do, ()) if name in given}
        row = {"pk": given.get("row", 0), "capability": one}
        if do == "staff":
            people = announcing.holders(one.institution_id, "referrals.assess_specimen")
            actions.name_staff(capability=one, user=one_of(people, username=given["user"]), by=by)
        elif do == "correction":
            actions.approve_correction(quality=one_of(QualityRound.objects.visible_to(by), **row), by=by)
        elif do == "end":
            found = PARTS[given.get("part", "equipment")].objects.visible_to(by)
            actions.end_part(part=one_of(found, **row), reason=given["reason"], by=by)
        else:
            acts: dict[str, Any] = {
                "equipment": actions.add_equipment, "product": actions.add_product, "round": actions.record_round,
            }  # fmt: skip
            acts[do](capability=one, by=by, **mine)
        return Response(CapabilityShape(one).data)


class Intakes(Door):
    permission = "catalog.view_catalog"
    permissions = {"POST": actions.KEEP}

    @extend_schema(operation_id="intakes", responses=listed("Intake", IntakeShape), parameters=PAGES)
    def get(self, request: Request) -> Response:
        found = TechnologyIntake.objects.visible_to(request.user).select_related("test", "proposed_by")
        return page(request, found, IntakeShape, "id")

    @extend_schema(operation_id="intake_propose", request=ProposeIn, responses={201: IntakeShape})
    @repeatable
    def post(self, request: Request) -> Response:
        given = checked(ProposeIn, request)
        test = one_of(GeneTest.objects.all(), code=given.pop("test"))
        return Response(IntakeShape(actions.propose(test=test, by=self.by, **given)).data, status=201)


class IntakeStep(Door):
    permission = "catalog.view_catalog"
    on = TechnologyIntake

    @extend_schema(operation_id="intake_step", request=IntakeStepIn, responses=IntakeShape)
    @repeatable
    def post(self, request: Request, pk: int) -> Response:
        """A committee member's opinion, or the vice-president's decision; `agreed` and `text` say which way and why."""
        given, intake = checked(IntakeStepIn, request), self.found
        if given["do"] == "opinion":
            actions.give_opinion(intake=intake, agreed=given["agreed"], text=given["text"], by=self.by)
        else:
            intake = actions.decide(intake=intake, approved=given["agreed"], note=given["text"], by=self.by)
        return Response(IntakeShape(intake).data)
