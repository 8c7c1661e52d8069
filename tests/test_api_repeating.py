"""A request sent again does nothing again; pages cost the same however deep; the schema holds."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import KeptAnswer, User
from accounts.tasks import forget_answers
from audit import declaring
from referrals.models import Patient, Referral
from tests.fixtures.api import Program, secret_for

PATIENT = {"record_no": "Z900001", "name": "欧阳某某", "sex": "female", "birth_year": 1962}


def test_the_same_key_gives_the_first_answer_and_does_nothing_again(hospital, program):
    case = hospital.at("awaiting_charge")
    client = program(hospital.cashier)

    first = client.step(case, "charge.made", key="HIS-1", receipt_no="PJ1")
    again = client.step(case, "charge.made", key="HIS-1", receipt_no="PJ1")

    assert (first.status_code, again.status_code) == (200, 200), first.json()
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert case.charges.count() == 1


def test_the_same_key_for_something_else_is_refused(hospital, program):
    case = hospital.at("awaiting_charge")
    client = program(hospital.cashier)
    client.step(case, "charge.made", key="HIS-1", receipt_no="PJ1")

    for answer in (
        client.step(case, "charge.made", key="HIS-1", receipt_no="PJ2"),
        client.post("patients/", PATIENT, key="HIS-1"),
    ):
        assert answer.status_code == 422
        assert answer.json()["type"] == "urn:mingjian:problem:idempotency-key"
    assert not Patient.objects.filter(record_no="Z900001").exists()


def test_a_key_belongs_to_its_account(hospital, program):
    first = program(hospital.cashier).post("patients/", PATIENT, key="K")
    other = program(hospital.affairs).post("patients/", {**PATIENT, "record_no": "Z900002"}, key="K")

    assert (first.status_code, other.status_code) == (201, 201)


def test_a_refusal_keeps_no_answer_so_that_the_key_may_be_sent_again(hospital, program):
    case = hospital.at("awaiting_approval")
    client = program(hospital.cashier)

    refused = client.step(case, "charge.made", key="HIS-1", receipt_no="PJ1")
    program(hospital.affairs).step(case, "outsourcing.approved")
    done = client.step(case, "charge.made", key="HIS-1", receipt_no="PJ1")
    again = client.step(case, "charge.made", key="HIS-1", receipt_no="PJ1")

    assert (refused.status_code, done.status_code, again.status_code) == (409, 200, 200)
    assert "Idempotent-Replayed" not in done.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json() == done.json()
    assert case.charges.count() == 1


def test_a_refusal_is_judged_anew_each_time_and_in_the_words_of_now(hospital, program):
    """X05 first, then where the case stands: never the refusal of yesterday."""
    case = hospital.at("awaiting_consent")
    client = program(hospital.cashier)

    def said():
        return client.step(case, "charge.made", key="HIS-1", receipt_no="PJ1").json()["refusals"][0]["code"]

    first = said()
    Referral.objects.filter(pk=case.pk).update(status="cancelled")

    assert (first, said()) == ("X05", "out_of_turn")
    assert KeptAnswer.objects.get().answer == {}
    assert not case.charges.exists()


def test_a_refusal_binds_its_key_to_what_was_asked(hospital, program):
    case = hospital.at("awaiting_approval")
    client = program(hospital.cashier)
    assert client.step(case, "charge.made", key="HIS-1", receipt_no="PJ1").status_code == 409

    for answer in (
        client.step(case, "charge.made", key="HIS-1", receipt_no="PJ2"),
        client.post("patients/", PATIENT, key="HIS-1"),
    ):
        assert (answer.status_code, answer.json()["type"]) == (422, "urn:mingjian:problem:idempotency-key")
    assert not Patient.objects.filter(record_no="Z900001").exists()


def test_what_was_not_understood_binds_nothing(hospital, program):
    """400: a field is missing; the same key serves the request put right."""
    case = hospital.at("awaiting_charge")
    client = program(hospital.cashier)

    assert client.step(case, "charge.made", key="HIS-1").status_code == 400
    assert not KeptAnswer.objects.exists()
    assert client.step(case, "charge.made", key="HIS-1", receipt_no="PJ1").status_code == 200


def test_what_a_refused_request_wrote_before_its_refusal_is_undone(hospital, program):
    """The evidence of a request that the catalog refuses goes with it."""
    from referrals.models import Evidence
    from tests.factories import PatientFactory

    doctor = program(hospital.doctor)
    patient = PatientFactory(institution=hospital.institution)
    body = {
        "record_no": patient.record_no, "indication": "LUNG-01", "diagnosis_code": "C50.9", "necessity": "试",
        "evidence": [{"title": "一项研究"}],
    }  # fmt: skip

    answer = doctor.post("referrals/", body, key="EMR-1")

    assert answer.status_code == 422
    assert not Evidence.objects.exists()
    assert not Referral.objects.exists()
    assert KeptAnswer.objects.get().status == 422


def test_a_key_in_quotes_is_the_same_key(hospital, program):
    client = program(hospital.cashier)
    first = client.post("patients/", PATIENT, key="HIS-1")
    again = client.post("patients/", PATIENT, key='"HIS-1"')

    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json() == first.json()


@pytest.mark.django_db(transaction=True)
def test_while_the_first_is_being_handled_the_second_is_told_so():
    """The key is held by another connection, as by a request still at work."""
    from config.api.idempotency import LOCK
    from tests.factories import InstitutionFactory, staff

    with declaring.acting(User.objects.machine(), step="test"):
        cashier = staff("R12", InstitutionFactory())
        client = Program(secret_for(cashier))
    held, go = threading.Event(), threading.Event()

    def hold():
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [LOCK, f"{cashier.pk}:HIS-1"])
                held.set()
                go.wait(20)
        finally:
            connection.close()

    other = threading.Thread(target=hold)
    other.start()
    held.wait(20)
    answer = client.post("patients/", PATIENT, key="HIS-1")
    go.set()
    other.join()
    after = client.post("patients/", PATIENT, key="HIS-1")

    assert (answer.status_code, answer.json()["type"]) == (409, "urn:mingjian:problem:in-progress")
    assert after.status_code == 201


def test_answers_go_after_a_week(hospital, program):
    client = program(hospital.cashier)
    client.post("patients/", PATIENT, key="old")
    client.post("patients/", PATIENT, key="new")
    KeptAnswer.objects.filter(key="old").update(created_at=timezone.now() - timedelta(days=8))

    assert forget_answers() == 1
    assert forget_answers() == 0
    assert list(KeptAnswer.objects.values_list("key", flat=True)) == ["new"]


def test_no_answer_kept_holds_a_name_or_a_number(hospital, program):
    program(hospital.cashier).post("patients/", {**PATIENT, "id_number": "11010519491231002X"}, key="K")

    kept = str(KeptAnswer.objects.get().answer)
    assert "欧阳" not in kept
    assert "1101051949" not in kept


@pytest.mark.django_db(transaction=True)
def test_eight_at_once_with_one_key_make_one_row():
    from tests.factories import InstitutionFactory, staff

    with declaring.acting(User.objects.machine(), step="test"):
        hospital = InstitutionFactory()
        secret = secret_for(staff("R12", hospital))
    answers, together = [], threading.Barrier(8)

    def send():
        try:
            client = Program(secret)
            together.wait()
            answers.append(client.post("patients/", PATIENT, key="HIS-1").status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _n in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert set(answers) <= {201, 409}
    assert 201 in answers
    assert len(answers) == 8
    with declaring.acting(User.objects.machine(), step="test"):
        assert Patient.objects.filter(record_no="Z900001").count() == 1
        assert KeptAnswer.objects.count() == 1


# Pages


def numbers(answer):
    return [one["number"] for one in answer.json()["results"]]


def follow(client, address):
    return client.client.get(address, headers=client.headers)


def test_pages_go_on_and_back_without_a_gap(hospital, program):
    cases = [hospital.at("awaiting_charge").number for _n in range(5)]
    client = program(hospital.cashier)

    first = client.get("referrals/", limit=2)
    second = follow(client, first.json()["next"])
    third = follow(client, second.json()["next"])

    assert sorted(numbers(first) + numbers(second) + numbers(third)) == sorted(cases)
    assert third.json()["next"] is None
    assert first.json()["previous"] is None
    assert numbers(follow(client, second.json()["previous"])) == numbers(first)


@pytest.mark.parametrize("query", [{"cursor": "x"}, {"cursor": "YWZ0ZXI6eA"}, {"limit": "0"}, {"limit": "1000"},
                                   {"limit": "-"}, {"status": "no"}, {"updated_since": "yesterday"}])  # fmt: skip
def test_what_is_no_page_is_told(hospital, program, query):
    answer = program(hospital.cashier).get("referrals/", **query)

    assert answer.status_code == 400
    assert answer.json()["type"] == "urn:mingjian:problem:invalid"


@pytest.mark.parametrize("path", ["referrals/", "results/", "findings/"])
def test_a_page_of_six_costs_no_more_queries_than_one_of_two(hospital, program, path, django_assert_max_num_queries):
    from django.test.utils import CaptureQueriesContext

    for _n in range(6):
        hospital.at("reported")
    client = program(hospital.affairs)
    client.get(path)
    with CaptureQueriesContext(
        connection,
    ) as two:
        client.get(path, limit=2)
    with CaptureQueriesContext(connection) as six:
        answer = client.get(path, limit=6)

    assert answer.status_code == 200
    assert len(six) == len(two)
    assert len(six) <= 15


def test_one_case_costs_the_same_with_more_records(hospital, program):
    from django.test.utils import CaptureQueriesContext

    case = hospital.at("reported")
    client = program(hospital.affairs)
    client.get(f"referrals/{case.pk}/")
    with CaptureQueriesContext(connection) as queries:
        assert client.get(f"referrals/{case.pk}/").status_code == 200

    assert len(queries) <= 35


def test_the_filters(hospital, program):
    one = hospital.at("awaiting_charge")
    two = hospital.at("reported")
    client = program(hospital.affairs)

    def found(**query):
        return set(numbers(client.get("referrals/", **query)))

    assert found(status="reported") == {two.number}
    assert found(status=["reported", "awaiting_charge"]) == {one.number, two.number}
    assert found(number=one.number) == {one.number}
    assert found(record_no=two.patient.record_no) == {two.number}
    assert found(requester=hospital.doctor.username) == {one.number, two.number}
    assert found(requester="nobody") == set()
    assert found(department=hospital.department.name) == {one.number, two.number}
    assert found(nature="research") == set()


def test_updated_since_asks_the_trail(hospital, program):
    one = hospital.at("awaiting_approval")
    other = hospital.at("reported")
    client = program(hospital.affairs)
    later = (timezone.now() + timedelta(hours=1)).isoformat()
    earlier = (timezone.now() - timedelta(hours=1)).isoformat()

    assert numbers(client.get("referrals/", updated_since=later)) == []
    assert set(numbers(client.get("referrals/", updated_since=earlier))) == {one.number, other.number}


# The description of the API


def test_the_schema_describes_every_step_and_every_problem(client, db):
    import yaml
    from drf_spectacular.validation import validate_schema

    from referrals import pathway
    from referrals.api.register import DOINGS

    answer = client.get(reverse("api_schema"))
    schema = yaml.safe_load(answer.content)

    validate_schema(schema)
    for name in DOINGS:
        assert f"/api/v1/referrals/{{id}}/steps/{name}/" in schema["paths"] or (
            f"/api/v1/referrals/{{pk}}/steps/{name}/" in schema["paths"]
        )
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            assert "application/problem+json" in operation["responses"]["404"]["content"], (path, method)
            good = [code for code in operation["responses"] if code.startswith("2")]
            assert good, (path, method)
            if method == "post":
                assert "Idempotency-Key" in [one["name"] for one in operation["parameters"]]
    assert schema["components"]["schemas"]["Problem"]["properties"]["refusals"]
    machines = {step.name for step in vars(pathway).values() if getattr(step, "permission", "") == pathway.SYSTEM}
    asked = {step.name for step in vars(pathway).values() if getattr(step, "sources", None)} - machines
    assert asked - {"request.submitted"} <= set(DOINGS), asked - set(DOINGS)


def test_the_docs_page_asks_no_other_server(client, db):
    answer = client.get(reverse("api_docs"))
    page = answer.content.decode()

    assert answer.status_code == 200
    assert "http://" not in page.replace("http://testserver", "")
    assert "https://" not in page
    assert "<script>" not in page
    assert "<style" not in page
    assert "style=" not in page
    assert client.get(reverse("api_docs") + "?script").status_code == 200


def test_cases_are_found_by_number_or_by_key(hospital, program):
    case = hospital.at("awaiting_charge")
    client = program(hospital.cashier)

    assert client.get(f"referrals/{case.number}/").json()["id"] == case.pk
    assert client.step(case.number, "charge.made", receipt_no="P1").status_code == 200
    assert Referral.objects.get(pk=case.pk).status == "charged"


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_docs_page_draws_under_our_own_policy_without_a_word_of_complaint(page, live_server):
    said = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda fault: said.append(str(fault)))
    page.on("requestfailed", lambda request: said.append(request.url))
    page.on(
        "request",
        lambda request: None if request.url.startswith((live_server.url, "data:")) else said.append(request.url),
    )

    page.goto(live_server.url + reverse("api_docs"))
    page.locator("#operations-tag-referrals").click()
    page.locator("#operations-referrals-referrals_list").wait_for()
    page.locator(".opblock-summary").first.click()
    page.locator(".opblock.is-open .parameters-col_description").first.wait_for()

    assert said == []
