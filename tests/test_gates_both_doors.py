"""Each rule X01–X16 stops a real step by real facts, at the page and at the API alike: the same words, clauses and mend,
and nothing is written; mended, the same step passes. In an invented hospital, and in the demo county with its own people,
catalog, prices and contracts.

A scene arranges a case that lacks one thing for its next step; `mend` puts that one thing right.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Institution, Post, User
from audit.gates import GATES
from audit.models import Event
from audit.steps import STEPS
from catalog.models import Grade, Indication, RequestAuthority
from catalog.queries import edition_in_force
from consent.models import Consent
from documents import files
from referrals import barcodes
from referrals.actions import shipping
from referrals.api.steps import line_of
from referrals.models import (
    Charge,
    DepartmentalDiscussion,
    EthicsApproval,
    Evidence,
    MDTReview,
    Referral,
    ReferralDraft,
    Result,
)
from tests import factories as f
from tests.fixtures.api import Program, secret_for
from tests.fixtures.stations import ROLES, Hospital, leaving, report
from vendors.models import ContractItem, Credential, Laboratory, NotOutsourcingStatement, Price

BACKEND = "django.contrib.auth.backends.ModelBackend"
CODES = [f"X{n:02}" for n in range(1, 17)]


def today():
    return timezone.localdate()


YESTERDAY = timedelta(days=1)


@dataclass
class Scene:
    """One step about to be taken by somebody, at both doors, and what puts it right."""

    step: str
    by: User
    page: str
    form: dict[str, Any]
    api: str
    body: dict[str, Any]
    mend: Callable[[], Any]
    case: Referral | None = None
    # Who takes it once mended, where another person is the mend; and what is then said differently.
    then_by: User | None = None
    then: dict[str, Any] = field(default_factory=dict)

    def mended(self, asked: dict[str, Any]) -> dict[str, Any]:
        """What is sent then; what is None then is left out."""
        return {name: value for name, value in {**asked, **self.then}.items() if value is not None}


SCENES: dict[str, Callable[[Hospital], Scene]] = {}


def scene(code: str):
    def register(make):
        SCENES[code] = make
        return make

    return register


def at_station(
    case: Referral, by: User, step: str, page: str, mend: Any, form: dict | None = None, **body: Any
) -> Scene:
    return Scene(
        step, by, reverse(f"referrals:{page}", args=[case.pk]), {"drawn": case.status, **body, **(form or {})},
        f"referrals/{case.pk}/steps/{step}/", body, mend, case,
    )  # fmt: skip


def collect(case: Referral, here: Hospital, mend: Any) -> Scene:
    return at_station(
        case, here.nurse, "specimen.collected", "specimen", mend, {"do": "collect"},
        barcode=barcodes.next_barcode(case), kind=case.test.specimen.split("；")[0],
    )  # fmt: skip


def charge(case: Referral, here: Hospital, mend: Any) -> Scene:
    return at_station(
        case, here.cashier, "charge.made", "charge", mend, {"do": "charge"}, receipt_no="PJ0004711", kind="receipt"
    )


def approve(case: Referral, here: Hospital, mend: Any, by: User | None = None) -> Scene:
    return at_station(case, by or here.affairs, "outsourcing.approved", "approve", mend, {"do": "approve"})


def request(here: Hospital, mend: Any, by: User | None = None, **asked: Any) -> Scene:
    """A request in order but for what is given."""
    line = line_of("LUNG-01", here.institution)
    patient = f.PatientFactory(institution=here.institution)
    said = {"diagnosis_code": "C34.1", "necessity": "决定一线用药", **asked}
    form = {
        "patient_query": patient.record_no, "indication": str(line.pk), "test_query": "EGFR", "nature": "clinical",
        "first_visit": "", "do": "submit", "window": "w1", **said,
    }  # fmt: skip
    body = {"record_no": patient.record_no, "indication": line.code, **said}
    return Scene("request.submitted", by or authorised(here), reverse("referrals:new"), form, "referrals/", body, mend)


def authorised(here: Hospital) -> User:
    """A doctor of the hospital who may request every grade."""
    doctor = here.doctor
    for grade in Grade.values:
        RequestAuthority.objects.get_or_create(
            user=doctor, institution=here.institution, grade=grade,
            defaults={"starts_on": f.START.date(), "granted_by": User.objects.machine()},
        )  # fmt: skip
    return doctor


def nothing() -> None:
    """The mend is another person, or another way of asking."""


@scene("X01")
def first_visit_without_an_mdt(here: Hospital) -> Scene:
    """B5: a first visit, no conclusion of the MDT."""
    case = here.at("charged", first_visit=True, mdt=False)
    chair = f.staff("R04", here.institution)

    def mend():
        MDTReview.objects.create(referral=case, concluded_at=timezone.now(), conclusion="agree", chair=chair)

    return collect(case, here, mend)


@scene("X02")
def a_diagnosis_the_catalog_does_not_list(here: Hospital) -> Scene:
    """B2, B3: EGFR is listed for the lung."""
    made = request(here, nothing, diagnosis_code="C50.9")
    made.then = {"diagnosis_code": "C34.1"}
    return made


@scene("X03")
def no_guideline_and_no_evidence(here: Hospital) -> Scene:
    """A22: neither a paper nor a discussion."""
    case = here.at("charged", indication=f.graded(Grade.DISCUSSION))

    def mend():
        Evidence.objects.create(referral=case, title="一项研究", recorded_at=timezone.now())
        DepartmentalDiscussion.objects.create(referral=case, held_at=timezone.now(), agreed=True, chair=here.head)

    return collect(case, here, mend)


@scene("X04")
def a_doctor_without_the_authority(here: Hospital) -> Scene:
    """A23, A42: until it is granted."""
    young = f.staff("R01", here.institution, here.department)

    def mend():
        f.RequestAuthorityFactory(user=young, institution=here.institution, granted_by=here.affairs)

    return request(here, mend, by=young)


@scene("X05")
def a_consent_taken_back(here: Hospital) -> Scene:
    """A11, B17: the fee needs a consent that stands."""
    case = here.at("awaiting_charge")
    Consent.objects.filter(referral=case).update(withdrawn_at=timezone.now(), withdrawal_reason="再想想")

    def mend():
        f._consented(case, timezone.now(), {"edition": 2, "price": Consent.objects.get(referral=case).price})

    return charge(case, here, mend)


@scene("X06")
def a_licence_that_lapsed(here: Hospital) -> Scene:
    """A25, A26, B8, B10: the laboratory's licence ran out yesterday."""
    case = here.at("awaiting_approval")
    known = Credential.objects.filter(laboratory=case.laboratory, kind=Credential.REQUIRED[0], valid_to__gte=today())
    known.update(valid_to=today() - YESTERDAY)

    def mend():
        f.CredentialFactory(
            laboratory=case.laboratory, kind=Credential.REQUIRED[0], valid_from=today(),
            valid_to=today() + timedelta(days=365),
        )  # fmt: skip

    return approve(case, here, mend)


