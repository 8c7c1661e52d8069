"""The request: what it asks, what its gates refuse and in which words, drafts, numbers, cancelling, changing."""

import json
import threading
from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from audit import declaring
from audit.gates import Refused
from audit.models import Event
from catalog.models import Grade
from referrals import numbering, offering, requesting
from referrals.actions import drafts, requests
from referrals.models import Charge, Correction, Identity, Patient, Referral, ReferralDraft
from tests.factories import (
    ContractFactory,
    DepartmentFactory,
    InstitutionFactory,
    PatientFactory,
    PriceFactory,
    ReferralFactory,
    RequestAuthorityFactory,
    StudyFactory,
    graded,
    indication,
    staff,
)

ID_NUMBER = "11010519491231002X"
PAPER = {"title": "NRG1融合实体瘤的疗效", "source": "某杂志", "year": 2024, "level": "2B"}


@pytest.fixture
def hospital(as_machine):
    return InstitutionFactory(code="LXT")


@pytest.fixture
def doctor(hospital):
    """An oncologist who may request every grade."""
    user = staff("R01", hospital, DepartmentFactory(institution=hospital, name="肿瘤科"))
    for grade in Grade.values:
        RequestAuthorityFactory(user=user, institution=hospital, grade=grade, granted_by=User.objects.machine())
    return user


@pytest.fixture
def patient(hospital):
    return PatientFactory(institution=hospital, record_no="Z100001")


@pytest.fixture
def line(hospital):
    """LUNG-01 with a price and a contract."""
    found = indication("LUNG-01")
    PriceFactory(institution=hospital, test=found.test, amount=480)
    ContractFactory(institution=hospital, tests=[found.test])
    return found


@pytest.fixture
def ask(doctor, patient, line):
    """`ask(indication=…)` submits a request that is in order but for what is given."""

    def submit(**changed):
        values = {
            "by": doctor, "patient": patient, "diagnosis_code": "C34.1", "indication": line,
            "necessity": "决定一线是否用靶向药",
        }  # fmt: skip
        return requests.submit(**{**values, **changed})

    return submit


def words(refused):
    return [str(one.message) for one in refused.value.refusals]


def codes(refused):
    return [one.code for one in refused.value.refusals]


def test_a_first_visit_is_numbered_submitted_and_waits_for_the_mdt(ask, hospital):
    """B5: the system takes the case on by itself."""
    referral = ask()
    assert referral.status == "awaiting_mdt"
    assert referral.first_visit
    assert "MDT" in referral.first_visit_reason
    today = timezone.localdate()
    assert referral.number == f"JC{numbering.place(hospital)}{today:%Y%m%d}0001"


def test_numbers_of_a_day_follow_one_another(ask, hospital, line):
    """vocab.md §4."""
    first = ask()
    second = ask(patient=PatientFactory(institution=hospital))
    assert int(second.number[-4:]) == int(first.number[-4:]) + 1


def test_a_refused_request_leaves_no_gap(ask, hospital, doctor):
    """The number is given back with everything else."""
    with pytest.raises(Refused):
        ask(diagnosis_code="C50.9")
    assert ask().number.endswith("0001")


def test_x02_a_diagnosis_the_line_does_not_cover_is_refused_in_the_words_of_the_rule(ask):
    """B2, B3."""
    with pytest.raises(Refused) as refused:
        ask(diagnosis_code="C50.9")
    assert codes(refused) == ["X02"]
    assert words(refused)[0].startswith(
        "所选项目未列入本院基因检测适应症目录（或依据已失效待复核），不能提交。如确有循证证据，请走“无指南支持项目”通道。"
    )
    assert not Referral.objects.exists()


def test_x04_a_doctor_without_the_authority_is_refused(ask, hospital, line):
    """A23, A42."""
    young = staff("R01", hospital, DepartmentFactory(institution=hospital))
    with pytest.raises(Refused) as refused:
        ask(by=young)
    assert codes(refused) == ["X04"]
    assert "请由具备权限的医师申请" in words(refused)[0]
    assert "/catalog/authorities/" in refused.value.refusals[0].mend


def test_x10_a_study_without_ethics_approval_is_refused(ask, hospital):
    """A48."""
    study = StudyFactory(institution=hospital, ethics=False)
    with pytest.raises(Refused) as refused:
        ask(nature="research", study=study)
    assert codes(refused) == ["X10"]
    assert words(refused)[0].startswith("研究项目伦理批件已过期或不覆盖本中心，不能入组检测。")
    # The case was never made: what mends it is the study's own record.
    assert refused.value.refusals[0].mend == f"/cases/studies/{study.pk}/"


