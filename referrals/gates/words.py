"""How gates write times, money and links, so that every refusal reads alike."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from documents.templatetags.formats import day, money

__all__ = ["day", "link", "say", "when", "yuan"]


def when(at: datetime | None) -> str:
    """A time as 2024年10月5日 19:56 in the hospital's zone; empty when there is none."""
    if at is None:
        return ""
    at = timezone.localtime(at)
    return f"{at.year}年{at.month}月{at.day}日 {at:%H:%M}"


def yuan(amount: Decimal) -> str:
    return _("%(amount)s yuan") % {"amount": money(amount)}


def link(name: str, *args: Any, anchor: str = "") -> str:
    """The address of a page that mends something; empty where this installation has no such page."""
    try:
        address = reverse(name, args=args)
    except NoReverseMatch:
        return ""
    return f"{address}#{anchor}" if anchor else address


def say(rule: Any, *details: Any) -> str:
    """The rule's own sentence, then what is missing in this case. Chinese sentences follow without a space."""
    return "".join(str(sentence) for sentence in (rule, *details))
