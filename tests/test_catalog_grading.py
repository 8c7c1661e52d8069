"""Grades by risk, cost and evidence, and what the hospital asks for at each (clauses A22, A23)."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from openpyxl import load_workbook

from accounts.models import Notice, User
from audit.gates import Refused, judge
from audit.models import Event
from catalog import actions, grading, papers, readiness, sheets
from catalog.actions.grading import set_rules
from catalog.models import Grade, GradeRules, Indication
from tests.factories import (
    DepartmentFactory,
    InstitutionFactory,
    ReferralFactory,
    RequestAuthorityFactory,
    graded,
    indication,
    staff,
)

pytestmark = pytest.mark.django_db
CRITERIA = {
    "risk_level": "low", "risk_basis": "用已有蜡块，不另取材", "cost_level": "high", "cost_basis": "本院公示价3,600元",
    "evidence_support": "guideline", "evidence_basis": "CSCO指南Ⅰ级推荐",
}  # fmt: skip


def sign_in(client, person):
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")


def today():
    return timezone.localdate()


def asks(**by_grade):
    floors = {"routine": {}, "discussion": {"discussion": True, "papers": 1}, "mdt": {"mdt": True}}
    return {grade: {**floor, **by_grade.get(grade, {})} for grade, floor in floors.items()}


def set_by(office, **changes):
    given = {
        "starts_on": today(), "proposals": {}, "requirements": asks(), "criteria_needed": False,
        "reason": "院药事与技术委员会第3次会议",
    }  # fmt: skip
    return set_rules(by=office, **{**given, **changes})


@pytest.fixture
def hospital(as_machine):
    return InstitutionFactory(code="LXT")


@pytest.fixture
def office(hospital):
    return staff("R10", hospital)


@pytest.fixture(autouse=True)
def declared(as_machine):
    """Everything here is written by somebody."""


def line(edition, code="LUNG-01"):
    return Indication.objects.select_related("test", "edition__institution").get(edition=edition, code=code)


def change(edition, makers, code="LUNG-01", **values):
    return actions.change_row(line=line(edition, code), values=values, reason="按三要素重新分级", by=makers.drafter)


# The three criteria of a row


def test_a_row_records_each_criterion_with_its_reasoning_and_the_heaviest_makes_the_grade(draft, makers):
    """A23: risk, cost and evidence, each recorded; a costly test is proposed for MDT."""
    row = change(draft, makers, **CRITERIA, grade="mdt")
    assert grading.proposed(grading.criteria_of(row), None) == Grade.MDT == row.grade
    kept = draft.changes.get(code="LUNG-01")
    assert (kept.before["cost_level"], kept.after["cost_level"]) == ("", "high")


@pytest.mark.parametrize(
    "wrong, said",
    [
        ({"risk_basis": ""}, "请写明“风险程度”的理由"),
        ({"cost_level": "", "cost_basis": ""}, "尚缺：费用水平"),
        ({"evidence_support": "", "evidence_basis": "指南"}, "请选择“证据支持”"),
        ({"risk_level": "high"}, "须同时勾选“风险较大”"),
        ({"is_risky": True}, "风险程度应为高"),
        ({"grade": "routine"}, "请填写分级调整理由"),
        ({"cost_level": "huge"}, "不在可选范围"),
    ],
)
def test_criteria_stand_whole_and_another_grade_than_theirs_says_why(draft, makers, wrong, said):
    """A22, A23."""
    with pytest.raises(Refused) as refused:
        change(draft, makers, **{**CRITERIA, "grade": "mdt", **wrong})
    assert said in str(refused.value.refusals[0].message)
    assert refused.value.refusals[0].clauses == ("A23",)
    assert line(draft).risk_level == ""


def test_the_proposed_grade_may_be_overridden_with_a_reason_that_goes_once_it_is_taken(draft, makers):
    row = change(draft, makers, **CRITERIA, grade="discussion", grade_reason="本院年检测不足10例")
    assert (row.grade, row.grade_reason) == ("discussion", "本院年检测不足10例")
    assert change(draft, makers, grade="mdt").grade_reason == ""


def test_rows_in_force_keep_their_criteria(draft, makers, hospital):
    """B3: an edition in force is never edited."""
    row = indication("LUNG-01")
    with pytest.raises(IntegrityError), transaction.atomic():
        Indication.objects.filter(pk=row.pk).update(risk_level="high", risk_basis="x")


def test_criteria_go_with_the_row_into_print_and_sheet_and_come_back_from_it(draft, makers):
    change(draft, makers, **CRITERIA, grade="mdt")
    row = line(draft)
    assert papers.print_row(row)[papers.FORM.index("分级")] == "需MDT（风险低；费用高；规范或指南推荐）"
    read = sheets.read(papers.as_workbook(draft), draft)
    mine = next(one for one in read.lines if one["code"] == "LUNG-01")
    assert {name: mine["values"][name] for name in CRITERIA} == CRITERIA
    assert sheets.changes(read.lines, draft)[0] == []


def test_a_sheet_says_what_is_wrong_with_a_criterion(draft, makers):
    """Bad input: per row, and nothing is changed."""
    change(draft, makers, **CRITERIA, grade="mdt")
    book = load_workbook(BytesIO(papers.as_workbook(draft)))
    sheet = book["明细"]
    heads = [cell.value for cell in sheet[1]]
    sheet.cell(2, heads.index("风险程度") + 1, "极高")
    sheet.cell(2, heads.index("分级") + 1, "常规")
    out = BytesIO()
    book.save(out)
    found = [(one.column, one.message) for one in sheets.read(out.getvalue(), draft).faults]
    assert [column for column, said in found if "极高" in said] == ["风险程度"]


def test_where_the_hospital_asks_for_it_no_review_opens_before_every_row_is_graded(draft, makers):
    """A23: 分级覆盖率 – every item in use is graded."""
    office = staff("R10", makers.hospital)
    assert not any("三项分级" in str(one.message) for one in readiness.before_review(draft))
    set_by(office, criteria_needed=True)
    stands = [one for one in readiness.before_review(draft) if "三项分级" in str(one.message)]
    assert stands and "LUNG-01" in str(stands[0].message) and stands[0].mend.endswith("?which=ungraded")
    for row in Indication.objects.filter(edition=draft):
        change(draft, makers, row.code, **CRITERIA, grade="mdt")
    assert not any("三项分级" in str(one.message) for one in readiness.before_review(draft))


# The hospital's table


def test_medical_affairs_sets_the_table_with_a_reason_on_the_trail(hospital, office):
    doctor = staff("R01", hospital)
    made = set_by(office, requirements=asks(mdt={"title": "副主任医师"}))
    assert made.requirement("mdt").title == "副主任医师" and made.requirement("mdt").mdt
    event = Event.objects.filter(table_name="catalog_graderules", step="grading.set").latest("pk")
    assert event.reason == "院药事与技术委员会第3次会议"
    assert "分级管理要求" in Notice.objects.get(user=doctor).text
    with pytest.raises(PermissionDenied):
        set_by(doctor)


@pytest.mark.parametrize(
    "changes, field",
    [
        ({"requirements": asks(discussion={"papers": 0})}, "discussion-papers"),
        ({"requirements": asks(discussion={"discussion": False})}, "discussion-discussion"),
        ({"requirements": asks(mdt={"mdt": False})}, "mdt-mdt"),
        ({"requirements": asks(routine={"title": "院士"})}, "routine-title"),
        ({"requirements": asks(routine={"papers": 11})}, "routine-papers"),
        ({"requirements": asks(routine={"chair_title": "主任医师"})}, "routine-chair_title"),
        ({"proposals": {"risk_level": {"high": "routine"}}}, "risk_level-high"),
        ({"proposals": {"evidence_support": {"none": "routine"}}}, "evidence_support-none"),
        ({"starts_on": timezone.localdate() - timedelta(days=1)}, "starts_on"),
    ],
)
def test_the_clauses_are_the_floor_of_the_table_and_it_never_reaches_back(office, changes, field):
    """A22, B5."""
    with pytest.raises(ValidationError) as wrong:
        set_by(office, **changes)
    assert field in wrong.value.message_dict
    assert not GradeRules.objects.exists()


def test_a_version_is_kept_as_it_was_decided_and_the_same_again_is_no_version(office):
    made = set_by(office)
    with pytest.raises(Refused):
        set_by(office)
    with pytest.raises(Refused):
        set_by(office, reason="  ", criteria_needed=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        GradeRules.objects.filter(pk=made.pk).update(reason="x")
    with pytest.raises(IntegrityError), transaction.atomic():
        made.delete()


def test_the_table_makes_the_proposal(draft, makers):
    set_by(staff("R10", makers.hospital), proposals={"cost_level": {"high": "discussion"}})
    assert change(draft, makers, **CRITERIA, grade="discussion").grade_reason == ""


# In the gates


@pytest.fixture
def doctor(hospital):
    user = staff("R01", hospital, DepartmentFactory(institution=hospital), title="主治医师")
    for grade in Grade.values:
        RequestAuthorityFactory(user=user, institution=hospital, grade=grade, granted_by=User.objects.machine())
    return user


def case(doctor, line, at=None, **values):
    post = doctor.post
    return ReferralFactory(
        institution=post.institution, department=post.department, requester=doctor, indication=line,
        requested_at=at or timezone.now(), **values,
    )  # fmt: skip


def verdict(code, referral):
    return judge(code, referral, timezone.now())


def test_x04_asks_for_the_title_of_the_grade_beside_the_authority(hospital, office, doctor):
    """A23: 明确不同级别检查检验项目的具体管理要求 – 医师职称."""
    before = case(doctor, graded("mdt"))
    set_by(office, requirements=asks(mdt={"title": "副主任医师"}))
    after = case(doctor, graded("mdt"))
    assert verdict("X04", before).verdict == "passes", "a request keeps the table of its day"
    judged = verdict("X04", after)
    assert judged.verdict == "refuses"
    assert (
        str(judged.message)
        == "按本院分级管理要求，“需MDT”级别的项目须由副主任医师及以上医师申请；登记的职称为主治医师。"
    )
    User.objects.filter(pk=doctor.pk).update(title="主任医师（教授）")
    after.requester.refresh_from_db()
    assert verdict("X04", after).verdict == "passes"


@pytest.mark.parametrize(
    "title, least, enough",
    [
        ("副主任医师", "主任医师", False),
        ("主任中医师", "副主任医师", True),
        ("医师", "住院医师", True),
        ("", "住院医师", False),
    ],
)
def test_titles_are_compared_by_rank(title, least, enough):
    from catalog.models.grading import Title

    assert (Title.of(title).rank >= Title(least).rank) is enough


def test_a_table_of_a_day_to_come_binds_nobody_yet(hospital, office, doctor):
    set_by(office, starts_on=today() + timedelta(days=3), requirements=asks(routine={"title": "主任医师"}))
    assert verdict("X04", case(doctor, indication("LUNG-01"))).verdict == "passes"


def test_x03_asks_for_the_papers_and_the_discussion_of_the_grade(hospital, office, doctor):
    """A22 is the floor; the hospital may ask a routine test for a discussion, and a graded one for more papers."""
    assert verdict("X03", case(doctor, indication("LUNG-01"))).verdict == "not_applicable"
    set_by(office, requirements=asks(routine={"discussion": True, "papers": 0}, discussion={"papers": 2}))
    routine = case(doctor, indication("LUNG-01"))
    judged = verdict("X03", routine)
    assert judged.verdict == "refuses" and "本院分级管理要求" in str(judged.message)
    two = case(doctor, graded("discussion"))
    two.evidence.create(title="一篇", recorded_at=timezone.now())
    two.discussions.create(held_at=timezone.now(), agreed=True, chair=office)
    assert "已登记1篇，须2篇" in str(verdict("X03", two).message)
    two.evidence.create(title="另一篇", recorded_at=timezone.now())
    assert verdict("X03", two).verdict == "passes"


def test_x01_asks_for_the_mdt_where_the_hospital_does(hospital, office, doctor):
    """B5 is the floor."""
    set_by(office, requirements=asks(discussion={"mdt": True}))
    judged = verdict("X01", case(doctor, graded("discussion")))
    assert judged.verdict == "refuses" and "MDT“同意检测”结论" in str(judged.message)
    assert verdict("X01", case(doctor, indication("LUNG-01"))).verdict == "not_applicable"


def test_the_row_page_and_the_table_show_what_the_grade_asks_for(client, hospital, office):
    set_by(office, requirements=asks(routine={"title": "主治医师"}))
    sign_in(client, office)
    page = client.get("/catalog/LUNG-01/").content.decode()
    assert "由主治医师及以上医师申请" in page and "未记录" in page
    page = client.get("/catalog/grades/").content.decode()
    assert "院药事与技术委员会第3次会议" in page


def test_the_page_sets_the_table_and_keeps_what_was_typed_wrong(client, hospital, office):
    sign_in(client, office)
    fields = client.get("/catalog/grades/").context["form"]
    values = {name: fields[name].value() for name in fields.fields}
    typed = {name: value for name, value in values.items() if value is not None and value is not False}
    typed |= {"starts_on": today().isoformat(), "reason": "年度调整", "mdt-title": "副主任医师"}
    wrong = client.post("/catalog/grades/", {**typed, "discussion-papers": "0"})
    assert wrong.status_code == 422 and "医院只能加严" in wrong.content.decode()
    assert client.post("/catalog/grades/", typed).status_code == 302
    assert GradeRules.objects.get().requirement("mdt").title == "副主任医师"
    reader = staff("R01", hospital)
    sign_in(client, reader)
    assert client.get("/catalog/grades/").context["form"] is None
    assert client.post("/catalog/grades/", typed).status_code == 403


def test_a_program_sets_the_table_and_is_refused_in_the_same_words(client, hospital, office):
    sign_in(client, office)
    body = {"starts_on": today().isoformat(), "requirements": asks(mdt={"title": "主任医师"}), "reason": "年度调整"}
    send = lambda given: client.post("/api/v1/catalog/grades/", given, content_type="application/json")  # noqa: E731
    wrong = send({**body, "requirements": asks(mdt={"mdt": False})})
    assert wrong.status_code in (400, 422) and "医院只能加严" in wrong.content.decode()
    made = send(body)
    assert made.status_code == 201, made.content
    listed = client.get("/api/v1/catalog/grades/").json()["results"]
    assert listed[0]["requirements"]["mdt"]["title"] == "主任医师"
