"""Who gets in, how it is refused, and that both doors refuse in the same words."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from accounts.models import ApiToken, User
from audit.gates import Refused
from audit.models import Event
from referrals.actions import approving, charging, results, specimens
from referrals.models import Charge, Referral
from tests.factories import InstitutionFactory, LaboratoryFactory, StudyFactory, staff
from tests.fixtures.stations import Hospital
from vendors.models import Credential, Price

PROBLEM = "application/problem+json"


def problem(answer, status, kind):
    body = answer.json()
    assert answer.status_code == status, body
    assert answer.headers["Content-Type"].split(";")[0] == PROBLEM
    assert body["type"] == f"urn:mingjian:problem:{kind}"
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    return body


def said(body):
    return [(one["code"], one["message"], tuple(one["clauses"])) for one in body["refusals"]]


def words(refused):
    return [(one.code, str(one.message), tuple(one.clauses)) for one in refused.value.refusals]


def test_without_a_sign_in_there_is_a_problem_and_a_challenge(db):
    answer = Client().get("/api/v1/referrals/")

    problem(answer, 401, "not-signed-in")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_session_reads_and_needs_its_csrf_token_to_write(hospital):
    case = hospital.at("awaiting_approval")
    client = Client(enforce_csrf_checks=True)
    client.force_login(hospital.affairs, backend="django.contrib.auth.backends.ModelBackend")

    assert client.get(f"/api/v1/referrals/{case.pk}/").status_code == 200
    address = f"/api/v1/referrals/{case.pk}/steps/outsourcing.approved/"
    problem(client.post(address, {}, content_type="application/json"), 403, "forbidden")
    case.refresh_from_db()
    assert case.status == "awaiting_approval"


def test_a_token_acts_as_its_post_and_the_trail_names_it(hospital, program):
    case = hospital.at("awaiting_approval")

    answer = program(hospital.affairs).step(case, "outsourcing.approved")

    assert answer.status_code == 200, answer.json()
    assert answer.json()["status"] == "awaiting_charge"
    event = Event.objects.of_rows([("referrals_referral", case.pk)]).filter(step="outsourcing.approved").get()
    assert (event.actor_id, event.post_id) == (hospital.affairs.pk, hospital.affairs.post.pk)


def test_the_secret_is_not_kept_and_the_last_use_is(hospital, program):
    client = program(hospital.cashier)
    client.get("referrals/")

    token = ApiToken.objects.get(user=hospital.cashier)
    secret = client.headers["authorization"].removeprefix("Bearer ")
    assert token.last_used_at
    assert secret.startswith(token.hint)
    rows = Event.objects.filter(table_name="accounts_apitoken").values_list("payload", flat=True)
    assert not any(secret in payload or token.digest in payload for payload in rows)


@pytest.mark.parametrize("end", ["revoked", "expired", "post", "person"])
def test_a_token_that_ended_opens_nothing(hospital, program, end):
    client = program(hospital.cashier)
    token, today = ApiToken.objects.filter(user=hospital.cashier), timezone.localdate()
    if end == "revoked":
        token.update(revoked_at=timezone.now(), revoked_by=hospital.affairs)
    elif end == "expired":
        token.update(expires_on=today - timedelta(days=1))
    elif end == "post":
        hospital.cashier.posts.update(ends_on=today - timedelta(days=1))
    else:
        User.objects.filter(pk=hospital.cashier.pk).update(is_active=False)

    problem(client.get("referrals/"), 401, "not-signed-in")


def test_a_token_does_only_what_it_is_for(hospital, program):
    case = hospital.at("awaiting_charge")
    reads = program(hospital.cashier, "referrals.view_referral")

    assert reads.get(f"referrals/{case.pk}/").status_code == 200
    body = problem(reads.step(case, "charge.made", receipt_no="PJ1"), 403, "forbidden")
    assert body["permission"] == "referrals.record_charge"
    assert not case.charges.exists()


def test_a_token_opens_no_page_but_the_api(hospital, program):
    client = program(hospital.affairs)

    answer = client.client.get("/cases/", headers=client.headers)

    assert answer.status_code in (302, 404)


def test_what_a_post_lacks_is_named_with_the_roles_that_have_it(hospital, program):
    case = hospital.at("awaiting_approval")

    body = problem(program(hospital.nurse).step(case, "outsourcing.approved"), 403, "forbidden")

    assert body["permission"] == "referrals.approve_outsourcing"
    assert {"code": "R10", "name": "医务科"} in body["roles"]
    assert "医务科" in body["detail"]


def test_a_case_of_another_hospital_does_not_exist(hospital, program):
    other = Hospital(InstitutionFactory(), LaboratoryFactory())
    case = other.at("awaiting_charge")
    client = program(hospital.cashier)

    for path in ("", "gates/", "steps/"):
        problem(client.get(f"referrals/{case.pk}/{path}"), 404, "not-found")
        problem(client.get(f"referrals/{case.number}/{path}"), 404, "not-found")
    problem(client.step(case, "charge.made", receipt_no="PJ1"), 404, "not-found")
    assert client.get("referrals/").json()["results"] == []


def test_a_doctor_sees_own_cases_only(hospital, program):
    mine = hospital.at("awaiting_charge")
    colleague = staff("R01", hospital.institution, hospital.department)
    theirs = hospital.at("awaiting_charge", requester=colleague)
    client = program(hospital.doctor)

    assert [one["number"] for one in client.get("referrals/").json()["results"]] == [mine.number]
    problem(client.get(f"referrals/{theirs.pk}/"), 404, "not-found")


def test_an_address_that_is_none_and_a_method_it_does_not_take(hospital, program):
    client = program(hospital.affairs)

    problem(client.get("nothing/"), 404, "not-found")
    problem(client.post("results/"), 405, "method-not-allowed")


def test_what_was_left_out_is_told_by_field(hospital, program):
    case = hospital.at("awaiting_charge")

    body = problem(program(hospital.cashier).step(case, "charge.made"), 400, "invalid")

    assert list(body["errors"]) == ["receipt_no"]


def test_what_is_not_json_is_told(hospital, program):
    client = program(hospital.cashier)
    answer = client.client.post("/api/v1/patients/", "{", content_type="application/json", headers=client.headers)

    problem(answer, 400, "unreadable")


# Both doors, the same words: the action is what a page calls.


def test_X08_and_X06_are_refused_in_the_same_words(hospital, program):
    Credential.objects.filter(laboratory=hospital.laboratory).update(valid_to=timezone.localdate() - timedelta(days=9))
    case = hospital.at("awaiting_approval")
    with pytest.raises(Refused) as refused:
        approving.approve(referral=case, by=hospital.affairs)

    body = problem(program(hospital.affairs).step(case, "outsourcing.approved"), 422, "refused")

    assert said(body) == words(refused)
    assert "X06" in [code for code, *_rest in said(body)]
    assert body["refusals"][0]["clauses"]


def test_X09_is_refused_in_the_same_words(hospital, program):
    study = StudyFactory(institution=hospital.institution)
    case = hospital.at("awaiting_sampling", nature="research", study=study)
    with pytest.raises(Refused) as refused:
        charging.charge(referral=case, by=hospital.cashier, kind="receipt", receipt_no="PJ1")

    body = problem(program(hospital.cashier).step(case, "charge.made", receipt_no="PJ1"), 422, "refused")

    assert said(body) == words(refused)
    assert [code for code, *_rest in said(body)] == ["X09"]
    assert not Charge.objects.filter(referral=case).exists()


def test_X14_is_refused_in_the_same_words(hospital, program):
    case = hospital.at("awaiting_approval", requester=hospital.affairs)
    with pytest.raises(Refused) as refused:
        approving.approve(referral=case, by=hospital.affairs)

    body = problem(program(hospital.affairs).step(case, "outsourcing.approved"), 422, "refused")

    assert said(body) == words(refused)
    assert case.approvals.count() == 0


def test_another_amount_than_the_published_price_is_refused_by_X07(hospital, program):
    case = hospital.at("awaiting_charge")
    price = Price.objects.get(institution=hospital.institution, test=case.test)

    body = problem(
        program(hospital.cashier).step(case, "charge.made", receipt_no="PJ1", amount=str(price.amount + 1)),
        422,
        "refused",
    )

    assert "X07" in [code for code, *_rest in said(body)]
    assert not case.charges.exists()
    answer = program(hospital.cashier).step(case, "charge.made", receipt_no="PJ1", amount=str(price.amount))
    assert answer.status_code == 200, answer.json()
    assert case.charges.get().receipt_no == "PJ1"


def test_a_wrong_label_is_refused_at_its_field_in_the_same_words(hospital, program):
    from django.core.exceptions import ValidationError

    case = hospital.at("charged")
    with pytest.raises(ValidationError) as fault:
        specimens.collect(referral=case, by=hospital.nurse, barcode="X")

    body = problem(program(hospital.nurse).step(case, "specimen.collected", barcode="X"), 400, "invalid")

    assert body["errors"] == {name: list(told) for name, told in fault.value.message_dict.items()}


def test_a_step_already_taken_is_out_of_turn(hospital, program):
    case = hospital.at("awaiting_approval")
    client = program(hospital.affairs)
    client.step(case, "outsourcing.approved")

    body = problem(client.step(case, "outsourcing.approved"), 409, "out-of-turn")

    assert body["refusals"][0]["code"] == "out_of_turn"
    assert case.approvals.count() == 1


def test_a_step_drawn_for_another_status_is_stale(hospital, program):
    case = hospital.at("awaiting_charge")

    problem(
        program(hospital.cashier).step(case, "charge.made", receipt_no="P1", drawn_for="awaiting_approval"),
        409,
        "stale",
    )
    assert not case.charges.exists()


def test_who_may_not_is_forbidden_at_both_doors(hospital, program):
    case = hospital.at("reported")
    with pytest.raises(PermissionDenied):
        results.review(referral=case, by=hospital.cashier)

    problem(program(hospital.cashier).step(case, "result.reviewed"), 403, "forbidden")


def test_a_refusal_leaves_nothing_half_done(hospital, program):
    """The carrier packs and hands over in one step; refused at the hand-over, nothing stays packed."""
    Credential.objects.filter(laboratory=hospital.laboratory).update(valid_to=timezone.localdate() - timedelta(days=9))
    case = hospital.at("sampled")

    left = {
        "carrier": "承运", "courier": "李师傅", "celsius": "20.0", "scanned": [case.specimens.get().barcode],
    }  # fmt: skip
    problem(program(hospital.carrier).step(case, "shipment.handed_over", **left), 422, "refused")

    assert case.specimens.get().batch is None
    assert not hospital.institution.batches.exists()


def test_a_fault_of_ours_says_so_without_telling_what(hospital, program, monkeypatch):
    from referrals import strip

    case = hospital.at("awaiting_charge")
    client = program(hospital.cashier)
    client.client.raise_request_exception = False
    monkeypatch.setattr(strip, "case_judgements", lambda *_a: 1 / 0)

    answer = client.get(f"referrals/{case.pk}/gates/")

    body = problem(answer, 500, "fault")
    assert "ZeroDivision" not in str(body)


def test_the_bureau_reads_cases_without_a_name(hospital, program):
    from referrals.identity import set_identity
    from tests.factories import BureauFactory

    case = hospital.at("awaiting_charge")
    set_identity(patient=case.patient, by=hospital.doctor, name="欧阳某某", id_number="11010519491231002X")
    bureau = staff("R25", BureauFactory())

    mine = program(hospital.cashier).get(f"referrals/{case.pk}/")
    theirs = program(bureau).get(f"referrals/{case.pk}/")

    assert mine.json()["patient"]["name"] == "欧阳某某"
    assert theirs.json()["patient"]["name"] is None
    assert "欧阳" not in theirs.content.decode()
    assert "11010519491231002X" not in mine.content.decode()


def test_reading_a_case_is_recorded(hospital, program):
    case = hospital.at("awaiting_charge")
    program(hospital.cashier).get(f"referrals/{case.number}/")

    read = Event.objects.of_rows([("referrals_referral", case.pk)]).filter(op="R").get()
    assert (read.actor_id, read.data()["page"]) == (hospital.cashier.pk, "api")


def test_who_comes_with_a_bad_token_is_not_let_in_by_a_session(hospital):
    case = hospital.at("awaiting_charge")
    client = Client()
    client.force_login(hospital.affairs, backend="django.contrib.auth.backends.ModelBackend")

    problem(client.get(f"/api/v1/referrals/{case.pk}/", headers={"authorization": "Bearer mj_x"}), 401, "not-signed-in")


def test_too_many_requests_are_told_to_wait(hospital, program, monkeypatch):
    from rest_framework.throttling import UserRateThrottle

    monkeypatch.setattr(UserRateThrottle, "THROTTLE_RATES", {"user": "2/min"})
    client = program(hospital.cashier)
    answers = [client.get("catalog/tests/") for _n in range(3)]

    problem(answers[-1], 429, "throttled")
    assert Referral.objects.count() == 0