def test_x10_a_study_in_order_lets_a_research_request_through(ask, hospital):
    study = StudyFactory(institution=hospital)
    study.ethics_approvals.update(valid_to=date(2099, 1, 1))
    assert ask(nature="research", study=study).is_research


def test_x16_a_request_that_names_a_laboratory_is_refused(ask):
    """A29, B23."""
    with pytest.raises(Refused) as refused:
        ask(laboratory_chosen=True)
    assert codes(refused) == ["X16"]


@pytest.mark.parametrize(
    ("missing", "field"),
    [
        ({"necessity": " "}, "necessity"),
        ({"indication": None}, "indication"),
        ({"diagnosis_code": ""}, "diagnosis_code"),
        ({"nature": "research"}, "study"),
        ({"first_visit": False}, "first_visit_reason"),
    ],
)
def test_what_a_request_has_to_say_is_asked_by_field(ask, missing, field):
    with pytest.raises(ValidationError) as wrong:
        ask(**missing)
    assert field in wrong.value.message_dict


def test_another_answer_than_the_records_stands_with_its_reason(ask):
    referral = ask(first_visit=False, first_visit_reason="外院已确诊并经多学科讨论")
    assert referral.first_visit is False
    assert referral.first_visit_reason == "外院已确诊并经多学科讨论"


def test_an_earlier_mdt_on_the_same_malignancy_makes_it_no_first_visit(hospital, patient):
    """B5: for this malignancy; another one is a first visit again."""
    ReferralFactory(institution=hospital, patient=patient, first_visit=True, mdt=True, diagnosis_code="C34.1")
    assert requesting.first_visit(patient, "C34.9").answer is False
    assert requesting.first_visit(patient, "C18.2").answer is True
    assert requesting.first_visit(None, "C34.9").answer is True


def test_a_result_of_the_same_gene_within_five_years_asks_for_a_reason(ask, hospital, patient, line):
    """scenario.md, case 1.2."""
    ReferralFactory(institution=hospital, patient=patient, indication=line, reported=True)
    with pytest.raises(ValidationError) as wrong:
        ask()
    assert list(wrong.value.message_dict) == ["earlier_result_reason"]
    assert ask(earlier_result_reason="一线治疗后进展，查耐药").earlier_result_reason


def test_a_result_older_than_five_years_asks_for_nothing(ask, hospital, patient, line):
    before = timezone.now() - timedelta(days=6 * 366)
    ReferralFactory(institution=hospital, patient=patient, indication=line, requested_at=before, reported=True)
    assert ask()


def test_the_same_test_under_way_is_not_requested_twice(ask):
    """A request sent again makes no second case."""
    first = ask()
    with pytest.raises(ValidationError) as wrong:
        ask()
    assert first.number in wrong.value.message_dict["indication"][0]


def test_a_test_without_guideline_support_asks_for_evidence_and_the_department(ask, hospital):
    """A22."""
    rare = graded(Grade.DISCUSSION)
    diagnosis = rare.icd10_match.replace("、", ";").split(";")[0].split("-")[0].strip()
    with pytest.raises(ValidationError) as wrong:
        ask(indication=rare, diagnosis_code=diagnosis)
    assert "须同时具备循证医学证据和科室讨论记录" in wrong.value.message_dict["evidence"][0]
    referral = ask(indication=rare, diagnosis_code=diagnosis, evidence=[PAPER, {"title": ""}])
    assert referral.status == "awaiting_discussion"
    assert [one.title for one in referral.evidence.all()] == [PAPER["title"]]


def test_a_new_patient_is_recorded_with_the_identity_encrypted(ask, hospital):
    """PIPL, arts. 28 and 51."""
    new = requests.NewPatient(
        record_no="Z900001", name="曾小贤", sex="female", birth_year=1949, id_number=ID_NUMBER, phone="13800000000"
    )
    referral = ask(patient=new)
    identity = Identity.objects.get(patient=referral.patient)
    assert identity.name == "曾小贤"
    assert identity.name_initials == "zxx"
    assert ID_NUMBER.encode() not in bytes(identity.id_number)


