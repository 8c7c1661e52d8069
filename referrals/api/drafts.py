"""Drafts of requests, for programs: a hospital's own system begins a request and the doctor goes on with it on the page,
or the other way round. The fields are those of a request (`POST /referrals/`); none is required and none is judged.
"""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from audit.gates import Refusal, Refused
from catalog.models import Indication
from config.api.doors import PAGES, Door, checked, listed, page
from config.api.idempotency import repeatable
from referrals import requesting
from referrals.actions import drafts, requests
from referrals.api import shapes
from referrals.api.sending import SubmitIn
from referrals.api.steps import line_of, long
from referrals.api.views import line
from referrals.forms.requests import EVIDENCE_MAX, NO, YES
from referrals.models import Patient, ReferralDraft, Study
from referrals.planning import MOST_STEPS

PLAIN = (
    "diagnosis_code", "pathology", "stage", "nature", "necessity", "first_visit_reason", "earlier_result_reason",
)  # fmt: skip
PATIENT = ("record_no", "name", "sex", "birth_year", "id_number", "id_type", "phone", "address")
HIDDEN = ("id_number", "phone", "address")
STEP = {"indication": "code", "after": "after", "genes": "genes", "necessity": "necessity"}
PAPER = ("title", "source", "year", "level")


def typed_field() -> serializers.CharField:
    return long(max_length=2000)


class DraftPatientIn(serializers.Serializer):
    """A patient not on record yet, as typed so far."""

    record_no = typed_field()
    name = typed_field()
    sex = typed_field()
    birth_year = typed_field()
    id_number = typed_field()
    id_type = typed_field()
    phone = typed_field()
    address = typed_field()


class DraftPaperIn(serializers.Serializer):
    title = typed_field()
    source = typed_field()  # type: ignore[assignment]
    year = typed_field()
    level = typed_field()


class DraftStepIn(serializers.Serializer):
    indication = typed_field()
    after = typed_field()
    genes = typed_field()
    necessity = typed_field()


