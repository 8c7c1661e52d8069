"""Help beside a form: `{% load help %}{% help_beside "request" %}`, by the text's name in `desk.help`."""

from typing import Any

from django import template

from desk.help import PAGES, TEXTS

register = template.Library()


@register.inclusion_tag("components/help_beside.html")
def help_beside(name: str) -> dict[str, Any]:
    return {"text": TEXTS[name]}


@register.inclusion_tag("components/help_beside.html", takes_context=True)
def help_here(context: template.Context) -> dict[str, Any]:
    """The text of the page that is being drawn, where it has one."""
    match = getattr(context.get("request"), "resolver_match", None)
    name = PAGES.get(match.view_name, "") if match else ""
    return {"text": TEXTS.get(name)}
