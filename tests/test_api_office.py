"""Corrections, merging, teams, studies, drafts and calling off: through both doors the same act and the same words."""

import pytest
from django.test import Client

from accounts.models import KeptAnswer
from referrals import correcting, identity
from referrals.actions import deliberations, drafts, teams
from referrals.actions.merging import merge
from referrals.models import MDTTeam, PatientMerge, Referral, ReferralDraft, Study
from tests import factories as f
from tests.factories import PatientFactory, ReferralFactory, staff
from tests.test_api_doors import problem
from tests.test_merging import number

# Corrections


def test_a_correction_refused_by_a_rule_is_refused_in_the_same_words(hospital, program, on_page):
    case = hospital.at("awaiting_approval")
    asked = {"value": "C50.9", "reason": "编码错误"}

    page = on_page(hospital.doctor, "referrals:corrections", case.pk, query="?field=diagnosis_code",
                   was=case.diagnosis_code, **asked)  # fmt: skip
    answer = program(hospital.doctor).post(f"referrals/{case.number}/corrections/", field="diagnosis_code", **asked)

    (refusal,) = problem(answer, 422, "refused")["refusals"]
    assert (refusal["code"], refusal["clauses"]) == ("X02", ["B2", "B3"])
    assert refusal["message"] in page
    assert not case.corrections.exists()


def test_a_value_is_corrected_and_the_old_one_stays_in_view(hospital, program):
    case = hospital.at("awaiting_approval", stage="IIIA")
    client = program(hospital.doctor)
    choice = next(
        one for one in client.get(f"referrals/{case.pk}/corrections/").json()["choices"] if one["field"] == "stage"
    )

    asked = {"field": "stage", "value": "IVA", "was": choice["value"], "reason": "抄录错误"}
    assert client.post(f"referrals/{case.pk}/corrections/", asked, key="K-1").status_code == 200
    assert client.post(f"referrals/{case.pk}/corrections/", asked, key="K-1").headers["Idempotent-Replayed"]
    stale = client.post(f"referrals/{case.pk}/corrections/", {**asked, "value": "IB"})

    (made,) = client.get(f"referrals/{case.pk}/corrections/").json()["made"]
    assert (made["before"], made["after"], made["reason"]) == ("IIIA", "IVA", "抄录错误")
    problem(stale, 409, "stale")
    assert case.corrections.count() == 1


def test_what_may_not_be_corrected_by_this_post_is_forbidden_and_another_hospitals_case_unknown(
    hospital, program, elsewhere
):
    case, foreign = hospital.at("charged"), elsewhere.at("charged")
    asked = {"field": "stage", "value": "IVA", "reason": "抄录错误"}
    cashier = program(hospital.cashier)

    problem(cashier.post(f"referrals/{case.pk}/corrections/", asked), 403, "forbidden")
    problem(cashier.post(f"referrals/{foreign.pk}/corrections/", asked), 404, "not-found")
    problem(program(hospital.pharmacist).get(f"referrals/{case.pk}/corrections/"), 403, "forbidden")
    assert [one["field"] for one in cashier.get(f"referrals/{case.pk}/corrections/").json()["choices"]] == [
        "charge.receipt_no"
    ]


def test_identity_is_corrected_and_never_answered(hospital, program):
    case = hospital.at("awaiting_approval")
    identity.set_identity(patient=case.patient, by=hospital.doctor, name="欧阳某", id_number="11010519491231002X")
    client = program(hospital.doctor)

    asked = {"field": "identity.name", "value": "欧阳某某", "reason": "少一字"}
    answer = client.post(f"referrals/{case.pk}/corrections/", asked, key="N-1")
    listed = client.get(f"referrals/{case.pk}/corrections/")

    assert answer.status_code == 200
    assert identity.Identity.objects.get(patient=case.patient).name == "欧阳某某"
    for said in (answer, listed):
        assert "欧阳某某" not in said.content.decode()
        assert "11010519491231002X" not in said.content.decode()
    assert "欧阳" not in str(KeptAnswer.objects.get().answer)
    assert {one["value"] for one in listed.json()["choices"] if one["field"].startswith("identity.")} == {None}


