"""Filters of official papers."""

from datetime import date

from django import template

from documents.official import chinese_day as say_day

register = template.Library()


@register.filter
def chinese_day(day: date | None) -> str:
    return say_day(day)
