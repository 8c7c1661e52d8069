"""Procurements, contracts on their way, and one contract in force."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms as shapes
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from audit.guards import needs
from audit.refusing import tried
from documents.paging import address, keyset
from vendors import contracting, queries
from vendors.actions import procurements as actions
from vendors.forms import contracts as forms
from vendors.forms.admissions import EmptyForm, ReasonForm
from vendors.models import Contract, ContractDraft, Procurement

VIEW = "vendors.view_vendors"
PAGE = 25
S = ContractDraft.Status
ask = require_http_methods(["GET", "POST"])


def _buys(user: Any) -> bool:
    return user.may(actions.BUY) and bool(user.post) and not user.post.institution.is_bureau


@ask
@needs(VIEW)
def procurements(request: HttpRequest) -> HttpResponse:
    """Every purchase with what looks split; recording one more."""
    user: Any = request.user
    if request.method == "POST" and not _buys(user):
        raise PermissionDenied(actions.BUY)
    form = forms.ProcurementForm(request.POST or None, request.FILES or None) if _buys(user) else None
    refusals: list = []
    if form is not None and request.method == "POST":
        made, refusals = tried(form, lambda: actions.record_procurement(by=user, **form.cleaned_data))
        if made:
            messages.success(request, _("The procurement is on record."))
            return redirect("vendors:procurement", made.pk)
    found = Procurement.objects.visible_to(user).select_related("laboratory", "institution")
    rows, older, newer = keyset(found, "id", request.GET, size=PAGE, newest=True)
    context = {
        "rows": rows, "form": form, "refusals": refusals,
        "older_url": address(request, after=older) if older else "",
        "newer_url": address(request, before=newer) if newer else "",
    }  # fmt: skip
    return render(request, "vendors/procurements.html", context, status=422 if request.method == "POST" else 200)


@ask
@needs(VIEW, on=Procurement)
def procurement(request: HttpRequest, one: Procurement) -> HttpResponse:
    """One purchase: notice, bids, award; a warning of splitting is answered here."""
    user: Any = request.user
    split = contracting.looks_split(one)
    may = split and not one.answer and user.may(actions.SIGN, one)
    form = forms.AnswerForm(request.POST or None)
    refusals: list = []
    if request.method == "POST":
        made, refusals = tried(form, lambda: actions.answer_splitting(procurement=one, by=user, **form.cleaned_data))
        if made:
            messages.success(request, _("Kept."))
            return redirect("vendors:procurement", one.pk)
    context = {
        "one": one, "split": split, "together": contracting.together_with(one) if split else None, "form": form,
        "may": may, "refusals": refusals,
    }  # fmt: skip
    return render(request, "vendors/procurement.html", context, status=422 if request.method == "POST" else 200)


def _renewed(user: Any, pk: str) -> dict[str, Any]:
    """The form of a renewal, as far as the former contract fills it."""
    former = (
        Contract.objects.visible_to(user).filter(pk=pk).select_related("laboratory").first() if pk.isdecimal() else None
    )
    if former is None or former.valid_to is None:
        return {}
    names = dict.fromkeys(["party", "invoice_issuer", "payee"], former.laboratory.name)
    begins = max(former.valid_to + timedelta(days=1), timezone.localdate())
    return {"renews": former.pk, "laboratory": former.laboratory_id, "valid_from": begins, **names}


@ask
@needs(VIEW)
def drafts(request: HttpRequest) -> HttpResponse:
    """Contracts on their way and those signed here; drafting one more, or a supplement."""
    user: Any = request.user
    if request.method == "POST" and not _buys(user):
        raise PermissionDenied(actions.BUY)
    initial = _renewed(user, request.GET.get("renews", ""))
    form = None
    if _buys(user):
        form = forms.ContractForm(request.POST or None, request.FILES or None, by=user, initial=initial)
    refusals: list = []
    if form is not None and request.method == "POST":
        made, refusals = tried(form, lambda: actions.draft_contract(by=user, **form.cleaned_data))
        if made:
            messages.success(request, _("The contract is drafted; its tests are put in next."))
            return redirect(made)
    found = ContractDraft.objects.visible_to(user).select_related("laboratory", "institution", "supplements")
    if (status := request.GET.get("status", "")) in S.values:
        found = found.filter(status=status)
    rows, older, newer = keyset(found, "id", request.GET, size=PAGE, newest=True)
    context = {
        "rows": rows, "form": form, "refusals": refusals, "status": status, "renewing": bool(initial), "statuses": S.choices,
        "older_url": address(request, after=older) if older else "",
        "newer_url": address(request, before=newer) if newer else "",
    }  # fmt: skip
    return render(request, "vendors/contract_drafts.html", context, status=422 if request.method == "POST" else 200)


# What may be done: permission, at which statuses, form, action, label.
DOINGS: dict[str, tuple[str, tuple[str, ...], Any, Any, Any]] = {
    "item": (actions.BUY, (S.DRAFT,), forms.ItemForm, actions.put_item, gettext_lazy("Put a test in")),
    "out": (actions.BUY, (S.DRAFT,), forms.TakeOutForm, actions.take_out, gettext_lazy("Take a test out")),
    "submit": (actions.BUY, (S.DRAFT,), EmptyForm, actions.submit, gettext_lazy("Give the contract to legal")),
    "discard": (
        actions.BUY,
        (S.DRAFT,),
        ReasonForm,
        actions.discard,
        gettext_lazy("Discard the draft of the contract"),
    ),
    "tick": (actions.CHECK, (S.REVIEW,), forms.TickForm, actions.tick, gettext_lazy("Tick a clause found in the text")),
    "pass": (actions.CHECK, (S.REVIEW,), EmptyForm, actions.pass_check, gettext_lazy("Every clause is there")),
    "return": (actions.CHECK, (S.REVIEW,), ReasonForm, actions.give_back, gettext_lazy("Send the contract back")),
    "sign": (actions.SIGN, (S.CHECKED,), EmptyForm, actions.sign, gettext_lazy("Sign the contract")),
    "refuse": (actions.SIGN, (S.CHECKED,), ReasonForm, actions.give_back, gettext_lazy("Do not sign")),
}


def _initial(name: str, one: ContractDraft, request: HttpRequest) -> dict[str, Any]:
    """The clause at hand: the one asked for, else the first that was not found yet."""
    return {"clause": request.GET.get("clause") or contracting.next_clause(one)} if name == "tick" else {}


@ask
@needs(VIEW, on=ContractDraft)
def draft(request: HttpRequest, one: ContractDraft) -> HttpResponse:
    """One contract on its way: its tests, the clauses found, what stands against the next step."""
    user: Any = request.user
    do = request.POST.get("do", "") if request.method == "POST" else ""
    refusals: list = []
    bound: shapes.Form | None = None
    if do in DOINGS:
        form = bound = DOINGS[do][2](request.POST, prefix=do)
        made, refusals = tried(form, lambda: DOINGS[do][3](draft=one, by=user, **form.cleaned_data))
        if made:
            messages.success(request, _("Kept."))
            # Clauses and tests are typed one after the other: the form stands open for the next.
            more = do == "item" or (do == "tick" and contracting.next_clause(one))
            return redirect(f"{one.get_absolute_url()}?do={do}#do-{do}" if more else one)
    ticks = {row.clause: row for row in one.ticks.select_related("ticked_by")}
    against = {
        S.DRAFT: contracting.against_submitting,
        S.REVIEW: contracting.against_passing,
        S.CHECKED: contracting.against_signing,
    }.get(one.status)  # type: ignore[call-overload]
    context = {
        "one": one, "items": one.items.select_related("test"), "refusals": refusals,
        "tried": do or request.GET.get("do", ""),
        "may_tick": one.status == S.REVIEW and user.may(actions.CHECK, one),
        "clauses": [(row, ticks.get(code)) for code, row in contracting.clauses().items()],
        "ahead": against(one) if against else [],
        "doings": [
            (name, label, bound if name == do and bound else shape(prefix=name, initial=_initial(name, one, request)))
            for name, (permission, when, shape, _act, label) in DOINGS.items()
            if one.status in when and user.may(permission, one)
        ],
    }  # fmt: skip
    return render(request, "vendors/contract_draft.html", context, status=422 if do else 200)


@ask
@needs(VIEW, on=Contract)
def contract(request: HttpRequest, one: Contract) -> HttpResponse:
    """A contract in force: never edited; supplemented by number, or ended."""
    user: Any = request.user
    form = forms.TerminateForm(request.POST or None)
    refusals: list = []
    if request.method == "POST":
        made, refusals = tried(form, lambda: actions.terminate(contract=one, by=user, **form.cleaned_data))
        if made:
            messages.success(request, _("Kept."))
            return redirect("vendors:contract", one.pk)
    today = timezone.localdate()
    context = {
        "one": one, "standing": queries.standing(one, today), "items": one.items.select_related("test"),
        "supplements": one.supplements.exclude(status=S.DISCARDED), "made_of": getattr(one, "draft", None), "form": form,
        "may": user.may(actions.SIGN, one), "refusals": refusals, "may_renew": bool(one.valid_to) and _buys(user),
    }  # fmt: skip
    return render(request, "vendors/contract.html", context, status=422 if request.method == "POST" else 200)
