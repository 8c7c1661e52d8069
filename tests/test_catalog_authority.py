"""Request authority and the technical record: granted, renewed, suspended, lifted, withdrawn (A3, A23, A42)."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from accounts import delegations
from accounts.models import Notice, User
from audit.gates import Refused, Verdict, judge
from audit.models import Event
from catalog import queries, technical_record
from catalog.actions import authority, staff
from catalog.models import Grade, Qualification, RequestAuthority, Training
from referrals.actions import requests, specimens
from referrals.gates.case import Case
from referrals.models import Patient
from tests import factories as f

pytestmark = pytest.mark.django_db
REASON = "多次超适应证申请"


def today():
    return timezone.localdate()


def later(days):
    return today() + timedelta(days=days)


def sign_in(client, person):
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def grant(hospital, grade="discussion", ends_on=None, **changes):
    given = {"user": hospital.doctor, "starts_on": today(), "ends_on": ends_on or later(365), "by": hospital.affairs}
    return authority.grant(grade=grade, **{**given, **changes})


def trained(hospital, days_ago=30, passed=True, user=None):
    return staff.record_training(
        user=user or hospital.doctor, title="基因检测合理应用培训", held_on=later(-days_ago), passed=passed,
        score="92分", by=hospital.affairs,
    )  # fmt: skip


def holds(hospital):
    return queries.authority(hospital.doctor, hospital.institution, today())


def codes(refused):
    return [one.code for one in refused.value.refusals]


def test_medical_affairs_grants_up_to_a_grade_and_the_doctor_is_told(hospital):
    """A42."""
    made = grant(hospital)
    assert holds(hospital) == Grade.DISCUSSION
    assert Notice.objects.filter(user=hospital.doctor, text__contains="需科室讨论").exists()
    event = Event.objects.filter(table_name="catalog_requestauthority", row_id=str(made.pk)).get()
    assert (event.step, event.clause) == ("authority.granted", "A42")


def test_nobody_grants_himself_nor_for_whom_he_stands_in(hospital):
    """A42, X14."""
    with pytest.raises(Refused) as refused:
        grant(hospital, user=hospital.affairs)
    assert codes(refused) == ["X14"]
    delegations.delegate(
        post=hospital.doctor.posts.get(), to=hospital.affairs, starts_on=today(), ends_on=later(3), reason="外出学习",
        by=hospital.doctor,
    )  # fmt: skip
    with pytest.raises(Refused) as refused:
        grant(hospital, by=User.objects.get(pk=hospital.affairs.pk))
    assert codes(refused) == ["X14"]
    assert not RequestAuthority.objects.exists()


@pytest.mark.parametrize(
    "wrong, field",
    [
        ({"starts_on": -1}, "starts_on"),
        ({"ends_on": -1}, "ends_on"),
        ({"ends_on": 5000}, "ends_on"),
        ({"user": "nurse"}, "user"),
    ],
)
def test_what_cannot_be_granted_is_said_at_its_field(hospital, wrong, field):
    given = {
        name: later(value) if isinstance(value, int) else getattr(hospital, value) for name, value in wrong.items()
    }
    with pytest.raises(ValidationError) as raised:
        grant(hospital, **given)
    assert field in raised.value.message_dict


def test_only_medical_affairs_keeps_authorities_and_only_of_its_hospital(hospital):
    with pytest.raises(PermissionDenied):
        grant(hospital, by=hospital.head)
    made = grant(hospital)
    stranger = f.staff("R10", f.InstitutionFactory())
    with pytest.raises(PermissionDenied):
        authority.withdraw(authority=made, reason=REASON, by=stranger)
    with pytest.raises(ValidationError):
        grant(hospital, by=stranger)


def test_a_renewal_needs_a_training_passed_within_the_last_months(hospital, settings):
    """A42."""
    made = grant(hospital, ends_on=later(20))
    trained(hospital, days_ago=400)
    trained(hospital, days_ago=10, passed=False)
    with pytest.raises(Refused) as refused:
        authority.renew(authority=made, ends_on=later(300), by=hospital.affairs)
    assert codes(refused) == ["training"]
    assert refused.value.refusals[0].mend.endswith("#training")

    passed = trained(hospital, days_ago=9)
    renewed = authority.renew(authority=made, ends_on=later(300), by=hospital.affairs)
    assert (renewed.starts_on, renewed.training, renewed.follows) == (later(21), passed, made)
    with pytest.raises(Refused):
        authority.renew(authority=made, ends_on=later(400), by=hospital.affairs)


def test_a_suspension_holds_at_once_for_every_grade_and_lifting_gives_back_what_there_was(hospital):
    """A42: and the record keeps both."""
    grant(hospital, "routine")
    grant(hospital, "mdt", ends_on=later(100))
    assert authority.suspend(user=hospital.doctor, reason=REASON, by=hospital.affairs) == 2
    assert holds(hospital) is None
    with pytest.raises(ValidationError):
        grant(hospital, "discussion")

    assert authority.lift(user=hospital.doctor, reason="整改合格", by=hospital.affairs) == 2
    assert holds(hospital) == Grade.MDT
    assert RequestAuthority.objects.get(grade="mdt", suspended_on=None).ends_on == later(100)
    record = technical_record.record_of(hospital.doctor, [hospital.institution])
    assert sorted(state for _one, state, _followed in record.states) == ["in_force"] * 2 + ["suspended"] * 2
    assert not record.is_suspended
    with pytest.raises(Refused):
        authority.lift(user=hospital.doctor, reason="整改合格", by=hospital.affairs)


def test_a_renewed_authority_that_is_suspended_comes_back_whole(hospital):
    """A42: the renewal that follows it lifts nothing by itself."""
    made = grant(hospital, ends_on=later(20))
    trained(hospital)
    authority.renew(authority=made, ends_on=later(300), by=hospital.affairs)
    assert authority.suspend(user=hospital.doctor, reason=REASON, by=hospital.affairs) == 2
    assert technical_record.standing(hospital.doctor, hospital.institution).is_suspended
    assert authority.lift(user=hospital.doctor, reason="整改合格", by=hospital.affairs) == 2
    assert holds(hospital) == Grade.DISCUSSION
    assert queries.authority(hospital.doctor, hospital.institution, later(200)) == Grade.DISCUSSION


def test_withdrawn_is_for_good_and_leaves_the_other_grades(hospital):
    """A42."""
    grant(hospital, "routine")
    mdt = grant(hospital, "mdt")
    authority.withdraw(authority=mdt, reason=REASON, by=hospital.affairs)
    assert holds(hospital) == Grade.ROUTINE
    with pytest.raises(Refused):
        authority.withdraw(authority=mdt, reason=REASON, by=hospital.affairs)
    with pytest.raises(Refused):
        authority.renew(authority=mdt, ends_on=later(500), by=hospital.affairs)
    grant(hospital, "mdt")
    assert holds(hospital) == Grade.MDT


def test_x04_names_the_suspension_and_its_reason(hospital):
    """A42."""
    grant(hospital)
    case = hospital.at("awaiting_consent", requester=hospital.doctor)
    assert judge("X04", Case(case), timezone.now()).verdict == Verdict.PASSES
    authority.suspend(user=hospital.doctor, reason=REASON, by=hospital.affairs)
    said = judge("X04", Case(case), timezone.now())
    assert said.verdict == Verdict.REFUSES
    assert f"暂停：{REASON}" in str(said.message)
    assert said.mend == reverse("catalog:person", args=[hospital.doctor.pk])


def ordered(by, hospital):
    line = f.indication()
    patient = Patient.objects.filter(institution=hospital.institution).first() or f.PatientFactory(
        institution=hospital.institution
    )
    return requests.submit(
        by=by,
        patient=patient,
        diagnosis_code="C34.900",
        indication=line,
        necessity="拟用靶向药",
        pathology="浸润性腺癌",
    )


def test_proxy_ordering_is_closed(hospital):
    """A42: a delegate cannot order in the post of a doctor, suspended or not; in his own he goes by his own authority."""
    grant(hospital)
    delegate = f.staff("R01", hospital.institution, hospital.department)
    delegations.delegate(
        post=hospital.doctor.posts.get(), to=delegate, starts_on=today(), ends_on=later(3), reason="外出学习",
        by=hospital.doctor,
    )  # fmt: skip
    delegate = User.objects.get(pk=delegate.pk)
    lent = next(post for post in delegate.posts_now if post.user_id == hospital.doctor.pk)
    own = next(post for post in delegate.posts_now if post.user_id == delegate.pk)
    with pytest.raises(Refused) as refused:
        ordered(delegate.act_as(lent), hospital)
    assert codes(refused) == ["X04"]
    assert hospital.doctor.name in str(refused.value.refusals[0])
    with pytest.raises(Refused) as refused:
        ordered(delegate.act_as(own), hospital)
    assert "X04" in codes(refused)

    authority.suspend(user=hospital.doctor, reason=REASON, by=hospital.affairs)
    grant(hospital, user=delegate)
    with pytest.raises(Refused) as refused:
        ordered(delegate.act_as(lent), hospital)
    assert codes(refused) == ["X04"]
    case = ordered(delegate.act_as(own), hospital)
    assert case.requester == delegate


def test_the_list_says_who_lapses_within_ninety_thirty_and_seven_days(hospital, client):
    for n, days in enumerate((5, 20, 80, 200)):
        doctor = f.staff("R01", hospital.institution, hospital.department, name=f"医生{n}")
        grant(hospital, user=doctor, ends_on=later(days))
    f.RequestAuthorityFactory(ends_on=later(5))
    assert technical_record.tally(hospital.affairs) == {
        "in_force": 4, "suspended": 0, "within_7": 1, "within_30": 2, "within_90": 3,
    }  # fmt: skip
    affairs = sign_in(client, hospital.affairs)
    page = affairs.get(reverse("catalog:authorities"), {"show": "30"}).content.decode()
    assert "医生0" in page and "医生1" in page and "医生2" not in page
    assert "医生3" in affairs.get(reverse("catalog:authorities")).content.decode()


def test_the_list_takes_the_same_number_of_queries_for_one_row_and_for_many(
    hospital, client, django_assert_max_num_queries
):
    affairs = sign_in(client, hospital.affairs)
    grant(hospital)
    affairs.get(reverse("catalog:authorities"))
    for _n in range(12):
        grant(hospital, user=f.staff("R01", hospital.institution, hospital.department))
    with django_assert_max_num_queries(25):
        affairs.get(reverse("catalog:authorities"))


def test_the_whole_way_in_the_browser(hospital, client):
    """A42: granted, suspended, lifted, trained, renewed and withdrawn on one page."""
    affairs = sign_in(client, hospital.affairs)
    page = reverse("catalog:person", args=[hospital.doctor.pk])

    def send(do, **given):
        named = {f"{do}-{name}": value for name, value in given.items() if name != "row"}
        return affairs.post(page, {"do": do, **{k: v for k, v in given.items() if k == "row"}, **named})

    assert send("grant", grade="mdt", starts_on=today(), ends_on=later(30)).status_code == 302
    assert send("grant", grade="mdt", starts_on=today(), ends_on=later(30)).status_code == 422
    assert send("suspend", reason="").status_code == 422
    assert send("suspend", reason=REASON).status_code == 302
    assert REASON in affairs.get(page).content.decode()
    assert send("lift", reason="整改合格").status_code == 302
    row = RequestAuthority.objects.get(suspended_on=None)
    refused = send("renew", row=row.pk, ends_on=later(300))
    assert refused.status_code == 422 and "培训" in refused.content.decode()
    paper = SimpleUploadedFile("证书.pdf", b"%PDF-1.4\n%%EOF", content_type="application/pdf")
    assert send("training", title="培训", held_on=today(), passed="yes", file=paper).status_code == 302
    assert Training.objects.get().file.name == "证书.pdf"
    assert send("renew", row=row.pk, ends_on=later(300)).status_code == 302
    assert send("withdraw", row=row.pk, reason=REASON).status_code == 302
    assert RequestAuthority.objects.count() == 3


def test_a_doctor_sees_his_own_record_and_nobody_elses(hospital, client):
    grant(hospital)
    mine = sign_in(client, hospital.doctor)
    assert "需科室讨论" in mine.get(reverse("catalog:person", args=[hospital.doctor.pk])).content.decode()
    assert mine.get(reverse("catalog:person", args=[hospital.affairs.pk])).status_code == 404
    assert mine.get(reverse("catalog:authorities")).status_code == 403
    form = {"do": "grant", "grant-grade": "mdt", "grant-starts_on": today(), "grant-ends_on": later(9)}
    assert mine.post(reverse("catalog:person", args=[hospital.doctor.pk]), form).status_code == 403
    request = mine.get(reverse("referrals:new")).content.decode()
    assert "您的申请权限" in request and "需科室讨论" in request


def test_a_program_keeps_authorities_in_the_same_words(hospital, program):
    office = program(hospital.affairs)
    given = {"user": hospital.doctor.username, "grade": "mdt", "starts_on": str(today()), "ends_on": str(later(90))}
    made = office.post("catalog/authorities/", given)
    assert made.status_code == 201
    assert office.post("catalog/authorities/", given).status_code == 400
    step = f"catalog/authorities/{made.json()['id']}/steps/"
    refused = office.post(step, {"do": "renew", "ends_on": str(later(300))})
    assert refused.status_code == 422 and "培训" in refused.content.decode()
    assert office.post(step, {"do": "renew"}).status_code == 400
    training = {"user": hospital.doctor.username, "title": "培训", "held_on": str(today()), "passed": True}
    assert office.post("catalog/trainings/", training).status_code == 201
    assert office.post(step, {"do": "renew", "ends_on": str(later(300))}).status_code == 200
    assert office.post(step, {"do": "suspend", "reason": REASON}).status_code == 200
    (one, _two) = office.get("catalog/authorities/", show="suspended").json()["results"]
    assert one["suspended_reason"] == REASON
    assert office.post(step, {"do": "lift", "reason": "整改"}).status_code == 200
    assert len(office.get("catalog/trainings/").json()["results"]) == 1
    assert program(hospital.head).post("catalog/authorities/", given).status_code == 403
    stranger = program(f.staff("R10", f.InstitutionFactory()))
    assert stranger.post(step, {"do": "withdraw", "reason": REASON}).status_code == 404
    assert stranger.post("catalog/authorities/", given).status_code == 404


def test_only_a_registered_pathologist_signs_an_assessment(hospital):
    """A3: no certificate, a lapsed one, or one of another kind signs nothing; the refusal names the one that ended."""
    case = hospital.at("sampled")
    person = hospital.pathologist
    Qualification.objects.filter(user=person).update(valid_to=later(-1), number="病理123")
    with pytest.raises(Refused) as refused:
        specimens.assess(referral=case, by=person, is_fit=True, tumour_cell_percent=40)
    assert codes(refused) == ["A3"]
    assert "病理123" in str(refused.value.refusals[0])
    f.QualificationFactory(user=person, institution=hospital.institution, kind="amplification")
    with pytest.raises(Refused):
        specimens.assess(referral=case, by=person, is_fit=True, tumour_cell_percent=40)

    staff.record_qualification(user=person, kind="technician", number="技士9", valid_from=today(), by=hospital.affairs)
    assert specimens.assess(referral=case, by=person, is_fit=True, tumour_cell_percent=40).assessed_by == person


def test_nobody_certifies_himself_and_a_certificate_ends_when_it_is_cancelled(hospital, program):
    """A3, X14."""
    given = {"kind": "pathologist", "number": "1", "valid_from": today()}
    with pytest.raises(Refused):
        staff.record_qualification(user=hospital.affairs, by=hospital.affairs, **given)
    nurse = hospital.nurse
    made = staff.record_qualification(user=nurse, by=hospital.affairs, **given)
    with pytest.raises(ValidationError):
        staff.record_qualification(user=nurse, by=hospital.affairs, **given)
    ended = staff.end_qualification(qualification=made, reason="注销", by=hospital.affairs)
    assert ended.valid_to == today()
    body = {"user": nurse.username, "kind": "pathologist", "number": "2", "valid_from": str(later(1))}
    affairs = program(hospital.affairs)
    second = affairs.post("catalog/qualifications/", body)
    assert second.status_code == 201
    end = f"catalog/qualifications/{second.json()['id']}/end/"
    assert program(hospital.doctor).post(end, {"reason": "注销"}).status_code == 403
    early = affairs.post(end, {"reason": "注销"})
    assert early.status_code in (409, 422), "it is not in force before tomorrow"
    third = affairs.post(
        "catalog/qualifications/", {**body, "kind": "technician", "number": "3", "valid_from": str(today())}
    )
    ended = affairs.post(f"catalog/qualifications/{third.json()['id']}/end/", {"reason": "注销"})
    assert (ended.status_code, ended.json()["valid_to"]) == (200, str(today()))
