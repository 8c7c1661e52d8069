"""The register of policy documents: one in full, its dates, its successor, a new one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.guards import needs
from policy import queries
from policy.actions import register as actions
from policy.forms.register import DatesForm, DocumentForm, SupersedeForm
from policy.models import PolicyDocument
from policy.views.common import attempt


@needs("policy.view_policy", on=PolicyDocument, key="code", lookup="code__iexact")
def document(request: HttpRequest, document: PolicyDocument) -> HttpResponse:
    """The full text with each clause's words marked in it; a document without text shows its duties."""
    user: Any = request.user
    do = request.POST.get("do", "")
    if request.method == "POST" and not user.may(actions.KEEP_REGISTER):
        raise PermissionDenied(actions.KEEP_REGISTER)
    dates = {name: getattr(document, name) for name in ("doc_no", "issued_on", "in_force_from", "in_force_to")}
    checking = DatesForm(request.POST if do == "dates" else None, initial=dates)
    superseding = SupersedeForm(request.POST if do == "supersede" else None, document=document)
    refusals: list[Any] = []
    if do == "dates" and attempt(checking, actions.check_dates, refusals, document=document, by=user):
        messages.success(request, _("The dates count as checked."))
        return redirect(document)
    if do == "supersede" and attempt(superseding, actions.supersede, refusals, document=document, by=user):
        messages.success(request, _("The former document is marked as superseded."))
        return redirect(document)
    context = {
        "document": document,
        "in_force": PolicyDocument.objects.in_force(timezone.localdate()).filter(pk=document.pk).exists(),
        "successors": document.superseded_by.defer("text"),
        "resting": queries.resting_on(document),
        "paragraphs": list(_marked(document)),
        "checking": checking,
        "superseding": superseding,
        "refusals": refusals,
        "may_register": user.may(actions.KEEP_REGISTER),
    }
    return render(request, "policy/document.html", context, status=422 if request.method == "POST" else 200)


@needs(actions.KEEP_REGISTER)
def register(request: HttpRequest) -> HttpResponse:
    """A document of a higher level enters the register."""
    form = DocumentForm(request.POST or None)
    refusals: list[Any] = []
    if form.is_bound and (made := attempt(form, actions.register_document, refusals, by=request.user)):
        messages.success(request, _("The document is in the register. Check its dates against the original."))
        return redirect(made)
    context = {"form": form, "refusals": refusals}
    return render(request, "policy/register.html", context, status=422 if form.is_bound else 200)


def _marked(document: PolicyDocument) -> Iterator[list[tuple[str, bool, list[str]]]]:
    """Each paragraph as pieces: text, whether a clause quotes it, and the clauses that begin here.

    Line breaks of the source stand inside sentences, so quotes are sought in the text without white space.
    """
    text = document.text
    solid = [place for place, char in enumerate(text) if not char.isspace()]
    plain = "".join(text[place] for place in solid)
    codes_at: dict[int, list[str]] = {}
    for clause in document.clauses.all():
        quote = "".join(clause.quote.split())
        start = plain.find(quote)
        if start >= 0:
            for place in solid[start : start + len(quote)]:
                codes_at.setdefault(place, []).append(clause.code)
    begin, linked = 0, set()
    for line in text.splitlines(keepends=True):
        places = range(begin, begin + len(line.rstrip()))
        begin += len(line)
        pieces = []
        for codes, run in groupby(places, key=lambda place: codes_at.get(place, [])):
            pieces.append(("".join(text[p] for p in run), bool(codes), [c for c in codes if c not in linked]))
            linked.update(codes)
        if pieces:
            yield pieces
