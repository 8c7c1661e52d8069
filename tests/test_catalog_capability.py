"""In-house capability: open only while all it stands on holds; first-time technologies (A2, A3, A14–A17, A43, A45, A46)."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse
from django.utils import timezone

from audit.gates import Refused
from catalog import capability as judging
from catalog import queries
from catalog.actions import capability as actions
from catalog.models import (
    CapabilityEquipment,
    CapabilityProduct,
    CapabilityStaff,
    InHouseCapability,
    Qualification,
    QualityRound,
    TechnologyIntake,
    Training,
)
from documents import files
from tests import factories as f

pytestmark = pytest.mark.django_db


def today():
    return timezone.localdate()


def later(days):
    return today() + timedelta(days=days)


@pytest.fixture
def item(hospital):
    return f.in_house(hospital.institution, f.indication().test)


def shut(item, on=None):
    item = InHouseCapability.objects.select_related("test").get(pk=item.pk)
    return judging.Registry.of([item]).shut(item, on or today())


def clauses(item):
    return [one.clauses[0] for one in shut(item)]


def is_open(item):
    return queries.done_in_house(item.institution, item.test, today())


def test_it_is_open_while_everything_holds(item):
    """A2."""
    assert shut(item) == [] and is_open(item)
    assert judging.open_tests(item.institution, [item.test], today()) == {item.test_id}


@pytest.mark.parametrize(
    "model, changes, clause, says",
    [
        (CapabilityEquipment, {"valid_to": "yesterday"}, "A2", "Q5-01"),
        (CapabilityStaff, {"valid_to": "yesterday"}, "A3", "未指定"),
        (CapabilityProduct, {"valid_to": "yesterday"}, "A16", "国械注准20183400507"),
        (QualityRound, {"passed": False}, "A15", "2025年第一次"),
        (Training, {"passed": False}, "A3", "培训"),
        (InHouseCapability, {"department": None}, "A2", "科室"),
        (InHouseCapability, {"is_established": False}, "A43", "首次"),
    ],
)
def test_what_fails_closes_it_in_words_that_say_which(item, model, changes, clause, says):
    """A2, A3, A15, A16, A43."""
    model.objects.update(**{name: later(-1) if value == "yesterday" else value for name, value in changes.items()})
    assert set(clauses(item)) == {clause}
    assert says in "".join(str(one) for one in shut(item))
    assert not is_open(item)


def test_an_amplifying_method_needs_a_certificate_of_its_own(item):
    """A17."""
    Qualification.objects.filter(kind="amplification").update(valid_to=later(-1))
    assert clauses(item) == (["A17"] if judging.AMPLIFIES.search(item.test.method) else [])
    type(item.test).objects.filter(pk=item.test_id).update(method="ARMS-PCR")
    assert clauses(item) == ["A17"]
    type(item.test).objects.filter(pk=item.test_id).update(method="FISH")
    assert clauses(item) == []


def test_a_plain_registration_counts_for_the_days_gone_by_only(hospital):
    """A14."""
    test = f.indication().test
    InHouseCapability.objects.create(institution=hospital.institution, test=test, registered_on=date(2025, 1, 1))
    assert queries.done_in_house(hospital.institution, test, later(-1))
    assert not queries.done_in_house(hospital.institution, test, today())


def product(item, hospital, **changes):
    given = {
        "kind": "reagent", "name": "人EGFR基因突变检测试剂盒", "basis": "registered", "number": "国械注准20183400507",
        "valid_from": later(-10), "valid_to": later(10),
    }  # fmt: skip
    return actions.add_product(capability=item, by=hospital.affairs, **{**given, **changes})


@pytest.mark.parametrize("wrong", [{"number": ""}, {"number": "RUO-12"}, {"name": "EGFR试剂（仅供科研）"}])
def test_research_only_and_unregistered_products_are_refused(item, hospital, wrong):
    """A45."""
    with pytest.raises(Refused) as refused:
        product(item, hospital, **wrong)
    assert refused.value.refusals[0].code == "A45"


def test_a_registration_number_has_its_form_and_its_last_day(item, hospital):
    """A16."""
    for wrong in ({"number": "国械注准123"}, {"valid_to": None}, {"valid_to": later(-20)}):
        with pytest.raises(ValidationError):
            product(item, hospital, **wrong)
    assert product(item, hospital).number == "国械注准20183400507"


def test_an_own_reagent_needs_its_approval_document(item, hospital):
    """A46."""
    with pytest.raises(Refused) as refused:
        product(item, hospital, basis="ldt", number="闽药监械备〔2026〕3号")
    assert refused.value.refusals[0].code == "A46"
    paper = files.check(b"%PDF-1.4\n%%EOF", kinds=(files.PDF,), name="批件.pdf")
    assert product(item, hospital, basis="ldt", number="闽药监械备〔2026〕3号", file=paper).file.name == "批件.pdf"


def test_an_approved_corrective_action_opens_it_again(item, hospital):
    """A15, X14."""
    leader = f.staff("R23", hospital.institution)
    failed = actions.record_round(
        capability=item, organiser="国家卫健委临检中心", name="2026年第一次", held_on=today(), passed=False,
        correction="重新校准并复测", by=hospital.affairs,
    )  # fmt: skip
    assert clauses(item) == ["A15"]
    with pytest.raises(PermissionDenied):
        actions.approve_correction(quality=failed, by=hospital.affairs)
    actions.approve_correction(quality=failed, by=leader)
    assert is_open(item)
    with pytest.raises(Refused):
        actions.approve_correction(quality=failed, by=leader)


def test_a_first_time_technology_is_argued_reviewed_and_approved_before_it_opens(hospital):
    """A43, X14."""
    test, leader = f.indication().test, f.staff("R23", hospital.institution)
    intake = actions.propose(
        test=test, need="肺癌患者外送周期长", ability="已有仪器与人员", safety="阴阳性质控", by=hospital.affairs
    )
    with pytest.raises(ValidationError):
        actions.propose(test=test, need="再报", ability="同上", safety="同上", by=hospital.affairs)
    reviewers = [hospital.head, hospital.pathologist, hospital.pharmacist]
    for reviewer in reviewers[:2]:
        actions.give_opinion(intake=intake, agreed=True, text="同意开展", by=reviewer)
    with pytest.raises(Refused):
        actions.decide(intake=intake, approved=True, note="同意", by=leader)
    with pytest.raises(Refused):
        actions.give_opinion(intake=intake, agreed=True, text="再次同意", by=hospital.head)
    actions.give_opinion(intake=intake, agreed=False, text="人员不足", by=reviewers[2])
    item = actions.register(test=test, department=hospital.department, by=hospital.affairs)
    assert "A43" in clauses(item)
    with pytest.raises(PermissionDenied):
        actions.decide(intake=intake, approved=True, note="同意", by=hospital.affairs)
    actions.decide(intake=intake, approved=True, note="同意开展", by=leader)
    assert "A43" not in clauses(item)
    assert TechnologyIntake.objects.get().decided_by == leader


def test_the_register_in_the_browser(hospital, client):
    """A2, A14: registered, its parts recorded, opened, a part ended and closed."""
    test = f.indication().test
    client.force_login(hospital.affairs, backend="django.contrib.auth.backends.ModelBackend")
    given = {"test": test.pk, "department": hospital.department.pk, "registered_on": today()}
    assert client.post(reverse("catalog:capabilities"), given).status_code == 302
    item = InHouseCapability.objects.get()
    page = reverse("catalog:capability", args=[item.pk])

    def send(do, **values):
        plain = {k: v for k, v in values.items() if k in ("row", "part")}
        return client.post(page, {"do": do, **plain, **{f"{do}-{k}": v for k, v in values.items() if k not in plain}})

    assert send("equipment", name="PCR仪", serial="Q5", valid_from=later(-2)).status_code == 302
    assert send("staff", user=hospital.pathologist.pk).status_code == 302
    refused = send("product", kind="reagent", name="试剂", basis="registered", number="", valid_from=later(-2))
    assert refused.status_code == 422 and "科研" in refused.content.decode()
    for kind in ("reagent", "platform"):
        number = "国械注准20183400507"
        sent = send(
            "product",
            kind=kind,
            name="试剂盒",
            basis="registered",
            number=number,
            valid_from=later(-2),
            valid_to=later(9),
        )
        assert sent.status_code == 302
    assert send("round", organiser="临检中心", name="一", held_on=today(), passed="yes").status_code == 302
    assert CapabilityProduct.objects.count() == 2
    row = CapabilityEquipment.objects.get()
    assert send("end", row=row.pk, part="equipment", reason="报废").status_code == 302
    assert "Q5" in client.get(page).content.decode()
    assert "关闭" in client.get(reverse("catalog:capabilities")).content.decode()
    client.force_login(hospital.doctor, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(page).status_code == 200
    assert send("staff", user=hospital.pathologist.pk).status_code in (403, 422)
    assert client.post(reverse("catalog:capabilities"), given).status_code == 403


def test_a_program_keeps_the_register_and_the_intake(hospital, program):
    office, leader = program(hospital.affairs), f.staff("R23", hospital.institution)
    test = f.indication().test
    made = office.post("catalog/capabilities/", {"test": test.code, "department": hospital.department.name})
    assert made.status_code == 201 and made.json()["closed_by"]
    step = f"catalog/capabilities/{made.json()['id']}/steps/"
    assert office.post(step, {"do": "equipment", "name": "PCR仪", "serial": "1"}).status_code == 400
    part = {"do": "equipment", "name": "PCR仪", "serial": "1", "valid_from": str(later(-1))}
    assert office.post(step, part).status_code == 200
    bad = office.post(step, {"do": "product", "name": "RUO", "number": "1", "valid_from": str(later(-1))})
    assert bad.status_code == 422
    proposal = {"test": test.code, "need": "周期", "ability": "人员", "safety": "质控"}
    intake = office.post("catalog/intakes/", proposal).json()
    steps = f"catalog/intakes/{intake['id']}/steps/"
    assert program(hospital.head).post(steps, {"do": "opinion", "agreed": True, "text": "同意"}).status_code == 200
    short = program(leader).post(steps, {"do": "decide", "agreed": True, "text": "同意"})
    assert short.status_code == 422
    stranger = program(f.staff("R10", f.InstitutionFactory()))
    assert stranger.post(step, part).status_code == 404
    assert stranger.post(steps, {"do": "decide", "agreed": True, "text": "同意"}).status_code == 404
