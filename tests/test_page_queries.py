"""How often a page asks the database: as often for one row as for fifty, and never more than is written here.

The bounds hold the whole request: session, person, post, declaration, the page and its frame with every worklist.
"""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from audit import declaring
from desk import worklists
from referrals.models import Referral
from tests import factories as f

CASE, LIST, HOME = 24, 17, 20
STATUSES = (
    "awaiting_consent", "awaiting_approval", "awaiting_charge", "charged", "sampled", "recollect", "shipped", "received",
    "reported", "reviewed", "told", "filed",
)  # fmt: skip


@pytest.fixture
def asked(client):
    """`asked(person, name, *args, **query)`: the queries of that page, read once before so that nothing is new."""

    def count(person, name, *args, **query):
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        for _time in range(2):
            with CaptureQueriesContext(connection) as captured:
                answer = client.get(reverse(name, args=args), query)
            declaring.declare(actor=User.objects.machine().pk, step="test", institutions="*", identity="*")
        assert answer.status_code == 200
        return [one["sql"] for one in captured if "SAVEPOINT" not in one["sql"]]

    return count


@pytest.mark.parametrize("person", ["doctor", "affairs", "cashier", "carrier"])
def test_a_case_asks_no_more_than_its_bound_wherever_it_stands(hospital, asked, person):
    cases = {status: hospital.at(status) for status in STATUSES}

    took = {status: len(asked(getattr(hospital, person), "referrals:case", case.pk)) for status, case in cases.items()}

    assert max(took.values()) <= CASE, took


def test_a_case_with_fifty_records_asks_no_more_than_one_with_few(hospital, asked):
    case = hospital.at("filed")
    few = asked(hospital.affairs, "referrals:case", case.pk)
    for n in range(50):
        case.discussions.create(held_at=case.requested_at, chair=f.UserFactory(), origin="ledger")
        case.charges.create(charged_at=case.requested_at, amount=n, charged_by=f.UserFactory(), origin="ledger")
        case.evidence.create(title=f"文献{n}", recorded_at=case.requested_at)

    assert len(asked(hospital.affairs, "referrals:case", case.pk)) == len(few)


@pytest.mark.parametrize("name, bound", [("referrals:list", LIST), ("desk:home", HOME)])
@pytest.mark.parametrize("person", ["doctor", "affairs", "cashier", "carrier"])
def test_a_list_of_fifty_asks_as_often_as_a_list_of_one(hospital, asked, name, bound, person):
    # One at every station: a post with no task at all asks for no specimens of its tasks.
    for status in STATUSES:
        hospital.at(status)
    one = asked(getattr(hospital, person), name)
    for n in range(50):
        hospital.at(STATUSES[n % len(STATUSES)])
    fifty = asked(getattr(hospital, person), name)

    assert len(fifty) == len(one) <= bound


def test_the_frame_counts_all_worklists_in_one_query_beside_the_calendar(hospital, django_assert_num_queries):
    for status in STATUSES:
        hospital.at(status)
    affairs = User.objects.get(pk=hospital.affairs.pk)
    lists = worklists.of(affairs)
    affairs.let_in_to(Referral)
    # The other one is the calendar, for what is overdue.
    with django_assert_num_queries(2):
        counted = worklists.counts(affairs, lists)
    alone = {item.code: item.rows(affairs).count() for item in lists if item.rows}

    assert len(alone) >= 8 and any(alone.values())
    assert {code: counted[code] for code in alone} == alone


def test_the_frame_and_the_home_page_say_a_thousand_and_more_instead_of_counting_on(hospital, client, monkeypatch):
    for _n in range(4):
        hospital.at("charged")
    monkeypatch.setattr(worklists, "CAP", 2)
    (under_way,) = (one for one in worklists.of(hospital.affairs) if one.code == "under_way")
    counted = worklists.counts(hospital.affairs, [under_way])

    assert counted["under_way"] == 3
    assert worklists.shown(under_way, counted) == "2+"
    client.force_login(hospital.affairs, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(reverse("desk:home")).content.decode().count("2+") >= 2


def pages(client, name):
    """Every row of a list, page by page to its end and back to its beginning: (forwards, backwards)."""
    answer, forwards, backwards = client.get(reverse(name)), [], []
    while True:
        forwards.append([row["referral"].pk for row in answer.context["rows"]])
        if not answer.context["older_url"]:
            break
        answer = client.get(answer.context["older_url"])
    while answer.context["newer_url"]:
        answer = client.get(answer.context["newer_url"])
        backwards.append([row["referral"].pk for row in answer.context["rows"]])
    return forwards, backwards[::-1]


def test_cases_that_await_an_mdt_come_urgent_first_then_oldest_page_by_page(hospital, client, asked, monkeypatch):
    monkeypatch.setattr("referrals.queries.PAGE", 4)
    made = [
        f.ReferralFactory(
            institution=hospital.institution, first_visit=True, is_urgent=n % 3 == 0, status="awaiting_mdt"
        )
        for n in range(11)
    ]
    secretary = f.staff("R03", hospital.institution)
    client.force_login(secretary, backend="django.contrib.auth.backends.ModelBackend")

    forwards, backwards = pages(client, "referrals:mdt_waiting")

    right = sorted(made, key=lambda one: (not one.is_urgent, one.requested_at, one.pk))
    assert [pk for page in forwards for pk in page] == [one.pk for one in right]
    assert [len(page) for page in forwards] == [4, 4, 3]
    assert backwards == forwards[:-1]
    assert client.get(reverse("referrals:mdt_waiting"), {"after": "1_绝非_3"}).status_code == 200
    page = client.get(reverse("referrals:mdt_waiting")).context
    assert (page["total"], page["more"]) == (11, False)