def test_every_value_that_can_be_corrected_is_named_in_the_description(client, db):
    said = client.get("/api/v1/schema/?format=json").json()
    kinds = said["components"]["schemas"]
    (named,) = kinds["CorrectInRequest"]["properties"]["field"]["allOf"]

    assert set(kinds[named["$ref"].rpartition("/")[2]]["enum"]) == set(correcting.BY_NAME)


# Two records of one patient


@pytest.fixture
def pair(hospital):
    kept, merged = (PatientFactory(institution=hospital.institution) for _n in range(2))
    identity.set_identity(patient=kept, by=hospital.affairs, name="陈一鸣", id_number=number("11010119620101001"))
    identity.set_identity(patient=merged, by=hospital.affairs, name="陈一鸣")
    ReferralFactory(institution=hospital.institution, patient=merged)
    return kept, merged


def test_two_records_are_found_merged_and_parted(hospital, program, pair):
    kept, merged = pair
    client = program(hospital.affairs)
    (alike,) = client.get("patient-pairs/").json()
    asked = {"kept": kept.record_no, "merged": merged.record_no, "reason": "出示同一身份证"}

    made = client.post("patient-merges/", asked, key="M-1")

    assert {alike["one"]["record_no"], alike["other"]["record_no"]} == {kept.record_no, merged.record_no}
    assert "陈一鸣" not in str(alike)
    assert made.status_code == 201, made.json()
    assert made.json()["cases"] == 1
    assert Referral.objects.filter(patient=kept).count() == 1
    key = made.json()["id"]
    assert client.post(f"patient-merges/{key}/part/", reason="误合并").json()["parted_by"] == hospital.affairs.name
    assert Referral.objects.filter(patient=merged).count() == 1
    assert client.get("patient-merges/", parted="false").json()["results"] == []
    assert len(client.get("patient-merges/", parted="true").json()["results"]) == 1


def test_two_id_numbers_are_two_people_in_the_same_words(hospital, program, on_page, pair):
    kept, merged = pair
    identity.set_identity(patient=merged, by=hospital.affairs, name="陈一鸣", id_number=number("11010119620101003"))

    page = on_page(hospital.affairs, "referrals:merge", kept.pk, merged.pk, reason="同一人")
    answer = program(hospital.affairs).post(
        "patient-merges/", kept=kept.record_no, merged=merged.record_no, reason="同一人"
    )

    assert problem(answer, 422, "refused")["detail"] in page
    assert not PatientMerge.objects.exists()


def test_parting_twice_is_refused_in_the_same_words(hospital, program, on_page, pair):
    kept, merged = pair
    made = merge(kept=kept, merged=merged, by=hospital.affairs, reason="同一人")
    client = program(hospital.affairs)
    client.post(f"patient-merges/{made.pk}/part/")

    page = on_page(hospital.affairs, "referrals:part", made.pk, reason="")
    answer = client.post(f"patient-merges/{made.pk}/part/")

    assert problem(answer, 422, "refused")["detail"] in page


def test_a_missing_reason_is_told_at_its_field(hospital, program, pair):
    kept, merged = pair
    answer = program(hospital.affairs).post("patient-merges/", kept=kept.record_no, merged=merged.record_no, reason=" ")
    assert list(problem(answer, 400, "invalid")["errors"]) == ["reason"]


def test_merging_is_medical_affairs_and_stays_in_the_house(hospital, program, elsewhere, pair):
    kept, _merged = pair
    theirs = [PatientFactory(institution=elsewhere.institution) for _n in range(2)]
    foreign = merge(kept=theirs[0], merged=theirs[1], by=elsewhere.affairs, reason="同一人")
    affairs = program(hospital.affairs)

    problem(program(hospital.records).post("patient-merges/", kept="1", merged="2", reason="x"), 403, "forbidden")
    problem(affairs.post(f"patient-merges/{foreign.pk}/part/"), 404, "not-found")
    answer = affairs.post("patient-merges/", kept=kept.record_no, merged=theirs[0].record_no, reason="同一人")
    assert list(problem(answer, 400, "invalid")["errors"]) == ["merged"]
    assert PatientMerge.objects.filter(parted_at__isnull=True).count() == 1