@scene("X07")
def a_price_not_published(here: Hospital) -> Scene:
    """A13, B13, B14, B16: until it hangs on the wall."""
    case = here.at("awaiting_charge")
    prices = Price.objects.filter(institution=case.institution, test=case.test)
    published = {one.pk: one.published_on for one in prices}
    prices.update(published_on=today() + timedelta(days=30))

    def mend():
        for key, day in published.items():
            Price.objects.filter(pk=key).update(published_on=day)

    return charge(case, here, mend)


@scene("X08")
def a_fee_paid_back(here: Hospital) -> Scene:
    """A28: a specimen does not leave when the fee was refunded."""
    case = here.at("sampled")
    batch = shipping.pack(referrals=[case], laboratory=case.laboratory, by=here.carrier)
    Charge.objects.filter(referral=case).update(reversed_at=timezone.now(), reversed_by=here.cashier, reversal_no="TF1")

    def mend():
        f._charged(case, timezone.now(), {"receipt_no": "PJ2", "price": Charge.objects.get(referral=case).price})

    made = at_station(
        case, here.carrier, "shipment.handed_over", "batch", mend, **leaving(batch, carrier="院内专车", celsius="20.0")
    )
    made.page = reverse("referrals:batch", args=[batch.pk])
    return made


@scene("X09")
def a_study_that_would_be_charged(here: Hospital) -> Scene:
    """A49: registered as of a study; the case was a patient's own after all."""
    case = here.at("awaiting_charge")
    study = f.StudyFactory(institution=here.institution)
    Referral.objects.filter(pk=case.pk).update(nature="research", study=study)

    def mend():
        Referral.objects.filter(pk=case.pk).update(nature="clinical", study=None)

    return charge(case, here, mend)


