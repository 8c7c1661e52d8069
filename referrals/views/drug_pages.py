"""What the pages of drug work share: tabs, lists by key, forms that call an action and show its refusal."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.refusing import tried
from documents.paging import address, newest_first

PAGE = 50
TABS = (
    ("referrals:drug_checks", gettext_lazy("Drug checks"), "referrals.view_drug_work"),
    ("referrals:outside_reports", gettext_lazy("Outside reports"), "referrals.view_drug_work"),
    ("referrals:pathology_bases", gettext_lazy("Pathology before a drug"), "referrals.view_drug_work"),
    ("referrals:special_uses", gettext_lazy("Beyond the label, bought outside"), "referrals.view_drug_work"),
    ("referrals:match_samples", gettext_lazy("Review of drug and result"), "referrals.review_match"),
    ("catalog:formulary", gettext_lazy("Formulary"), "catalog.view_catalog"),
    ("catalog:rule_editions", gettext_lazy("Editions of the drug rules"), "catalog.view_catalog"),
)


def tabs(user: Any, here: str) -> list[tuple]:
    return [(label, reverse(name), None, name == here) for name, label, permission in TABS if user.may(permission)]


def listed(
    request: HttpRequest, found: Any, field: str, row: Callable[[Any], list], *, here: str, title: Any, subtitle: Any,
    columns: list[tuple], panels: Iterable[dict] = (), empty: Any = "", **context: Any,
) -> HttpResponse:  # fmt: skip
    """One page of a list, newest first, with the form that adds to it."""
    page, older, newer = newest_first(found, field, request.GET, size=PAGE)
    panels = [one for one in panels if one]
    bound = any(one["form"].is_bound for one in panels)
    return render(
        request,
        "referrals/drug_list.html",
        {
            "title": title,
            "subtitle": subtitle,
            "tabs": tabs(request.user, here),
            "columns": columns,
            "rows": [row(one) for one in page],
            "older_url": address(request, after=older) if older else "",
            "newer_url": address(request, before=newer) if newer else "",
            "panels": panels,
            "empty": empty or _("Nothing is recorded yet."),
            **context,
        },
        status=422 if bound else 200,
    )


def detail(
    request: HttpRequest, *, title: Any, here: str, sections: list[dict], panels: Iterable[dict] = (), **context: Any
) -> HttpResponse:
    panels = [one for one in panels if one]
    bound = any(one["form"].is_bound for one in panels) or bool(context.get("refusals"))
    back = next(((label, reverse(name)) for name, label, _permission in TABS if name == here), ("", ""))
    return render(
        request,
        "referrals/drug_detail.html",
        {"title": title, "back": back, "sections": sections, "panels": panels, **context},
        status=422 if bound and request.method == "POST" else 200,
    )


def panel(form: Any, title: Any, submit: Any, *, do: str = "", **more: Any) -> dict:
    return {"form": form, "title": title, "submit": submit, "do": do, **more}


def sent(request: HttpRequest, do: str) -> Any:
    """The data of the form named `do`, when it was that one that was sent."""
    return request.POST if request.method == "POST" and request.POST.get("do") == do else None


def attempt(
    request: HttpRequest, form: Any, act: Callable[[], Any], said: Any, to: Callable[[Any], str] | str
) -> tuple[HttpResponse | None, list]:
    """Call the action when the form holds; the way on, or the refusals."""
    made, refusals = tried(form, act)
    if refusals or not form.is_bound or form.errors:
        return None, refusals
    messages.success(request, str(said))
    return redirect(to(made) if callable(to) else to), []
