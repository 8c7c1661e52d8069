"""The hospital's drug list, and the editions of the drug rules."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from audit.guards import needs
from audit.refusing import tried
from catalog import drug_pages
from catalog.actions import formulary as lists
from catalog.actions import rules
from catalog.forms.criteria import CriteriaForm, changed
from catalog.forms.drugs import ApproveForm, DraftForm, EntryForm, ReasonForm, RuleForm, SheetForm
from catalog.models import FormularyEntry, RuleEdition
from documents import files
from documents.files import XLSX
from documents.paging import address, keyset
from documents.spreadsheets import Column, SheetOut, attachment, workbook

ask = require_http_methods(["GET", "POST"])
PAGE = 50
NEW_USE = {"need": "test", "any_of": [[{}]]}


# Formulary


@ask
@needs("catalog.view_catalog")
def formulary(request: HttpRequest) -> HttpResponse:
    """The drugs of the post's hospital today; a pharmacist puts them here, one by one or as a sheet."""
    user: Any = request.user
    do = request.POST.get("do") if request.method == "POST" else ""
    entry = EntryForm(request.POST if do == "entry" else None, initial={"valid_from": timezone.localdate()})
    sheet = SheetForm(request.POST if do == "sheet" else None, request.FILES if do == "sheet" else None)
    made, refusals = tried(entry, lambda: lists.put(by=user, **entry.cleaned_data))
    if made:
        messages.success(request, _("The drug list is kept."))
        return redirect("catalog:formulary")
    counts, refused = tried(sheet, lambda: _sheet(user, sheet))
    if counts:
        messages.success(request, _("%(rows)s rows read, %(new)s new.") % counts)
        return redirect("catalog:formulary")
    today = timezone.localdate()
    found = FormularyEntry.objects.visible_to(user).on(today)
    if words := request.GET.get("q", "").strip()[:60]:
        found = found.filter(drug__icontains=words)
    page, older, newer = keyset(found, "id", request.GET, size=PAGE)
    may = user.may(lists.EDIT)
    context = {
        "rows": page, "q": words, "may": may, "entry": entry, "sheet": sheet, "refusals": [*refusals, *refused],
        "older_url": address(request, after=older) if older else "",
        "newer_url": address(request, before=newer) if newer else "",
    }  # fmt: skip
    return render(request, "catalog/formulary.html", context, status=422 if do else 200)


def _sheet(user: Any, form: SheetForm) -> dict[str, int]:
    checked = files.check(form.cleaned_data["file"], kinds=(XLSX,))
    return lists.take_in(by=user, content=checked.content)


@require_GET
@needs(lists.EDIT)
def formulary_sheet(request: HttpRequest) -> HttpResponse:
    """The list as it stands, in the shape it can be read in again."""
    user: Any = request.user
    found = FormularyEntry.objects.visible_to(user).on(timezone.localdate()).order_by("drug")
    classes = {"a": "甲", "b": "乙", "negotiated": "国谈", "self_paid": "自费", "unknown": "未录"}
    columns = [
        Column(name, 24 if name in ("通用名", "医保限定") else 12) for name in (*lists.HEADINGS, *lists.OPTIONAL)
    ]
    rows = [
        (
            one.drug, "是" if one.in_formulary else "否", classes[one.insurance], "是" if one.is_essential else "否",
            one.restriction, f"{one.valid_from:%Y-%m-%d}", f"{one.valid_to:%Y-%m-%d}" if one.valid_to else "",
        )
        for one in found
    ]  # fmt: skip
    return HttpResponse(
        workbook([SheetOut(lists.SHEET, columns, rows)], title=lists.SHEET),
        content_type=XLSX,
        headers={"Content-Disposition": attachment(f"{lists.SHEET}.xlsx")},
    )


# Editions of the drug rules