@scene("X10")
def a_study_whose_approval_lapsed(here: Hospital) -> Scene:
    """A48: until the ethics committee extends it."""
    study = f.StudyFactory(institution=here.institution)
    case = here.at("awaiting_sampling", nature="research", study=study)
    EthicsApproval.objects.filter(study=study).update(valid_to=today() - YESTERDAY)

    def mend():
        EthicsApproval.objects.create(
            study=study, number="伦审-延期", valid_from=today(), valid_to=today() + timedelta(days=365)
        )

    return collect(case, here, mend)


@scene("X11")
def a_report_without_its_paper(here: Hospital) -> Scene:
    """A27, B12: the result is on record, its document is not."""
    case = here.at("told")

    def mend():
        kept = files.store(report(), by=here.carrier, institution=case.institution, holds_identity=True)
        Result.objects.filter(referral=case).update(pdf=kept)

    return at_station(case, here.records, "record.filed", "file", mend)


@scene("X12")
def a_drug_whose_target_was_not_found(here: Hospital) -> Scene:
    """A31: the report says negative, until it is corrected."""
    case = here.at("reported", indication=f.indication())
    Result.objects.filter(referral=case).update(outcome="negative", findings="")

    def mend():
        Result.objects.filter(referral=case).update(outcome="positive", findings="EGFR L858R")

    return at_station(
        case, here.pharmacist, "drug.prescribed", "drug", mend, drug="奥希替尼", indication="EGFR突变NSCLC", line="一线"
    )


@scene("X13")
def a_laboratory_owned_abroad(here: Hospital) -> Scene:
    """Regulations on Human Genetic Resources, art. 7."""
    case = here.at("awaiting_approval")
    Laboratory.objects.filter(pk=case.laboratory_id).update(foreign_controlled=True)

    def mend():
        Laboratory.objects.filter(pk=case.laboratory_id).update(foreign_controlled=False)

    return approve(case, here, mend)


@scene("X14")
def an_approver_who_requested(here: Hospital) -> Scene:
    """Nobody decides on their own request: a colleague does."""
    case = here.at("awaiting_approval", requester=here.affairs)
    made = approve(case, here, nothing)
    made.then_by = f.staff("R10", here.institution)
    return made


@scene("X15")
def a_hospital_that_sends_nothing_outside(here: Hospital) -> Scene:
    """B35: the statement stands, until it is withdrawn."""
    case = here.at("awaiting_approval")
    statement = NotOutsourcingStatement.objects.create(
        institution=here.institution, number="岚总医〔2026〕9号", valid_from=today() - 2 * YESTERDAY
    )

    def mend():
        NotOutsourcingStatement.objects.filter(pk=statement.pk).update(valid_to=today() - YESTERDAY)

    return approve(case, here, mend)


@scene("X16")
def a_request_that_names_its_laboratory(here: Hospital) -> Scene:
    """A29, B23."""
    made = request(here, nothing, laboratory=here.laboratory.name)
    made.then = {"laboratory": None}
    return made


# The places


class DemoHospital(Hospital):
    """岚溪县总医院 of the demo: its own staff, laboratory, contract, catalog line and price of today."""

    def __init__(self) -> None:
        institution = Institution.objects.get(code="LXZ")
        routine = Indication.objects.filter(edition=edition_in_force(institution.pk, today()), grade=Grade.ROUTINE)
        items = ContractItem.objects.filter(institution=institution).in_force(today())
        priced = Price.objects.filter(institution=institution).in_force(today()).published(today())
        item = items.filter(test__in=routine.values("test"), test_id__in=priced.values("test")).order_by("pk")[0]
        super().__init__(institution, item.laboratory)
        self.line = routine.filter(test=item.test).select_related("test", "edition").order_by("code")[0]
        posts = Post.objects.in_force(today()).filter(institution=institution, user__is_active=True)
        for name, role in ROLES.items():
            known = [one.user for one in posts.filter(role_id=role).select_related("user").order_by("pk")]
            if first := [one for one in known if one.posts_now[0].role_id == role]:
                self.people[name] = first[0]

    def at(self, status: str, *, outsourced: bool = True, **fields: Any) -> Referral:
        case = super().at(status, outsourced=outsourced, **{"indication": self.line, **fields})
        price = Price.objects.filter(institution=self.institution, test=case.test).in_force(today()).first()
        Consent.objects.filter(referral=case, price__isnull=False).update(price=price)
        Charge.objects.filter(referral=case).update(price=price, amount=price.amount)
        return case


