"""Laboratories with their credentials and contracts."""

from django.db.models import Prefetch
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from audit.guards import needs
from vendors import queries
from vendors.models import Contract, Laboratory


@needs("vendors.view_vendors")
def laboratories(request):
    today = timezone.localdate()
    return render(
        request,
        "vendors/laboratories.html",
        {"laboratories": queries.laboratories(request.user, today), "today": today},
    )


@needs("vendors.view_vendors")
def laboratory(request, pk):
    today = timezone.localdate()
    found = get_object_or_404(Laboratory, pk=pk)
    contracts = (
        Contract.objects.visible_to(request.user)
        .filter(laboratory=found)
        .select_related("institution")
        .prefetch_related(Prefetch("items", to_attr="listed"), "items__test")
        .order_by("institution", "-valid_from")
    )
    return render(
        request,
        "vendors/laboratory.html",
        {
            "laboratory": found,
            "credentials": [(row, queries.standing(row, today)) for row in found.credentials.all()],
            "contracts": [(row, queries.standing(row, today)) for row in contracts],
            "missing": queries.missing_credentials(found, today),
        },
    )
