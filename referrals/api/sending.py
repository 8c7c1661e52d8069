"""What programs send that is no step: a request, a patient, a batch."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema_field
from rest_framework import serializers

from accounts.models import User
from referrals.actions.requests import NewPatient
from referrals.api.steps import EvidenceIn, line_of, long, text
from referrals.identity import IdType
from referrals.models import Patient, PlannedStep, Referral, Shipment, ShipmentBatch, Study


class PatientIn(serializers.Serializer):
    record_no = text(max_length=40)
    name = text(max_length=120)
    sex = serializers.ChoiceField(Patient.Sex.choices, default=Patient.Sex.UNKNOWN)
    birth_year = serializers.IntegerField(required=False, allow_null=True, default=None, min_value=1850, max_value=2100)
    id_number = long(max_length=30, help_text="Kept encrypted, never answered")
    id_type = serializers.ChoiceField(IdType.choices, default=IdType.RESIDENT)
    phone = long(max_length=30, help_text="Kept encrypted, never answered")
    address = long(max_length=200, help_text="Kept encrypted, never answered")


class PlannedIn(serializers.Serializer):
    """A further step: which test, on what result of the step before, and what it will change."""

    indication = text(max_length=16, help_text="Code of the catalog in force")
    after = serializers.ChoiceField(PlannedStep.After.choices)
    genes = long(max_length=120, help_text="Of a positive result: only for one of these genes")
    necessity = text()


class SubmitIn(serializers.Serializer):
    """The patient by record number, or as a new one."""

    record_no = serializers.CharField(required=False, max_length=40)
    new_patient = PatientIn(required=False)
    indication = text(max_length=16, help_text="Code of the catalog in force, such as LUNG-01")
    diagnosis_code = text(max_length=20, help_text="ICD-10")
    necessity = text(help_text="What the result will change in this patient's treatment")
    pathology = long(max_length=120)
    stage = long(max_length=40)
    nature = serializers.ChoiceField(Referral.Nature.choices, default=Referral.Nature.CLINICAL)
    study = serializers.CharField(required=False, allow_null=True, default=None, help_text="Number of the study")
    first_visit = serializers.BooleanField(
        required=False, allow_null=True, default=None, help_text="Left out: as the records say"
    )
    first_visit_reason = long(max_length=200)
    earlier_result_reason = long(max_length=200)
    is_urgent = serializers.BooleanField(default=False)
    paper_at = serializers.DateTimeField(
        required=False, default=None, help_text="Only for a request written on paper while the system was down"
    )
    evidence = EvidenceIn(many=True, required=False, default=list)
    steps = PlannedIn(many=True, required=False, default=list, help_text="Further tests, each done on a result")
    laboratory = long(help_text="A laboratory may not be named: whoever does is refused by X16")

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        """The names of the sender become the records of this house."""
        by: User = self.context["request"].user
        institution = by.post.institution if by.post else None
        number, new = data.pop("record_no", ""), data.pop("new_patient", None)
        if bool(number) == bool(new):
            raise serializers.ValidationError({"record_no": _("Give a record number, or a new patient.")})
        if new:
            data["patient"] = NewPatient(**new)
        else:
            known = Patient.objects.visible_to(by).filter(institution=institution, record_no=number).first()
            if known is None:
                raise serializers.ValidationError({"record_no": _("This record number is not known here.")})
            data["patient"] = known
        if study := data["study"]:
            data["study"] = Study.objects.filter(institution=institution, number=study).first()
            if data["study"] is None:
                raise serializers.ValidationError({"study": _("This study is not registered here.")})
        data["indication"] = line_of(data["indication"], institution)
        data["steps"] = [{**one, "indication": line_of(one["indication"], institution)} for one in data["steps"]]
        data["laboratory_chosen"] = bool(data.pop("laboratory").strip())
        return data


EXAMPLE = OpenApiExample(
    "request",
    {
        "record_no": "Z000123",
        "indication": "LUNG-01",
        "diagnosis_code": "C34.1",
        "pathology": "肺腺癌",
        "stage": "IV",
        "necessity": "检测结果将决定一线治疗是否选用靶向药物",
    },
    request_only=True,
)


class PackIn(serializers.Serializer):
    referrals = serializers.ListField(child=serializers.CharField(max_length=40), min_length=1, max_length=200)
    scanned = serializers.ListField(
        child=serializers.CharField(max_length=40), required=False, allow_null=True, default=None, max_length=500,
        help_text="Codes read as each went into the box; they have to be those of these cases",
    )  # fmt: skip


class ArrivalShape(serializers.ModelSerializer):
    referral = serializers.CharField(source="referral.number")
    barcode = serializers.CharField(source="specimen.barcode", default=None)
    out_of_range = serializers.BooleanField(source="is_too_warm_or_cold")

    class Meta:
        model = Shipment
        fields = (
            "referral", "barcode", "scanned", "received_at", "celsius", "out_of_range", "rejected_at", "failure",
            "rejection_reason",
        )  # fmt: skip


class BatchShape(serializers.ModelSerializer):
    laboratory = serializers.CharField(source="laboratory.name")
    arrivals = serializers.SerializerMethodField(help_text="How each specimen that left arrived")
    referrals = serializers.SerializerMethodField(help_text="Numbers of the cases whose specimens are in it")

    class Meta:
        model = ShipmentBatch
        fields = (
            "id", "number", "laboratory", "packed_at", "scanned_at_packing", "celsius_low", "celsius_high", "carrier",
            "courier", "courier_no", "waybill", "seal_no", "logger_no", "celsius", "temperature", "unscanned_reason",
            "handed_over_at", "referrals", "arrivals",
        )  # fmt: skip

    @extend_schema_field(ArrivalShape(many=True))
    def get_arrivals(self, batch: ShipmentBatch) -> list[dict]:
        return [dict(ArrivalShape(one).data) for one in batch.shipments.all()]

    def get_referrals(self, batch: ShipmentBatch) -> list[str]:
        return sorted(one.referral.number for one in batch.specimens.all())
