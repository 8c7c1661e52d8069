"""The styleguide: every component in every state, and pages in full, on invented data (`desk/samples.py`)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from audit.guards import needs
from desk.samples import sample

PAGES = {
    "": ("desk/styleguide.html", _("Components")),
    "worklist": ("desk/styleguide_worklist.html", _("A worklist in full")),
    "case": ("desk/styleguide_case.html", _("A case in full")),
    "public": ("desk/styleguide_public.html", _("A public page in full")),
}


@needs("policy.view_policy")
def styleguide(request: HttpRequest, page: str = "") -> HttpResponse:
    """Every component in every state; `worklist`, `case` and `public` are pages in full. For staff in any post."""
    page = page or request.GET.get("page", "")
    template, _title = PAGES.get(page, PAGES[""])
    tabs = [(title, f"?page={key}", None, key == page) for key, (_template, title) in PAGES.items()]
    return render(request, template, {"pages": tabs, **sample()})
