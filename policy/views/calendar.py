"""The calendar of working days: a year at a glance, what was marked and on which notice, and marking."""

from __future__ import annotations

import calendar as months
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from audit.guards import needs
from policy import calendar
from policy.forms.calendar import MarkDaysForm
from policy.models import WorkingDay


@require_GET
@needs("policy.view_policy")
def show(request: HttpRequest) -> HttpResponse:
    text = request.GET.get("year", "")
    year = int(text) if text.isdecimal() and len(text) == 4 else timezone.localdate().year
    return _page(request, min(max(year, calendar.FIRST_YEAR), calendar.LAST_YEAR))


@require_POST
@needs(calendar.PERMISSION)
def mark(request: HttpRequest) -> HttpResponse:
    form = MarkDaysForm(request.POST)
    year = timezone.localdate().year
    if form.is_valid():
        asked = form.cleaned_data
        year = asked["first"].year
        try:
            days = calendar.mark(**asked, by=request.user)
        except ValidationError as wrong:
            form.add_error(None, wrong)
        else:
            messages.success(request, _("%(n)s days marked.") % {"n": len(days)})
            return redirect(f"{reverse('policy:calendar')}?year={year}")
    return _page(request, year, form, status=422)


@require_POST
@needs(calendar.PERMISSION)
def unmark(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(WorkingDay, pk=pk)
    calendar.unmark(day=found, by=request.user)
    messages.success(request, _("%(day)s goes by the rule again.") % {"day": found.day})
    return redirect(f"{reverse('policy:calendar')}?year={found.day.year}")


def _page(request: HttpRequest, year: int, form: MarkDaysForm | None = None, status: int = 200) -> HttpResponse:
    user: Any = request.user
    marks = {one.day: one for one in WorkingDay.objects.filter(day__year=year).select_related("marked_by")}
    known = calendar.load()
    may_mark = user.may(calendar.PERMISSION)
    context = {
        "year": year,
        "known": known.known(year),
        "statutory": calendar.STATUTORY_DAYS,
        "from_library": year in calendar.library_years(),
        "working": known.between(date(year - 1, 12, 31), date(year, 12, 31)),
        "months": [_month(known, marks, year, month) for month in range(1, 13)],
        "marks": list(marks.values()),
        "form": (form or MarkDaysForm()) if may_mark else None,
        "may_mark": may_mark,
        "before_url": f"?year={year - 1}" if year > calendar.FIRST_YEAR else "",
        "after_url": f"?year={year + 1}" if year < calendar.LAST_YEAR else "",
    }
    return render(request, "policy/calendar.html", context, status=status)


def _month(known: calendar.Calendar, marks: dict[date, WorkingDay], year: int, month: int) -> dict[str, Any]:
    """Weeks from Monday; a day of another month is None, else (day, what it is, why)."""
    weeks = [
        [_day(known, marks, day) if day.month == month else None for day in week]
        for week in months.Calendar().monthdatescalendar(year, month)
    ]
    first, last = date(year, month, 1), date(year, month, months.monthrange(year, month)[1])
    working = known.between(first, last) + known.is_working(first)
    return {"number": month, "weeks": weeks, "working": working}


def _day(known: calendar.Calendar, marks: dict[date, WorkingDay], day: date) -> tuple[date, str, str]:
    """off: a holiday; work: a weekend day worked for one; rest: an ordinary weekend day; "": an ordinary weekday."""
    working, weekday, mark = known.is_working(day), day.weekday() < 5, marks.get(day)
    name = mark.name if mark else calendar.holiday(day)
    if working:
        return day, "" if weekday else "work", name
    return day, "off" if weekday or name else "rest", name
