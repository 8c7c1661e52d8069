"""The basis of every rule: coverage, one clause in its document, one document in full."""

from collections.abc import Iterator
from itertools import groupby

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from audit.guards import needs
from policy import coverage as covering
from policy.forms import CoverageFilter
from policy.models import Clause, PolicyDocument


@needs("policy.view_policy")
def coverage(request: HttpRequest) -> HttpResponse:
    """Clause by clause: the gates, records, indicators and forms that carry it out, or that none does yet."""
    form = CoverageFilter(request.GET or None)
    clauses = Clause.objects.select_related("document").defer("document__text")
    wanted = ""
    if form.is_valid():
        if document := form.cleaned_data["document"]:
            clauses = clauses.filter(document=document)
        if tag := form.cleaned_data["tag"]:
            clauses = clauses.filter(tag=tag)
        wanted = form.cleaned_data["covered"]
    rows = [(clause, covering.of(clause.code)) for clause in clauses]
    covered = sum(1 for _clause, by_kind in rows if any(by_kind.values()))
    counts = {"all": len(rows), "covered": covered, "open": len(rows) - covered}
    if wanted:
        rows = [row for row in rows if any(row[1].values()) == (wanted == "yes")]
    register = PolicyDocument.objects.defer("text")
    context = {
        "form": form,
        "rows": rows,
        "counts": counts,
        "register": register,
        "in_force": set(register.in_force(timezone.localdate()).values_list("pk", flat=True)),
    }
    return render(request, "policy/coverage.html", context)


@needs("policy.view_policy")
def clause(request: HttpRequest, code: str) -> HttpResponse:
    clause = get_object_or_404(Clause.objects.select_related("document"), code=code.upper())
    neighbours = Clause.objects.filter(document=clause.document)
    context = {
        "clause": clause,
        "covered_by": covering.of(clause.code),
        "in_force": clause.document in PolicyDocument.objects.in_force(timezone.localdate()),
        "before": neighbours.filter(order__lt=clause.order).last(),
        "after": neighbours.filter(order__gt=clause.order).first(),
    }
    return render(request, "policy/clause.html", context)


@needs("policy.view_policy")
def document(request: HttpRequest, code: str) -> HttpResponse:
    """The full text with each clause's words marked in it; a document without text shows its duties."""
    document = PolicyDocument.objects.select_related("supersedes").filter(code=code.upper()).first()
    if document is None:
        raise Http404
    context = {
        "document": document,
        "in_force": document in PolicyDocument.objects.in_force(timezone.localdate()),
        "paragraphs": list(_marked(document)),
    }
    return render(request, "policy/document.html", context)


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
