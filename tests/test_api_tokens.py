"""Making a token, on the page and from the shell; files in and out."""

import csv
import io
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import issuing
from accounts.models import ApiToken, Notice
from audit.models import Event
from documents import files
from referrals.models import Identity, Patient, Result
from tests.factories import InstitutionFactory, staff
from tests.fixtures.api import Program
from tests.fixtures.stations import report

SOON = timedelta(days=90)


@pytest.fixture
def office(hospital):
    return staff("R19", hospital.institution)


@pytest.fixture
def desk(client, office):
    client.force_login(office, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_the_information_department_makes_a_token_and_sees_it_once(hospital, desk):
    post = hospital.cashier.post
    answer = desk.post(
        reverse("accounts:make_token", args=[post.pk]),
        {"name": "HIS", "scopes": ["referrals.view_referral"], "expires_on": timezone.localdate() + SOON},
    )

    token = ApiToken.objects.get()
    secret = answer.content.decode().split("<code>")[1].split("</code>")[0]
    assert Program(secret).get("referrals/").status_code == 200
    listed = desk.get(reverse("accounts:tokens")).content.decode()
    assert token.hint in listed
    assert secret not in listed
    assert Event.objects.filter(step="token.made", table_name="accounts_apitoken").exists()


def test_a_token_can_do_no_more_than_its_post_and_ends_within_a_year(hospital, office):
    post = hospital.cashier.post
    for scopes, day in (
        (["referrals.approve_outsourcing"], SOON),
        ([], SOON),
        (["referrals.view_referral"], timedelta(days=900)),
        (["referrals.view_referral"], timedelta(0)),
    ):
        with pytest.raises(ValidationError):
            issuing.make_token(name="HIS", post=post, scopes=scopes, expires_on=timezone.localdate() + day, by=office)
    assert not ApiToken.objects.exists()


def test_only_the_information_department_of_the_hospital_makes_one(hospital):
    asked = {"name": "HIS", "scopes": ["referrals.view_referral"], "expires_on": timezone.localdate() + SOON}
    for by in (hospital.affairs, staff("R19", InstitutionFactory())):
        with pytest.raises(PermissionDenied):
            issuing.make_token(post=hospital.cashier.post, by=by, **asked)


def test_revoking_ends_it_at_once(hospital, desk, program):
    client = program(hospital.cashier)
    assert client.get("referrals/").status_code == 200

    desk.post(reverse("accounts:revoke_token", args=[ApiToken.objects.get().pk]))

    assert client.get("referrals/").status_code == 401


def test_the_pages_open(hospital, desk):
    number = hospital.cashier.username
    assert desk.get(reverse("accounts:tokens"), {"username": number}).status_code == 200
    assert desk.get(reverse("accounts:make_token", args=[hospital.cashier.post.pk])).status_code == 200
    assert desk.post(reverse("accounts:make_token", args=[hospital.cashier.post.pk]), {}).status_code == 422


def test_the_shell_makes_and_ends_one(hospital):
    out = io.StringIO()
    call_command(
        "api_token", "make", hospital.cashier.username, "--role", "R12", "--name", "HIS",
        "--scope", "referrals.view_referral", stdout=out,
    )  # fmt: skip
    key, _post, _day, secret = out.getvalue().strip().split("\t")

    assert Program(secret).get("referrals/").status_code == 200
    call_command("api_token", "revoke", key)
    assert Program(secret).get("referrals/").status_code == 401
    with pytest.raises(CommandError):
        call_command("api_token", "make", hospital.cashier.username, "--role", "R10", "--name", "HIS")


# Patients pushed, by API


def test_a_patient_is_put_once_and_brought_in_line(hospital, program):
    client = program(hospital.cashier, "referrals.record_patient", "referrals.view_referral")
    first = {"record_no": "Z1", "name": "欧阳某某", "id_number": "11010519491231002X", "phone": "13800000000"}

    made = client.post("patients/", first)
    again = client.post("patients/", {"record_no": "Z1", "name": "欧阳某", "sex": "male", "birth_year": 1949})

    assert (made.status_code, again.status_code) == (201, 200)
    assert set(made.json()) == {"id", "record_no", "sex", "birth_year"}
    patient = Patient.objects.get(institution=hospital.institution, record_no="Z1")
    assert (patient.sex, patient.birth_year) == ("male", 1949)
    identity = Identity.objects.get(patient=patient)
    assert identity.name == "欧阳某"
    assert identity.id_number_index
    assert identity.phone_index
    assert client.get("patients/Z1/").json()["id"] == patient.pk
    assert client.get("patients/Z2/").status_code == 404


def test_the_same_patient_again_writes_nothing(hospital, program):
    client = program(hospital.cashier)
    body = {"record_no": "Z1", "name": "欧阳某某", "id_number": "11010519491231002X"}
    client.post("patients/", body)
    before = Event.objects.exclude(table_name="accounts_apitoken").count()

    client.post("patients/", body)

    assert Event.objects.exclude(table_name="accounts_apitoken").count() == before


def test_one_person_under_two_record_numbers_is_refused_at_the_field(hospital, program):
    client = program(hospital.cashier)
    client.post("patients/", {"record_no": "Z1", "name": "甲", "id_number": "11010519491231002X"})

    answer = client.post("patients/", {"record_no": "Z2", "name": "甲", "id_number": "11010519491231002X"})
    wrong = client.post("patients/", {"record_no": "Z3", "name": "乙", "id_number": "110105194912310021"})

    assert list(answer.json()["errors"]) == ["id_number"]
    assert "Z1" in answer.json()["errors"]["id_number"][0]
    assert wrong.status_code == 400
    assert Patient.objects.filter(record_no__in=["Z2", "Z3"]).count() == 0


# Results fetched


@pytest.fixture
def reported(hospital):
    case = hospital.at("reported")
    stored = files.store(report(), by=hospital.carrier, institution=hospital.institution, holds_identity=True)
    Result.objects.filter(referral=case).update(pdf=stored)
    return case


def test_a_report_is_fetched_as_the_laboratory_made_it(hospital, program, reported):
    client = program(hospital.affairs)
    row = client.get("results/").json()["results"][0]
    address = row["pdf"].split("/api/v1/")[1]

    answer = client.get(address)

    assert row["referral"] == reported.number
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.content == report().content
    assert report().sha256 == row["sha256"]
    read = Event.objects.of_rows([("referrals_referral", reported.pk)]).filter(op="R").get()
    assert read.data() == {"page": "api.result"}
    assert program(hospital.research).get(address).status_code == 404
    other = staff("R10", InstitutionFactory())
    assert program(other).get(address).status_code == 404


def test_reports_since_a_day(hospital, program, reported):
    client = program(hospital.affairs)

    assert len(client.get("results/", reported_since="2020-01-01").json()["results"]) == 1
    assert client.get("results/", reported_since="2999-01-01").json()["results"] == []


# By file


def rows(path):
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))


