"""Working days by the State Council's calendar: holidays, and the weekend days worked for them (`vocab.md` §13).

One question in one place: how many working days lie between two days. What the hospital marks (`WorkingDay`) goes
before what the library knows; a year neither knows goes by weekdays, and the calendar says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from typing import Any

import chinese_calendar
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from audit import declaring
from policy.models import WorkingDay

PERMISSION = "policy.keep_calendar"
# 全国年节及纪念日放假办法 (2024 edition, art. 2): New Year 1, Spring Festival 4, Qingming 1, Labour Day 2, Dragon Boat 1,
# Mid-Autumn 1, National Day 3. A year with fewer days off marked is not whole.
STATUTORY_DAYS = 13
# A notice names runs of some days; a longer run is a slip of the pen.
LONGEST_RUN = 15
FIRST_YEAR, LAST_YEAR = 2004, 2100


class Known(StrEnum):
    """How well a year's holidays are known."""

    WHOLE = "whole"
    PARTLY = "partly"
    NOT = "not"


@cache
def library_years() -> frozenset[int]:
    """The years whose holidays the packaged library knows."""
    return frozenset(day.year for day in chinese_calendar.holidays)


def holiday(day: date) -> str:
    """The holiday by which the library takes a day off or has a weekend day worked; "" for an ordinary day."""
    if day.year not in library_years():
        return ""
    _off, name = chinese_calendar.get_holiday_detail(day)
    return chinese_calendar.Holiday(name).chinese if name else ""


@dataclass
class Calendar:
    """The days marked by the hospital, read once, and every answer from them."""

    marked: dict[date, bool]
    _upto: dict[int, list[int]] = field(default_factory=dict)

    def is_working(self, day: date) -> bool:
        if (said := self.marked.get(day)) is not None:
            return said
        if day.year in library_years():
            return chinese_calendar.is_workday(day)
        return day.weekday() < 5

    def between(self, since: date, until: date) -> int:
        """Working days after `since` up to and with `until`; 0 when `until` is not later."""
        if until <= since:
            return 0
        whole = sum(self._year(year)[-1] for year in range(since.year, until.year))
        return whole + self._count(until) - self._count(since)

    def after(self, since: date, days: int) -> date:
        """The day on which that many working days have passed since `since`."""
        day = since
        while days > 0:
            day += timedelta(days=1)
            days -= self.is_working(day)
        return day

    def before(self, until: date, days: int) -> date:
        """The latest day since which at least that many working days have passed by `until`."""
        day = until
        while days > 0:
            days -= self.is_working(day)
            day -= timedelta(days=1)
        return day

    def known(self, year: int) -> Known:
        if year in library_years():
            return Known.WHOLE
        off = sum(day.year == year and not working for day, working in self.marked.items())
        return Known.WHOLE if off >= STATUTORY_DAYS else Known.PARTLY if off else Known.NOT

    def _count(self, day: date) -> int:
        """Working days of the year up to and with this day."""
        return self._year(day.year)[day.timetuple().tm_yday - 1]

    def _year(self, year: int) -> list[int]:
        if year not in self._upto:
            counted, counts, day = 0, [], date(year, 1, 1)
            while day.year == year:
                counted += self.is_working(day)
                counts.append(counted)
                if day == date.max:
                    break
                day += timedelta(days=1)
            self._upto[year] = counts
        return self._upto[year]


def load() -> Calendar:
    """The calendar as it stands; one query. For many questions at once."""
    return Calendar(dict(WorkingDay.objects.order_by().values_list("day", "is_working")))


def working_days(since: date, until: date) -> int:
    """Working days after `since` up to and with `until`."""
    return load().between(since, until)


def year_to_mark(today: date | None = None) -> int | None:
    """The year whose holidays should be known by now and are not whole: this one, and from November, when the State
    Council gives its notice, the next."""
    today = today or timezone.localdate()
    years = [today.year] + ([today.year + 1] if today.month >= 11 else [])
    calendar = load()
    return next((year for year in years if calendar.known(year) != Known.WHOLE), None)


@transaction.atomic
def mark(*, first: date, last: date, is_working: bool, name: str, basis: str, by: Any) -> list[WorkingDay]:
    """Say of each day of a run that it is worked or off, as a notice does. A day marked before is marked anew.

    PermissionDenied; ValidationError by field.
    """
    if not by.may(PERMISSION):
        raise PermissionDenied(PERMISSION)
    wrong: dict[str, Any] = {}
    if not name.strip():
        wrong["name"] = _("Name the holiday.")
    if not basis.strip():
        wrong["basis"] = _("Name the notice that says so.")
    if not FIRST_YEAR <= first.year <= LAST_YEAR:
        wrong["first"] = _("This day lies outside the calendar.")
    if last < first:
        wrong["last"] = _("The last day lies before the first.")
    elif (last - first).days >= LONGEST_RUN:
        wrong["last"] = _now("At most %(days)s days at a time.") % {"days": LONGEST_RUN}
    if wrong:
        raise ValidationError(wrong)
    values = {
        "is_working": is_working, "name": name.strip()[:40], "basis": basis.strip()[:120],
        "marked_at": timezone.now(), "marked_by": by,
    }  # fmt: skip
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    with declaring.step("calendar.marked", reason=basis.strip()[:120]):
        return [WorkingDay.objects.update_or_create(day=day, defaults=values)[0] for day in days]


@transaction.atomic
def unmark(*, day: WorkingDay, by: Any) -> None:
    """Take a mark back: the day goes by the library, or by its place in the week. The trail keeps what it said."""
    if not by.may(PERMISSION):
        raise PermissionDenied(PERMISSION)
    with declaring.step("calendar.unmarked"):
        WorkingDay.objects.filter(pk=day.pk).delete()
