"""Working days: the State Council's holidays and worked weekends, what the hospital marks, and years nobody knows yet
(`vocab.md` §13)."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

from accounts.models import User
from audit import declaring
from audit.models import Event
from config import environment
from policy import calendar
from policy.calendar import Known, working_days
from policy.models import WorkingDay
from referrals import queries
from tests.factories import InstitutionFactory, staff

pytestmark = pytest.mark.usefixtures("as_machine")
FAR = 2060  # a year no library knows
NOTICE = "国办发明电〔2059〕9号"


@pytest.fixture
def affairs():
    return staff("R10", InstitutionFactory())


def again():
    declaring.declare(actor=User.objects.machine().pk, step="test", institutions="*", identity="*")


def off(first, last, by, name="春节"):
    return calendar.mark(first=first, last=last, is_working=False, name=name, basis=NOTICE, by=by)


def test_weekends_holidays_and_worked_weekend_days_of_a_known_year():
    # 2026: 15 to 23 February off, 14 and 28 February worked.
    assert working_days(date(2026, 3, 6), date(2026, 3, 9)) == 1
    assert working_days(date(2026, 2, 13), date(2026, 2, 24)) == 2
    assert working_days(date(2026, 3, 9), date(2026, 3, 6)) == 0
    assert working_days(date(2026, 3, 9), date(2026, 3, 9)) == 0


def test_the_deadline_of_the_scenario_skips_mid_autumn_and_national_day():
    """`scenario.md`: taken in on 18 September 2023, ten working days are over on 8 October, a Sunday worked."""
    assert calendar.load().after(date(2023, 9, 18), 10) == date(2023, 10, 8)
    assert calendar.load().after(date(2023, 9, 14), 10) == date(2023, 9, 28)
    assert calendar.load().after(date(2023, 9, 25), 10) == date(2023, 10, 13)


def test_between_after_and_before_agree_over_years():
    known = calendar.load()
    for n in range(0, 700, 37):
        since = date(2024, 11, 20) + timedelta(days=n)
        day = known.after(since, 23)
        assert known.between(since, day) == 23
        assert known.between(since, day - timedelta(days=1)) == 22
        earlier = known.before(day, 23)
        assert known.between(earlier, day) >= 23 > known.between(earlier + timedelta(days=1), day)
    plain = sum(known.is_working(date(2024, 11, 20) + timedelta(days=n)) for n in range(1, 800))
    assert known.between(date(2024, 11, 20), date(2024, 11, 20) + timedelta(days=799)) == plain


def test_a_year_nobody_knows_goes_by_weekdays_until_it_is_marked(affairs):
    monday = date(FAR, 2, 2)
    assert monday.weekday() == 0
    assert calendar.load().known(FAR) == Known.NOT
    assert working_days(monday - timedelta(days=1), monday + timedelta(days=6)) == 5

    off(monday, monday + timedelta(days=6), affairs)
    calendar.mark(
        first=monday - timedelta(days=2), last=monday - timedelta(days=2), is_working=True, name="春节", basis=NOTICE,
        by=affairs,
    )  # fmt: skip

    assert working_days(monday - timedelta(days=1), monday + timedelta(days=6)) == 0
    assert working_days(monday - timedelta(days=3), monday - timedelta(days=1)) == 1
    assert calendar.load().known(FAR) == Known.PARTLY
    off(date(FAR, 10, 1), date(FAR, 10, 7), affairs, "国庆节")
    assert calendar.load().known(FAR) == Known.WHOLE


def test_what_the_hospital_marks_goes_before_the_library(affairs):
    tuesday = date(2026, 3, 10)
    before = working_days(date(2026, 3, 9), tuesday)
    off(tuesday, tuesday, affairs, "防汛停工")

    assert (before, working_days(date(2026, 3, 9), tuesday)) == (1, 0)
    calendar.unmark(day=WorkingDay.objects.get(day=tuesday), by=affairs)
    assert working_days(date(2026, 3, 9), tuesday) == 1


def test_only_keepers_mark_and_only_in_good_form(affairs):
    doctor = staff("R01", InstitutionFactory())
    with pytest.raises(PermissionDenied):
        off(date(FAR, 1, 1), date(FAR, 1, 1), doctor)
    for bad, field in (
        ({"last": date(FAR, 1, 1) - timedelta(days=1)}, "last"),
        ({"last": date(FAR, 1, 1) + timedelta(days=15)}, "last"),
        ({"name": " "}, "name"),
        ({"basis": ""}, "basis"),
        ({"first": date(1999, 1, 1), "last": date(1999, 1, 1)}, "first"),
    ):
        given = {
            "first": date(FAR, 1, 1),
            "last": date(FAR, 1, 1),
            "is_working": False,
            "name": "元旦",
            "basis": NOTICE,
        }
        with pytest.raises(ValidationError) as refused:
            calendar.mark(**{**given, **bad}, by=affairs)
        assert list(refused.value.message_dict) == [field]
    off(date(FAR, 1, 1), date(FAR, 1, 1), affairs)
    with pytest.raises(PermissionDenied):
        calendar.unmark(day=WorkingDay.objects.get(), by=doctor)


def test_from_november_the_next_year_should_be_known(affairs, monkeypatch):
    known = max(calendar.library_years())
    assert calendar.year_to_mark(date(known, 10, 31)) is None
    assert calendar.year_to_mark(date(known, 11, 1)) == known + 1
    off(date(known + 1, 1, 1), date(known + 1, 1, 13), affairs)
    assert calendar.year_to_mark(date(known, 11, 1)) is None


def test_the_overdue_list_goes_by_marked_days(affairs, time_machine):
    time_machine.move_to(date(FAR, 3, 12))  # a Friday
    plain = queries.overdue_before()
    off(date(FAR, 3, 8), date(FAR, 3, 12), affairs)

    assert queries.overdue_before() < plain


def test_the_page_marks_takes_back_and_leaves_its_trail(affairs, client):
    client.force_login(affairs, backend="django.contrib.auth.backends.ModelBackend")
    page = reverse("policy:calendar")
    assert "尚未登记" in client.get(page, {"year": FAR}).content.decode()
    typed = {"first": f"{FAR}-02-02", "last": f"{FAR}-02-08", "is_working": "no", "name": "春节", "basis": NOTICE}

    made = client.post(reverse("policy:mark_days"), typed)

    assert made.status_code == 302 and made["Location"].endswith(f"?year={FAR}")
    again()
    assert WorkingDay.objects.filter(is_working=False, marked_by=affairs).count() == 7
    shown = client.get(page, {"year": FAR}).content.decode()
    assert NOTICE in shown and "春节" in shown
    again()
    assert (
        Event.objects.filter(table_name="policy_workingday", step="calendar.marked", actor_id=affairs.pk).count() == 7
    )
    assert client.post(reverse("policy:unmark_day", args=[WorkingDay.objects.first().pk])).status_code == 302
    again()
    assert WorkingDay.objects.count() == 6
    assert Event.objects.filter(table_name="policy_workingday", step="calendar.unmarked", op="D").count() == 1
    wrong = client.post(reverse("policy:mark_days"), {**typed, "last": f"{FAR}-01-01"})
    assert wrong.status_code == 422
    assert client.get(page, {"year": "99999999"}).status_code == 200


def test_others_read_the_calendar_and_are_refused_to_mark(client):
    client.force_login(staff("R01", InstitutionFactory()), backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(reverse("policy:calendar"), {"year": 2026})
    assert page.status_code == 200 and page.context["form"] is None
    assert client.post(reverse("policy:mark_days"), {}).status_code == 403


def test_programs_count_read_and_mark_through_the_same_rules(affairs, client):
    client.force_login(affairs, backend="django.contrib.auth.backends.ModelBackend")
    days, year = "/api/v1/calendar/days/", f"/api/v1/calendar/{FAR}/"
    assert client.get(days, {"since": "2023-09-18", "until": "2023-10-08"}).json()["working_days"] == 10
    assert client.get(days, {"since": "gestern", "until": "2023-10-08"}).status_code == 400
    assert client.get(year).json()["known"] == "not"
    typed = {"first": f"{FAR}-01-01", "last": f"{FAR}-01-02", "is_working": False, "name": "元旦", "basis": NOTICE}
    made = client.post(days, typed, content_type="application/json")
    assert made.status_code == 201 and [one["day"] for one in made.json()] == [f"{FAR}-01-01", f"{FAR}-01-02"]
    assert client.get(year).json()["known"] == "partly"
    bad = client.post(days, {**typed, "last": f"{FAR}-03-01"}, content_type="application/json")
    assert bad.status_code in (400, 422) and "15" in bad.content.decode()
    assert client.get("/api/v1/calendar/1900/").status_code == 400
    back = {"day": f"{FAR}-01-01"}
    assert client.post("/api/v1/calendar/unmark/", back, content_type="application/json").status_code == 204
    assert client.post("/api/v1/calendar/unmark/", back, content_type="application/json").status_code == 404
    assert len(client.get(year).json()["marked"]) == 1


def test_settings_read_numbers_by_word(monkeypatch):
    monkeypatch.setenv("TUMOUR_CELL_MINIMUM", "NGS=30, PCR=10,25")
    assert environment.numbers("TUMOUR_CELL_MINIMUM") == {"NGS": 30, "PCR": 10, "": 25}
    monkeypatch.setenv("TUMOUR_CELL_MINIMUM", "NGS=viel")
    with pytest.raises(environment.ImproperlyConfigured, match="TUMOUR_CELL_MINIMUM"):
        environment.numbers("TUMOUR_CELL_MINIMUM")
