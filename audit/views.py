"""The trail's pages for the information department and for discipline inspection."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _

from audit import actions, notes, queries, seal
from audit.forms import AcknowledgeForm, TrailForm
from audit.gates import Refused
from audit.guards import needs
from audit.models import Alarm, Checkpoint, Event
from audit.steps import label_of

VIEW = "audit.view_trail"


@needs(VIEW)
def trail(request: HttpRequest) -> HttpResponse:
    """Events, newest first, a page at a time."""
    form = TrailForm(request.GET or None)
    wanted = form.cleaned_data if form.is_bound and form.is_valid() else {}
    before = request.GET.get("before", "")
    key = int(before) if before.isdecimal() and len(before) < 19 else None
    found: list[Event] = []
    if not form.is_bound or form.is_valid():
        found = list(queries.search(request.user, wanted).newest_first(key)[: queries.PAGE + 1])
    shown = found[: queries.PAGE]
    context = {
        "form": form,
        "entries": _entries(shown),
        "older_url": _address(request, before=str(shown[-1].pk)) if len(found) > len(shown) else "",
        "newest_url": _address(request) if key else "",
        "filtered": any(wanted.values()),
        "checkpoint": Checkpoint.objects.last(),
        "lag": _late(),
    }
    return render(request, "audit/trail.html", context)


@needs(VIEW)
def alarms(request: HttpRequest) -> HttpResponse:
    """Alarms, those waiting first."""
    user: Any = request.user
    waiting = list(Alarm.objects.visible_to(user).awaiting_acknowledgement()[: queries.PAGE])
    done = list(Alarm.objects.visible_to(user).filter(acknowledged_at__isnull=False)[: queries.PAGE])
    people = {person.pk: person for person in _people(done)}
    context = {
        "waiting": waiting,
        "done": [(alarm, people.get(alarm.acknowledged_by)) for alarm in done],
        "may_acknowledge": user.may(actions.ACKNOWLEDGE),
        "late": _late(),
    }
    return render(request, "audit/alarms.html", context)


@needs(actions.ACKNOWLEDGE, on=Alarm)
def acknowledge(request: HttpRequest, alarm: Alarm) -> HttpResponse:
    form = AcknowledgeForm(request.POST or None)
    status = 200
    if form.is_valid():
        try:
            actions.acknowledge(alarm=alarm, found=form.cleaned_data["found"], by=request.user)
            return redirect("audit:alarms")
        except Refused as refused:
            form.add_error(None, refused)
            status = 409
    elif form.is_bound:
        status = 422
    return render(request, "audit/acknowledge.html", {"alarm": alarm, "form": form}, status=status)


@needs(VIEW)
def checkpoint(request: HttpRequest) -> HttpResponse:
    """The last checkpoint, to be kept outside: on paper, on another host, with the bureau."""
    last = Checkpoint.objects.last()
    if last is None:
        raise Http404(_("Nothing has been sealed yet."))
    response = HttpResponse(last.note, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="mingjian-checkpoint-{last.tree_size}.txt"'
    return response


@needs(VIEW)
def public_key(request: HttpRequest) -> HttpResponse:
    """The key that checkpoints are checked with."""
    keys = "".join(f"{key}\n" for key in notes.trusted_keys())
    response = HttpResponse(keys, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="mingjian-trail.pub"'
    return response


def _page(page: str) -> Any:
    """The page a reading came from, by its name for people: recorded as a word, or as an address."""
    if not page.startswith("/"):
        return label_of(f"page.{page}") if page else ""
    try:
        name = f"page.{resolve(page).view_name}"
    except Resolver404:
        return page
    label = label_of(name)
    return page if label == name else label


def _acted_in(post: Any, actor: int | None) -> str:
    """The post, and for whom when somebody stood in for its holder."""
    if post is None:
        return ""
    return str(post) if post.user_id == actor else _("%(role)s, for %(name)s") % {"role": post, "name": post.user}


def _entries(events: list[Event]) -> list[dict[str, Any]]:
    people, posts, tables = queries.people(events), queries.posts(events), queries.tables()
    labels: dict[str, dict[str, str]] = {}
    entries = []
    for event in events:
        names = labels.setdefault(event.table_name, queries.columns(event.table_name))
        # What machines write may belong to any institution: its contents are read on the case itself.
        changes = event.changes() if event.post_id else []
        entries.append(
            {
                "event": event,
                "who": people.get(event.actor_id or 0) or (_("System") if event.declared else event.db_user),
                "post": _acted_in(posts.get(event.post_id or 0), event.actor_id),
                "step": label_of(event.step),
                "table": tables.get(event.table_name, event.table_name),
                "changes": [(names.get(column, column), before, after) for column, before, after in changes],
                "page": _page(event.page),
            }
        )
    return entries


def _people(alarms: list[Alarm]) -> list[Any]:
    from django.contrib.auth import get_user_model

    return list(get_user_model().objects.filter(pk__in=[alarm.acknowledged_by for alarm in alarms]))


def _late() -> int:
    """Minutes the oldest unsealed event has waited, where that is too long; otherwise 0."""
    waited = seal.lag()
    return int(waited.total_seconds() // 60) if waited and waited > seal.ALARM_AFTER else 0


def _address(request: HttpRequest, **changes: str) -> str:
    query = request.GET.copy()
    query.pop("before", None)
    for name, value in changes.items():
        query[name] = value
    return f"{request.path}?{query.urlencode()}"