@pytest.mark.parametrize(
    ("changed", "field", "said"),
    [
        ({"id_number": "110105194912310021"}, "id_number", "校验位不正确"),
        ({"birth_year": 1950}, "birth_year", ""),
        ({"record_no": "Z100001"}, "record_no", ""),
        ({"name": " "}, "name", ""),
    ],
)
def test_a_wrong_new_patient_is_told_by_field(ask, patient, changed, field, said):
    values = {"record_no": "Z900002", "name": "某人", "sex": "male", "birth_year": 1949, "id_number": ID_NUMBER}
    with pytest.raises(ValidationError) as wrong:
        ask(patient=requests.NewPatient(**{**values, **changed}))
    assert field in wrong.value.message_dict
    assert said in str(wrong.value.message_dict[field])
    assert not Patient.objects.filter(record_no="Z900002").exists()


def test_an_id_number_on_record_leads_to_its_patient(ask):
    new = requests.NewPatient(record_no="Z900001", name="某人", id_number=ID_NUMBER)
    known = ask(patient=new).patient
    with pytest.raises(ValidationError) as wrong:
        ask(patient=requests.NewPatient(record_no="Z900009", name="某人", id_number=ID_NUMBER))
    assert known.record_no in wrong.value.message_dict["id_number"][0]


def test_nobody_without_the_permission_submits(ask, hospital):
    with pytest.raises(PermissionDenied):
        ask(by=staff("R10", hospital))


# Cancelling, changing, adding


def test_the_requester_cancels_with_a_reason_and_the_case_ends(ask, doctor):
    referral = requests.cancel(referral=ask(), by=doctor, reason="患者转院")
    assert (referral.status, referral.end_reason) == ("cancelled", "患者转院")


def test_cancelling_without_a_reason_or_by_a_colleague_is_refused(ask, doctor, hospital):
    referral = ask()
    with pytest.raises(ValidationError):
        requests.cancel(referral=referral, by=doctor, reason=" ")
    with pytest.raises(PermissionDenied):
        requests.cancel(referral=referral, by=staff("R01", hospital, referral.department), reason="x")


def test_medical_affairs_cancels_too(ask, hospital):
    assert requests.cancel(referral=ask(), by=staff("R10", hospital), reason="重复申请").status == "cancelled"


def test_a_charged_request_is_refunded_before_it_is_cancelled(doctor, hospital):
    referral = ReferralFactory(institution=hospital, requester=doctor, charged=True)
    with pytest.raises(Refused) as refused:
        requests.cancel(referral=referral, by=doctor, reason="患者转院")
    assert codes(refused) == ["charged"]
    Charge.objects.update(reversed_at=timezone.now())
    assert requests.cancel(referral=referral, by=doctor, reason="患者转院").status == "cancelled"


def test_a_sampled_case_is_not_cancelled_any_more(doctor, hospital):
    referral = ReferralFactory(institution=hospital, requester=doctor, sampled=True)
    with pytest.raises(Refused) as refused:
        requests.cancel(referral=referral, by=doctor, reason="患者转院")
    assert codes(refused) == ["out_of_turn"]


def test_the_test_is_changed_on_the_mdts_advice_and_the_old_one_stays_in_view(doctor, hospital, line):
    other = indication("LUNG-02")
    referral = ReferralFactory(
        institution=hospital, requester=doctor, department=doctor.post.department, first_visit=True,
        mdt={"conclusion": "change_test"}, status="change_test", indication=line,
    )  # fmt: skip
    changed = requests.change_test(referral=referral, by=doctor, indication=other, reason="先查单基因")
    assert changed.indication == other
    # What the MDT said of the old test does not count for the new one.
    assert changed.status == "awaiting_mdt"
    correction = Correction.objects.get(referral=referral)
    assert (correction.before, correction.after) == (str(line), str(other))


def test_a_change_is_gated_like_a_request(doctor, hospital, line):
    referral = ReferralFactory(
        institution=hospital, requester=doctor, status="change_test", indication=line, diagnosis_code="C34.1"
    )
    breast = indication("BRE-01") if requesting.Indication.objects.filter(code="BRE-01").exists() else graded("mdt")
    if breast.covers("C34.1"):
        pytest.skip("the line covers the lung")
    with pytest.raises(Refused) as refused:
        requests.change_test(referral=referral, by=doctor, indication=breast, reason="换项目", evidence=[PAPER])
    assert "X02" in codes(refused)
    referral.refresh_from_db()
    assert referral.indication == line
    assert not Correction.objects.exists()


