"""Making an edition: the list of editions, one edition with its next step, its group, its way, what it does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from audit import queries as trail
from audit.gates import Refused
from audit.guards import needs
from audit.steps import label_of
from catalog import actions, diffing, effects, overview, readiness
from catalog.actions import drafting
from catalog.forms import editions as forms
from catalog.models import Edition, EditionExpert, RowChange
from documents.paging import address, keyset

VIEW = "catalog.view_catalog"
DRAFT = "catalog.draft_edition"
Status = Edition.Status
PAGE = 50


def attempt(request: HttpRequest, act: Callable[[], Any], done: str) -> list:
    """Do it and say so; or the refusals, for the page to show."""
    try:
        act()
    except Refused as refused:
        return refused.refusals
    messages.success(request, done)
    return []


@require_GET
@needs(VIEW)
def index(request: HttpRequest) -> HttpResponse:
    """The editions there are, newest first, with where each stands and what is next."""
    user: Any = request.user
    found, older, newer = keyset(overview.editions_of(user), "id", request.GET, size=PAGE, newest=True)
    context = {
        "editions": [(one, *overview.standing(one)) for one in found],
        "older_url": address(request, after=older) if older else "",
        "newer_url": address(request, before=newer) if newer else "",
        "may_draft": user.may(DRAFT) and bool(user.post) and not user.post.institution.is_bureau,
        "under_way": any(one.status in Edition.UNDER_WAY for one in found),
    }
    return render(request, "catalog/editions.html", context)


@needs(DRAFT)
def start(request: HttpRequest) -> HttpResponse:
    """Begin a draft: from what, and for which tumours."""
    user: Any = request.user
    if not user.post or user.post.institution.is_bureau:
        raise PermissionDenied(DRAFT)
    place = user.post.institution
    from_now = drafting.library(drafting.IN_FORCE, place)
    tumours = dict(overview.tumours_of(drafting.library(drafting.STARTER, place)))
    tumours |= dict(overview.tumours_of(from_now))
    form = forms.StartForm(
        request.POST or None, tumours=list(tumours.items()), initial={"number": drafting.next_number(place)}
    )
    refusals: list = []
    if request.method == "POST" and form.is_valid():
        given = {**form.cleaned_data, "tumours": form.cleaned_data["tumours"] or None}
        try:
            edition = actions.start_draft(by=user, **given)
        except Refused as refused:
            refusals = refused.refusals
        else:
            messages.success(request, _("The draft is begun."))
            return redirect(edition)
    status = 409 if refusals else 422 if form.errors else 200
    context = {"form": form, "refusals": refusals, "in_force": from_now}
    return render(request, "catalog/edition_start.html", context, status=status)


@require_GET
@needs(VIEW, on=Edition)
def detail(request: HttpRequest, edition: Edition) -> HttpResponse:
    return page(request, edition)


def page(
    request: HttpRequest, edition: Edition, refusals: list | None = None, bound: dict[str, Any] | None = None
) -> HttpResponse:
    """The edition: where it stands, the next step and what it lacks, its rows by tumour."""
    user: Any = request.user
    tumours = overview.tumours_of(edition)
    form = forms.RowsFilter(request.GET or None, tumours=tumours)
    lines = overview.rows_of(edition)
    asked = form.cleaned_data if form.is_valid() else {}
    if asked:
        lines = lines.search(asked["q"])
        lines = lines.filter(tumour=asked["tumour"]) if asked["tumour"] else lines
        lines = overview.only(lines, asked["which"])
    shown, older, newer = keyset(lines, "code", request.GET, size=overview.PAGE)
    context = {
        **head(edition, user),
        **next_step(edition, user, bound or {}),
        "refusals": refusals or [],
        "filter": form,
        "filtered": any(asked.values()),
        "lines": shown,
        "older_url": address(request, after=older) if older else "",
        "newer_url": address(request, before=newer) if newer else "",
        "progress": overview.progress(edition),
        "here": "rows",
    }
    wrong = any(one.errors for one in (bound or {}).values())
    return render(request, "catalog/edition.html", context, status=409 if refusals else 422 if wrong else 200)


def head(edition: Edition, user: Any) -> dict[str, Any]:
    """What every page of an edition shows at its top."""
    kind, words = overview.standing(edition)
    mine = edition.institution_id is not None and user.may(DRAFT, edition)
    return {
        "edition": edition,
        "state_kind": kind,
        "state": words,
        "may_draft": mine,
        "may_write": mine and edition.is_writable,
        "is_expert": user.may("catalog.review_edition", edition) and edition.experts.filter(user_id=user.pk).exists(),
        "basis": overview.basis_of(edition),
    }


def next_step(edition: Edition, user: Any, bound: dict[str, Any]) -> dict[str, Any]:
    """The one next step, whether it is this person's, and what it still lacks."""
    status = Status(edition.status)
    permission = overview.TURN.get(status)
    if permission is None:
        may = overview.has_not_begun(edition) and user.may("catalog.decide_edition", edition)
        return {
            "turn": None,
            "call_back": bound.get("call_back", forms.ReasonForm(prefix="call_back")) if may else None,
        }
    ready = {
        Status.DRAFT: readiness.before_review,
        Status.EXPERT_REVIEW: readiness.before_check,
        Status.MEDICAL_CHECK: lambda one: readiness.apart(one, user) + readiness.before_check(one),
        Status.APPROVAL: lambda one: readiness.apart(one, user),
    }[status]
    turn = permission if status != Status.EXPERT_REVIEW else DRAFT
    mine = user.may(turn, edition)
    shown: dict[Status, Callable[[], dict[str, Any]]] = {
        Status.DRAFT: lambda: {"open": forms.OpenReviewForm(), "discard": forms.ReasonForm(prefix="discard")},
        Status.EXPERT_REVIEW: lambda: {"return": forms.ReasonForm(prefix="return")},
        Status.MEDICAL_CHECK: lambda: {"check": forms.CheckForm(), "return": forms.ReasonForm(prefix="return")},
        Status.APPROVAL: lambda: {"approve": forms.ApproveForm(), "return": forms.ReasonForm(prefix="return")},
    }
    return {
        "turn": status,
        "mine": mine,
        "missing": ready(edition) if mine or status in Edition.WRITABLE else [],
        "forms": {**shown[status](), **bound},
        "experts_waited_for": _waited_for(edition) if status == Status.EXPERT_REVIEW else [],
    }