class DraftIn(serializers.Serializer):
    """What is sent takes the place of all that was typed."""

    record_no = typed_field()
    new_patient = DraftPatientIn(required=False, allow_null=True, default=None)
    indication = long(max_length=60, help_text="Code of the catalog; another word is kept as what was searched for")
    diagnosis_code = typed_field()
    necessity = typed_field()
    pathology = typed_field()
    stage = typed_field()
    nature = typed_field()
    study = long(max_length=60, help_text="Number of the study")
    first_visit = serializers.BooleanField(required=False, allow_null=True, default=None)
    first_visit_reason = typed_field()
    earlier_result_reason = typed_field()
    is_urgent = serializers.BooleanField(default=False)
    paper_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    evidence = DraftPaperIn(many=True, required=False, default=list)
    steps = DraftStepIn(many=True, required=False, default=list)

    def validate_evidence(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """As many as the page has room for."""
        if len(rows) > EVIDENCE_MAX:
            raise serializers.ValidationError(_("At most %(n)s papers.") % {"n": EVIDENCE_MAX})
        return rows

    def validate_steps(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if len(rows) > MOST_STEPS:
            raise serializers.ValidationError(_("At most %(n)s further steps.") % {"n": MOST_STEPS})
        return rows


class SaveIn(DraftIn):
    version = serializers.IntegerField(
        required=False, default=None, help_text="As you read it; typed on elsewhere since, yours becomes another draft"
    )


class KeptShape(serializers.Serializer):
    """What answers a write: without what was typed, since such answers are kept for requests sent again."""

    id = serializers.IntegerField(source="pk")
    version = serializers.IntegerField()
    saved_at = serializers.DateTimeField()
    page = serializers.SerializerMethodField(help_text="Where the doctor goes on with it")
    apart = serializers.SerializerMethodField(help_text="It had to become a draft of its own")

    def get_page(self, draft: ReferralDraft) -> str:
        return reverse("referrals:draft", args=[draft.pk])

    def get_apart(self, draft: ReferralDraft) -> bool:
        return bool(self.context.get("apart"))


class DraftShape(KeptShape):
    """A new patient's ID number, phone and address are kept and never answered; so is a number looked up that is no
    record number."""

    content = serializers.SerializerMethodField()

    @extend_schema_field(DraftIn)
    def get_content(self, draft: ReferralDraft) -> dict[str, Any]:
        by = self.context["request"].user
        content = from_page(drafts.read(draft), by)
        new, number = content["new_patient"], content["record_no"]
        if new:
            content["new_patient"] = new | dict.fromkeys(HIDDEN, "")
        known = Patient.objects.visible_to(by).filter(record_no__iexact=number)
        if number and number != (new or {}).get("record_no") and not known.exists():
            content["record_no"] = ""
        return content


def to_page(data: dict[str, Any], by: Any) -> dict[str, str]:
    """A request's fields as the page names them."""
    institution = by.post.institution if by.post else None
    typed = {name: data[name] for name in PLAIN if data.get(name)}
    new = data.get("new_patient") or {}
    typed["patient_query"] = data["record_no"] or new.get("record_no") or new.get("id_number") or ""
    typed |= {f"new-{name}": new[name] for name in PATIENT if new.get(name)}
    if words := data["indication"].strip():
        known = line_of(words, institution)
        typed |= {"indication": str(known.pk), "test_query": known.code} if known else {"test_query": words}
    if number := data["study"].strip():
        study = Study.objects.filter(institution=institution, number=number).first()
        typed["study"] = str(study.pk) if study else ""
    if data["first_visit"] is not None:
        typed["first_visit"] = YES if data["first_visit"] else NO
    if data["is_urgent"]:
        typed["is_urgent"] = "on"
    if data["paper_at"]:
        typed |= {"entered_late": "on", "paper_at": f"{timezone.localtime(data['paper_at']):%Y-%m-%dT%H:%M}"}
    for place, paper in enumerate(data["evidence"]):
        typed |= {f"evidence-{place}-{name}": paper[name] for name in PAPER if paper.get(name)}
    for place, step in enumerate(data["steps"]):
        typed |= {f"plan-{place}-{STEP[name]}": step[name] for name in STEP if step.get(name)}
    return {name: value for name, value in typed.items() if value}


def from_page(typed: dict[str, Any], by: Any) -> dict[str, Any]:
    """What the page keeps as a request's fields."""
    said = {name: str(value) for name, value in typed.items()}
    chosen, study = said.get("indication", ""), said.get("study", "")
    known = Indication.objects.filter(pk=chosen).first() if chosen.isdecimal() else None
    studies = Study.objects.visible_to(by)
    new = {name: said.get(f"new-{name}", "") for name in PATIENT}
    places = {key.split("-")[1] for key in said if key.startswith("evidence-") and key.count("-") == 2}
    papers = [
        {name: said.get(f"evidence-{place}-{name}", "") for name in PAPER}
        for place in sorted(int(one) for one in places if one.isdecimal())
    ]
    steps = [{name: said.get(f"plan-{place}-{key}", "") for name, key in STEP.items()} for place in range(MOST_STEPS)]
    at = parse_datetime(said.get("paper_at", "")) if said.get("entered_late") else None
    return {
        **{name: said.get(name, "") for name in PLAIN},
        "record_no": said.get("patient_query", ""),
        "new_patient": new if any(new.values()) else None,
        "indication": known.code if known else said.get("test_query", ""),
        "study": getattr(studies.filter(pk=study).first(), "number", "") if study.isdecimal() else "",
        "first_visit": {YES: True, NO: False}.get(said.get("first_visit", "")),
        "is_urgent": bool(said.get("is_urgent")),
        "paper_at": timezone.make_aware(at) if at and timezone.is_naive(at) else at,
        "evidence": [one for one in papers if any(one.values())],
        "steps": [one for one in steps if one["indication"]],
    }


def go_on(typed: dict[str, str], before: dict[str, Any]) -> dict[str, str]:
    """What is never answered stays when it is left out; everything else is as it was sent."""
    kept = {f"new-{name}" for name in HIDDEN if any(key.startswith("new-") for key in typed)}
    if not typed.get("patient_query"):
        kept.add("patient_query")
    return {**{name: before[name] for name in kept if before.get(name)}, **typed}


class DraftDoor(Door):
    permission = "referrals.submit_referral"

    @property
    def window(self) -> str:
        """Each program is a window of its own, beside the pages open in a browser."""
        return f"api-{getattr(self.request.auth, 'pk', '')}"

    def kept(self, draft: ReferralDraft, *, apart: bool = False, status: int = 200) -> Response:
        return Response(KeptShape(draft, context={"apart": apart}).data, status=status)


class Drafts(DraftDoor):
    @extend_schema(operation_id="drafts_list", responses=listed("Draft", DraftShape), parameters=PAGES)
    def get(self, request: Request) -> Response:
        """One's own drafts that are no request yet, last typed first."""
        found = ReferralDraft.objects.visible_to(request.user).filter(referral__isnull=True)
        return page(request, found, DraftShape, "saved_at")

    @extend_schema(
        operation_id="drafts_make",
        request=DraftIn,
        responses={201: KeptShape},
        examples=[
            OpenApiExample(
                "draft",
                {"record_no": "Z000123", "diagnosis_code": "C34.1", "indication": "LUNG-01", "pathology": "肺腺癌"},
                request_only=True,
            )
        ],
    )
    @repeatable
    def post(self, request: Request) -> Response:
        """Begin a request: what your system knows already, for the doctor of this post to go on with. Only that doctor
        reads it."""
        typed = to_page(checked(DraftIn, request), self.by)
        made, _apart = drafts.save(by=self.by, typed=typed, window=self.window)
        return self.kept(made, status=201)


class OneDraft(DraftDoor):
    on = ReferralDraft

    @extend_schema(operation_id="drafts_retrieve", responses=DraftShape)
    def get(self, request: Request, **kwargs: Any) -> Response:
        """A draft as it was typed."""
        _still_open(self.found)
        return Response(DraftShape(self.found, context={"request": request}).data)

    @extend_schema(operation_id="drafts_save", request=SaveIn, responses=KeptShape)
    @repeatable
    def post(self, request: Request, **kwargs: Any) -> Response:
        """Keep what is typed now. Typed on in another window since `version`, both stand: `apart`."""
        data = checked(SaveIn, request)
        version = data.pop("version")
        version = self.found.version if version is None else version
        typed = go_on(to_page(data, self.by), drafts.read(self.found))
        known, apart = drafts.save(by=self.by, typed=typed, window=self.window, draft=self.found, version=version)
        return self.kept(known, apart=apart)


class Discard(DraftDoor):
    on = ReferralDraft

    @extend_schema(operation_id="drafts_discard", request=None, responses=KeptShape)
    @repeatable
    def post(self, request: Request, **kwargs: Any) -> Response:
        """The draft goes, and what was typed with it."""
        answer = self.kept(self.found)
        drafts.discard(draft=self.found, by=self.by)
        return answer


class Submit(DraftDoor):
    on = ReferralDraft

    @extend_schema(operation_id="drafts_submit", request=None, responses={201: shapes.LineShape})
    @repeatable
    def post(self, request: Request, **kwargs: Any) -> Response:
        """Submit the request as the draft stands, judged like any other; a draft makes one request and no second."""
        _still_open(self.found)
        given = SubmitIn(data=self._whole(), context={"request": request})
        given.is_valid(raise_exception=True)
        referral = requests.submit(
            by=self.by, draft=self.found, version=self.found.version, window=self.window, **given.validated_data
        )
        return Response(line(request, referral.pk), status=201)

    def _whole(self) -> dict[str, Any]:
        content = from_page(drafts.read(self.found), self.by)
        known = requesting.find_patients(self.by, content.pop("record_no"))
        if len(known) > 1:
            numbers = "、".join(one.record_no for one in known)
            message = _("Several records match: enter the record number (%(numbers)s).") % {"numbers": numbers}
            raise serializers.ValidationError({"record_no": message})
        new = content.pop("new_patient")
        if known:
            content["record_no"] = known[0].record_no
        elif new:
            content["new_patient"] = {name: value for name, value in new.items() if value}
        content["evidence"] = [{name: value for name, value in one.items() if value} for one in content["evidence"]]
        return {name: value for name, value in content.items() if value not in ("", None)}


def _still_open(draft: ReferralDraft) -> None:
    """Submitted, a draft holds nothing any more and leads to its request."""
    if draft.referral is None:
        return
    message = _("This draft has been submitted already, as request %(number)s.") % {"number": draft.referral.number}
    raise Refused(Refusal("stale", message, mend=draft.referral.get_absolute_url()))
