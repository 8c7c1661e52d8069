"""What the frame of every page shows: institution, post, worklists with counts."""

from typing import Any

from django.conf import settings
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language

from desk import worklists


def frame(request):
    """`frame` for the templates, computed only when a page shows it."""
    return {"frame": SimpleLazyObject(lambda: _frame(request)), "html_lang": get_language()}


def _frame(request) -> dict:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {
            "institution": None,
            "post": None,
            "posts": [],
            "worklists": [],
            "is_folded": False,
            "links": [],
            "notices": 0,
            "demo": settings.DEMO,
        }
    lists = worklists.of(user)
    opened = worklists.opened(lists, request.path, request.GET)
    # The home page shows the same numbers, and has counted them already.
    counted = getattr(request, "counted_worklists", None) or worklists.counts(user, lists)
    return {
        "institution": user.post.institution if user.post else None,
        "post": user.post,
        "posts": user.posts_now,
        "worklists": [_group(label, group, counted, opened) for label, group in worklists.grouped(lists)],
        "is_folded": len(lists) > worklists.UNFOLDED,
        "links": [],
        "notices": counted[worklists.NOTICES],
        "demo": settings.DEMO,
    }


def _group(label: Any, group: list[worklists.Worklist], counted: dict[str, int], opened: str) -> dict:
    """A heading and its lists; it stands open when one of them is the page, or when something waits in one."""
    lists = [(item.label, item.url, worklists.shown(item, counted), item.url == opened) for item in group]
    return {
        "label": label,
        "lists": lists,
        "is_open": any(item.url == opened or counted.get(item.code) for item in group),
    }
