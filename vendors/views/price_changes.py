"""Price changes: the list, one change from draft to publication, and the workbook of a draft."""

from __future__ import annotations

from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from accounts.delegations import one_with
from audit.guards import needs
from documents import files
from documents.paging import address, keyset
from documents.spreadsheets import attachment
from vendors import actions, pathway, price_effects, price_sheets, pricing
from vendors.actions import price_sheets as sheet_actions
from vendors.forms.prices import ChangeForm, ChargeForm, EndForm, ItemForm, ReasonForm, SheetForm
from vendors.models import DraftItem, PriceChange, PriceSheet
from vendors.views.common import attempt

VIEW = "vendors.view_vendors"
PAGE = 25
S = PriceChange.Status


@needs(VIEW)
def price_changes(request: HttpRequest) -> HttpResponse:
    """The changes of the hospital, newest first."""
    user: Any = request.user
    found = PriceChange.objects.visible_to(user).select_related("drafted_by", "checked_by", "institution")
    if (status := request.GET.get("status", "")) in S.values:
        found = found.filter(status=status)
    page, older, newer = keyset(found, "id", request.GET, size=PAGE, newest=True)
    context = {
        "rows": page,
        "older_url": address(request, after=older) if older else "",
        "newer_url": address(request, before=newer) if newer else "",
        "may_draft": user.may(pathway.DRAFT),
    }
    return render(request, "vendors/price_changes.html", context)


