"""Standing in, notices, staff, tokens, alarms, prices, search, worklists, scans, ledgers, reports: the same act, the same
words, through both doors."""

import base64
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts import issuing, notices
from accounts.models import ApiToken, Delegation, LetIn, Notice, Post
from audit.models import Alarm
from desk import worklists
from referrals import barcodes, identity
from referrals.models import Referral
from reports import periods
from reports.models import Report
from supervision.models import LedgerImport
from tests.factories import DepartmentFactory, PriceFactory, staff
from tests.test_api_doors import problem
from vendors.models import Price


def day(n):
    return (timezone.localdate() + timedelta(days=n)).isoformat()


def lending(post, to, start=0, end=3):
    return {
        "post": post.pk,
        "username": to.username,
        "starts_on": day(start),
        "ends_on": day(end),
        "reason": "外出学习",
    }


# Standing in


def test_a_post_is_lent_and_taken_back(hospital, program):
    client = program(hospital.affairs)
    post = hospital.affairs.posts.get()

    made = client.post("delegations/", lending(post, hospital.doctor), key="L-1")
    ended = client.post(f"delegations/{made.json()['id']}/revoke/").json()

    assert made.status_code == 201, made.json()
    assert (made.json()["to"], made.json()["role"]) == (hospital.doctor.username, "R10")
    assert ended["revoked_at"]
    assert [one["id"] for one in client.get("delegations/").json()["results"]] == [ended["id"]]


@pytest.mark.parametrize(("start", "end", "field"), [(-1, 3, "starts_on"), (2, 1, "ends_on"), (0, 200, "ends_on")])
def test_a_delegation_that_cannot_be_is_refused_in_the_words_of_the_page(hospital, program, on_page, start, end, field):
    asked = lending(hospital.affairs.posts.get(), hospital.doctor, start, end)

    page = on_page(hospital.affairs, "accounts:delegate", asked["post"], **asked)
    body = problem(program(hospital.affairs).post("delegations/", asked), 400, "invalid")

    assert list(body["errors"]) == [field]
    assert body["errors"][field][0] in page
    assert not Delegation.objects.exists()


def test_a_post_of_another_hospital_is_unknown_and_a_colleagues_is_not_lent(hospital, program, elsewhere):
    affairs, doctor = program(hospital.affairs), program(hospital.doctor, issuing.LEND_POST)
    theirs, colleagues = elsewhere.doctor.posts.get(), hospital.nurse.posts.get()

    problem(affairs.post("delegations/", lending(theirs, hospital.doctor)), 404, "not-found")
    problem(doctor.post("delegations/", lending(colleagues, hospital.head)), 403, "forbidden")
    made = affairs.post("delegations/", lending(colleagues, hospital.head)).json()
    problem(doctor.post(f"delegations/{made['id']}/revoke/"), 404, "not-found")
    assert Delegation.objects.get().revoked_at is None


def test_a_token_made_for_charges_lends_no_post_and_reads_no_notice(hospital, program):
    client = program(hospital.cashier, "referrals.record_charge")
    post = hospital.cashier.posts.get()

    body = problem(client.post("delegations/", lending(post, hospital.doctor)), 403, "forbidden")
    problem(client.get("notices/"), 403, "forbidden")
    own = program(hospital.cashier, issuing.LEND_POST)

    assert body["permission"] == issuing.LEND_POST
    assert own.post("delegations/", lending(post, hospital.nurse)).status_code == 201
    problem(own.get("referrals/"), 403, "forbidden")


def test_notices_are_read_by_their_person_alone(hospital, program):
    client = program(hospital.doctor, issuing.READ_NOTICES)
    # Whoever's post is lent to a program is told so; that notice has been read.
    Notice.objects.update(read_at=timezone.now())
    mine, _more = (notices.tell(hospital.doctor, text)[0] for text in ("一", "二"))
    (theirs,) = notices.tell(hospital.head, "三")

    assert [one["text"] for one in client.get("notices/").json()["results"]][:2] == ["二", "一"]
    problem(client.post(f"notices/{theirs.pk}/read/"), 404, "not-found")
    assert client.post(f"notices/{mine.pk}/read/").json() == {"read": 1}
    assert [one["text"] for one in client.get("notices/", unread="true").json()["results"]] == ["二"]
    assert client.post("notices/read/").json() == {"read": 1}
    assert Notice.objects.filter(read_at__isnull=True).get() == theirs


