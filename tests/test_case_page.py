"""The list of cases and the page of one: who sees what, from what, and that reading leaves a trace."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import LetIn, User
from audit import declaring
from audit.models import Event
from referrals import queries
from referrals.identity import set_identity
from referrals.models import Referral
from referrals.strip import case_judgements
from tests.factories import (
    START,
    BureauFactory,
    InstitutionFactory,
    PostFactory,
    ReferralFactory,
    graded,
    moment,
    staff,
)

pytestmark = pytest.mark.usefixtures("as_machine")
NAME = "阿卜杜热西提·阿卜杜克热木·买买提依明"


@pytest.fixture
def hospital():
    return InstitutionFactory(supervised_by=BureauFactory())


@pytest.fixture
def opened(client):
    """`opened(user, name, *args, **query)`: the page as that person sees it."""

    def get(user, name, *args, **query):
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        answer = client.get(reverse(name, args=args), query)
        again()
        return answer

    return get


def again():
    """The request declared its own person for the rest of the test's transaction; the machine acts again."""
    declaring.declare(actor=User.objects.machine().pk, step="test", institutions="*", identity="*")


def named(referral, name=NAME):
    set_identity(patient=referral.patient, by=User.objects.machine(), name=name)
    return referral


def text(answer):
    return answer.content.decode()


# The strip


def test_the_strip_shows_every_gate_once_in_the_order_of_the_path():
    strip = case_judgements(ReferralFactory(shipped=True))
    codes = [one.code for one in strip]
    assert sorted(codes) == [f"X{n:02}" for n in range(1, 17)]
    assert codes.index("X02") < codes.index("X05") < codes.index("X06") < codes.index("X11")


def test_gates_of_steps_taken_are_judged_at_the_steps_time_and_gates_ahead_now():
    referral = ReferralFactory(first_visit=True, consented=True, status="awaiting_charge")
    now = moment(2026, 5, 1, 12)
    strip = {one.code: one for one in case_judgements(referral, now)}
    assert strip["X02"].at == START
    assert strip["X05"].at == now
    assert not strip["X05"].ahead
    assert strip["X11"].ahead
    assert strip["X11"].verdict == "refuses"


def test_a_later_rule_is_ahead_until_its_step_is_next():
    asked = {
        status: {one.code: one for one in case_judgements(ReferralFactory(first_visit=True, status=status))}[
            "X01"
        ].ahead
        for status in ("submitted", "awaiting_consent")
    }
    assert asked == {"submitted": True, "awaiting_consent": False}


def test_a_refusal_of_the_past_stays_on_the_strip():
    referral = ReferralFactory(origin="ledger", first_visit=True, mdt=False, filed=True)
    strip = {one.code: one for one in case_judgements(referral)}
    assert strip["X01"].verdict == "refuses"
    assert not strip["X01"].ahead
    assert strip["X06"].verdict == "not_applicable"
    assert strip["X12"].verdict == "not_applicable"


def test_a_consent_withdrawn_after_the_charge_shows_at_the_next_step():
    referral = ReferralFactory(charged=True, consented={"withdrawn_at": moment(2026, 4, 1)})
    strip = {one.code: one for one in case_judgements(referral, moment(2026, 5, 1))}
    assert strip["X05"].verdict == "refuses"


def test_gates_a_case_ended_before_do_not_apply():
    strip = {one.code: one for one in case_judgements(ReferralFactory(first_visit=True, status="patient_refused"))}
    assert strip["X01"].verdict == strip["X05"].verdict == strip["X11"].verdict == "not_applicable"


# The page of one case


def test_the_page_tells_the_case_in_its_records_and_its_trail(hospital, opened):
    referral = named(ReferralFactory(institution=hospital, first_visit=True, origin="ledger", filed=True, shipped=True))
    answer = opened(staff("R10", hospital), "referrals:case", referral.pk)
    assert answer.status_code == 200
    page = text(answer)
    for shown in (referral.number, NAME, "当时的记录", "留痕", "MDT讨论结论：同意检测", "归档", "HT-"):
        assert shown in page


def test_opening_a_case_is_recorded_with_who_and_from_which_page(hospital, opened):
    referral = ReferralFactory(institution=hospital)
    reader = staff("R10", hospital)
    opened(reader, "referrals:case", referral.pk)
    event = Event.objects.get(op="R")
    assert (event.actor_id, event.table_name, event.row_id) == (reader.pk, "referrals_referral", str(referral.pk))
    assert (event.page, event.post_id) == ("case", reader.posts.get().pk)
    assert "查阅本例" in text(opened(reader, "referrals:case", referral.pk))