@needs(pathway.DRAFT)
def new_price_change(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    form = ChangeForm(request.POST or None)
    refusals: list[Any] = []
    made: list[PriceChange] = []
    if form.is_valid() and attempt(
        form,
        lambda: made.append(actions.draft_change(institution=user.post.institution, by=user, **form.cleaned_data)),
        refusals,
    ):
        messages.success(request, _("The draft is kept. Add its items one by one, or take in a sheet."))
        return redirect(made[0])
    context = {"form": form, "refusals": refusals}
    return render(request, "vendors/price_change_new.html", context, status=422 if form.is_bound else 200)


# What is done with one click and no form: the action and who may.
ACTS: dict[str, tuple[Any, str, str]] = {
    "put_up": (actions.put_up, pathway.DRAFT, S.DRAFT),
    "check": (actions.check_change, pathway.CHECK, S.PUT_UP),
    "publish": (actions.publish_change, pathway.PUBLISH, S.CHECKED),
}
# What is typed: the form, the action, who may, and where the change stands then.
TYPED: dict[str, tuple[type[forms.Form], Any, str, tuple[str, ...]]] = {
    "item": (ItemForm, actions.put_item, pathway.DRAFT, (S.DRAFT,)),
    "charge": (ChargeForm, actions.put_charge, pathway.DRAFT, (S.DRAFT,)),
    "end": (EndForm, actions.end_item, pathway.DRAFT, (S.DRAFT,)),
    "head": (ChangeForm, actions.revise_change, pathway.DRAFT, (S.DRAFT,)),
    "return": (ReasonForm, actions.return_change, pathway.CHECK, (S.PUT_UP, S.CHECKED)),
    "drop": (ReasonForm, actions.drop_change, pathway.DRAFT, (S.DRAFT,)),
}


def _names() -> dict[str, tuple[str, str]]:
    """Heading and button of each act."""
    return {
        "put_up": (_("Put up for the check"), _("Put up for the check")),
        "check": (_("Checked against its document"), _("I compared it: it is right")),
        "publish": (_("Publish"), _("Publish")),
        "item": (_("Add or change an item"), _("Keep the item")),
        "charge": (_("Under which items a test is charged"), _("Keep the test")),
        "end": (_("End an item without a successor"), _("End the item")),
        "head": (_("Title, document and day"), _("Keep the changes")),
        "return": (_("Return to the draft"), _("Return")),
        "drop": (_("Drop the draft"), _("Drop")),
    }


@needs(VIEW, on=PriceChange)
def price_change(request: HttpRequest, change: PriceChange) -> HttpResponse:
    """One change: what it says, what it does, what stands against it, and what may be done with it now."""
    user: Any = request.user
    do = request.POST.get("do", "")
    refusals: list[Any] = []
    if request.method == "POST" and (done := _done(request, change, do, refusals)):
        messages.success(request, done)
        return redirect(change)
    names = _names()
    typed = []
    bound = _bound(request, do) if do in TYPED else None
    for name, (form_class, _action, permission, statuses) in TYPED.items():
        here = name == do and request.method == "POST"
        if not here and (change.status not in statuses or not user.may(permission, change)):
            continue
        if here:
            form = getattr(request, "tried", bound)
        else:
            form = form_class(initial=_initial(name, change, request), prefix=name)
        typed.append((name, *names[name], form, here or (name in ("item", "charge") and request.GET.get(name))))
    makers: set[int | None] = {change.drafted_by_id, change.put_up_by_id}
    is_own = bool(makers & one_with(user))
    acts = [
        (name, *names[name])
        for name, (_action, permission, status) in ACTS.items()
        if change.status == status and user.may(permission, change) and not (name == "check" and is_own)
    ]
    plan = pricing.plan(change) if change.status not in (S.PUBLISHED, S.DROPPED) else None
    context = {
        "change": change,
        "plan": plan,
        "effects": price_effects.of(plan, user) if plan else [],
        "items": list(change.draft_items.all()),
        "charges": list(change.draft_charges.select_related("test")),
        "made": change.prices.select_related("test").order_by("test__code") if change.status == S.PUBLISHED else [],
        "typed": typed,
        "acts": acts,
        "refusals": refusals,
        "may_write": change.is_writable and user.may(pathway.DRAFT, change),
    }
    return render(request, "vendors/price_change.html", context, status=422 if request.method == "POST" else 200)


def _bound(request: HttpRequest, do: str) -> forms.Form:
    return TYPED[do][0](request.POST, prefix=do)


def _initial(name: str, change: PriceChange, request: HttpRequest) -> dict[str, Any]:
    """What a form begins with: the head as it is; the item or test named in the address as the draft has it."""
    if name == "head":
        return {field: getattr(change, field) for field in ("title", "basis", "effective_from")}
    if name == "item" and (code := request.GET.get("item", "")):
        standing = pricing.standing_items(change.institution_id, change.effective_from)
        kept = DraftItem.objects.filter(change=change, code=code).first() or standing.get(code)
        return kept.facts if kept else {"code": code}
    if name == "charge" and (code := request.GET.get("charge", "")):
        said = change.draft_charges.filter(test__code=code).first()
        return {"test": code, "parts": said.parts, "ends": said.ends} if said else {"test": code}
    return {}


def _done(request: HttpRequest, change: PriceChange, do: str, refusals: list[Any]) -> str:
    """Do what was asked; the sentence that says so, or nothing when it was refused."""
    user: Any = request.user
    names = _names()
    if do in ACTS:
        action, permission, _status = ACTS[do]
        if not user.may(permission, change):
            raise PermissionDenied(permission)
        if not attempt(None, lambda: action(change=change, by=user), refusals):
            return ""
    elif do in TYPED:
        _class, action, permission, _statuses = TYPED[do]
        if not user.may(permission, change):
            raise PermissionDenied(permission)
        form = request.tried = _bound(request, do)
        if not form.is_valid() or not attempt(
            form, lambda: action(change=change, by=user, **form.cleaned_data), refusals
        ):
            return ""
    elif do in ("drop_item", "drop_charge"):
        return _dropped(request, change, do, refusals)
    else:
        raise Http404
    return _("Done: %(what)s.") % {"what": names[do][0]}


def _dropped(request: HttpRequest, change: PriceChange, do: str, refusals: list[Any]) -> str:
    user: Any = request.user
    code = request.POST.get("code", "")
    if do == "drop_charge":
        charge = get_object_or_404(change.draft_charges.select_related("test"), test__code=code)
        act = partial(actions.drop_charge, change=change, test=charge.test, by=user)
    else:
        act = partial(actions.drop_item, change=change, code=code, by=user)
    try:
        return _("Taken out of the draft.") if attempt(None, act, refusals) else ""
    except ValidationError as wrong:
        raise Http404 from wrong


@needs(pathway.DRAFT, on=PriceChange)
def price_sheets_given(request: HttpRequest, change: PriceChange) -> HttpResponse:
    """Give in a workbook; those given in so far."""
    if not change.is_writable:
        return redirect(change)
    form = SheetForm(request.POST or None, request.FILES or None)
    refusals: list[Any] = []
    if form.is_valid():
        kept: list[PriceSheet] = []

        try:
            upload = files.check(form.cleaned_data["sheet"])
            act = partial(sheet_actions.give_sheet, change=change, upload=upload, by=request.user)
            if attempt(form, lambda: kept.append(act()), refusals):
                return redirect("vendors:price_sheet", change.pk, kept[0].pk)
        except files.BadUpload as bad:
            form.add_error("sheet", bad)
    context = {
        "change": change,
        "form": form,
        "refusals": refusals,
        "sheets": change.sheets.defer("items", "charges", "problems").select_related("given_by")[:20],
    }
    return render(request, "vendors/price_sheets.html", context, status=422 if form.is_bound else 200)


@needs(pathway.DRAFT, on=PriceChange)
def price_sheet(request: HttpRequest, change: PriceChange, sheet: int) -> HttpResponse:
    """What the workbook would change, and everything wrong with it; confirming takes it in."""
    found = get_object_or_404(change.sheets.select_related("given_by", "confirmed_by", "change"), pk=sheet)
    refusals: list[Any] = []
    if request.method == "POST" and attempt(
        None, lambda: sheet_actions.confirm_sheet(sheet=found, by=request.user), refusals
    ):
        messages.success(request, _("The sheet is taken in."))
        return redirect(change)
    context = {"change": change, "sheet": found, "refusals": refusals, "problems": found.problems[:200]}
    return render(request, "vendors/price_sheet.html", context, status=409 if refusals else 200)


@needs(VIEW, on=PriceChange)
def price_sheet_form(request: HttpRequest, change: PriceChange) -> HttpResponse:
    """The workbook to fill in: what stands on that day with the draft's own rows."""
    answer = HttpResponse(price_sheets.write(change), content_type=files.XLSX)
    answer["Content-Disposition"] = attachment(f"价格调整-{change.effective_from:%Y%m%d}.xlsx")
    return answer
