"""The trail's pages, and what a lapsed session keeps."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Institution, User
from audit import actions, declaring, queries, steps
from audit.gates import Refused
from audit.models import Alarm, Event

pytestmark = pytest.mark.django_db

VIEW, ACKNOWLEDGE = "audit.view_trail", "audit.acknowledge_alarm"


@pytest.fixture
def alarm():
    Institution.objects.create(code="U", name="undeclared")
    return Alarm.objects.latest("pk")


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def test_the_trail_is_shown_to_those_who_may(somebody):
    watcher = somebody(VIEW)

    assert signed_in(watcher).get(reverse("audit:trail")).status_code == 200
    assert signed_in(somebody()).get(reverse("audit:trail")).status_code == 403
    assert Client().get(reverse("audit:trail")).status_code == 302


def test_the_trail_of_another_hospital_is_not_shown(somebody):
    other = Institution.objects.create(code="OTH", name="另一家医院")
    watcher, colleague, stranger = somebody(VIEW), somebody(), somebody(institution=other)
    for person in (colleague, stranger):
        with declaring.acting(person, post=person.post.pk, step="shown.or.not"):
            Institution.objects.filter(pk=other.pk).update(grade=f"{person.pk}")

    seen = queries.search(watcher, {}).filter(step="shown.or.not")

    assert [event.actor_id for event in seen] == [colleague.pk]


@pytest.mark.parametrize(
    "query, found",
    [
        ({"person": "某人1"}, True),
        ({"person": "nobody"}, False),
        ({"table": "accounts_institution"}, True),
        ({"op": "D"}, False),
        ({"start": "2020-01-01", "end": "2099-01-01"}, True),
        ({"undeclared": "on"}, False),
    ],
)
def test_the_trail_is_searched(somebody, query, found):
    watcher = somebody(VIEW)
    with declaring.acting(watcher, post=watcher.post.pk, step="sought.step"):
        Institution.objects.filter(pk=watcher.post.institution_id).update(grade="三级")

    page = signed_in(watcher).get(reverse("audit:trail"), query)

    assert page.status_code == 200
    assert ("sought.step" in page.content.decode()) is found


@pytest.mark.parametrize("query", [{"before": "x"}, {"before": "9" * 30}, {"start": "no day"}, {"table": "pg_class"}])
def test_a_mangled_address_is_no_error(somebody, query):
    assert signed_in(somebody(VIEW)).get(reverse("audit:trail"), query).status_code == 200


def test_alarms_wait_until_somebody_says_what_was_found(somebody, alarm):
    watcher = somebody(VIEW, ACKNOWLEDGE)
    client = signed_in(watcher)
    assert alarm.sentence() in client.get(reverse("audit:alarms")).content.decode().replace("&quot;", '"')

    response = client.post(reverse("audit:acknowledge", args=[alarm.pk]), {"found": "厂家远程维护，已核实"})

    assert response.status_code == 302
    alarm.refresh_from_db()
    assert alarm.acknowledged_by == watcher.pk
    event = Event.objects.of_rows([("audit_alarm", alarm.pk)]).newest_first()[0]
    assert (event.step, event.reason) == ("alarm.acknowledged", "厂家远程维护，已核实")


def test_an_alarm_needs_a_word(somebody, alarm):
    client = signed_in(somebody(VIEW, ACKNOWLEDGE))

    assert client.get(reverse("audit:acknowledge", args=[alarm.pk])).status_code == 200
    assert client.post(reverse("audit:acknowledge", args=[alarm.pk]), {"found": ""}).status_code == 422


def test_an_alarm_is_acknowledged_once(somebody, alarm):
    watcher = somebody(VIEW, ACKNOWLEDGE)
    with declaring.acting(watcher, step="test"):
        actions.acknowledge(alarm=alarm, found="first", by=watcher)
        with pytest.raises(Refused):
            actions.acknowledge(alarm=alarm, found="second", by=watcher)

    client = signed_in(watcher)
    assert client.post(reverse("audit:acknowledge", args=[alarm.pk]), {"found": "third"}).status_code == 409
    alarm.refresh_from_db()
    assert alarm.acknowledged_reason == "first"


def test_who_may_only_look_does_not_acknowledge(somebody, alarm):
    client = signed_in(somebody(VIEW))

    assert client.post(reverse("audit:acknowledge", args=[alarm.pk]), {"found": "x"}).status_code == 403


def test_who_sees_no_alarm_gets_404(somebody, alarm):
    assert signed_in(somebody(ACKNOWLEDGE)).get(reverse("audit:acknowledge", args=[alarm.pk])).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_checkpoint_and_key_are_downloaded(somebody, trail_home):
    from audit import notes, seal

    client = signed_in(somebody(VIEW))
    assert client.get(reverse("audit:checkpoint")).status_code == 404
    done = seal.seal()

    note = client.get(reverse("audit:checkpoint")).content.decode()
    key = notes.PublicKey.read(client.get(reverse("audit:public_key")).content.decode().strip())

    assert notes.read(note, [key]).root == done.root


def test_a_form_sent_after_the_session_lapsed_keeps_what_was_typed(alarm):
    response = Client().post(reverse("audit:acknowledge", args=[alarm.pk]), {"found": "很长的说明"})

    assert response.status_code == 401
    assert "很长的说明" in response.content.decode()
    assert not Alarm.objects.filter(acknowledged_at__isnull=False).exists()


def test_a_fragment_asked_after_the_session_lapsed_leads_to_sign_in():
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/trail/?op=U"}

    response = Client().get(reverse("audit:trail"), headers=headers)

    assert response.status_code == 401
    assert "%3Fop%3DU" in response["HX-Redirect"]


def test_steps_are_named_for_people(monkeypatch):
    monkeypatch.setitem(steps.LABELS, "kettle.emptied", "倒空")

    assert steps.label_of("kettle.emptied") == "倒空"
    assert steps.label_of("nothing.known") == "nothing.known"


def test_a_timeline_shows_its_rows_newest_first(somebody):
    person = somebody()
    with declaring.acting(person, step="one"):
        made = Institution.objects.create(code="TL", name="x")
    with declaring.acting(person, step="two"):
        Institution.objects.filter(pk=made.pk).update(name="y")

    shown = queries.timeline([("accounts_institution", made.pk)])

    assert [event.step for event in shown] == ["two", "one"]
    assert queries.timeline([("accounts_institution", made.pk)], before=shown[0].pk) == shown[1:]
    assert queries.people(shown)[person.pk] == User.objects.get(pk=person.pk)


def test_the_page_of_a_reading_has_a_name_for_people():
    from audit.views import _page

    assert str(_page("case")) == "病例页"
    assert str(_page("/supervision/findings/46/")) == "自查发现页"
    assert _page("/gone/away/") == "/gone/away/"
    assert _page("") == ""