@pytest.mark.parametrize("role, sees", [("R01", True), ("R10", True), ("R12", True), ("R25", False)])
def test_only_posts_that_read_identity_see_the_name(role, sees, hospital, opened):
    """R25 compares hospitals without identities."""
    at = hospital.supervised_by if role == "R25" else hospital
    person = staff(role, at)
    referral = named(ReferralFactory(institution=hospital, requester=person))
    for answer in (opened(person, "referrals:case", referral.pk), opened(person, "referrals:list")):
        assert answer.status_code == 200
        page = text(answer)
        assert referral.number in page
        assert (NAME in page or "阿＊＊" in page) == sees
        if not sees:
            assert NAME[:4] not in page
            assert referral.patient.record_no not in page


def test_a_foreign_case_does_not_exist_and_a_post_without_permission_is_told_so(hospital, opened):
    referral = ReferralFactory(institution=hospital)
    assert opened(staff("R10", InstitutionFactory()), "referrals:case", referral.pk).status_code == 404
    assert opened(staff("R01", hospital), "referrals:case", referral.pk).status_code == 404
    assert opened(staff("R19", hospital), "referrals:list").status_code == 403


def test_the_page_asks_the_same_number_of_queries_however_much_is_recorded(hospital, client):
    client.force_login(staff("R10", hospital), backend="django.contrib.auth.backends.ModelBackend")
    counts = []
    for _times in range(2):
        referral = ReferralFactory(institution=hospital, first_visit=True, filed=True, shipped=True)
        for n in range(6 * len(counts)):
            referral.consents.create(signed_at=START + timedelta(hours=n), signer="patient", origin="ledger")
            referral.discussions.create(held_at=START + timedelta(hours=n), origin="ledger")
        with CaptureQueriesContext(connection) as asked:
            assert client.get(reverse("referrals:case", args=[referral.pk])).status_code == 200
        again()
        counts.append(len(asked))
    assert counts[1] <= counts[0] + 2


# Letting somebody in


def give(client, by, referral, **typed):
    client.force_login(by, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.post(reverse("referrals:let_in", args=[referral.pk]), typed)
    again()
    return answer


def test_a_person_let_in_sees_that_case_only_until_it_is_withdrawn(hospital, client, opened):
    referral, other = ReferralFactory(institution=hospital), ReferralFactory(institution=hospital)
    doctor, office = staff("R01", hospital), staff("R10", hospital)
    typed = {"username": doctor.username, "reason": "会诊", "ends_on": timezone.localdate().isoformat()}
    assert give(client, office, referral, **typed).status_code == 302
    assert opened(doctor, "referrals:case", referral.pk).status_code == 200
    assert opened(doctor, "referrals:case", other.pk).status_code == 404

    grant = LetIn.objects.get()
    client.force_login(office, backend="django.contrib.auth.backends.ModelBackend")
    client.post(reverse("referrals:withdraw_let_in", args=[referral.pk, grant.pk]))
    again()
    assert opened(doctor, "referrals:case", referral.pk).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"username": "nobody"},
        {"reason": ""},
        {"ends_on": "2020-01-01"},
        {"ends_on": "2999-01-01"},
        {"ends_on": "下周"},
    ],
)
def test_a_wrong_form_is_given_back_with_what_was_typed(wrong, hospital, client):
    referral, doctor = ReferralFactory(institution=hospital), staff("R01", hospital)
    typed = {"username": doctor.username, "reason": "会诊需要", "ends_on": timezone.localdate().isoformat(), **wrong}
    answer = give(client, staff("R10", hospital), referral, **typed)
    assert answer.status_code == 422
    page = text(answer)
    assert "error-summary" in page
    for value in typed.values():
        assert f'value="{value}"' in page or not value or value == "下周"
    assert not LetIn.objects.exists()


def test_someone_of_another_institution_is_not_let_in(hospital, client):
    stranger = PostFactory().user
    answer = give(
        client, staff("R10", hospital), ReferralFactory(institution=hospital),
        username=stranger.username, reason="会诊", ends_on=timezone.localdate().isoformat(),
    )  # fmt: skip
    assert answer.status_code == 422


