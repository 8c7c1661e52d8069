"""How cases and their records look to a program. A patient's ID number, phone and address are never among it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from referrals import models as r
from referrals import ways
from referrals.gates import Case

STAMPS = (
    "requested_at", "discussed_at", "mdt_concluded_at", "consented_at", "approved_at", "charged_at", "collected_at",
    "shipped_at", "received_at", "reported_at", "reviewed_at", "told_at", "filed_at",
)  # fmt: skip


class PersonShape(serializers.Serializer):
    username = serializers.CharField()
    name = serializers.CharField()


class PatientShape(serializers.ModelSerializer):
    class Meta:
        model = r.Patient
        fields = ("id", "record_no", "sex", "birth_year")


class NamedPatientShape(PatientShape):
    name = serializers.SerializerMethodField(help_text="Only for posts that may read identity")

    class Meta(PatientShape.Meta):
        fields = (*PatientShape.Meta.fields, "name")  # type: ignore[assignment]

    def get_name(self, patient: r.Patient) -> str | None:
        if not self.context["request"].user.sees_identity:
            return None
        known = getattr(patient, "identity", None)
        return known.name if known else None


class LineShape(serializers.ModelSerializer):
    """A case in a list, and the answer to every step."""

    institution = serializers.CharField(source="institution.code")
    department = serializers.CharField(source="department.name", default=None)
    requester = PersonShape(allow_null=True)
    patient = PatientShape()
    test = serializers.CharField(source="test.code")
    test_name = serializers.CharField(source="test.name")
    indication = serializers.CharField(source="indication.code", default=None)
    laboratory = serializers.SerializerMethodField(help_text="For who requests it only once the specimen has left")
    status_label = serializers.CharField(source="get_status_display")

    def get_laboratory(self, referral: r.Referral) -> str | None:
        hidden = ways.names_hidden(self.context["request"].user, referral)
        return None if hidden or referral.laboratory is None else referral.laboratory.name

    class Meta:
        model = r.Referral
        fields = (
            "id", "number", "institution", "department", "requester", "patient", "diagnosis_code", "indication", "test",
            "test_name", "nature", "is_urgent", "route", "laboratory", "status", "status_label", *STAMPS,
        )  # fmt: skip


RELATED = ("institution", "department", "requester", "patient", "test", "indication", "laboratory")


def records(model: Any, *fields: str) -> type[serializers.ModelSerializer]:
    """The shape of one kind of record of a case."""
    meta = type("Meta", (), {"model": model, "fields": fields})
    people = {
        name: serializers.CharField(source=f"{name}.name", default=None)
        for name in fields
        if (name.endswith("_by") and name != "signed_out_by") or name == "chair"
    }
    return type(f"{model.__name__}Shape", (serializers.ModelSerializer,), {"Meta": meta, **people})


EvidenceShape = records(r.Evidence, "title", "source", "year", "level", "recorded_at")
DiscussionShape = records(r.DepartmentalDiscussion, "held_at", "agreed", "chair", "note")
ReviewShape = records(r.MDTReview, "concluded_at", "conclusion", "chair", "reason_code", "advice", "note")
ApprovalShape = records(r.OutsourcingApproval, "decided_at", "decided_by", "approved")
ChargeShape = records(
    r.Charge,
    "charged_at",
    "amount",
    "kind",
    "receipt_no",
    "settlement_line",
    "inpatient_no",
    "invoice_code",
    "invoice_no",
    "charged_by",
    "settled_at",
    "reversed_at",
    "reversal_no",
    "reversal_reason",
    "reversal_cause",
)
DeferralShape = records(
    r.FeeDeferral, "kind", "approved_at", "approved_by", "document", "basis", "until", "withdrawn_at"
)
SpecimenShape = records(
    r.Specimen, "barcode", "kind", "collected_at", "collected_by", "tumour_cell_percent", "assessed_at", "is_fit",
    "unfit_reason",
)  # fmt: skip
FindingShape = records(r.ResultFinding, "gene", "variant", "significance")
PrescriptionShape = records(r.Prescription, "drug", "indication", "line", "prescribed_at", "prescribed_by")
FilingShape = records(r.Filing, "filed_at", "filed_by", "consent_filed", "order_filed", "result_filed")
CorrectionShape = records(r.Correction, "field", "before", "after", "reason", "corrected_at", "corrected_by")


class ShipmentShape(serializers.ModelSerializer):
    laboratory = serializers.CharField(source="laboratory.name")
    contract = serializers.CharField(source="contract.number", default=None)
    batch = serializers.CharField(source="batch.number", default=None)
    barcode = serializers.CharField(source="specimen.barcode", default=None)

    class Meta:
        model = r.Shipment
        fields = (
            "laboratory", "contract", "batch", "barcode", "outside_route", "outside_reason", "shipped_at", "scanned",
            "unscanned_reason", "received_at", "celsius", "rejected_at", "failure", "rejection_reason",
        )  # fmt: skip


class ResultShape(serializers.ModelSerializer):
    """One report; `pdf` is where its file is fetched, `sha256` what the file must hash to."""

    referral = serializers.CharField(source="referral.number")
    record_no = serializers.CharField(source="referral.patient.record_no")
    test = serializers.CharField(source="referral.test.code")
    barcode = serializers.CharField(source="specimen.barcode", default=None)
    alterations = FindingShape(many=True)
    superseded = serializers.SerializerMethodField(help_text="A corrected report has taken its place")
    pdf = serializers.SerializerMethodField()
    sha256 = serializers.CharField(source="pdf.sha256", default=None)

    class Meta:
        model = r.Result
        fields = (
            "id", "referral", "record_no", "test", "barcode", "reported_at", "outcome", "findings", "alterations",
            "report_no", "signed_out_by", "superseded", "reviewed_at", "told_at", "pdf", "sha256",
        )  # fmt: skip

    def get_superseded(self, result: r.Result) -> bool:
        return hasattr(result, "superseded_by")

    def get_pdf(self, result: r.Result) -> str | None:
        if not result.pdf_id:
            return None
        return self.context["request"].build_absolute_uri(f"/api/v1/results/{result.pk}/pdf/")


RESULT_RELATED = ("referral__patient", "referral__test", "specimen", "pdf", "superseded_by")


class ConsentShape(serializers.Serializer):
    """That and when it was signed; its text and its signer stand in the paper."""

    number = serializers.CharField()
    edition = serializers.IntegerField()
    signed_at = serializers.DateTimeField()
    signer = serializers.CharField()
    amount = serializers.DecimalField(10, 2, allow_null=True)
    withdrawn_at = serializers.DateTimeField(allow_null=True)
    lapsed_at = serializers.DateTimeField(allow_null=True)
    lapse_reason = serializers.CharField()


class CandidateShape(serializers.Serializer):
    """One laboratory that was looked at when the place of testing was allocated."""

    laboratory = serializers.CharField()
    contract = serializers.CharField()
    is_chosen = serializers.BooleanField()
    why = serializers.CharField()
    clauses = serializers.ListField(child=serializers.CharField())
    quality = serializers.CharField()
    turnaround = serializers.IntegerField(allow_null=True, default=None, help_text="working days")
    load = serializers.IntegerField(allow_null=True, default=None, help_text="our specimens lying there unreported")
    price = serializers.CharField(help_text="settlement price in yuan; empty without a contract in force")


class WayLineShape(serializers.Serializer):
    at = serializers.DateTimeField()
    word = serializers.CharField()
    text = serializers.CharField()


class WayShape(serializers.Serializer):
    """The way out, as the page of the case tells it to this post: who requests is told only whether it is shut (X16)."""

    is_shut = serializers.BooleanField()
    since = serializers.DateTimeField(allow_null=True)
    is_paid = serializers.BooleanField(
        help_text="Shut after the fee: the case stays with the laboratory of its consent"
    )
    mended_by = serializers.CharField()
    route = serializers.CharField()
    reason = serializers.CharField()
    made_at = serializers.DateTimeField(allow_null=True)
    candidates = CandidateShape(many=True)
    lines = WayLineShape(many=True)

    def to_representation(self, instance: ways.Shown) -> dict[str, Any]:
        if instance.candidates is None:
            instance.candidates = []
        return super().to_representation(instance)


class CaseShape(LineShape):
    """One case with all its records."""

    way = serializers.SerializerMethodField(help_text="How its place of testing was allocated, and whether it is shut")

    patient = NamedPatientShape()
    evidence = EvidenceShape(many=True)
    discussions = DiscussionShape(many=True)
    mdt_reviews = ReviewShape(many=True)
    consents = ConsentShape(many=True)
    approvals = ApprovalShape(many=True)
    charges = ChargeShape(many=True)
    deferrals = DeferralShape(many=True)
    specimens = SpecimenShape(many=True)
    shipments = ShipmentShape(many=True)
    results = ResultShape(many=True)
    filings = FilingShape(many=True)
    prescriptions = PrescriptionShape(many=True)
    corrections = CorrectionShape(many=True)

    class Meta(LineShape.Meta):
        fields = (  # type: ignore[assignment]
            *LineShape.Meta.fields, "pathology", "stage", "necessity", "first_visit", "first_visit_reason",
            "earlier_result_reason", "end_reason", "entered_late", "origin", "evidence", "discussions", "mdt_reviews",
            "consents", "approvals", "charges", "deferrals", "specimens", "shipments", "results", "filings", "prescriptions",
            "corrections", "way",
        )  # fmt: skip

    @extend_schema_field(WayShape(allow_null=True))
    def get_way(self, referral: r.Referral) -> dict[str, Any] | None:
        known = ways.shown(Case(referral), self.context["request"].user)
        return WayShape(known).data if known else None


class GateFactShape(serializers.Serializer):
    label = serializers.CharField()  # type: ignore[assignment]
    value = serializers.CharField()


class GateShape(serializers.Serializer):
    """One gate of the strip."""

    code = serializers.CharField()
    title = serializers.CharField()
    verdict = serializers.ChoiceField(["passes", "refuses", "not_applicable", "unknown"])
    verdict_label = serializers.CharField(source="verdict.label")
    message = serializers.CharField()
    clauses = serializers.ListField(child=serializers.CharField())
    mend = serializers.CharField()
    step = serializers.CharField(source="step.name", default=None)
    ahead = serializers.BooleanField(help_text="Its step is still to come and is not the next one")
    at = serializers.DateTimeField()
    facts = serializers.SerializerMethodField()

    @extend_schema_field(GateFactShape(many=True))
    def get_facts(self, judgement: Any) -> list[dict[str, str]]:
        return [{"label": str(label), "value": str(value)} for label, value in judgement.facts]


class PossibleShape(serializers.Serializer):
    """A step whose place the case has reached."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    permission = serializers.CharField()
    may = serializers.BooleanField(help_text="Whether this post has the permission")
    refusals = serializers.ListField(child=serializers.DictField(), help_text="What the gates say against it now")
    url = serializers.CharField()


class DifferenceShape(serializers.ModelSerializer):
    kind_label = serializers.CharField(source="get_kind_display")
    institution = serializers.CharField(source="institution.code")
    laboratory = serializers.CharField(source="laboratory.name")
    referral = serializers.CharField(source="referral.number", default=None)
    month = serializers.CharField(source="line.statement.month", default=None)

    class Meta:
        model = r.StatementDifference
        fields = (
            "id", "kind", "kind_label", "institution", "laboratory", "month", "sample_no", "referral",
            "expected_amount", "billed_amount", "occurred_on",
        )  # fmt: skip
