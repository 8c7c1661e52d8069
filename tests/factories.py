"""Records for tests, in a few words: `ReferralFactory(sampled=True)` is a lawful case up to its sampling.

A step may be True, False, a time, or a dict of the record's own fields (with `at` for its time):
`ReferralFactory(charged=True, consented={"signer": "relative", "reason": ""})`. Steps before the last one given
happen as the rules ask unless they are switched off. Ask for the fixture `as_machine`, or declare who acts.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import factory
from factory.django import DjangoModelFactory

from accounts.models import Department, Institution, Post, Role, User
from catalog.models import (
    CapabilityEquipment,
    CapabilityProduct,
    CapabilityStaff,
    GeneTest,
    Grade,
    Indication,
    InHouseCapability,
    Qualification,
    QualityRound,
    RequestAuthority,
    Training,
)
from consent.models import Consent
from referrals import models as r
from vendors.models import Admission, AdmissionSpan, Contract, ContractItem, Credential, Laboratory, Price

SHANGHAI = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 3, 2, 9, 0, tzinfo=SHANGHAI)
FEE = Decimal("1000.00")
STEPS = {
    "discussed": timedelta(hours=6),
    "mdt": timedelta(days=1),
    "consented": timedelta(days=2),
    "approved": timedelta(days=2, hours=4),
    "charged": timedelta(days=3),
    "sampled": timedelta(days=4),
    "shipped": timedelta(days=5),
    "received": timedelta(days=6),
    "reported": timedelta(days=9),
    "filed": timedelta(days=10),
}
STAMPS = {
    "discussed": "discussed_at",
    "mdt": "mdt_concluded_at",
    "consented": "consented_at",
    "approved": "approved_at",
    "charged": "charged_at",
    "sampled": "collected_at",
    "shipped": "shipped_at",
    "received": "received_at",
    "reported": "reported_at",
    "filed": "filed_at",
}
REACHED = {
    "discussed": "awaiting_consent",
    "mdt": "mdt_agreed",
    "consented": "consented",
    "approved": "approved",
    "charged": "charged",
    "sampled": "sampled",
    "shipped": "shipped",
    "received": "received",
    "reported": "reported",
    "filed": "filed",
}


def moment(*parts: int) -> datetime:
    """A time in the hospital's zone: `moment(2026, 3, 2, 9, 30)`."""
    return datetime(*parts, tzinfo=SHANGHAI)


def on(at: datetime) -> date:
    return at.astimezone(SHANGHAI).date()


class BureauFactory(DjangoModelFactory):
    class Meta:
        model = Institution
        django_get_or_create = ("code",)

    code = "WJJ"
    name = "某县卫生健康局"
    kind = "bureau"


class InstitutionFactory(DjangoModelFactory):
    class Meta:
        model = Institution

    code = factory.Sequence(lambda n: f"H{n:03}")
    name = factory.Sequence(lambda n: f"某县第{n}医院")
    kind = "hospital"
    grade = "二级甲等"
    ownership = "公立"
    supervised_by = factory.SubFactory(BureauFactory)


class DepartmentFactory(DjangoModelFactory):
    class Meta:
        model = Department

    institution = factory.SubFactory(InstitutionFactory)
    name = factory.Sequence(lambda n: f"肿瘤科{n}")


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User

    username = factory.Sequence(lambda n: f"staff{n:04}")
    name = factory.Sequence(lambda n: f"医师{n}")
    password = "!"


class PostFactory(DjangoModelFactory):
    """`PostFactory(role="R10", institution=hospital)` puts a new person into a post."""

    class Meta:
        model = Post

    user = factory.SubFactory(UserFactory)
    institution = factory.SubFactory(InstitutionFactory)
    department = None
    role = "R01"

    @classmethod
    def _adjust_kwargs(cls, **kwargs):
        if isinstance(kwargs["role"], str):
            kwargs["role"] = Role.objects.get(pk=kwargs["role"])
        return kwargs


def staff(role: str, institution: Institution, department: Department | None = None, **user: Any) -> User:
    """A person working in one post; a pathologist with the certificate to sign assessments by."""
    made = PostFactory(user=UserFactory(**user), role=role, institution=institution, department=department).user
    if role == "R05":
        QualificationFactory(user=made, institution=institution)
    return made


