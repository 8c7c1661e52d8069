"""Periods a report is about. The documents say 定期, never "quarterly": the length is a setting (B21, B36, B38).

A period runs from midnight to midnight in the hospital's own time zone.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

MONTHS = {"month": 1, "quarter": 3, "half": 6, "year": 12}
ORDINALS = "一二三四"
FORMS = (
    ("month", re.compile(r"(\d{4})-(0[1-9]|1[0-2])")),
    ("quarter", re.compile(r"(\d{4})Q([1-4])", re.IGNORECASE)),
    ("half", re.compile(r"(\d{4})H([12])", re.IGNORECASE)),
    ("year", re.compile(r"(\d{4})")),
)


class NotAPeriod(ValueError):
    """The text names no period; the message is for the person who typed it."""


@dataclass(frozen=True, order=True)
class Period:
    """A month, quarter, half-year or year. `start` and `end` are its first and last day."""

    start: date
    kind: str

    @property
    def end(self) -> date:
        last = _month_after(self.start, MONTHS[self.kind] - 1)
        return last.replace(day=monthrange(last.year, last.month)[1])

    @property
    def opens(self) -> datetime:
        return _midnight(self.start)

    @property
    def closes(self) -> datetime:
        """The first moment after the period."""
        return _midnight(self.end + timedelta(days=1))

    @property
    def number(self) -> int:
        """Which one of its year, from 1."""
        return (self.start.month - 1) // MONTHS[self.kind] + 1

    @property
    def code(self) -> str:
        year = self.start.year
        if self.kind == "month":
            return f"{year}-{self.start.month:02}"
        return {"quarter": f"{year}Q{self.number}", "half": f"{year}H{self.number}", "year": f"{year}"}[self.kind]

    @property
    def label(self) -> str:
        """As an office writes it: 2026年第三季度."""
        year = f"{self.start.year}年"
        if self.kind == "month":
            return f"{year}{self.start.month}月"
        if self.kind == "quarter":
            return f"{year}第{ORDINALS[self.number - 1]}季度"
        return f"{year}{'上下'[self.number - 1]}半年" if self.kind == "half" else f"{year}度"

    @property
    def short_label(self) -> str:
        """For the axis of a chart: 26年3季."""
        year = f"{self.start.year % 100:02}年"
        if self.kind == "month":
            return f"{year}{self.start.month}月"
        if self.kind == "quarter":
            return f"{year}{self.number}季"
        return f"{year}{'上下'[self.number - 1]}半年" if self.kind == "half" else f"{self.start.year}年"

    @property
    def is_closed(self) -> bool:
        return timezone.now() >= self.closes

    def before(self, steps: int = 1) -> Period:
        """The period `steps` earlier; later for a negative number."""
        return Period(_month_after(self.start, -steps * MONTHS[self.kind]), self.kind)

    def year_before(self) -> Period:
        return self.before(12 // MONTHS[self.kind])

    def months(self) -> list[date]:
        return [_month_after(self.start, n) for n in range(MONTHS[self.kind])]

    def to_date(self) -> list[date]:
        """The months of the year up to the period's end (本年累计)."""
        return [date(self.end.year, month, 1) for month in range(1, self.end.month + 1)]

    def __str__(self) -> str:
        return self.code


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()), timezone.get_default_timezone())


def _month_after(first: date, months: int) -> date:
    index = first.year * 12 + first.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def parse(text: str) -> Period:
    """2026-07, 2026Q3, 2026H1 or 2026; raises NotAPeriod with a sentence."""
    for kind, form in FORMS:
        if found := form.fullmatch(text.strip()):
            year = int(found[1])
            number = int(found[2]) if kind != "year" else 1
            if 2000 <= year <= 2199:
                return Period(date(year, (number - 1) * MONTHS[kind] + 1, 1), kind)
    raise NotAPeriod(_("“%(text)s” is not a period: write 2026Q3, 2026-07, 2026H1 or 2026.") % {"text": text[:40]})


def containing(day: date, kind: str) -> Period:
    months = MONTHS[kind]
    return Period(date(day.year, (day.month - 1) // months * months + 1, 1), kind)


def default_kind() -> str:
    return settings.REPORT_PERIOD


def last_closed(kind: str | None = None, today: date | None = None) -> Period:
    """The last period that has ended by today."""
    return containing(today or timezone.localdate(), kind or default_kind()).before()