def test_a_program_asks_who_it_is(hospital, program):
    me = program(hospital.cashier, "referrals.record_charge", issuing.READ_NOTICES).get("me/").json()

    assert (me["username"], me["post"]["role"]) == (hospital.cashier.username, "R12")
    assert me["permissions"] == [issuing.READ_NOTICES, "referrals.record_charge"]


# Staff, tokens, alarms, prices


@pytest.fixture
def information(hospital):
    return staff("R19", hospital.institution)


def test_a_person_gets_a_post_and_it_ends(hospital, information, program, on_page, elsewhere):
    room = DepartmentFactory(institution=hospital.institution, name="呼吸科")
    client = program(information)
    asked = {"username": "2031", "name": "林某", "institution": hospital.institution.code, "department": "呼吸科",
             "role": "R01"}  # fmt: skip

    given = client.post("staff/", asked)
    twice = problem(client.post("staff/", asked), 400, "invalid")
    page = on_page(information, "accounts:add_staff", username="2031", name="林某", role="R01",
                   institution=hospital.institution.pk, department=room.pk)  # fmt: skip
    ended = client.post(f"posts/{given.json()['id']}/end/")

    assert (given.status_code, given.json()["department"]) == (201, "呼吸科")
    assert twice["errors"]["role"][0] in page
    assert ended.json()["ends_on"] < timezone.localdate().isoformat()
    problem(client.post("staff/", {**asked, "institution": elsewhere.institution.code}), 400, "invalid")
    problem(client.post("staff/", {**asked, "department": "没有这个科"}), 400, "invalid")
    problem(client.post(f"posts/{elsewhere.doctor.posts.get().pk}/end/"), 404, "not-found")
    problem(program(hospital.affairs).post("staff/", asked), 403, "forbidden")


def test_the_last_administrators_post_stays_in_the_same_words(information, program, on_page):
    post = information.posts.get()

    body = problem(program(information).post(f"posts/{post.pk}/end/"), 400, "invalid")

    assert body["errors"][""][0] in on_page(information, "accounts:end_post", post.pk)
    assert Post.objects.get(pk=post.pk).ends_on is None


def test_a_token_is_seen_by_its_first_places_and_ended(hospital, information, program, elsewhere):
    program(hospital.cashier), program(elsewhere.cashier)
    client = program(information)
    ours = ApiToken.objects.get(user=hospital.cashier)

    listed = client.get("tokens/").json()["results"]
    problem(client.post(f"tokens/{ApiToken.objects.get(user=elsewhere.cashier).pk}/revoke/"), 404, "not-found")
    assert client.post(f"tokens/{ours.pk}/revoke/").json()["revoked_at"]

    assert {one["username"] for one in listed} == {hospital.cashier.username, information.username}
    assert not any(ours.digest in str(one) for one in listed)


def test_an_alarm_is_acknowledged_once_in_the_same_words(information, hospital, program, on_page):
    alarm = Alarm.objects.create(kind="undeclared", key="1", at=timezone.now(), message="dev referrals_referral")
    client = program(information)

    assert [one["id"] for one in client.get("alarms/", waiting="true").json()["results"]] == [alarm.pk]
    assert client.post(f"alarms/{alarm.pk}/acknowledge/", found="值班调试").json()["acknowledged_reason"] == "值班调试"
    body = problem(client.post(f"alarms/{alarm.pk}/acknowledge/", found="再说一次"), 409, "stale")

    assert body["detail"] in on_page(information, "audit:acknowledge", alarm.pk, found="再说一次")
    alarm.refresh_from_db()
    assert alarm.acknowledged_reason == "值班调试"
    problem(program(hospital.affairs).post(f"alarms/{alarm.pk}/acknowledge/", found="x"), 404, "not-found")