@ask
@needs("catalog.view_catalog")
def rule_editions(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    form = DraftForm(request.POST or None)
    made, refusals = tried(form, lambda: rules.draft(institution=user.post.institution, by=user, **form.cleaned_data))
    if made:
        return redirect(made)
    found = RuleEdition.objects.visible_to(user).select_related("institution", "checked_by", "approved_by")[:50]
    context = {"editions": found, "form": form, "may": user.may(rules.DRAFT), "refusals": refusals}
    return render(request, "catalog/rule_editions.html", context, status=422 if form.is_bound else 200)


@ask
@needs("catalog.view_catalog", on=RuleEdition)
def rule_edition(request: HttpRequest, edition: RuleEdition) -> HttpResponse:
    """One edition: its rules with the machine's reading, what differs from the one before, and the next step."""
    user: Any = request.user
    do = request.POST.get("do", "") if request.method == "POST" else ""
    approve = ApproveForm(request.POST if do == "approve" else None, initial={"starts_on": timezone.localdate()})
    back = ReasonForm(request.POST if do == "back" else None)
    plain = ReasonForm({"reason": "-"} if do == "check" else None)
    done, refusals = tried(approve, lambda: rules.approve(edition=edition, by=user, **approve.cleaned_data))
    for form, act in ((back, rules.send_back), (plain, rules.check)):
        if not done and form.is_bound:
            more = {"reason": request.POST.get("reason", "")} if form is back else {}
            done, refused = tried(form, partial(act, edition=edition, by=user, **more))
            refusals += refused
    if done:
        messages.success(request, _("The edition now stands at “%(status)s”.") % {"status": done.get_status_display()})
        return redirect(done)
    rows = [(rule, drug_pages.in_words(rule)) for rule in edition.rules.all()]
    context = {
        "edition": edition, "rows": rows, "differences": drug_pages.differences(edition), "approve": approve, "back": back,
        "may_draft": user.may(rules.DRAFT, edition), "may_check": user.may("catalog.check_drug_rules", edition),
        "may_approve": user.may("catalog.approve_drug_rules", edition), "refusals": refusals,
    }  # fmt: skip
    return render(request, "catalog/rule_edition.html", context, status=422 if do else 200)


@ask
@needs(rules.DRAFT, on=RuleEdition)
def edit_rule(request: HttpRequest, edition: RuleEdition, code: str) -> HttpResponse:
    """A rule of a draft, or `new`."""
    user: Any = request.user
    rule = edition.rules.filter(code=code).first()
    if rule is None and code != "new":
        raise Http404(_("No such record, or not one of yours."))
    do = request.POST.get("do", "")
    start: dict[str, Any] = {}
    if rule is not None:
        start = {name: getattr(rule, name) for name in RuleForm.base_fields if hasattr(rule, name)}
        start |= {"names": "\n".join(rule.names), "reason": ""}
    redrawn = changed(request.POST, do)
    form = RuleForm(request.POST if do == "put" or redrawn else None, initial=start)
    if redrawn:
        form.full_clean()
        form.errors.clear()
    criteria = redrawn or CriteriaForm(request.POST if do == "put" else None, rule.uses if rule else [NEW_USE])
    made: Any = None
    refusals: list[Any] = []
    if criteria.is_bound and criteria.is_valid() & form.is_valid():
        asked = form.asked
        asked["values"]["uses"] = criteria.uses
        made, refusals = tried(form, lambda: rules.put_rule(edition=edition, by=user, **asked))
    drop = ReasonForm(request.POST if request.POST.get("do") == "remove" else None)
    gone, refused = tried(
        drop, lambda: rules.remove_rule(edition=edition, code=code, by=user, **drop.cleaned_data) or True
    )
    if made or gone:
        messages.success(request, _("The draft is changed."))
        return redirect(reverse("catalog:rule_edition", args=[edition.pk]))
    context = {
        "edition": edition, "rule": rule, "form": form, "criteria": criteria, "drop": drop, "refusals": [*refusals, *refused],
        "words": drug_pages.in_words(rule) if rule else [],
    }  # fmt: skip
    wrong = request.method == "POST" and not redrawn
    return render(request, "catalog/rule_edit.html", context, status=422 if wrong else 200)