def in_house(institution: Institution, test: GeneTest) -> InHouseCapability:
    """A test done in-house with all it stands on."""
    kept = {"institution": institution, "valid_from": date(2025, 1, 1), "recorded_by": User.objects.machine()}
    department = institution.departments.first() or DepartmentFactory(institution=institution)
    made = InHouseCapability.objects.create(
        institution=institution, test=test, registered_on=date(2025, 1, 1), department=department, is_detailed=True,
        is_established=True,
    )  # fmt: skip
    person = staff("R05", institution)
    for kind in ("amplification", "laboratory"):
        QualificationFactory(user=person, institution=institution, kind=kind)
    Training.objects.create(
        institution=institution, user=person, title="室内质控培训", held_on=date(2025, 1, 1), passed=True,
        recorded_by=User.objects.machine(),
    )  # fmt: skip
    CapabilityStaff.objects.create(capability=made, user=person, **kept)
    CapabilityEquipment.objects.create(capability=made, name="荧光定量PCR仪", serial="Q5-01", **kept)
    for kind in ("reagent", "platform"):
        CapabilityProduct.objects.create(
            capability=made, kind=kind, name="检测试剂盒", basis="registered", number="国械注准20183400507", **kept
        )
    QualityRound.objects.create(
        institution=institution, capability=made, organiser="国家卫健委临检中心", name="2025年第一次",
        held_on=date(2025, 5, 1), passed=True, recorded_by=User.objects.machine(),
    )  # fmt: skip
    return made


class QualificationFactory(DjangoModelFactory):
    class Meta:
        model = Qualification

    kind = "pathologist"
    number = factory.Sequence(lambda n: f"病理{n:06}")
    valid_from = date(2024, 1, 1)
    recorded_by = factory.LazyFunction(lambda: User.objects.machine())


class LaboratoryFactory(DjangoModelFactory):
    """A laboratory of the mainland with its three credentials in force, unless `credentials=False`."""

    class Meta:
        model = Laboratory
        skip_postgeneration_save = True

    code = factory.Sequence(lambda n: f"LAB{n:03}")
    name = factory.Sequence(lambda n: f"第{n}医学检验实验室")
    foreign_controlled = False
    in_mainland = True

    @factory.post_generation
    def credentials(self, create, wanted, **period):
        if wanted is False:
            return
        for kind in Credential.REQUIRED:
            CredentialFactory(laboratory=self, kind=kind, **period)


class CredentialFactory(DjangoModelFactory):
    class Meta:
        model = Credential

    laboratory = factory.SubFactory(LaboratoryFactory, credentials=False)
    kind = Credential.Kind.PRACTICE_LICENCE
    number = factory.Sequence(lambda n: f"ZZ-{n:05}")
    valid_from = date(2024, 1, 1)
    valid_to = date(2028, 12, 31)


def admitted(institution: Institution, laboratory: Laboratory, tests: Any = (), **fields: Any) -> Admission:
    """The hospital has admitted the laboratory for these tests, or for these too; since long ago, unless told."""
    machine, since = User.objects.machine(), fields.pop("since", moment(2020, 1, 1))
    found = Admission.objects.filter(institution=institution, laboratory=laboratory).standing().first()
    if found is None:
        names = dict.fromkeys(["licence_holder", "contract_party", "invoice_issuer", "payee"], laboratory.name)
        given = {"status": "admitted", "route": "third_party", "route_reason": "本院不能开展", **names, **fields}
        found = Admission.objects.create(
            institution=institution, laboratory=laboratory, applied_by=machine, concluded_at=since, concluded_by=machine,
            **{"valid_to": date(2029, 12, 31), **given},
        )  # fmt: skip
        AdmissionSpan.objects.create(
            institution=institution, laboratory=laboratory, admission=found, kind="open", starts_at=since
        )
    found.tests.add(*tests)
    span = found.spans.get(ends_at__isnull=True)
    span.test_ids = sorted({*span.test_ids, *(one.pk for one in tests)})
    span.save()
    return found


class ContractFactory(DjangoModelFactory):
    """A contract in force that lists `tests`, for which the hospital has admitted the laboratory unless
    `admission=False`."""

    class Meta:
        model = Contract
        skip_postgeneration_save = True

    institution = factory.SubFactory(InstitutionFactory)
    laboratory = factory.SubFactory(LaboratoryFactory)
    number = factory.Sequence(lambda n: f"HT-{n:05}")
    valid_from = date(2025, 1, 1)
    valid_to = date(2027, 12, 31)
    procurement_method = "竞争性磋商"
    procurement_no = factory.Sequence(lambda n: f"CG-{n:05}")

    @factory.post_generation
    def tests(self, create, wanted, price=Decimal("600.00"), **_kwargs):
        for test in wanted or ():
            ContractItem.objects.create(
                contract=self,
                test=test,
                settlement_price=price,
                institution=self.institution,
                laboratory=self.laboratory,
                valid_from=self.valid_from,
                valid_to=self.valid_to,
                origin=self.origin,
            )

    @factory.post_generation
    def admission(self, create, wanted, **_kwargs):
        if wanted is not False and self.laboratory.origin == "live":
            admitted(self.institution, self.laboratory, [one.test for one in self.items.all()])