def test_a_post_that_may_not_let_in_has_no_form_and_is_refused(hospital, client, opened):
    referral, nurse = ReferralFactory(institution=hospital), staff("R07", hospital)
    assert "let-in" not in text(opened(nurse, "referrals:case", referral.pk))
    assert give(client, nurse, referral).status_code == 403


# The list


def test_without_filters_the_list_shows_what_is_under_way(hospital, opened):
    waiting = ReferralFactory(institution=hospital, consented=True)
    done = ReferralFactory(institution=hospital, filed=True)
    page = text(opened(staff("R10", hospital), "referrals:list"))
    assert waiting.number in page
    assert done.number not in page
    filed = text(opened(staff("R10", hospital), "referrals:list", stage="filed"))
    assert done.number in filed
    assert waiting.number not in filed


def test_a_row_says_what_the_gates_miss_for_the_next_step(hospital, opened):
    ReferralFactory(institution=hospital, first_visit=True, mdt=False, status="awaiting_consent")
    assert "初诊MDT结论" in text(opened(staff("R10", hospital), "referrals:list"))


@pytest.mark.parametrize("name", ["q", "department", "doctor", "nature", "laboratory", "quarter"])
def test_each_filter_narrows_the_list(name, hospital, opened):
    kept = ReferralFactory(institution=hospital, nature="research", shipped=True, requested_at=moment(2025, 7, 1))
    left = ReferralFactory(institution=hospital)
    asked = {
        "q": kept.number,
        "department": kept.department_id,
        "doctor": kept.requester.username,
        "nature": "research",
        "laboratory": kept.laboratory_id,
        "quarter": "2025Q3",
    }[name]
    page = text(opened(staff("R10", hospital), "referrals:list", **{name: asked, "stage": "all"}))
    assert kept.number in page
    assert left.number not in page


def test_cases_with_open_findings_can_be_listed(hospital, opened):
    broken, clean = ReferralFactory(institution=hospital), ReferralFactory(institution=hospital)
    broken.findings.create(
        institution=hospital, gate="X01", clauses=["B5"], step="specimen.collected", judged_as_of=START, message="缺MDT"
    )
    reader = staff("R10", hospital)
    page = text(opened(reader, "referrals:list", findings="yes"))
    assert broken.number in page
    assert clean.number not in page
    assert "发现 1 条" in page
    assert "缺MDT" in text(opened(reader, "referrals:case", broken.pk))


@pytest.mark.parametrize("wrong", [{"quarter": "2026Q5"}, {"department": "x"}, {"laboratory": "999999"}])
def test_a_mangled_filter_is_a_bad_request_that_keeps_what_was_asked(wrong, hospital, opened):
    answer = opened(staff("R10", hospital), "referrals:list", **wrong)
    assert answer.status_code == 400
    assert "error-summary" in text(answer)


def test_pages_go_on_by_time_and_number_and_back(hospital, opened):
    for _n in range(queries.PAGE + 3):
        ReferralFactory(institution=hospital, requested_at=START)
    reader = staff("R10", hospital)
    first = opened(reader, "referrals:list")
    older = first.context["older_url"].partition("after=")[2]
    second = opened(reader, "referrals:list", after=older, stage="all")
    seen = [row.referral.pk for page in (first, second) for row, *_station in page.context["rows"]]
    assert len(seen) == len(set(seen)) == queries.PAGE + 3
    newer = second.context["newer_url"].partition("before=")[2]
    back = opened(reader, "referrals:list", before=newer, stage="all")
    assert [row.referral.pk for row, *_station in back.context["rows"]] == seen[: queries.PAGE]
    assert opened(reader, "referrals:list", after="绝非页码").status_code == 200


def test_the_list_asks_the_same_number_of_queries_for_one_row_and_for_many(hospital, client):
    client.force_login(staff("R10", hospital), backend="django.contrib.auth.backends.ModelBackend")
    counts = []
    for more in (1, 12):
        for _n in range(more):
            named(ReferralFactory(institution=hospital, indication=graded("mdt"), laboratory=None, charged=True))
        with CaptureQueriesContext(connection) as asked:
            assert client.get(reverse("referrals:list")).status_code == 200
        again()
        counts.append(len(asked))
    assert counts[1] <= counts[0]


def test_a_count_of_thousands_stops_at_a_thousand(hospital, monkeypatch):
    for _n in range(4):
        ReferralFactory(institution=hospital)
    monkeypatch.setattr(queries, "CAP", 2)
    assert queries.count_capped(Referral.objects.all()) == 3
