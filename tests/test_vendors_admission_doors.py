"""The admission of a laboratory in the browser and by API: the same acts, refused in the same words (A25, B8, B9)."""

import html

import pytest
from django.test import Client
from django.urls import reverse

from tests import factories as f
from tests.fixtures.laboratories import USCC, later, paper
from vendors import checks
from vendors.models import Admission, Laboratory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_machine")]
NAMES = ("licence_holder", "contract_party", "invoice_issuer", "payee")


def browser(person):
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def act(person, page, do, **typed):
    answer = browser(person).post(page, {"do": do, **{f"{do}-{name}": value for name, value in typed.items()}})
    return answer.status_code, html.unescape(answer.content.decode())


def test_from_application_to_admission_with_each_posts_login(office):
    """A25, B8: the whole way in the browser."""
    Laboratory.objects.update(uscc="12350499MB0X00019G")
    given = {
        "code": "MC09", "name": "某市医学检验所", "uscc": USCC, "kind": "laboratory", "licence_no": "1" * 22,
        "subjects": ["molecular", "pathology"], "foreign_controlled": "no", "in_mainland": "yes",
    }  # fmt: skip
    assert browser(office.buyer).post(reverse("vendors:laboratories"), given).status_code == 302
    laboratory = Laboratory.objects.get(code="MC09")
    names = dict.fromkeys(NAMES, laboratory.name)
    asked = {
        "laboratory": laboratory.pk, "route": "third_party", "route_reason": "本院不能开展",
        "tests": [one.pk for one in office.tests], **names,
    }  # fmt: skip
    assert browser(office.affairs).post(reverse("vendors:admissions"), asked).status_code == 302
    one = Admission.objects.get(laboratory=laboratory)
    page = one.get_absolute_url()
    status, said = act(office.affairs, page, "open")
    assert status == 422 and "以下核查项尚无结果：Q01、Q02" in said
    from django.core.files.uploadedfile import SimpleUploadedFile

    for code in checks.all_checks():
        number = "国械注准20183400507" if code == "Q08" else code
        file = SimpleUploadedFile("件.pdf", paper(code).content, "application/pdf")
        typed = {"check": code, "verdict": "met", "number": number, "valid_to": later(90), "file": file}
        assert act(office.affairs, page, "paper", **typed)[0] == 302
    for member in office.panel:
        assert act(office.affairs, page, "member", user=member.pk)[0] == 302
    visitors = [office.head.pk, office.pathologist.pk]
    visit = {"visited_on": later(-1), "place": "福州", "visitors": visitors, "findings": "齐全", "passed": "yes"}
    assert act(office.affairs, page, "visit", **visit)[0] == 302
    assert act(office.affairs, page, "open")[0] == 302
    for member in office.panel:
        assert act(member, page, "score", score=90, opinion="好")[0] == 422
        assert act(member, page, "declare", is_tied="no")[0] == 302
        assert act(member, page, "score", score=90, opinion="好")[0] == 302
    assert act(office.affairs, page, "conclude", decision="admit", conclusion="同意")[0] == 403
    assert act(office.leader, page, "conclude", decision="admit", conclusion="同意")[0] == 302
    shown = browser(office.discipline).get(page).content.decode()
    assert "准入有效期至" in shown and "列入黑名单" not in shown and "暂停机构" not in shown and "暂停" in shown


def test_page_and_program_refuse_in_the_same_words(office, program):
    """B9."""
    one = office.assessing()
    page = act(office.pathologist, one.get_absolute_url(), "score", score=90, opinion="好")[1]
    sent = {"do": "score", "score": 90, "opinion": "好"}
    address = f"admissions/{one.pk}/steps/"
    answer = program(office.pathologist).post(address, sent)
    assert answer.status_code == 409 or answer.status_code == 422
    assert "请先声明利益关系，再评分。" in page and "请先声明利益关系，再评分。" in answer.content.decode()


def test_the_api_does_what_the_pages_do(office, program):
    """A25, B8, B9."""
    tests = [one.code for one in office.tests]
    names = dict.fromkeys(NAMES, office.laboratory.name)
    made = program(office.affairs).post(
        "admissions/",
        {"laboratory": "MC01", "tests": tests, "route": "alliance", "route_reason": "医联体", **names},
    )
    assert made.status_code == 201, made.content
    one = Admission.objects.get()
    assert one.route == "alliance" and "Q01" in program(office.affairs).get(
        f"admissions/{one.pk}/"
    ).content.decode()  # fmt: skip
    address = f"admissions/{one.pk}/steps/"
    office.papers(one)
    for member in office.panel:
        assert program(office.affairs).post(address, {"do": "member", "user": member.username}).status_code == 200
    visit = {
        "do": "visit", "visited_on": str(later(-1)), "place": "福州", "findings": "齐全", "passed": True,
        "visitors": [office.panel[0].username, office.panel[1].username],
    }  # fmt: skip
    assert program(office.affairs).post(address, visit).status_code == 200
    assert program(office.affairs).post(address, {"do": "open"}).status_code == 200
    for member in office.panel:
        assert program(member).post(address, {"do": "declare", "is_tied": False}).status_code == 200
        assert program(member).post(address, {"do": "score", "score": 88, "opinion": "好"}).status_code == 200
    done = program(office.leader).post(address, {"do": "conclude", "decision": "admit", "conclusion": "同意"})
    assert done.status_code == 200 and done.json()["status"] == "admitted"
    assert program(office.discipline).post(address, {"do": "suspend", "reason": "投诉"}).json()["status"] == "suspended"
    assert program(office.affairs).post(address, {"do": "lift", "reason": "x"}).status_code == 403
    step = f"laboratories/{office.laboratory.pk}/steps/"
    credential = {"kind": "pcr_audit", "number": "N-1", "valid_from": str(later(0))}
    assert program(office.buyer).post(step, {"do": "credential", "credential": credential}).status_code == 200
    assert program(office.buyer).post(step, {"do": "round"}).status_code == 400


def test_an_admission_of_another_hospital_does_not_exist(office, program):
    """A25."""
    one = office.apply()
    stranger = f.staff("R10", f.InstitutionFactory())
    assert browser(stranger).get(one.get_absolute_url()).status_code == 404
    address = f"admissions/{one.pk}/steps/"
    assert program(stranger).post(address, {"do": "open"}).status_code == 404


def test_the_list_asks_as_often_for_many_as_for_one(office, django_assert_max_num_queries):
    """A25."""
    for _each in range(6):
        f.admitted(office.institution, f.LaboratoryFactory())
    client = browser(office.affairs)
    with django_assert_max_num_queries(25):
        assert client.get(reverse("vendors:admissions")).status_code == 200