@pytest.fixture
def invented(hospital):
    line = f.indication()
    f.PriceFactory(institution=hospital.institution, test=line.test, amount=480)
    f.ContractFactory(institution=hospital.institution, laboratory=hospital.laboratory, tests=[line.test])
    return hospital


@pytest.fixture
def demo(county):
    # The self-pay notice has its own tests (test_consent_signing); here each rule stands alone.
    Price.objects.filter(insurance_class="自费").update(insurance_class="乙类")
    return DemoHospital()


def kept() -> dict[str, list]:
    """Every row of the rooms that keep cases, but for drafts, which are no record."""
    rooms = [*apps.get_app_config("referrals").get_models(), *apps.get_app_config("consent").get_models()]
    return {
        model._meta.label: sorted(map(str, model._base_manager.values_list()))
        for model in rooms
        if model is not ReferralDraft
    }


def opened(by: User) -> Client:
    """A browser in which this person works in the post they have first, as their program does."""
    client = Client()
    client.force_login(User.objects.get(pk=by.pk), backend=BACKEND)
    return client


def tried(made: Scene, code: str) -> None:
    """Both doors refuse alike and write nothing."""
    before, events = kept(), Event.objects.filter(step=made.step).count()
    secret = secret_for(User.objects.get(pk=made.by.pk))

    page = opened(made.by).post(made.page, made.form)
    answer = Program(secret).client.post(
        f"/api/v1/{made.api}", made.body, content_type="application/json", headers=Program(secret).headers
    )

    assert page.status_code == 422, (page.status_code, page.headers)
    assert answer.status_code == 422, answer.json()
    body = answer.json()
    shown = page.context["refusals"]
    assert [one["code"] for one in body["refusals"]] == [code]
    assert [(one.code, str(one.message), list(one.clauses), one.mend) for one in shown] == [
        (one["code"], one["message"], one["clauses"], one["mend"]) for one in body["refusals"]
    ]
    (refusal,) = body["refusals"]
    assert refusal["clauses"] == list(GATES[code].clauses)
    assert refusal["message"] in page.content.decode()
    assert body["type"] == "urn:mingjian:problem:refused"
    if made.case is not None:
        # A request that was never made has no page to mend; a doctor's authority is granted, not mended by them.
        assert refusal["mend"]
        assert f'href="{refusal["mend"]}"' in page.content.decode()
        assert opened(made.by).get(refusal["mend"].split("#")[0]).status_code in (200, 403)
    assert kept() == before
    assert Event.objects.filter(step=made.step).count() == events


def passes(made: Scene, door: str) -> None:
    """Mended, the same step is taken at this door and leaves its event; what was done is undone with the test's own
    transaction."""
    made.mend()
    by = User.objects.get(pk=(made.then_by or made.by).pk)
    events = Event.objects.filter(step=made.step).count()
    if door == "page":
        answer = opened(by).post(made.page, made.mended(made.form))
        assert answer.status_code == 302, [str(one) for one in (answer.context or {}).get("refusals", [])]
    else:
        program = Program(secret_for(by))
        body = made.mended(made.body)
        answer = program.client.post(
            f"/api/v1/{made.api}", body, content_type="application/json", headers=program.headers
        )
        assert answer.status_code in (200, 201), answer.json()
    assert Event.objects.filter(step=made.step).count() > events
    if made.case is not None and (target := STEPS[made.step].target):
        assert Event.objects.of_rows([("referrals_referral", made.case.pk)]).filter(step=made.step).exists()
        assert Referral.objects.get(pk=made.case.pk).status != made.case.status, target


def both_ways(here: Hospital, code: str) -> None:
    made = SCENES[code](here)
    tried(made, code)
    for door in ("page", "api"):
        with transaction.atomic():
            passes(made, door)
            transaction.set_rollback(True)


def test_there_is_a_scene_for_every_rule():
    assert sorted(SCENES) == CODES == sorted(one for one in GATES if one in CODES)
    assert all(any(code in step.gates for step in STEPS.values()) for code in CODES)


@pytest.mark.parametrize("code", CODES)
def test_a_rule_stops_a_real_step_at_both_doors_and_mended_lets_it_pass(invented, code):
    both_ways(invented, code)


@pytest.mark.parametrize("code", CODES)
def test_the_same_in_the_demo_county(demo, code):
    both_ways(demo, code)