def test_a_price_is_published_once_in_the_same_words(hospital, program, on_page, elsewhere):
    price = PriceFactory(institution=hospital.institution, published_on=None)
    theirs = PriceFactory(institution=elsewhere.institution, published_on=None)
    client = program(hospital.prices)

    assert [one["id"] for one in client.get("prices/", unpublished="true").json()] == [price.pk]
    assert client.post(f"prices/{price.pk}/publish/").json()["published_on"] == day(0)
    body = problem(client.post(f"prices/{price.pk}/publish/"), 400, "invalid")

    assert body["detail"] in on_page(hospital.prices, "vendors:publish", price.pk)
    problem(client.post(f"prices/{theirs.pk}/publish/"), 404, "not-found")
    problem(program(hospital.cashier).post(f"prices/{theirs.pk}/publish/"), 403, "forbidden")
    problem(program(hospital.nurse).get("prices/", unpublished="true"), 403, "forbidden")
    assert Price.objects.get(pk=theirs.pk).published_on is None


# Finding cases


def test_search_finds_by_number_scan_name_and_initials(hospital, program):
    case = hospital.at("sampled")
    identity.set_identity(patient=case.patient, by=hospital.doctor, name="欧阳一鸣")
    code = case.specimens.get().barcode
    office, carrier = program(hospital.affairs), program(hospital.carrier)

    def found(client, text):
        return [one["number"] for one in client.get("search/", q=text).json()["results"]]

    for text in (case.number, case.number[:6], code, case.patient.record_no, "欧阳一鸣", "oyym"):
        assert found(office, text) == [case.number], text
    if not hospital.carrier.sees_identity:
        assert found(carrier, "oyym") == []
    assert found(carrier, code) == [case.number]
    assert found(office, "没有这个人") == []


def test_a_scan_leads_to_its_case_alone(hospital, program, elsewhere):
    case, due, foreign = hospital.at("sampled"), hospital.at("charged"), elsewhere.at("sampled")
    client = program(hospital.nurse)
    code, label = case.specimens.get().barcode, barcodes.next_barcode(due)

    taken, printed = client.get(f"specimens/{code}/").json(), client.get(f"specimens/{label}/").json()

    assert (taken["taken"], taken["current"], taken["referral"]["number"]) == (True, True, case.number)
    assert (printed["taken"], printed["specimen"], printed["referral"]["number"]) == (False, None, due.number)
    assert client.get(f"referrals/{due.pk}/label/").json()["barcode"] == label
    wrong = code[:-1] + str((int(code[-1]) + 1) % 10)
    assert list(problem(client.get(f"specimens/{wrong}/"), 400, "invalid")["errors"]) == ["barcode"]
    problem(client.get(f"specimens/{foreign.specimens.get().barcode}/"), 404, "not-found")
    problem(client.get(f"specimens/{barcodes.barcode(due.number, 7)}/"), 404, "not-found")


def test_worklists_are_those_of_the_home_page_with_their_counts(hospital, program):
    due = [hospital.at("awaiting_charge") for _n in range(2)]
    client = program(hospital.cashier)

    lists = {one["code"]: one for one in client.get("worklists/").json()}
    cases = client.get("referrals/", waiting="charge").json()["results"]

    assert list(lists) == [one.code for one in worklists.of(hospital.cashier)]
    assert lists["waiting_charge"]["count"] == 2
    assert lists["waiting_charge"]["cases"] == "/api/v1/referrals/?waiting=charge"
    assert {one["number"] for one in cases} == {one.number for one in due}
    problem(client.get("referrals/", waiting="nothing"), 400, "invalid")
    assert program(hospital.cashier, issuing.READ_NOTICES).get("worklists/").json() == []