def exchange(folder, user, *more):
    out = io.StringIO()
    call_command("exchange_files", folder / "in", folder / "out", "--as", user.username, *more, stdout=out)
    return out.getvalue()


@pytest.fixture
def drop(tmp_path):
    (tmp_path / "in").mkdir()
    return tmp_path


def test_files_are_taken_in_and_moved_and_results_written(hospital, drop, reported):
    case = hospital.at("awaiting_charge")
    (drop / "in" / "patients.csv").write_text(
        "病案号,姓名,性别,出生年份,证件号\nZ1,欧阳某某,女,1949,11010519491231002X\nZ2,乙,男,,\n", encoding="gb18030"
    )
    (drop / "in" / "charges.csv").write_text(
        f"申请号,票据号,类别,金额\n{case.number},PJ1,门诊,1000.00\n", encoding="utf-8"
    )

    exchange(drop, hospital.cashier, "--days", "100000")

    assert Patient.objects.filter(record_no__in=["Z1", "Z2"]).count() == 2
    assert case.charges.get().receipt_no == "PJ1"
    assert not list((drop / "in").glob("*.csv"))
    assert len(list((drop / "in" / "done").iterdir())) == 2
    written = next(one for one in rows(drop / "out" / "results.csv") if one["referral"] == reported.number)
    assert (drop / "out" / written["pdf"]).read_bytes() == report().content
    assert "欧阳" not in (drop / "out" / "results.csv").read_text(encoding="utf-8-sig")


def test_the_same_files_again_change_nothing(hospital, drop):
    case = hospital.at("awaiting_charge")
    for _n in range(2):
        (drop / "in" / "patients.csv").write_text("record_no,name\nZ1,甲\n")
        (drop / "in" / "charges.csv").write_text(f"referral,receipt_no\n{case.number},PJ1\n")
        said = exchange(drop, hospital.cashier)

    assert case.charges.count() == 1
    assert Patient.objects.filter(record_no="Z1").count() == 1
    assert said.count("1") >= 2


def test_what_is_refused_stands_beside_the_file_and_the_rest_is_in(hospital, drop):
    case = hospital.at("awaiting_approval")
    (drop / "in" / "patients.csv").write_text("record_no,name,id_number\nZ1,甲,123\nZ2,乙,\n")
    (drop / "in" / "charges.csv").write_text(f"referral,receipt_no\n{case.number},PJ1\nNONE,PJ2\n")

    with pytest.raises(CommandError) as fault:
        exchange(drop, hospital.cashier)

    assert fault.value.returncode == 3
    assert Patient.objects.filter(record_no="Z2").exists()
    told = rows(drop / "in" / "patients.errors.csv")
    assert [(one["line"], one["key"]) for one in told] == [("2", "Z1")]
    assert [one["key"] for one in rows(drop / "in" / "charges.errors.csv")] == [case.number, "NONE"]
    assert not case.charges.exists()
    # Sent again rightly, the errors of before go.
    (drop / "in" / "patients.csv").write_text("record_no,name,id_number\nZ1,甲,11010519491231002X\n")
    exchange(drop, hospital.cashier)
    assert not (drop / "in" / "patients.errors.csv").exists()


