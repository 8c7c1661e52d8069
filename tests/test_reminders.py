"""Reminders: on working days, once for each lead, under the bell and by e-mail; a failed e-mail is tried again."""

from datetime import date, datetime, timedelta

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse
from django.utils import timezone

from accounts import actions, reminding, tasks
from accounts.models import Delegation, Notice, Reminder
from accounts.queries import holders
from tests.factories import SHANGHAI, InstitutionFactory, staff

pytestmark = pytest.mark.django_db
# A Wednesday without holidays near it.
WEDNESDAY = datetime(2026, 6, 3, 9, 0, tzinfo=SHANGHAI)


@pytest.fixture
def hospital(as_machine):
    return InstitutionFactory()


@pytest.fixture
def keeper(hospital):
    return staff("R10", hospital, name="张三", email="zhang@hospital.example")


@pytest.fixture
def due(monkeypatch, keeper):
    """`due(on, …)` is the only thing that falls due, for the keeper."""
    monkeypatch.setattr(reminding, "KINDS", {})

    def register(on, leads=(30, 7), people=None, working=False):
        def provider(until):
            thing = reminding.Due("thing:1", on, "某证书将于近期到期", people or [keeper], "/catalog/")
            return [thing] if on <= until else []

        reminding.register("test.thing", "证书", provider, leads=leads, in_working_days=working)

    return register


@pytest.fixture
def post_office(settings):
    settings.EMAIL_HOST = "mail.hospital.example"
    settings.PUBLIC_URL = "https://mingjian.example"
    settings.DEFAULT_FROM_EMAIL = "明检 <mingjian@hospital.example>"


def test_one_is_told_once_for_each_lead(due, keeper):
    due(date(2026, 6, 30))

    for day in range(28):
        reminding.remind(WEDNESDAY + timedelta(days=day))
        reminding.remind(WEDNESDAY + timedelta(days=day, hours=3))

    leads = list(Reminder.objects.order_by("pk").values_list("lead", flat=True))
    assert leads == [30, 7, 0]
    assert Notice.objects.filter(user=keeper).count() == 3


def test_nobody_is_reminded_on_a_day_off_or_at_night(due):
    due(date(2026, 6, 10), leads=(7,))
    saturday = WEDNESDAY + timedelta(days=3)

    assert reminding.remind(saturday) == 0
    assert reminding.remind(WEDNESDAY.replace(hour=22)) == 0
    assert reminding.remind(datetime(2026, 6, 19, 9, tzinfo=SHANGHAI)) == 0  # 端午
    assert reminding.remind(saturday + timedelta(days=2)) == 1


def test_what_is_overdue_is_told_on_the_first_day_and_then_once_a_week(due):
    due(date(2026, 6, 2))

    told = [(WEDNESDAY + timedelta(days=day)).day for day in range(16) if reminding.remind(WEDNESDAY + timedelta(day))]

    assert told == [3, 10, 17]


def test_leads_may_be_working_days(due):
    due(date(2026, 6, 10), leads=(3,), working=True)

    assert reminding.remind(datetime(2026, 6, 4, 9, tzinfo=SHANGHAI)) == 0  # four working days before
    assert reminding.remind(datetime(2026, 6, 5, 9, tzinfo=SHANGHAI)) == 1


def test_the_e_mail_names_the_thing_and_its_page_and_goes_once(due, post_office):
    due(date(2026, 6, 10))
    reminding.remind(WEDNESDAY)

    assert reminding.send_next(WEDNESDAY)
    assert not reminding.send_next(WEDNESDAY + timedelta(hours=5))

    (letter,) = mail.outbox
    assert letter.to == ["zhang@hospital.example"]
    assert "某证书将于近期到期（2026-06-10）" in letter.body and "https://mingjian.example/catalog/" in letter.body
    assert Reminder.objects.get().sent_at == WEDNESDAY


def test_one_person_gets_one_e_mail_for_everything_of_the_day(due, post_office, keeper):
    due(date(2026, 6, 10))
    things = [reminding.Due(f"more:{n}", date(2026, 6, 9), f"事项{n}", [keeper]) for n in range(3)]
    reminding.register("test.more", "其他", lambda until: things)
    reminding.remind(WEDNESDAY)

    reminding.send_next(WEDNESDAY)

    assert len(mail.outbox) == 1
    assert "4项" in mail.outbox[0].subject and all(f"事项{n}" in mail.outbox[0].body for n in range(3))


