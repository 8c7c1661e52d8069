"""Sources of evidence, the reviews a newer edition asks for, and what counts as evidence (clauses B2, B3, A22)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from audit.guards import needs
from audit.refusing import tried
from catalog import evidence
from catalog.actions import evidence as actions
from catalog.forms import evidence as forms
from catalog.models import Citation, EvidenceRule, EvidenceSource, LevelSystem, SourceReview
from documents.paging import address, keyset

VIEW = "catalog.view_catalog"
PAGE, SHOWN = 50, 200
ask = require_http_methods(["GET", "POST"])


def _here(user: Any) -> int | None:
    return user.post.institution_id if user.post else None


def _registers(user: Any) -> bool:
    return user.may(actions.REGISTER) and bool(user.post) and not user.post.institution.is_bureau


@require_GET
@needs(VIEW)
def sources(request: HttpRequest) -> HttpResponse:
    """The register, newest first: by words of title or issuer, by kind."""
    user: Any = request.user
    found = EvidenceSource.objects.visible_to(user).select_related("system")
    words, kind = request.GET.get("q", "").strip()[:60], request.GET.get("kind", "")
    for word in words.split():
        found = found.filter(title__icontains=word) | found.filter(issuer__icontains=word)
    if kind in EvidenceSource.Kind.values:
        found = found.filter(kind=kind)
    page, older, newer = keyset(found, "id", request.GET, size=PAGE, newest=True)
    context = {
        "sources": page, "followed": evidence.superseded(page, _here(user)), "q": words, "kind": kind,
        "kinds": EvidenceSource.Kind.choices, "may_register": _registers(user),
        "older_url": address(request, after=older) if older else "",
        "newer_url": address(request, before=newer) if newer else "",
        "rule": evidence.rule_for(_here(user)), "waiting": evidence.reviews_waiting(user).count(),
    }  # fmt: skip
    return render(request, "catalog/evidence_sources.html", context)


@ask
@needs(actions.REGISTER)
def new_source(request: HttpRequest) -> HttpResponse:
    """Register a source; `?supersedes=` names the one it is the newer edition of."""
    user: Any = request.user
    if not _registers(user):
        raise PermissionDenied(actions.REGISTER)
    initial = {"supersedes": request.GET.get("supersedes", ""), "year": timezone.localdate().year}
    form = forms.SourceForm(
        request.POST or None, request.FILES or None, institution=user.post.institution, initial=initial
    )
    made, refusals = tried(form, lambda: actions.register_source(by=user, **form.cleaned_data))
    if made:
        messages.success(request, _("The source is registered."))
        return redirect(made)
    status = 409 if refusals else 422 if form.errors else 200
    context = {"form": form, "refusals": refusals, "systems": LevelSystem.objects.all()}
    return render(request, "catalog/evidence_source_form.html", context, status=status)


@ask
@needs(VIEW, on=EvidenceSource)
def source(request: HttpRequest, one: EvidenceSource) -> HttpResponse:
    """One source: what it says, what follows it, the rows in force that cite it, and its reviews."""
    user: Any = request.user
    mine = _registers(user) and one.institution_id == _here(user)
    if request.method == "POST" and not mine:
        raise PermissionDenied(actions.REGISTER)
    form = forms.CompleteForm(request.POST or None, request.FILES or None) if mine else None
    refusals: list = []
    if form is not None and request.method == "POST":
        done, refusals = tried(form, lambda: actions.complete_source(source=one, by=user, **form.cleaned_data))
        if done:
            messages.success(request, _("The source is completed."))
            return redirect(one)
    cited = Citation.objects.filter(source=one, indication__edition__in=_binding(user))
    reviews = SourceReview.objects.visible_to(user).filter(newer=one).select_related("indication", "owner")
    today = timezone.localdate()
    context = {
        "source": one, "newer": evidence.superseded([one], _here(user)).get(one.pk), "form": form,
        "citations": cited.select_related("indication", "indication__edition", "source")[:SHOWN],
        "reviews": [(row, evidence.is_closed(row, today)) for row in reviews.order_by("indication__code")[:SHOWN]],
        "refusals": refusals, "may_register": _registers(user), "is_mine": mine,
    }  # fmt: skip
    status = 409 if refusals else 422 if form is not None and form.errors else 200
    return render(request, "catalog/evidence_source.html", context, status=status)


def _binding(user: Any) -> list[int]:
    from catalog import queries

    now = queries.edition_in_force(_here(user), timezone.localdate())
    return [now.pk] if now else []


@require_GET
@needs(VIEW)
def reviews(request: HttpRequest) -> HttpResponse:
    """The rows whose source has a newer edition; those that wait, or all."""
    user: Any = request.user
    everything = request.GET.get("show") == "all"
    found = SourceReview.objects.visible_to(user) if everything else evidence.reviews_waiting(user)
    if not everything and not user.may("catalog.draft_edition") and not user.may(actions.REVIEW):
        found = SourceReview.objects.visible_to(user).open()
    found = found.select_related("indication", "newer", "source", "owner", "institution")
    page, older, newer = keyset(found, "id", request.GET, size=PAGE, newest=True)
    today = timezone.localdate()
    context = {
        "reviews": [(one, evidence.is_closed(one, today), one.due_on < today and not one.outcome) for one in page],
        "all": everything,
        "older_url": address(request, after=older) if older else "",
        "newer_url": address(request, before=newer) if newer else "",
    }
    return render(request, "catalog/evidence_reviews.html", context)


@ask
@needs(VIEW, on=SourceReview)
def review(request: HttpRequest, one: SourceReview) -> HttpResponse:
    """One row under a newer edition: conclude it, or hand it to somebody else."""
    user: Any = request.user
    keeps = user.may("catalog.draft_edition", one)
    may = user.may(actions.REVIEW, one) and (one.owner_id == user.pk or keeps) and one.outcome != "confirmed"
    do = request.POST.get("do", "") if request.method == "POST" else ""
    if do and not (may if do == "conclude" else keeps):
        raise PermissionDenied(actions.REVIEW)
    form = forms.ConcludeForm(request.POST if do == "conclude" else None, system=one.newer.system, prefix="c")
    over = forms.HandOverForm(request.POST if do == "hand_over" else None, institution=one.institution_id, prefix="h")
    refusals: list = []
    if do == "conclude":
        done, refusals = tried(form, lambda: actions.conclude_review(review=one, by=user, **form.cleaned_data))
    elif do == "hand_over":
        done, refusals = tried(over, lambda: actions.hand_over(review=one, by=user, **over.cleaned_data))
    else:
        done = None
    if done:
        messages.success(request, _("Recorded."))
        return redirect(one)
    context = {
        "review": one, "form": form if may else None, "over": over if keeps and not one.outcome else None,
        "is_closed": evidence.is_closed(one, timezone.localdate()), "refusals": refusals,
        "citations": one.indication.citations.select_related("source", "source__system"),
    }  # fmt: skip
    status = 409 if refusals else 422 if form.errors or over.errors else 200
    return render(request, "catalog/evidence_review.html", context, status=status)


@ask
@needs(VIEW)
def rule(request: HttpRequest) -> HttpResponse:
    """What counts as evidence here, who said so and why; setting it anew."""
    user: Any = request.user
    institution = user.post.institution if user.post else None
    may = user.may(actions.RULE) and institution is not None
    if request.method == "POST" and not may:
        raise PermissionDenied(actions.RULE)
    now = evidence.rule_for(institution)
    own = now.own
    initial = {"accepts": own.accepts if own else "b2", "grace_days": now.grace_days, "review_days": now.review_days}
    form = forms.RuleForm(request.POST or None, initial=initial) if may else None
    refusals: list = []
    if form is not None and request.method == "POST":
        made, refusals = tried(form, lambda: actions.set_rule(institution=institution, by=user, **form.cleaned_data))
        if made:
            messages.success(request, _("What counts as evidence is set."))
            return redirect("catalog:evidence_rule")
    above = institution.supervised_by_id if institution else None
    history = EvidenceRule.objects.filter(institution__in=[one for one in (_here(user), above) if one])
    context = {
        "rule": now, "form": form, "refusals": refusals, "institution": institution,
        "history": history.select_related("institution", "set_by")[:PAGE],
    }  # fmt: skip
    status = 409 if refusals else 422 if form is not None and form.errors else 200
    return render(request, "catalog/evidence_rule.html", context, status=status)