def test_a_colleague_is_let_into_a_case_and_out_again(hospital, program, on_page):
    case, colleague = hospital.at("charged"), staff("R01", hospital.institution, hospital.department)
    client, reader = program(hospital.affairs), program(colleague)
    late = {"username": colleague.username, "reason": "会诊", "ends_on": day(31)}

    page = on_page(hospital.affairs, "referrals:let_in", case.pk, **late)
    body = problem(client.post(f"referrals/{case.pk}/let-ins/", late), 400, "invalid")
    problem(reader.get(f"referrals/{case.pk}/"), 404, "not-found")
    given = client.post(f"referrals/{case.pk}/let-ins/", {**late, "ends_on": day(3)}).json()

    assert body["errors"]["ends_on"][0] in page
    assert reader.get(f"referrals/{case.pk}/").status_code == 200
    problem(reader.post(f"referrals/{case.pk}/let-ins/{given['id']}/withdraw/"), 403, "forbidden")
    client.post(f"referrals/{case.pk}/let-ins/{given['id']}/withdraw/")
    problem(reader.get(f"referrals/{case.pk}/"), 404, "not-found")
    assert LetIn.objects.get().withdrawn_at


def test_a_packed_specimen_is_taken_out_and_a_batch_received(hospital, program):
    cases = [hospital.at("sampled") for _n in range(2)]
    client = program(hospital.carrier)
    batch = client.post("batches/", referrals=[one.number for one in cases]).json()
    address = f"batches/{batch['number']}/"

    out = client.post(f"{address}take-out/", referral=cases[0].number).json()

    assert set(batch["referrals"]) == {one.number for one in cases}
    assert out["referrals"] == [cases[1].number]
    problem(client.post(f"{address}receive/"), 409, "out-of-turn")
    problem(program(hospital.nurse).post(f"{address}take-out/", referral=cases[1].number), 403, "forbidden")
    assert [one["id"] for one in client.get("batches/", left="false").json()["results"]] == [batch["id"]]


# Ledgers and reports


def test_a_ledger_is_given_in_once_and_confirmed_when_it_was_looked_through(hospital, program, on_page, book, tmp_path):
    client = program(hospital.affairs)
    content = base64.b64encode(book.cut(2).save(tmp_path / "ledger.xlsx").read_bytes()).decode()

    given = client.post("ledger-imports/", ledger=content)
    again = client.post("ledger-imports/", ledger=content)

    assert given.status_code == 202, given.json()
    assert given.json()["id"] == again.json()["id"]
    body = problem(client.post(f"ledger-imports/{given.json()['id']}/confirm/"), 409, "stale")
    assert body["detail"] in on_page(hospital.affairs, "supervision:import_confirm", given.json()["id"])
    problem(client.post("ledger-imports/", ledger=base64.b64encode(b"nothing").decode()), 400, "invalid")
    problem(program(hospital.cashier).post("ledger-imports/", ledger=content), 403, "forbidden")
    assert LedgerImport.objects.count() == 1


def test_a_report_is_asked_for_and_refused_in_the_words_of_the_page(hospital, program, on_page, elsewhere):
    case = hospital.at("filed")
    last = periods.last_closed()
    Referral.objects.filter(pk=case.pk).update(requested_at=last.closes - timedelta(days=9))
    client, now = program(hospital.affairs), periods.containing(timezone.localdate(), last.kind)

    page = on_page(hospital.affairs, "reports:ask", period=now.code)
    body = problem(client.post("reports/", period=now.code), 422, "refused")
    asked = client.post("reports/", period=last.code)
    report = Report.objects.get()
    early = problem(client.post(f"reports/{report.pk}/review/", version=0), 409, "out-of-turn")

    assert body["detail"] in page
    assert (asked.status_code, asked.json()["status"]) == (202, "building")
    assert client.post("reports/", period=last.code).status_code == 200
    assert early["detail"] in on_page(hospital.affairs, "reports:review", report.pk, version=0)
    problem(program(elsewhere.affairs).post(f"reports/{report.pk}/review/", version=0), 404, "not-found")
    problem(program(hospital.cashier).post(f"reports/{report.pk}/submit/"), 403, "forbidden")
    assert reverse("reports_api:sign_off", args=[report.pk]).endswith("/sign-off/")
