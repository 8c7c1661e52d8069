"""Help beside a form: `{% load help %}{% help_beside "request" %}`, by the text's name in `desk.help`."""

from typing import Any

from django import template

from desk.help import TEXTS

register = template.Library()


@register.inclusion_tag("components/help_beside.html")
def help_beside(name: str) -> dict[str, Any]:
    return {"text": TEXTS[name]}