def test_information_added_brings_the_case_back_to_the_mdt(doctor, hospital):
    referral = ReferralFactory(
        institution=hospital, requester=doctor, first_visit=True, status="more_information", pathology="腺癌"
    )
    requests.supplement(referral=referral, by=doctor, note="补充免疫组化", pathology="肺腺癌，8140/3")
    referral.refresh_from_db()
    assert (referral.status, referral.pathology) == ("awaiting_mdt", "肺腺癌，8140/3")
    assert {one.field: one.before for one in referral.corrections.all()} == {"pathology": "腺癌", "supplement": ""}


# Drafts


def test_a_draft_is_ciphertext_and_its_event_a_digest(doctor):
    draft, apart = drafts.save(by=doctor, typed={"patient_query": ID_NUMBER, "necessity": "换药"})
    assert not apart
    draft.refresh_from_db()
    assert ID_NUMBER.encode() not in bytes(draft.typed)
    assert drafts.read(draft)["patient_query"] == ID_NUMBER
    payloads = Event.objects.filter(table_name="referrals_referraldraft").values_list("payload", flat=True)
    assert payloads
    assert not any(ID_NUMBER in text or "换药" in text for text in payloads)


def test_a_ciphertext_moved_to_another_draft_does_not_open(doctor):
    from referrals.identity import Tampered

    one, _apart = drafts.save(by=doctor, typed={"necessity": "甲"})
    two, _apart = drafts.save(by=doctor, typed={"necessity": "乙"})
    two.typed = one.typed
    with pytest.raises(Tampered):
        drafts.read(two)


def test_two_windows_on_one_draft_keep_both(doctor):
    draft, _apart = drafts.save(by=doctor, typed={"necessity": "甲窗"}, window="a")
    drawn = draft.version
    drafts.save(by=doctor, typed={"necessity": "甲窗续"}, window="a", draft=draft, version=drawn)
    other, apart = drafts.save(by=doctor, typed={"necessity": "乙窗"}, window="b", draft=draft, version=drawn)
    assert apart
    assert other.pk != draft.pk
    draft.refresh_from_db()
    assert (drafts.read(draft)["necessity"], drafts.read(other)["necessity"]) == ("甲窗续", "乙窗")


def test_a_draft_makes_one_request_and_no_second(ask, doctor, hospital):
    draft, _apart = drafts.save(by=doctor, typed={"necessity": "换药"})
    referral = ask(draft=draft)
    draft.refresh_from_db()
    assert (draft.referral, draft.typed) == (referral, None)
    with pytest.raises(Refused) as refused:
        ask(draft=draft, patient=PatientFactory(institution=hospital))
    assert referral.number in words(refused)[0]


def test_a_draft_is_seen_by_its_owner_alone(doctor, hospital):
    draft, _apart = drafts.save(by=doctor, typed={"necessity": "换药"})
    other = staff("R01", hospital, doctor.post.department)
    assert not ReferralDraft.objects.visible_to(other).exists()
    with pytest.raises(PermissionDenied):
        drafts.discard(draft=draft, by=other)


# The page


@pytest.fixture
def signed_in(client, doctor):
    client.force_login(doctor, backend="django.contrib.auth.backends.ModelBackend")
    return client


def typed(line, **changed):
    values = {
        "patient_query": "Z100001", "diagnosis_code": "C34.1", "pathology": "腺癌", "stage": "IV",
        "test_query": "EGFR", "indication": str(line.pk), "nature": "clinical", "necessity": "决定一线用药",
        "first_visit": "", "do": "submit", "window": "w1",
    }  # fmt: skip
    return {**values, **changed}


def test_the_page_submits(signed_in, patient, line):
    answer = signed_in.post(reverse("referrals:new"), typed(line))
    assert answer.status_code == 302
    assert Referral.objects.get().status == "awaiting_mdt"


def test_the_page_has_no_field_for_a_laboratory(signed_in):
    html = signed_in.get(reverse("referrals:new")).content.decode()
    assert 'name="laboratory"' not in html


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"laboratory": "1"}, "医院"),
        ({"diagnosis_code": "C50.9"}, "所选项目未列入本院基因检测适应症目录"),
        ({"indication": ""}, ""),
        ({"nature": "research"}, ""),
        ({"patient_query": ""}, ""),
    ],
)
def test_every_refusal_keeps_what_was_typed_on_the_page_and_in_the_draft(signed_in, patient, line, changed, said):
    answer = signed_in.post(reverse("referrals:new"), typed(line, **changed))
    html = answer.content.decode()
    assert answer.status_code == 422
    assert said in html
    assert "决定一线用药" in html
    draft = ReferralDraft.objects.get()
    assert drafts.read(draft)["necessity"] == "决定一线用药"
    assert not Referral.objects.exists()