@pytest.mark.parametrize("content", [b"\xff\xfe\x00\x81", b'record_no,name\n"Z1,'])
def test_a_file_that_is_no_table_is_told(hospital, drop, content):
    (drop / "in" / "patients.csv").write_bytes(content)

    with pytest.raises(CommandError):
        exchange(drop, hospital.cashier)

    assert rows(drop / "in" / "patients.errors.csv")[0]["line"] == "1"


def test_it_runs_as_somebody(hospital, drop):
    with pytest.raises(CommandError):
        call_command("exchange_files", drop / "in", drop / "out", "--as", "nobody")
    with pytest.raises(CommandError):
        exchange(drop, hospital.cashier, "--role", "R10")


# Whose post it is learns of it, and may end it


def make(desk, post):
    asked = {"name": "HIS", "scopes": ["referrals.view_referral"], "expires_on": timezone.localdate() + SOON}
    answer = desk.post(reverse("accounts:make_token", args=[post.pk]), asked)
    return answer.content.decode().split("<code>")[1].split("</code>")[0]


def signed_in(user):
    browser = Client()
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return browser


def test_whose_post_it_is_gets_a_notice_and_sees_the_token_on_their_own_page(hospital, desk, office):
    make(desk, hospital.cashier.post)

    (notice,) = Notice.objects.filter(user=hospital.cashier)
    page = signed_in(hospital.cashier).get(notice.url)

    assert office.name in notice.text
    assert "“HIS”" in notice.text
    assert page.status_code == 200
    assert ApiToken.objects.get().hint in page.content.decode()
    assert office.name in page.content.decode()
    assert issuing.words("referrals.view_referral") in page.content.decode()


def test_whose_post_it_is_ends_it_alone_and_the_maker_is_told(hospital, desk, office):
    secret = make(desk, hospital.cashier.post)
    token = ApiToken.objects.get()

    answer = signed_in(hospital.cashier).post(reverse("accounts:revoke_own_token", args=[token.pk]))

    assert answer.url == reverse("accounts:own_tokens")
    assert Program(secret).get("referrals/").status_code == 401
    token.refresh_from_db()
    assert token.revoked_by == hospital.cashier
    assert "HIS" in Notice.objects.get(user=office).text
    assert Event.objects.filter(step="token.revoked", table_name="accounts_apitoken").exists()


def test_nobody_sees_or_ends_a_colleagues_token_but_the_office(hospital, desk):
    secret = make(desk, hospital.cashier.post)
    token = ApiToken.objects.get()
    stranger = signed_in(hospital.nurse)

    assert token.hint not in stranger.get(reverse("accounts:own_tokens")).content.decode()
    assert stranger.post(reverse("accounts:revoke_own_token", args=[token.pk])).status_code == 404
    assert stranger.post(reverse("accounts:revoke_token", args=[token.pk])).status_code == 403
    with pytest.raises(PermissionDenied):
        issuing.revoke_token(token=token, by=hospital.nurse)
    assert Program(secret).get("referrals/").status_code == 200
    assert Client().get(reverse("accounts:own_tokens")).status_code == 302


def test_a_token_is_made_only_for_a_post_of_the_same_institution(hospital, desk, office):
    """Not for a supervised hospital either: a bureau makes none in a hospital's name."""
    from tests.factories import BureauFactory

    other = staff("R12", InstitutionFactory())
    asked = {"name": "HIS", "scopes": ["referrals.view_referral"], "expires_on": timezone.localdate() + SOON}

    assert desk.post(reverse("accounts:make_token", args=[other.post.pk]), asked).status_code == 404
    bureau = staff("R19", BureauFactory(code=hospital.institution.supervised_by.code))
    assert hospital.institution.pk in bureau.institution_ids
    with pytest.raises(PermissionDenied):
        issuing.make_token(post=hospital.cashier.post, by=bureau, **asked)
    assert signed_in(bureau).get(reverse("accounts:make_token", args=[hospital.cashier.post.pk])).status_code == 404
    assert not ApiToken.objects.exists()


def test_the_own_page_costs_the_same_with_more_tokens(hospital, desk, django_assert_max_num_queries):
    browser = signed_in(hospital.cashier)
    browser.get(reverse("accounts:own_tokens"))
    for _n in range(6):
        make(desk, hospital.cashier.post)
    with django_assert_max_num_queries(14):
        browser.get(reverse("accounts:own_tokens"))