class PriceFactory(DjangoModelFactory):
    class Meta:
        model = Price

    institution = factory.SubFactory(InstitutionFactory)
    test = factory.LazyFunction(lambda: indication().test)
    item_code = factory.Sequence(lambda n: f"S{n:09}")
    item_name = "基因检测"
    amount = FEE
    effective_from = date(2025, 1, 1)
    effective_to = None
    published_on = date(2024, 12, 20)


class RequestAuthorityFactory(DjangoModelFactory):
    class Meta:
        model = RequestAuthority

    user = factory.SubFactory(UserFactory)
    institution = factory.SubFactory(InstitutionFactory)
    grade = Grade.ROUTINE
    starts_on = date(2025, 1, 1)
    granted_by = factory.SubFactory(UserFactory)


class PatientFactory(DjangoModelFactory):
    class Meta:
        model = r.Patient

    institution = factory.SubFactory(InstitutionFactory)
    record_no = factory.Sequence(lambda n: f"Z{n:06}")
    sex = "female"
    birth_year = 1962


class StudyFactory(DjangoModelFactory):
    """A study the hospital approved, with ethics approval in force unless `ethics=False`."""

    class Meta:
        model = r.Study
        skip_postgeneration_save = True

    institution = factory.SubFactory(InstitutionFactory)
    number = factory.Sequence(lambda n: f"GCP-{n:03}")
    title = "一项临床研究"
    hospital_approved_on = date(2025, 6, 1)

    @factory.post_generation
    def ethics(self, create, wanted, **fields):
        if wanted is not False:
            period = {"valid_from": date(2025, 5, 1), "valid_to": date(2027, 4, 30)}
            r.EthicsApproval.objects.create(study=self, number="伦审2025-001", **{**period, **fields})


def indication(code: str = "LUNG-01") -> Indication:
    """A line of the starter catalog: LUNG-01 is routine; see also `graded`."""
    return Indication.objects.select_related("test", "edition").get(code=code, edition__basis_for_history=True)


def graded(grade: str) -> Indication:
    """The first line of the starter catalog with that grade."""
    return (
        Indication.objects.select_related("test", "edition")
        .filter(grade=grade, edition__basis_for_history=True)
        .order_by("code")[0]
    )


class ReferralFactory(DjangoModelFactory):
    class Meta:
        model = r.Referral

    institution = factory.SubFactory(InstitutionFactory)
    number = factory.Sequence(lambda n: f"JC{n:012}")
    department = factory.SubFactory(DepartmentFactory, institution=factory.SelfAttribute("..institution"))
    requester = factory.SubFactory(UserFactory)
    patient = factory.SubFactory(PatientFactory, institution=factory.SelfAttribute("..institution"))
    first_visit = False
    indication = factory.LazyFunction(indication)
    test = factory.LazyAttribute(lambda o: o.indication.test if o.indication else GeneTest.objects.first())
    diagnosis_code = factory.LazyAttribute(lambda o: _diagnosis(o.indication))
    nature = "clinical"
    necessity = "检测结果将决定一线治疗是否选用靶向药物"
    laboratory = None
    status = "submitted"
    origin = "live"
    requested_at = START

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        given = {step: kwargs.pop(step) for step in STEPS if step in kwargs}
        kwargs.setdefault("status", "submitted")
        return _case(model_class, given, kwargs)


def _diagnosis(line: Indication | None) -> str:
    return line.icd10_match.replace("、", ";").split(";")[0].split("-")[0].strip() if line else "C34"