def test_a_wrong_new_patient_keeps_what_was_typed(signed_in, line):
    new = {
        "patient_query": "Z777777", "new-record_no": "Z777777", "new-name": "买买提·吐尔逊", "new-sex": "male",
        "new-birth_year": "1949", "new-id_type": "resident", "new-id_number": "110105194912310021",
    }  # fmt: skip
    answer = signed_in.post(reverse("referrals:new"), typed(line, **new))
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "校验位不正确" in html
    assert "买买提·吐尔逊" in html
    assert "110105194912310021" in html


def test_without_scripts_the_buttons_find_and_search(signed_in, patient, line):
    found = signed_in.post(reverse("referrals:new"), typed(line, do="search", indication="", necessity=""))
    html = found.content.decode()
    assert found.status_code == 200
    assert line.test.name in html
    assert "480.00" in html
    assert "error-summary" not in html
    asked = signed_in.get(reverse("referrals:new"), {"q": "EGFR"}).content.decode()
    assert line.code in asked


def test_a_search_tells_the_line_the_place_and_the_price(hospital, line):
    found = offering.offers(hospital, "EGFR", "C34.1")
    one = next(one for one in found.lines if one.line == line)
    assert (one.covers, one.price, one.outsourced, one.in_house) == (True, 480, True, False)
    assert found.lines[0].covers


def test_a_test_that_is_not_indicated_is_answered_with_its_message(hospital):
    found = offering.offers(hospital, "WES")
    assert not found.lines
    assert any("无指南支持项目或研究项目" in answer for answer in (one.message for one in found.refused))


def test_the_draft_saves_itself_and_opens_again(signed_in, line):
    url = reverse("referrals:save_draft")
    first = signed_in.post(url, typed(line, necessity="甲"), headers={"hx-request": "true"})
    draft = ReferralDraft.objects.get()
    assert f'name="draft" value="{draft.pk}"' in first.content.decode()
    signed_in.post(url, typed(line, necessity="甲乙", draft=draft.pk, version=draft.version))
    assert ReferralDraft.objects.count() == 1
    page = signed_in.get(reverse("referrals:draft", args=[draft.pk])).content.decode()
    assert "甲乙" in page
    assert "error-summary" not in page
    assert "甲乙" not in signed_in.get(reverse("referrals:drafts")).content.decode()
    signed_in.post(reverse("referrals:discard_draft", args=[draft.pk]))
    assert not ReferralDraft.objects.exists()


def test_a_stale_page_does_not_cancel(signed_in, doctor, hospital):
    referral = ReferralFactory(institution=hospital, requester=doctor, mdt=True)
    answer = signed_in.post(
        reverse("referrals:cancel", args=[referral.pk]), {"drawn": "awaiting_mdt", "reason": "患者转院"}
    )
    assert answer.status_code == 422
    assert "患者转院" in answer.content.decode()
    referral.refresh_from_db()
    assert referral.status == "mdt_agreed"


@pytest.mark.django_db(transaction=True)
def test_numbers_are_unique_when_sixteen_submit_at_once():
    """vocab.md §4: sixteen doctors, sixteen numbers, no gap."""
    machine = None
    with declaring.acting(User.objects.machine(), step="test") as _declared:
        hospital = InstitutionFactory()
        department = DepartmentFactory(institution=hospital)
        patients = [PatientFactory(institution=hospital) for _n in range(16)]
        doctor = staff("R01", hospital, department)
        found = indication()
        RequestAuthorityFactory(user=doctor, institution=hospital, granted_by=User.objects.machine())
        machine = User.objects.machine()
    failures = []

    def one(patient):
        try:
            with declaring.acting(machine, step="test"):
                requests.submit(
                    by=User.objects.get(pk=doctor.pk), patient=patient, diagnosis_code="C34.1", indication=found,
                    necessity="决定用药",
                )  # fmt: skip
        except Exception as failure:
            failures.append(failure)
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=[patient]) for patient in patients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    with declaring.acting(machine, step="test"):
        numbers = sorted(Referral.objects.values_list("number", flat=True))
    assert [int(number[-4:]) for number in numbers] == list(range(1, 17))


def test_what_a_draft_keeps_is_json_of_the_fields_alone(doctor, signed_in, line):
    signed_in.post(reverse("referrals:save_draft"), typed(line, csrfmiddlewaretoken="x", do="save"))
    kept = drafts.read(ReferralDraft.objects.get())
    assert "csrfmiddlewaretoken" not in kept
    assert json.dumps(kept, ensure_ascii=False)