def _waited_for(edition: Edition) -> list[EditionExpert]:
    experts = edition.experts.select_related("user").filter(~experts_signed(edition))
    return list(experts)


def experts_signed(edition: Edition) -> Any:
    from django.db.models import Exists, OuterRef

    from catalog.models import EditionSignOff

    return Exists(EditionSignOff.objects.filter(expert=OuterRef("pk"), lapsed_at__isnull=True))


# What a button of the next step does: its form, and the act.
def _acts(edition: Edition, user: Any) -> dict[str, tuple[Any, Callable[..., Any], Any]]:
    both = {"edition": edition, "by": user}
    return {
        "open": (forms.OpenReviewForm, lambda due: actions.open_review(due=due, **both), _("The experts are asked.")),
        "close": (None, lambda: actions.close_review(**both), _("The review is closed; the check is next.")),
        "check": (forms.CheckForm, lambda note: actions.check(note=note, **both), _("Passed on for approval.")),
        "approve": (
            forms.ApproveForm,
            lambda starts_on, document_number: actions.put_in_force(
                starts_on=starts_on, document_number=document_number, **both
            ),
            _("Approved. The doctors are told."),
        ),
        "call_back": (
            forms.ReasonForm, lambda reason: actions.call_back(reason=reason, **both), _("The approval is called back."),
        ),
        "return": (
            forms.ReasonForm, lambda reason: actions.return_to_draft(reason=reason, **both), _("Returned to the draft."),
        ),
        "discard": (
            forms.ReasonForm, lambda reason: actions.discard(reason=reason, **both), _("The draft is discarded."),
        ),
    }  # fmt: skip


@require_POST
@needs(VIEW, on=Edition)
def step(request: HttpRequest, edition: Edition) -> HttpResponse:
    """Take the edition one step on, or back. The action asks whose step it is."""
    do = request.POST.get("do", "")
    found = _acts(edition, request.user).get(do)
    if found is None:
        raise Http404
    shape, act, done = found
    given: dict[str, Any] = {}
    if shape is not None:
        prefix = do if do in ("call_back", "return", "discard") else None
        form = shape(request.POST, prefix=prefix)
        if not form.is_valid():
            return page(request, edition, bound={do: form})
        given = form.cleaned_data
    refusals = attempt(request, lambda: act(**given), done)
    if refusals:
        edition.refresh_from_db()
        return page(request, edition, refusals, {do: form} if shape is not None else None)
    return redirect(edition)


@needs(DRAFT, on=Edition)
def edit_head(request: HttpRequest, edition: Edition) -> HttpResponse:
    """Number, title and note of a draft."""
    now = {"number": edition.number, "title": edition.title, "note": edition.note}
    form = forms.HeadForm(request.POST or None, initial=now)
    refusals: list = []
    if request.method == "POST" and form.is_valid():
        refusals = attempt(
            request, lambda: drafting.set_head(edition=edition, by=request.user, **form.cleaned_data), _("Saved.")
        )
        if not refusals:
            return redirect(edition)
    context = {**head(edition, request.user), "form": form, "refusals": refusals, "here": "head"}
    status = 409 if refusals else 422 if form.errors else 200
    return render(request, "catalog/edition_head.html", context, status=status)