# MDT teams


def test_a_team_is_made_changed_seated_and_ended(hospital, program):
    client, expert = program(hospital.affairs), staff("R04", hospital.institution)
    team = client.post("mdt-teams/", name="肺癌", diagnosis_prefixes=["c34", "C37"], quorum=3).json()
    address = f"mdt-teams/{team['id']}/"

    changed = client.post(address, name="胸部肿瘤", diagnosis_prefixes=["C34"], quorum=4, needs_pathology=False).json()
    seated = client.post(f"{address}seats/", expert=expert.username, discipline="肿瘤内科", is_remote=True).json()
    emptied = client.post(f"{address}seats/{seated['seats'][0]['id']}/end/").json()
    ended = client.post(f"{address}end/").json()

    assert team["diagnosis_prefixes"] == ["C34", "C37"]
    assert (changed["name"], changed["quorum"], changed["needs_pathology"]) == ("胸部肿瘤", 4, False)
    assert [(one["username"], one["is_remote"]) for one in seated["seats"]] == [(expert.username, True)]
    assert emptied["seats"] == []
    assert ended["ended_on"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"quorum": 1}, "quorum"), ({"diagnosis_prefixes": ["肺"]}, "diagnosis_prefixes"), ({"name": "胃癌"}, "name")],
)
def test_a_team_that_cannot_be_is_refused_in_the_words_of_the_page(hospital, program, on_page, wrong, field):
    teams.save_team(institution=hospital.institution, name="胃癌", by=hospital.affairs)
    asked = {"name": "肺癌", "diagnosis_prefixes": ["C34"], "quorum": 5, **wrong}
    typed = {**asked, "diagnosis_prefixes": " ".join(asked["diagnosis_prefixes"]), "needs_pathology": "on"}

    page = on_page(hospital.affairs, "referrals:teams", **typed)
    body = problem(program(hospital.affairs).post("mdt-teams/", asked), 400, "invalid")

    assert list(body["errors"]) == [field]
    assert all(said in page for said in body["errors"][field])
    assert MDTTeam.objects.count() == 1


def test_the_secretary_reads_the_teams_and_keeps_none(hospital, program, elsewhere):
    team = teams.save_team(institution=hospital.institution, name="肺癌", by=hospital.affairs)
    theirs = teams.save_team(institution=elsewhere.institution, name="肺癌", by=elsewhere.affairs)
    secretary, affairs = program(staff("R03", hospital.institution)), program(hospital.affairs)

    assert [one["id"] for one in secretary.get("mdt-teams/").json()["results"]] == [team.pk]
    problem(secretary.post(f"mdt-teams/{team.pk}/end/"), 403, "forbidden")
    for path in ("", "end/", "seats/", "seats/1/end/"):
        problem(affairs.post(f"mdt-teams/{theirs.pk}/{path}", name="x"), 404, "not-found")
    no_expert = affairs.post(f"mdt-teams/{team.pk}/seats/", expert=hospital.doctor.username, discipline="外科")
    assert list(problem(no_expert, 400, "invalid")["errors"]) == ["expert"]


# Studies


def test_a_study_with_its_ethics_approval_is_registered(hospital, program):
    client = program(hospital.research)
    study = client.post("studies/", number="GCP-2026-07", title="伴随检测研究").json()
    address = f"studies/{study['id']}/"

    client.post(f"{address}dates/", hospital_approved_on="2026-01-05")
    asked = {"number": "伦审2026-3", "valid_from": "2026-01-01", "valid_to": "2027-01-01"}
    whole = client.post(f"{address}ethics-approvals/", asked).json()

    assert (whole["hospital_approved_on"], whole["ended_on"]) == ("2026-01-05", None)
    assert [one["number"] for one in whole["ethics_approvals"]] == ["伦审2026-3"]
    assert client.get("studies/").json()["results"] == [client.get(address).json()]


