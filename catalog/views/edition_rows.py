"""One row of an edition: read it, see what was changed and said of it, change it with a reason."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from audit.guards import needs
from catalog import actions, diffing, grading, overview, queries
from catalog.actions import drafting
from catalog.actions import rows as row_actions
from catalog.forms import editions as forms
from catalog.models import Edition, Indication, RowChange, RowComment
from catalog.views.editions import DRAFT, VIEW, attempt, cells_of, head
from catalog.views.grading import of_row, table_of


def rules_of(edition: Edition) -> Any:
    return grading.rules_on(edition.institution_id, timezone.now())


def line_of(edition: Edition, code: str) -> Indication:
    found = Indication.objects.filter(edition=edition, code=code.upper()).select_related(
        "test", "edition", "reviewed_by"
    )
    line = found.first()
    if line is None:
        raise Http404
    return line


@require_GET
@needs(VIEW, on=Edition)
def row(request: HttpRequest, edition: Edition, code: str) -> HttpResponse:
    """One row as it stands, beside what it was, with its changes and comments."""
    line = line_of(edition, code)
    basis = overview.basis_of(edition)
    former = Indication.objects.filter(edition=basis, code=line.code).select_related("test").first() if basis else None
    changes = RowChange.objects.filter(edition=edition, code=line.code).select_related("made_by")[:50]
    named = diffing.rows.labels()
    context = {
        **head(edition, request.user),
        "line": line,
        "grading": of_row(line, rules_of(edition)),
        "values": row_values(line, former),
        "citations": diffing.rows.citing.of(line),
        "support": getattr(line, "support", None),
        "changes": [(one, cells_of(one, named)) for one in changes],
        "comments": comments_of(edition, line.code),
        "remove_form": forms.ReasonForm(),
        "here": "rows",
    }
    return render(request, "catalog/edition_row.html", context)


def row_values(line: Indication, former: Indication | None) -> list[tuple[str, str, str, bool]]:
    """(label, as it was, as it is, differs) of every field that says something."""
    now, then = diffing.rows.values_of(line), diffing.rows.values_of(former) if former else {}
    said, named = diffing.rows.shown, diffing.rows.labels()
    return [
        (named[name], said(name, then.get(name)), said(name, now[name]), bool(former) and then.get(name) != now[name])
        for name in now
        if name not in diffing.rows.UNREAD and (said(name, now[name]) or said(name, then.get(name)))
    ]


def comments_of(edition: Edition, code: str) -> list[RowComment]:
    found = RowComment.objects.filter(edition=edition, code=code).select_related("made_by", "resolved_by", "change")
    return list(found.prefetch_related("answers__made_by").order_by("pk")[:100])


@needs(DRAFT, on=Edition)
def edit(request: HttpRequest, edition: Edition, code: str) -> HttpResponse:
    """Change a row; with `?comment=` the change accepts that objection."""
    line = line_of(edition, code)
    if not edition.is_writable:
        return redirect("catalog:edition_row", edition.pk, line.code)
    seen = row_actions.last_change(edition, line.code)
    asked = request.POST.get("comment") or request.GET.get("comment", "")
    comment = edition.comments.filter(pk=int(asked)).first() if asked.isdecimal() else None
    initial = {"seen": seen, "comment": comment.pk if comment else None}
    form = forms.RowForm(request.POST or None, instance=line, fixed_code=True, initial=initial)
    refusals: list = []
    if request.method == "POST" and form.is_valid():
        values, typed = form.values(), form.cleaned_data
        if "test" in values and values["test"] == line.test:
            values["test"] = None
        refusals = attempt(
            request,
            lambda: actions.change_row(
                line=line, values=values, reason=typed["reason"], seen=typed["seen"], resolves=comment, by=request.user
            ),
            _("The row is changed; it has to be confirmed anew."),
        )
        if not refusals:
            return redirect("catalog:edition_row", edition.pk, line.code)
    context = {**head(edition, request.user), "line": line, "form": form, "refusals": refusals, "comment": comment,
               "symbols": sorted(queries.gene_symbols()), "here": "rows",
               "table": table_of(rules_of(edition))}  # fmt: skip
    status = 409 if refusals else 422 if form.errors else 200
    return render(request, "catalog/edition_row_form.html", context, status=status)


@needs(DRAFT, on=Edition)
def add(request: HttpRequest, edition: Edition) -> HttpResponse:
    """A new row, written here."""
    if not edition.is_writable:
        return redirect(edition)
    form = forms.RowForm(request.POST or None)
    refusals: list = []
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        refusals = attempt(
            request,
            lambda: actions.add_row(
                edition=edition, code=typed["code"], values=form.values(), reason=typed["reason"], by=request.user
            ),
            _("The row is added."),
        )
        if not refusals:
            return redirect("catalog:edition_row", edition.pk, typed["code"].upper())
    context = {**head(edition, request.user), "form": form, "refusals": refusals, "line": None,
               "symbols": sorted(queries.gene_symbols()), "here": "rows",
               "table": table_of(rules_of(edition))}  # fmt: skip
    status = 409 if refusals else 422 if form.errors else 200
    return render(request, "catalog/edition_row_form.html", context, status=status)


@require_POST
@needs(DRAFT, on=Edition)
def remove(request: HttpRequest, edition: Edition, code: str) -> HttpResponse:
    """Take a row out, with the reason."""
    line = line_of(edition, code)
    reason = request.POST.get("reason", "")
    refusals = attempt(
        request, lambda: actions.remove_row(line=line, reason=reason, by=request.user), _("The row is taken out.")
    )
    if refusals:
        context = {**head(edition, request.user), "line": line, "refusals": refusals, "values": row_values(line, None),
                   "comments": comments_of(edition, line.code), "changes": [],
                   "remove_form": forms.ReasonForm({"reason": reason}), "here": "rows"}  # fmt: skip
        return render(request, "catalog/edition_row.html", context, status=409)
    return redirect(edition)


@needs(DRAFT, on=Edition)
def library(request: HttpRequest, edition: Edition) -> HttpResponse:
    """Take rows of the starter library into the draft."""
    if not edition.is_writable:
        return redirect(edition)
    starter = drafting.library(drafting.STARTER, edition.institution)
    known = set(Indication.objects.filter(edition=edition).values_list("code", flat=True))
    lines = list(
        Indication.objects.filter(edition=starter).exclude(code__in=known).select_related("test").order_by("pk")
    )
    form = forms.LibraryForm(request.POST or None, lines=lines)
    refusals: list = []
    if request.method == "POST" and form.is_valid():
        wanted = set(form.cleaned_data["codes"])
        chosen = [line for line in lines if line.code in wanted]
        refusals = attempt(
            request,
            lambda: actions.take_from(
                edition=edition, lines=chosen, reason=form.cleaned_data["reason"], by=request.user
            ),
            _("The rows are added."),
        )
        if not refusals:
            return redirect(edition)
    context = {**head(edition, request.user), "form": form, "lines": lines, "refusals": refusals, "here": "rows"}
    status = 409 if refusals else 422 if form.errors else 200
    return render(request, "catalog/edition_library.html", context, status=status)


# Comments


@require_GET
@needs(VIEW, on=Edition)
def comments(request: HttpRequest, edition: Edition) -> HttpResponse:
    """All comments of the edition: open objections first; each with what can be done about it."""
    return comments_page(request, edition)


def comments_page(
    request: HttpRequest, edition: Edition, refusals: list | None = None, typed: Any = None
) -> HttpResponse:
    found = edition.comments.select_related("made_by", "resolved_by", "change").prefetch_related("answers__made_by")
    which = request.GET.get("which", "")
    if which == "open":
        found = found.filter(kind="objection", status="open")
    shown = list(found.order_by("-pk")[:200])
    shown.sort(key=lambda one: (not one.is_open_objection, -one.pk))
    rows_here = set(Indication.objects.filter(edition=edition).values_list("code", flat=True))
    context = {
        **head(edition, request.user),
        "comments": shown,
        "codes": rows_here,
        "refusals": refusals or [],
        "typed": typed,
        "may_answer": edition.is_writable,
        "here": "comments",
    }
    return render(request, "catalog/edition_comments.html", context, status=409 if refusals else 200)


@require_POST
@needs(VIEW, on=Edition)
def comment_act(request: HttpRequest, edition: Edition, comment: int) -> HttpResponse:
    """Answer, accept, reject or withdraw. The action asks who may."""
    found = edition.comments.filter(pk=comment).select_related("edition", "made_by").first()
    text, do, user = request.POST.get("text", ""), request.POST.get("do", ""), request.user
    acts = {
        "answer": (lambda: actions.answer(comment=found, text=text, by=user), _("Answered.")),
        "accept": (lambda: actions.accept_objection(comment=found, note=text, by=user), _("The objection is accepted.")),
        "reject": (lambda: actions.reject_objection(comment=found, reason=text, by=user), _("The objection is rejected.")),
        "withdraw": (
            lambda: actions.withdraw_objection(comment=found, reason=text, by=user), _("The objection is withdrawn."),
        ),
    }  # fmt: skip
    if found is None or do not in acts:
        raise Http404
    refusals = attempt(request, *acts[do])
    if refusals:
        return comments_page(request, edition, refusals, {"pk": found.pk, "text": text})
    return redirect("catalog:comments", edition.pk)