def _case(model, given: dict, fields: dict) -> r.Referral:
    institution, test = fields["institution"], fields["test"]
    times = _times(given, fields)
    outsourced = fields.get("laboratory") or "shipped" in times or "approved" in times
    if outsourced and fields.get("laboratory") is None:
        fields["laboratory"] = LaboratoryFactory()
    if "shipped" in times and not _details(given, "shipped").get("contract"):
        laboratory = _details(given, "shipped").get("laboratory", fields["laboratory"])
        known = Contract.objects.filter(institution=institution, laboratory=laboratory).first()
        contract = known or ContractFactory(institution=institution, laboratory=laboratory, tests=[test])
        given["shipped"] = {**_details(given, "shipped"), "contract": contract}
    if fields["status"] == "submitted" and times:
        fields["status"] = REACHED[max(times, key=list(STEPS).index)]
    referral = model.objects.create(**fields, **{STAMPS[step]: at for step, at in times.items()})
    for step, at in times.items():
        RECORD[step](referral, at, _details(given, step))
    return referral


def _details(given: dict, step: str) -> dict:
    value = given.get(step)
    return {key: one for key, one in value.items() if key != "at"} if isinstance(value, dict) else {}


def _times(given: dict, fields: dict) -> dict[str, datetime]:
    """When each step happened: what the rules ask up to the last one given, but for those switched off."""
    wanted = [step for step in STEPS if given.get(step)]
    if not wanted:
        return {}
    last = max(list(STEPS).index(step) for step in wanted)
    outsourced = fields.get("laboratory") or given.get("shipped") or given.get("received")
    skip = {"discussed"}
    if not fields["first_visit"]:
        skip.add("mdt")
    if not outsourced:
        skip |= {"approved", "shipped", "received"}
    if fields["nature"] == "research":
        skip.add("charged")
    times = {}
    for place, (step, after) in enumerate(STEPS.items()):
        value = given.get(step, place <= last and step not in skip)
        if value:
            at = value.get("at") if isinstance(value, dict) else value
            times[step] = at if isinstance(at, datetime) else fields["requested_at"] + after
    return times


def _price(referral: r.Referral) -> Price:
    known = Price.objects.filter(institution=referral.institution, test=referral.test).first()
    return known or PriceFactory(institution=referral.institution, test=referral.test)


def _same(referral: r.Referral, **fields: Any) -> dict[str, Any]:
    return {"referral": referral, "origin": referral.origin, **fields}


def _discussed(referral, at, details):
    fields = {"chair": UserFactory(), **details}
    r.DepartmentalDiscussion.objects.create(**_same(referral, held_at=at, **fields))


def _mdt(referral, at, details):
    fields = {"chair": UserFactory(), "conclusion": "agree", **details}
    r.MDTReview.objects.create(**_same(referral, concluded_at=at, **fields))


def _consented(referral, at, details):
    live = referral.origin == "live"
    fields: dict[str, Any] = {"signer": "patient"}
    if live:
        fields |= {"test": referral.test, "laboratory": referral.laboratory, "told_by": referral.requester}
        if not referral.is_research:
            fields["price"] = _price(referral)
    Consent.objects.create(**_same(referral, signed_at=at, **{**fields, **details}))


def _approved(referral, at, details):
    fields = {"decided_by": UserFactory(), **details}
    r.OutsourcingApproval.objects.create(**_same(referral, decided_at=at, **fields))


def _charged(referral, at, details):
    price = details["price"] if "price" in details else _price(referral)
    fields = {"amount": price.amount if price else FEE, "receipt_no": "PJ00000001", "charged_by": UserFactory()}
    r.Charge.objects.create(**_same(referral, charged_at=at, **{**fields, **details, "price": price}))


def _sampled(referral, at, details):
    fields = {"collected_by": UserFactory(), "tumour_cell_percent": 40, **details}
    r.Specimen.objects.create(**_same(referral, collected_at=at, **fields))


def _shipped(referral, at, details):
    fields = {"laboratory": referral.laboratory, "shipped_by": UserFactory(), "scanned": True, **details}
    r.Shipment.objects.create(**_same(referral, shipped_at=at, received_at=referral.received_at, **fields))


def _received(referral, at, details):
    """The shipment carries it."""


def _reported(referral, at, details):
    fields = {"outcome": "positive", "findings": "EGFR L858R", "entered_by": UserFactory(), **details}
    r.Result.objects.create(**_same(referral, reported_at=at, **fields))


def _filed(referral, at, details):
    fields = {"consent_filed": True, "order_filed": True, "result_filed": True, "filed_by": UserFactory()}
    r.Filing.objects.create(**_same(referral, filed_at=at, **{**fields, **details}))


RECORD = {
    "discussed": _discussed,
    "mdt": _mdt,
    "consented": _consented,
    "approved": _approved,
    "charged": _charged,
    "sampled": _sampled,
    "shipped": _shipped,
    "received": _received,
    "reported": _reported,
    "filed": _filed,
}
