"""An approval for a day to come is called back before that day; at both doors, and held by the database.

Clauses A40 (adjusted with a trace), B3 (one list in force), X14.
"""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import Notice, User
from audit.declaring import acting
from audit.gates import Refused
from catalog import actions, queries
from catalog.models import Edition, Indication

pytestmark = pytest.mark.django_db
STATUSES = [str(one) for one in Edition.Status]


@pytest.fixture(autouse=True)
def declared(db):
    with acting(User.objects.machine(), step="test"):
        yield


def today():
    return timezone.localdate()


def said(refused):
    return " ".join(str(one) for one in refused.value.refusals)


def approved_for(at_station, makers, days=10, **more):
    edition = at_station("approval")
    return actions.put_in_force(
        edition=edition, starts_on=today() + timedelta(days=days), document_number="某总医〔2026〕58号", by=makers.decider,
        **more,
    )  # fmt: skip


def test_an_approval_is_called_back_before_its_day_and_may_be_given_anew(at_station, makers):
    edition = approved_for(at_station, makers)
    with pytest.raises(Refused):
        actions.call_back(edition=edition, reason=" ", by=makers.decider)

    back = actions.call_back(edition=edition, reason="外送价格尚未公示", by=makers.decider)

    back.refresh_from_db()
    assert (back.status, back.in_force_from, back.approved_by, back.document_number) == ("approval", None, None, "")
    assert back.back_reason == "外送价格尚未公示" and back.checked_by == makers.checker
    assert queries.edition_in_force(makers.hospital, today() + timedelta(days=10)).number == "2023-1"
    for heard in (makers.doctor, makers.experts[0], makers.drafter):
        assert Notice.objects.filter(user=heard, text__contains="外送价格尚未公示").exists()
    again = actions.put_in_force(edition=back, starts_on=today(), by=makers.decider)
    assert (again.status, again.in_force_from, again.back_reason) == ("in_force", today(), "")


def test_an_approval_called_back_may_be_returned_to_the_draft(at_station, makers):
    back = actions.call_back(edition=approved_for(at_station, makers), reason="漏列一行", by=makers.decider)
    draft = actions.return_to_draft(edition=back, reason="请补LUNG-05", by=makers.decider)
    assert draft.status == "draft" and draft.is_writable


def second(makers, days):
    """A second edition of the hospital, begun from the first and approved for a day to come."""
    edition = actions.start_draft(by=makers.drafter)
    for expert in makers.experts:
        actions.name_expert(edition=edition, user=expert, by=makers.drafter)
    edition = actions.open_review(edition=edition, by=makers.drafter)
    for expert in makers.experts:
        actions.sign_off(edition=edition, agreed=True, by=expert)
    edition = actions.check(edition=actions.close_review(edition=edition, by=makers.drafter), by=makers.checker)
    return actions.put_in_force(edition=edition, starts_on=today() + timedelta(days=days), by=makers.decider)


def test_the_edition_before_goes_on_as_if_it_had_never_been_followed(at_station, makers):
    first = at_station("in_force")
    following = second(makers, days=5)
    first.refresh_from_db()
    assert (first.status, first.in_force_to) == ("superseded", today() + timedelta(days=4))

    actions.call_back(edition=following, reason="推迟", by=makers.decider)

    first.refresh_from_db()
    assert (first.status, first.in_force_to) == ("in_force", None)
    assert queries.edition_in_force(makers.hospital, today() + timedelta(days=400)) == first


def test_an_end_that_was_set_before_is_set_again(at_station, makers):
    first = at_station("superseded")
    ends = first.in_force_to
    following = second(makers, days=5)
    actions.call_back(edition=following, reason="推迟", by=makers.decider)
    first.refresh_from_db()
    assert (first.status, first.in_force_to) == ("superseded", ends)


def test_on_its_first_day_an_approval_is_called_back_by_nobody_nor_by_the_database(at_station, makers):
    edition = at_station("in_force")
    with pytest.raises(Refused) as refused:
        actions.call_back(edition=edition, reason="推迟", by=makers.decider)
    assert "已开始执行" in said(refused)
    with pytest.raises(IntegrityError), transaction.atomic():
        Edition.objects.filter(pk=edition.pk).update(
            status="approval", in_force_from=None, approved_at=None, approved_by=None
        )


def test_calling_back_changes_nothing_else_of_the_edition(at_station, makers):
    edition = approved_for(at_station, makers)
    cleared = {"status": "approval", "in_force_from": None, "approved_at": None, "approved_by": None}
    with pytest.raises(IntegrityError), transaction.atomic():
        Edition.objects.filter(pk=edition.pk).update(title="别的", **cleared)
    actions.call_back(edition=edition, reason="推迟", by=makers.decider)
    with pytest.raises(IntegrityError), transaction.atomic():
        Indication.objects.filter(edition=edition).update(setting="别的")


@pytest.mark.parametrize("status", [one for one in STATUSES if one != "in_force"])
def test_only_an_approval_is_called_back(status, at_station, makers):
    edition = at_station(status)
    with pytest.raises(Refused):
        actions.call_back(edition=edition, reason="推迟", by=makers.decider)


def test_an_approval_is_called_back_only_by_who_may_approve_it(at_station, makers, somebody):
    edition = approved_for(at_station, makers)
    for other in (makers.drafter, makers.checker, makers.doctor, somebody("catalog.decide_edition")):
        with pytest.raises(PermissionDenied):
            actions.call_back(edition=edition, reason="推迟", by=other)


# Both doors


def browser(user):
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_the_page_and_the_api_call_back_and_refuse_in_the_same_words(at_station, makers, program):
    edition = approved_for(at_station, makers)
    address, door = f"/catalog/editions/{edition.pk}/", f"catalog/editions/{edition.pk}/steps/"
    assert "call_back-reason" in browser(makers.decider).get(address).content.decode()
    assert "call_back-reason" not in browser(makers.doctor).get(address).content.decode()

    # Not theirs, at both doors.
    typed = {"do": "call_back", "call_back-reason": "推迟"}
    assert browser(makers.drafter).post(address + "step/", typed).status_code == 403
    assert program(makers.drafter).post(door, do="call_back", reason="推迟").status_code == 403
    # No reason, at both doors.
    assert browser(makers.decider).post(address + "step/", {"do": "call_back"}).status_code == 422
    answer = program(makers.decider).post(door, do="call_back", reason="")
    assert answer.status_code == 422 and "请填写理由" in answer.content.decode()

    assert browser(makers.decider).post(address + "step/", typed).status_code == 302
    edition.refresh_from_db()
    assert (edition.status, edition.back_reason) == ("approval", "推迟")
    assert "推迟" in browser(makers.decider).get(address).content.decode()

    actions.put_in_force(edition=edition, starts_on=today() + timedelta(days=9), by=makers.decider)
    answer = program(makers.decider).post(door, do="call_back", reason="再议")
    assert (answer.status_code, answer.json()["status"], answer.json()["in_force_from"]) == (200, "approval", None)

    # Once it has begun: the same sentence twice.
    actions.put_in_force(edition=edition, starts_on=today(), by=makers.decider)
    page = browser(makers.decider).post(address + "step/", typed)
    answer = program(makers.decider).post(door, do="call_back", reason="推迟")
    assert (page.status_code, answer.status_code) == (409, 422)
    for text in (page.content.decode(), str(answer.json())):
        assert "该版本已开始执行" in text