def test_a_study_is_refused_in_the_words_of_the_page(hospital, program, on_page, elsewhere):
    study = Study.objects.create(institution=hospital.institution, number="G-1", title="一")
    theirs = Study.objects.create(institution=elsewhere.institution, number="G-1", title="一")
    client = program(hospital.research)
    days = {"number": "伦审1", "valid_from": "2026-02-01", "valid_to": "2026-01-01"}

    page = on_page(hospital.research, "referrals:studies", number="G-1", title="二")
    body = problem(client.post("studies/", number="G-1", title="二"), 400, "invalid")
    days_page = on_page(hospital.research, "referrals:study", study.pk, do="ethics", **days)
    days_body = problem(client.post(f"studies/{study.pk}/ethics-approvals/", days), 400, "invalid")

    assert body["errors"]["number"][0] in page
    assert days_body["errors"]["valid_to"][0] in days_page
    problem(client.post(f"studies/{theirs.pk}/dates/"), 404, "not-found")
    problem(program(hospital.affairs).post("studies/", number="G-2", title="二"), 403, "forbidden")
    assert not study.ethics_approvals.exists()


# Drafts

BEGUN = {
    "new_patient": {"record_no": "Z000777", "name": "陈某某", "sex": "female", "birth_year": "1962",
                    "id_number": number("11010119620101001")},
    "indication": "LUNG-01", "diagnosis_code": "C34.1", "pathology": "肺腺癌", "first_visit": True,
    "evidence": [{"title": "指南", "year": "2024"}],
}  # fmt: skip


@pytest.fixture
def ready(hospital):
    """What a request needs: the line of the catalog, a contract, a price."""
    line = f.indication("LUNG-01")
    f.ContractFactory(institution=hospital.institution, laboratory=hospital.laboratory, tests=[line.test])
    f.PriceFactory(institution=hospital.institution, test=line.test)
    f.RequestAuthorityFactory(user=hospital.doctor, institution=hospital.institution, grade="mdt")
    return line


def test_a_program_begins_a_request_and_the_doctor_goes_on_on_the_page(hospital, program, ready):
    client = program(hospital.doctor)

    made = client.post("drafts/", BEGUN, key="D-1").json()
    page = Client()
    page.force_login(hospital.doctor, backend="django.contrib.auth.backends.ModelBackend")
    shown = page.get(made["page"]).content.decode()

    assert "content" not in made
    assert all(word in shown for word in ("陈某某", "Z000777", "C34.1", "肺腺癌", "指南"))
    assert f'value="{ready.pk}"' in shown


def test_what_is_typed_of_a_patient_is_kept_and_never_answered(hospital, program, ready):
    client = program(hospital.doctor)
    made = client.post("drafts/", BEGUN, key="D-2").json()
    address = f"drafts/{made['id']}/"

    read = client.get(address).json()["content"]
    client.post(address, {**read, "stage": "IV"})

    assert read["new_patient"]["name"] == "陈某某"
    assert read["new_patient"]["id_number"] == ""
    kept = drafts.read(ReferralDraft.objects.get(pk=made["id"]))
    assert kept["new-id_number"] == BEGUN["new_patient"]["id_number"]
    assert kept["stage"] == "IV"
    assert "陈某某" not in str(list(KeptAnswer.objects.values_list("answer", flat=True)))


def test_a_draft_becomes_one_request_and_no_second(hospital, program, on_page, ready):
    client = program(hospital.doctor)
    made = client.post("drafts/", BEGUN).json()
    address = f"drafts/{made['id']}/"

    lacking = client.post(f"{address}submit/")
    client.post(address, {**BEGUN, "necessity": "决定一线是否靶向治疗"})
    case = client.post(f"{address}submit/", key="S-1")
    again = client.post(f"{address}submit/")

    assert list(problem(lacking, 400, "invalid")["errors"]) == ["necessity"]
    assert case.status_code == 201, case.json()
    assert case.json()["patient"]["record_no"] == "Z000777"
    said = problem(again, 409, "stale")["detail"]
    assert case.json()["number"] in said
    assert ReferralDraft.objects.get().typed is None
    assert client.get("drafts/").json()["results"] == []


