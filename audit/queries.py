"""Questions to the trail."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.models import Event, EventQuerySet
from audit.walls import trailed

PAGE = 50


def timeline(rows: Iterable[tuple[str, Any]], *, before: int | None = None, size: int = PAGE) -> list[Event]:
    """The newest events of these (table, primary key) pairs; older ones by the key of the last event shown."""
    return list(Event.objects.of_rows(rows).newest_first(before)[:size])


def visible_events(user: Any) -> EventQuerySet:
    """Events of people acting in a post of the institutions the user sees, and of nobody's post: machines.

    Reading the trail must not be a way into another hospital's cases.
    """
    own = _posts().filter(institution_id__in=user.institution_ids).values("pk")
    return Event.objects.filter(Q(post_id__in=own) | Q(post_id__isnull=True))


def search(user: Any, wanted: dict[str, Any]) -> EventQuerySet:
    """`wanted` is the cleaned data of `forms.TrailForm`."""
    found = visible_events(user)
    if wanted.get("person"):
        people = get_user_model().objects.filter(Q(name=wanted["person"]) | Q(username=wanted["person"]))
        found = found.filter(actor_id__in=list(people.values_list("pk", flat=True)))
    if wanted.get("table"):
        found = found.filter(table_name=wanted["table"])
    if wanted.get("row"):
        found = found.filter(row_id=wanted["row"])
    if wanted.get("op"):
        found = found.filter(op=wanted["op"])
    if wanted.get("start"):
        found = found.filter(at__gte=_midnight(wanted["start"]))
    if wanted.get("end"):
        found = found.filter(at__lt=_midnight(wanted["end"]) + timedelta(days=1))
    if wanted.get("undeclared"):
        found = found.filter(declared=False)
    return found


def people(events: Iterable[Event]) -> dict[int, Any]:
    return get_user_model().objects.in_bulk({event.actor_id for event in events if event.actor_id})


def posts(events: Iterable[Event]) -> dict[int, Any]:
    return (
        _posts()
        .select_related("role", "institution", "department", "user")
        .in_bulk({event.post_id for event in events if event.post_id})
    )


# Tables of a library, whose models don't speak the user's language.
OTHERS = {
    "guardian_userobjectpermission": _("permission on one object"),
    "guardian_groupobjectpermission": _("permission of a group on one object"),
    "accounts_user_groups": _("groups of a user"),
    "accounts_user_user_permissions": _("permissions of a user"),
}


def tables() -> dict[str, str]:
    """Each trailed table by the name its model has in the user's language."""
    watched = {one.table for one in trailed()}
    named = {model._meta.db_table: model._meta.verbose_name for model in apps.get_models(include_auto_created=True)}
    return {table: str(OTHERS.get(table, named[table])) for table in named if table in watched}


def columns(table: str) -> dict[str, str]:
    """Each column of a table by its field's name in the user's language."""
    for model in apps.get_models(include_auto_created=True):
        if model._meta.db_table == table:
            return {field.column: str(field.verbose_name) for field in model._meta.local_concrete_fields}
    return {}


def _posts() -> Any:
    # The user's model lies above this app; like `may()` and `post`, its `posts` are all that is known of it.
    related: Any = get_user_model()._meta.get_field("posts").related_model
    return related._default_manager


def _midnight(day: Any) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