@needs(VIEW, on=Edition)
def experts(request: HttpRequest, edition: Edition) -> HttpResponse:
    """The expert group, who signed, and what they said; medical affairs names and releases members."""
    user: Any = request.user
    context = head(edition, user)
    form, refusals = None, []
    if context["may_write"]:
        named = set(edition.experts.values_list("user_id", flat=True))
        wrote = readiness.authors(edition) | {user.pk}
        people = [one for one in drafting.experts_to_name(edition) if one.pk not in named | wrote]
        naming = request.method == "POST" and request.POST.get("do") == "name"
        form = forms.ExpertForm(request.POST if naming else None, people=people)
    if request.method == "POST":
        if form is None:
            raise PermissionDenied(DRAFT)
        if request.POST.get("do") == "release":
            key = request.POST.get("expert", "")
            seat = (
                edition.experts.filter(pk=int(key)).select_related("user", "edition").first()
                if key.isdecimal()
                else None
            )
            if seat is None:
                raise Http404
            refusals = attempt(
                request, lambda: drafting.release_expert(expert=seat, by=user), _("Taken out of the group.")
            )
        elif form.is_valid():
            given = form.cleaned_data
            refusals = attempt(
                request, lambda: drafting.name_expert(edition=edition, by=user, **given), _("The expert is named.")
            )
        if not refusals and not form.errors:
            return redirect("catalog:experts", edition.pk)
    signed = edition.sign_offs.select_related("expert__user", "signed_by").order_by("-pk")
    stands = {one.expert_id: one for one in signed if one.lapsed_at is None}
    context |= {
        "seats": [(seat, stands.get(seat.pk)) for seat in edition.experts.select_related("user", "named_by")],
        "lapsed_signatures": [one for one in signed if one.lapsed_at],
        "form": form,
        "refusals": refusals,
        "least": readiness.settings.CATALOG_EXPERTS,
        "quorum": readiness.settings.CATALOG_QUORUM,
        "percent": readiness.settings.CATALOG_AGREEMENT_PERCENT,
        "here": "experts",
    }
    status = 409 if refusals else 422 if form is not None and form.errors else 200
    return render(request, "catalog/edition_experts.html", context, status=status)


@require_GET
@needs(VIEW, on=Edition)
def history(request: HttpRequest, edition: Edition) -> HttpResponse:
    """How the edition came about: its way from the trail, and every change of a row with its reason."""
    events = [one for one in trail.timeline([("catalog_edition", str(edition.pk))], size=100) if one.step]
    people, posts = trail.people(events), trail.posts(events)
    entries = [
        {
            "at": one.at,
            "who": people[one.actor_id].name if one.actor_id in people else "",
            "post": str(posts[one.post_id]) if one.post_id in posts else "",
            "sentence": label_of(one.step),
            "badge": "",
            "changes": [],
            "clause": one.clause,
            "reason": one.reason,
        }
        for one in events
    ]
    found = RowChange.objects.filter(edition=edition).select_related("made_by")
    changes, older, newer = keyset(found, "id", request.GET, size=PAGE, newest=True)
    named = diffing.rows.labels()
    context = {
        **head(edition, request.user),
        "entries": entries,
        "changes": [(one, cells_of(one, named)) for one in changes],
        "older_url": address(request, after=older) if older else "",
        "newer_url": address(request, before=newer) if newer else "",
        "here": "history",
    }
    return render(request, "catalog/edition_history.html", context)


def cells_of(change: RowChange, named: dict[str, str]) -> list[tuple[str, str, str]]:
    """Of a changed row what differs; of a row added or removed nothing: the code says which it was."""
    if change.kind != RowChange.Kind.CHANGED:
        return []
    said = diffing.rows.shown
    return [
        (named.get(name, name), said(name, change.before.get(name)), said(name, change.after[name]))
        for name in change.after
        if name in named and name not in diffing.rows.UNREAD
    ]


@require_GET
@needs(VIEW, on=Edition)
def difference(request: HttpRequest, edition: Edition) -> HttpResponse:
    """Any two editions side by side, cell by cell; prints as it stands."""
    user: Any = request.user
    own = Edition.objects.visible_to(user).filter(
        institution=edition.institution_id
    ) | Edition.objects.binding().filter(institution__isnull=True)
    others = [one for one in own.distinct().order_by("-pk")[:PAGE] if one.pk != edition.pk]
    basis = overview.basis_of(edition)
    wanted = request.GET.get("other") or (str(basis.pk) if basis else "")
    before = next((one for one in others if str(one.pk) == wanted), None)
    if request.GET.get("other") and before is None:
        raise Http404
    form = forms.DifferenceForm({"other": wanted} if before else None, editions=others)
    context = {
        **head(edition, user),
        "form": form,
        "others": others,
        "difference": diffing.compare(before, edition) if before else None,
        "here": "difference",
    }
    return render(request, "catalog/edition_difference.html", context)


@require_GET
@needs(VIEW, on=Edition)
def consequences(request: HttpRequest, edition: Edition) -> HttpResponse:
    """What the edition does to the hospital before it takes force."""
    found, listed = effects.of(edition, request.user)
    context = {
        **head(edition, request.user), "difference": found, "effects": listed, "today": timezone.localdate(),
        "here": "effects",
    }  # fmt: skip
    return render(request, "catalog/edition_effects.html", context)
