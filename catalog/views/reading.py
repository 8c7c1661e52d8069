"""The catalog to read: search, one indication, what is not indicated, what drugs ask for."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from audit.guards import needs
from catalog import citing, evidence, grading, queries, restricted
from catalog.forms.reading import CatalogFilter
from catalog.models import Edition, Indication, NotIndicated
from catalog.views.grading import of_row

# The starter library is a hundred rows, a hospital's own some dozens; more are found by a word.
SHOWN = 200


def _edition(request: HttpRequest) -> Edition | None:
    post = getattr(request.user, "post", None)
    return queries.edition_in_force(post and post.institution_id, timezone.localdate())


@needs("catalog.view_catalog")
def browse(request: HttpRequest) -> HttpResponse:
    """The edition in force for the reader's institution, by tumour, gene, drug, code or pinyin initials."""
    edition = _edition(request)
    form = CatalogFilter(request.GET or None, edition=edition)
    found = Indication.objects.filter(edition=edition).select_related("test").order_by("pk")
    if form.is_valid():
        found = found.search(form.cleaned_data["q"])
        if tumour := form.cleaned_data["tumour"]:
            found = found.filter(tumour=tumour)
        if grade := form.cleaned_data["grade"]:
            found = found.filter(grade=grade)
    words = form.cleaned_data["q"] if form.is_valid() else ""
    rules = queries.rules_in_force(edition and edition.institution_id, timezone.localdate()) if words else []
    context = {
        "edition": edition, "form": form, "indications": found[:SHOWN], "total": found.count(), "shown": SHOWN,
        "refused": restricted.answers(words, rules=rules),
    }  # fmt: skip
    return render(request, "catalog/browse.html", context)


@needs("catalog.view_catalog")
def indication(request: HttpRequest, code: str) -> HttpResponse:
    """One line of the edition in force, or of `?edition=`: a case links to the edition of its day."""
    edition = _edition(request)
    if wanted := request.GET.get("edition"):
        editions = Edition.objects.visible_to(request.user).binding()
        edition = editions.filter(pk=wanted).first() if wanted.isdecimal() else None
    line = (
        Indication.objects.select_related("edition", "edition__institution", "test")
        .filter(edition=edition, code=code.upper())
        .first()
        if edition
        else None
    )
    if line is None:
        raise Http404
    user, today = request.user, timezone.localdate()
    here = getattr(getattr(user, "post", None), "institution_id", None)
    reviews = evidence.reviews_of([line.pk], here).get(line.pk, [])
    rules = grading.rules_on(here, timezone.now())
    context = {
        "indication": line,
        "grading": of_row(line, rules),
        "citations": citing.of(line),
        "reviews": [(one, evidence.is_closed(one, today)) for one in reviews],
        "why_closed": evidence.closed([line], here, today).get(line.pk, ""),
    }
    return render(request, "catalog/indication.html", context)


@needs("catalog.view_catalog")
def not_indicated(request: HttpRequest) -> HttpResponse:
    """Tests often asked for that have no place in the catalog, with the answer to give."""
    return render(request, "catalog/not_indicated.html", {"items": NotIndicated.objects.all()})


@needs("catalog.view_catalog")
def drug_rules(request: HttpRequest) -> HttpResponse:
    """Which drug asks for which target test (clause A31)."""
    post = getattr(request.user, "post", None)
    rules = queries.rules_in_force(post and post.institution_id, timezone.localdate())
    if words := request.GET.get("q", "").strip()[:60]:
        rules = [rule for rule in rules if words.lower() in f"{rule} {rule.biomarker} {rule.line}".lower()]
    return render(request, "catalog/drug_rules.html", {"rules": rules, "q": words})
