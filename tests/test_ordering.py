"""The answer at the point of order (A21, A33, B4): place and price, repeats, what comes first, drugs, what is not listed."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from audit.gates import judge
from catalog.models import FormularyEntry, GeneTest, Grade, Indication
from referrals import offering
from referrals.models import Referral
from tests.factories import (
    ContractFactory,
    DepartmentFactory,
    InstitutionFactory,
    PatientFactory,
    PriceFactory,
    ReferralFactory,
    RequestAuthorityFactory,
    indication,
    staff,
)

pytestmark = pytest.mark.django_db
# The register of in-house tests asks once more; its parts, where there are any, seven times, whatever the number of lines.
MOST_QUERIES = 16


@pytest.fixture
def hospital(as_machine):
    return InstitutionFactory(code="LXT")


@pytest.fixture
def doctor(hospital):
    user = staff("R01", hospital, DepartmentFactory(institution=hospital, name="肿瘤科"))
    RequestAuthorityFactory(user=user, institution=hospital, grade=Grade.ROUTINE, granted_by=User.objects.machine())
    return user


@pytest.fixture
def patient(hospital):
    return PatientFactory(institution=hospital, record_no="Z100001")


def offered(hospital, words, code, **more):
    return next(one for one in offering.offers(hospital, words, **more).lines if one.line.code == code)


def test_a_result_of_the_same_gene_is_a_repeat_with_its_days(hospital, patient):
    ReferralFactory(institution=hospital, patient=patient, indication=indication("LUNG-01"), reported=True)
    one = offered(hospital, "EGFR", "LUNG-01", patient=patient)
    [repeat] = one.repeats
    days = (timezone.localdate() - timezone.localdate(repeat.result.reported_at)).days
    assert repeat.code == "N11"
    assert repeat.message == f"{days}日内已有同基因结果，请说明复测理由。"
    assert offered(hospital, "KRAS 结直肠", "CRC-01", patient=patient).repeats == []


def test_a_germline_result_counts_for_life_and_names_its_day_and_hospital(hospital, patient):
    line = Indication.objects.filter(germline="是", edition__basis_for_history=True).order_by("code")[0]
    case = ReferralFactory(institution=hospital, patient=patient, indication=line, reported=True)
    case.results.update(reported_at=timezone.now() - timedelta(days=9 * 365))
    [repeat] = offered(hospital, line.code, line.code, patient=patient).repeats
    assert repeat.code == "N10"
    day = timezone.localdate(case.results.get().reported_at).isoformat()
    assert repeat.message == f"已有{day}{hospital.name}胚系结果，请先调阅。"


def test_an_older_somatic_result_is_no_repeat(hospital, patient):
    case = ReferralFactory(institution=hospital, patient=patient, indication=indication("LUNG-01"), reported=True)
    case.results.update(reported_at=timezone.now() - timedelta(days=6 * 365))
    assert offered(hospital, "EGFR", "LUNG-01", patient=patient).repeats == []


def test_what_comes_first_is_said_discussion_mdt_and_authority(hospital, doctor, patient):
    edition = Indication.objects.filter(edition__basis_for_history=True)
    discussed = edition.filter(grade=Grade.DISCUSSION).order_by("code")[0]
    needed = "；".join(offered(hospital, discussed.code, discussed.code, by=doctor).needed)
    assert "A22" in needed
    assert "A23" in needed
    routine = offered(hospital, "EGFR", "LUNG-01", by=doctor)
    assert routine.needed == []
    first = offered(hospital, "EGFR", "LUNG-01", by=doctor, patient=patient, diagnosis_code="C34.1")
    assert ["B5" in one for one in first.needed] == [True]


def test_the_linked_drugs_show_formulary_and_insurance(hospital, doctor):
    FormularyEntry.objects.create(
        institution=hospital, drug="奥希替尼", in_formulary=True, insurance="negotiated", restriction="限EGFR突变",
        valid_from=date(2024, 1, 1), recorded_by=doctor,
    )  # fmt: skip
    known = {one.name: one.entry for one in offered(hospital, "EGFR", "LUNG-01").drugs}
    assert known["奥希替尼"].in_formulary
    assert known["吉非替尼"] is None


@pytest.mark.parametrize("shut_by", ["nothing", "credentials", "foreign"])
def test_a_way_is_open_only_while_a_laboratory_may_take_it(hospital, shut_by):
    line = indication("LUNG-01")
    contract = ContractFactory(institution=hospital, tests=[line.test])
    if shut_by == "credentials":
        contract.laboratory.credentials.filter(kind="pcr_audit").delete()
    if shut_by == "foreign":
        contract.laboratory.foreign_controlled = True
        contract.laboratory.save()
    one = offered(hospital, "EGFR", "LUNG-01")
    assert (one.outsourced, one.is_shut) == (True, shut_by != "nothing")


def test_the_lines_of_the_diagnosis_come_first(hospital):
    found = offering.offers(hospital, "KRAS", "C18.7").lines
    covers = [one.covers for one in found]
    assert covers[0]
    assert covers == sorted(covers, reverse=True)


def test_a_diagnosis_alone_lists_what_is_indicated_for_it(hospital):
    found = offering.offers(hospital, "", "C18.7").lines
    assert found
    assert all(one.covers for one in found)


def test_neither_words_nor_a_diagnosis_list_nothing(hospital):
    assert offering.offers(hospital, "").lines == []


def test_small_cell_cancer_is_not_covered_by_the_lines_of_the_other_kind(hospital):
    assert not any(one.covers for one in offering.offers(hospital, "EGFR", "C34.1", pathology="小细胞癌").lines)


@pytest.mark.parametrize("words", ["EGFR", "肺", "axtn", "LUNG", "奥希替尼 EGFR"])
def test_the_number_of_queries_does_not_grow_with_the_lines(hospital, doctor, patient, words):
    ReferralFactory(institution=hospital, patient=patient, indication=indication("LUNG-01"), reported=True)
    doctor = User.objects.get(pk=doctor.pk)
    with CaptureQueriesContext(connection) as made:
        found = offering.offers(hospital, words, "C34.1", patient=patient, by=doctor)
    assert found.lines
    assert len(made) <= MOST_QUERIES, [one["sql"][:120] for one in made]


def test_the_page_and_the_program_give_the_same_answer(client, hospital, doctor, patient):
    line = indication("LUNG-01")
    PriceFactory(institution=hospital, test=line.test)
    ReferralFactory(institution=hospital, patient=patient, indication=line, reported=True)
    client.force_login(doctor)
    typed = {"patient_query": "Z100001", "diagnosis_code": "C34.1", "test_query": "her1"}
    html = client.post(reverse("referrals:new_tests"), typed).content.decode()
    assert "日内已有同基因结果" in html
    assert "奥希替尼" in html
    assert "目录未记录" in html
    refused = client.post(reverse("referrals:new_tests"), {"test_query": "化疗敏感性"}).content.decode()
    assert "不列入本院目录" in refused


def test_the_catalog_page_answers_a_restricted_item(client, somebody):
    client.force_login(somebody("catalog.view_catalog"))
    assert "无指南支持项目或研究项目" in client.get("/catalog/", {"q": "全外显子"}).content.decode()


def test_x02_gives_the_answer_where_a_restricted_item_is_meant(hospital):
    wes = GeneTest.objects.create(
        code="GT-X1", name="全外显子组测序（WES）", genes="全外显子", method="NGS", specimen="血"
    )
    asked = Referral(pk=0, institution=hospital, test=wes, indication=None, diagnosis_code="C34.1")
    said = judge("X02", asked, timezone.now())
    assert said.blocks
    assert "全外显子/全基因组检测须按无指南支持项目或研究项目管理" in str(said.message)


def test_a_program_is_given_the_same_answer(hospital, doctor, patient, program):
    line = indication("LUNG-01")
    PriceFactory(institution=hospital, test=line.test)
    ReferralFactory(institution=hospital, patient=patient, indication=line, reported=True)
    asks = program(doctor)
    answer = asks.get("orderable-tests/", q="her1", diagnosis="C34.1", record_no="Z100001")
    assert answer.status_code == 200, answer.content
    one = next(one for one in answer.json()["lines"] if one["indication"]["code"] == "LUNG-01")
    assert one["repeats"][0]["rule"] == "N11"
    assert one["price"]
    assert {"name": "奥希替尼", "in_formulary": None, "insurance": None, "restriction": ""} in one["drugs"]
    refused = asks.get("orderable-tests/", q="化疗敏感性").json()
    assert ["不列入本院目录" in one["message"] for one in refused["not_indicated"]] == [True]
    assert asks.get("orderable-tests/", q="EGFR", record_no="ZZZ").status_code == 400
    listed = asks.get("catalog/not-indicated/", q="WES").json()
    assert [one["code"] for one in listed] == ["N04"]
    assert len(asks.get("catalog/not-indicated/").json()) == 16