def test_without_an_address_or_a_mail_server_the_bell_alone_rings(due, keeper, settings):
    due(date(2026, 6, 10))
    settings.EMAIL_HOST = ""
    reminding.remind(WEDNESDAY)

    settings.EMAIL_HOST = "mail.hospital.example"
    keeper.email = ""
    keeper.save()
    due(date(2026, 6, 9))
    reminding.remind(WEDNESDAY)

    assert Notice.objects.filter(user=keeper).count() == 2
    assert not reminding.send_next(WEDNESDAY) and not mail.outbox


def test_a_failed_e_mail_is_tried_again_later_and_given_up_at_last(due, post_office, monkeypatch):
    due(date(2026, 6, 10))
    reminding.remind(WEDNESDAY)
    tried = []

    def refuse(letter, fail_silently=False):
        tried.append(letter)
        raise ConnectionRefusedError("no answer")

    monkeypatch.setattr("django.core.mail.EmailMessage.send", refuse)
    for hour in range(240):
        reminding.send_next(WEDNESDAY + timedelta(hours=hour))

    one = Reminder.objects.get()
    assert len(tried) == one.tries == len(reminding.BACKOFF) + 1
    assert one.was_given_up and "no answer" in one.failure
    assert len({letter.extra_headers["Message-ID"] for letter in tried}) == 1


def test_a_provider_that_fails_keeps_nobody_elses_reminder(due):
    due(date(2026, 6, 10))

    def broken(until):
        raise RuntimeError("broken")

    reminding.KINDS = {"a": reminding.Kind("a", "坏", broken, (0, 7), False), **reminding.KINDS}

    assert reminding.remind(WEDNESDAY) == 1


def test_every_registered_kind_answers(as_machine):
    """Whatever the rooms registered: asked of the empty house, each gives what has a day, a sentence and people."""
    from accounts.reminding import KINDS

    for kind in KINDS.values():
        for found in kind.provider(timezone.localdate() + timedelta(days=kind.leads[-1])):
            assert found.on and str(found.text) and found.subject


def test_who_stands_in_for_somebody_is_told_as_well(hospital, keeper):
    other = staff("R01", hospital)
    today = timezone.localdate()
    Delegation.objects.create(
        institution=hospital, from_post=keeper.posts.get(), to_user=other, starts_on=today, ends_on=today,
        reason="休假", made_by=keeper,
    )  # fmt: skip

    assert set(holders(hospital.pk, "catalog.draft_edition")) == {keeper, other}


def test_the_address_is_set_by_oneself_and_by_who_keeps_the_staff(hospital, keeper):
    colleague, office, stranger = (staff("R01", hospital), staff("R19", hospital), staff("R19", InstitutionFactory()))

    actions.set_email(user=colleague, email=" li@hospital.example ", by=colleague)
    assert type(colleague).objects.get(pk=colleague.pk).email == "li@hospital.example"
    actions.set_email(user=colleague, email="", by=office)
    for by in (keeper, stranger):
        with pytest.raises(PermissionDenied):
            actions.set_email(user=colleague, email="x@example.com", by=by)
    with pytest.raises(ValidationError):
        actions.set_email(user=colleague, email="不是邮箱", by=colleague)


def test_a_taken_back_address_gets_nothing_that_waited(due, post_office, keeper):
    due(date(2026, 6, 10))
    reminding.remind(WEDNESDAY)

    actions.set_email(user=keeper, email="", by=keeper)

    assert not reminding.send_next(WEDNESDAY) and not mail.outbox


def test_the_page_shows_what_one_was_reminded_of(due, keeper, client):
    due(date(2026, 6, 10))
    reminding.remind(WEDNESDAY)
    client.force_login(keeper, backend="django.contrib.auth.backends.ModelBackend")

    page = client.get(reverse("accounts:reminders")).content.decode()
    assert "某证书将于近期到期" in page
    answer = client.post(reverse("accounts:reminders"), {"email": "zs@hospital.example"})
    assert answer.status_code == 302 and type(keeper).objects.get(pk=keeper.pk).email == "zs@hospital.example"


def test_a_program_sets_its_holders_address_when_its_token_says_so(keeper, program):
    allowed, other = program(keeper, "accounts.own_email"), program(keeper, "accounts.own_notices")

    assert allowed.post("me/email/", {"email": "a@b.example"}).status_code == 200
    assert other.post("me/email/", {"email": "c@d.example"}).status_code == 403
    assert other.get("reminders/").json()["results"] == []
    assert type(keeper).objects.get(pk=keeper.pk).email == "a@b.example"


def test_the_sweeps_run(as_machine):
    assert tasks.remind() == 0 or Reminder.objects.exists()
    assert tasks.send_reminders() == 0
