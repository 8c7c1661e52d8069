"""How figures, dates and names are written on every page and paper: one filter per kind of thing."""

from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django import template
from django.utils import timezone
from django.utils.translation import gettext as _

register = template.Library()

NONE = "—"


@register.filter
def money(value: Any) -> str:
    """An amount in yuan as 3,600.00; nothing recorded is a dash."""
    if value in (None, ""):
        return NONE
    try:
        return f"{Decimal(str(value)):,.2f}"
    except InvalidOperation:
        return str(value)


def _local(value: date | datetime) -> date | datetime:
    if isinstance(value, datetime) and timezone.is_aware(value):
        return timezone.localtime(value)
    return value


@register.filter
def day(value: Any) -> str:
    """A date in running text as 2026年9月14日."""
    if not value:
        return NONE
    value = _local(value)
    return f"{value.year}年{value.month}月{value.day}日"


@register.filter
def isoday(value: Any) -> str:
    """A date in a table as 2026-09-14."""
    if not value:
        return NONE
    return f"{_local(value):%Y-%m-%d}"


@register.filter
def moment(value: Any) -> str:
    """A time as 2026-09-14 11:20, in the hospital's own time zone."""
    if not value:
        return NONE
    return f"{_local(value):%Y-%m-%d %H:%M}"


@register.filter
def period(start: Any, end: Any) -> str:
    """A span of days as 2024-09-01 至 2025-11-30, or 2025-12-01 起 while it has no end."""
    if not start and not end:
        return NONE
    if not end:
        return _("from %(start)s") % {"start": isoday(start)}
    if not start:
        return _("until %(end)s") % {"end": isoday(end)}
    return _("%(start)s to %(end)s") % {"start": isoday(start), "end": isoday(end)}


@register.filter
def count(value: Any) -> str:
    """A whole number as 1,128; nothing recorded is a dash, zero is 0."""
    if value in (None, ""):
        return NONE
    return f"{int(value):,}"


@register.filter
def percent(numerator: Any, denominator: Any) -> str:
    """numerator / denominator as 97.3%; a dash when the denominator is 0 or not recorded.

    Anything short of all is never shown as 100.0%, and anything more than none never as 0.0%.
    """
    if numerator is None or not denominator:
        return NONE
    tenths = round(numerator * 1000 / denominator)
    if tenths >= 1000 and numerator < denominator:
        tenths = 999
    if tenths <= 0 < numerator:
        tenths = 1
    return f"{tenths // 10}%" if tenths in (0, 1000) else f"{tenths / 10:.1f}%"


@register.filter
def rate(numerator: Any, denominator: Any) -> str:
    """numerator / denominator as 97.3%（36/37）; a dash when the denominator is 0."""
    if numerator is None or not denominator:
        return NONE
    return f"{percent(numerator, denominator)}（{numerator:,}/{denominator:,}）"


@register.filter
def masked(value: Any) -> str:
    """A patient's name in a list: the first character, and ＊ for each further one (at most two)."""
    name = str(value or "").strip()
    if not name:
        return NONE
    return name[0] + "＊" * min(2, max(1, len(name) - 1))


@register.filter
def dash(value: Any) -> Any:
    """What is not recorded is a dash; zero stays zero."""
    return NONE if value is None or value == "" else value


@register.filter
def size(value: Any) -> str:
    """The size of a file as 412 KB or 3.1 MB."""
    if value in (None, ""):
        return NONE
    number = float(value)
    if number < 1024 * 1024:
        return f"{max(1, round(number / 1024))} KB"
    return f"{number / 1024 / 1024:.1f} MB"


KINDS = {
    "passes": "passed",
    "pass": "passed",
    "refuses": "blocked",
    "refuse": "blocked",
    "not_applicable": "na",
    "unknown": "unknown",
    "cannot_judge": "unknown",
    "ahead": "ahead",
}


@register.filter
def verdict_kind(judgement: Any) -> str:
    """The chip for a gate's judgement: passed, blocked, na, unknown or ahead (its step is still to come)."""
    if getattr(judgement, "ahead", False):
        return "ahead"
    verdict = getattr(judgement, "verdict", judgement)
    for name in (getattr(verdict, "name", ""), getattr(verdict, "value", verdict)):
        if kind := KINDS.get(str(name).lower()):
            return kind
    return "unknown"


URGENCY = ["blocked", "unknown", "ahead", "passed"]


@register.filter
def gates_at_hand(judgements: Any) -> list[Any]:
    """The gates that have something to say of a case, what blocks first."""
    told = [one for one in judgements or [] if verdict_kind(one) in URGENCY]
    return sorted(told, key=lambda one: URGENCY.index(verdict_kind(one)))


@register.filter
def gates_aside(judgements: Any) -> list[Any]:
    """The gates that do not apply to a case."""
    return [one for one in judgements or [] if verdict_kind(one) == "na"]


@register.simple_tag(takes_context=True)
def address_with(context: template.Context, **changes: Any) -> str:
    """This page's address with some of its query changed: `{% address_with page=2 %}`. None removes a key."""
    query = context["request"].GET.copy()
    for key, value in changes.items():
        if value is None or value == "":
            query.pop(key, None)
        else:
            query[key] = value
    return f"?{query.urlencode()}"


@register.filter
def nth(items: Any, index: int) -> Any:
    """The item at `index`; an empty pair past the end."""
    try:
        return items[index]
    except IndexError:
        return ("", "")


@register.filter
def as_list(value: Any) -> list[Any]:
    """One code, several parted by commas, or a list of them: as a list."""
    if not value:
        return []
    return [one.strip() for one in value.split(",")] if isinstance(value, str) else list(value)