def test_a_draft_typed_on_elsewhere_stands_beside(hospital, program, ready):
    client = program(hospital.doctor)
    made = client.post("drafts/", diagnosis_code="C34.1").json()
    draft = ReferralDraft.objects.get(pk=made["id"])
    drafts.save(
        by=hospital.doctor, typed={"diagnosis_code": "C34.3"}, window="page", draft=draft, version=draft.version
    )

    saved = client.post(f"drafts/{draft.pk}/", diagnosis_code="C34.9", version=made["version"]).json()

    assert saved["apart"] is True
    assert saved["id"] != draft.pk
    assert client.get(f"drafts/{draft.pk}/").json()["content"]["diagnosis_code"] == "C34.3"


def test_a_draft_is_its_doctors_alone(hospital, program, ready):
    made = program(hospital.doctor).post("drafts/", BEGUN).json()
    colleague = program(staff("R01", hospital.institution, hospital.department))

    for path in ("", "submit/", "discard/"):
        problem(colleague.post(f"drafts/{made['id']}/{path}"), 404, "not-found")
    problem(colleague.get(f"drafts/{made['id']}/"), 404, "not-found")
    problem(program(hospital.cashier).post("drafts/", BEGUN), 403, "forbidden")
    assert program(hospital.doctor).post(f"drafts/{made['id']}/discard/").json()["id"] == made["id"]
    assert not ReferralDraft.objects.exists()


# Deliberations


@pytest.fixture
def held(hospital):
    """A case before a team of two, called by the secretary."""
    team = teams.save_team(institution=hospital.institution, name="肺癌", by=hospital.affairs, quorum=2,
                           needs_pathology=False)  # fmt: skip
    experts = [staff("R04", hospital.institution) for _n in range(2)]
    for expert, discipline in zip(experts, ("肿瘤内科", "胸外科"), strict=True):
        teams.give_seat(team=team, expert=expert, discipline=discipline, by=hospital.affairs)
    case = hospital.at("awaiting_consent", first_visit=True)
    Referral.objects.filter(pk=case.pk).update(status="awaiting_mdt")
    case.refresh_from_db()
    secretary = staff("R03", hospital.institution)
    called = deliberations.call_mdt(referral=case, team=team, by=secretary)
    return called, case, experts, secretary


def test_opinions_stay_blind_until_ones_own_is_given(held, hospital, program):
    called, case, (one, other), _secretary = held
    opinion = {"stance": "agree", "risk": "进展快", "cost": "可承受", "evidence": "1A类"}
    program(one).step(case, "mdt.opinion", **opinion)

    before = program(other).get(f"deliberations/{called.pk}/").json()
    program(other).step(case, "mdt.opinion", **opinion)
    after = program(other).get(f"deliberations/{called.pk}/").json()

    assert (before["opinions"], before["opinions_given"], before["has_quorum"]["short"]) == (None, 1, True)
    assert [row["member"] for row in after["opinions"]] == [one.name, other.name]
    assert program(hospital.doctor).get(f"deliberations/{called.pk}/").json()["opinions"] is None
    assert program(one).get("deliberations/", waiting="true").json()["results"] == []
    assert [row["id"] for row in program(one).get("deliberations/", mine="1").json()["results"]] == [called.pk]


def test_an_mdt_is_called_off_by_whoever_may_call_one(held, hospital, program, elsewhere):
    called, case, (expert, _other), secretary = held

    problem(program(expert).step(case, "mdt.called_off", reason="误召集"), 403, "forbidden")
    problem(program(elsewhere.affairs).step(case, "mdt.called_off", reason="误召集"), 404, "not-found")
    assert list(problem(program(secretary).step(case, "mdt.called_off"), 400, "invalid")["errors"]) == ["reason"]
    assert program(secretary).step(case, "mdt.called_off", reason="误召集").status_code == 200
    again = program(secretary).step(case, "mdt.called_off", reason="误召集")

    called.refresh_from_db()
    assert called.status == "cancelled"
    problem(again, 409, "out-of-turn")
    problem(program(elsewhere.affairs).get(f"deliberations/{called.pk}/"), 404, "not-found")
