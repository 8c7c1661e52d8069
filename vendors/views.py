"""Laboratories with their credentials and contracts; prices, for staff and for everyone."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Prefetch, Q
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.models import Institution
from audit.guards import needs, public
from documents.paging import address, keyset
from vendors import actions, queries
from vendors.models import Contract, Laboratory, Price


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


@needs("vendors.view_vendors")
def prices(request):
    """The institution's prices with what is not published yet; one page of the list at a time."""
    text = request.GET.get("q", "").strip()
    found = queries.prices(request.user, text)
    page, older, newer = keyset(found, "id", request.GET, size=queries.PAGE, newest=True)
    return render(
        request,
        "vendors/prices.html",
        {
            "prices": page,
            "q": text,
            "older_url": address(request, after=older) if older else "",
            "newer_url": address(request, before=newer) if newer else "",
            "today": timezone.localdate(),
            "may_publish": request.user.may("vendors.publish_prices"),
            "hospitals": Institution.objects.filter(
                pk__in=request.user.institution_ids, kind=Institution.Kind.HOSPITAL
            ),
        },
    )


@require_POST
@needs("vendors.publish_prices")
def publish(request, pk):
    price = get_object_or_404(Price, pk=pk, institution_id__in=request.user.institution_ids)
    try:
        actions.publish_price(price=price, on=timezone.localdate(), by=request.user)
        messages.success(request, _("The price is published."))
    except ValidationError as fault:
        messages.error(request, " ".join(fault.messages))
    return redirect("vendors:prices")


@public
def public_prices(request, code=None):
    """The price list on the wall and the website (A13, B14): what is in force and published today, nothing else."""
    hospitals = list(Institution.objects.filter(kind=Institution.Kind.HOSPITAL))
    if code is None and len(hospitals) == 1:
        return redirect("vendors:public_prices", hospitals[0].code)
    hospital = next((row for row in hospitals if row.code == code), None)
    if code is not None and hospital is None:
        raise Http404(_("There is no such hospital here."))
    today = timezone.localdate()
    text = request.GET.get("q", "").strip()
    found = Price.objects.none()
    if hospital:
        found = hospital.prices.in_force(today).published(today).select_related("test").order_by("test__code")
        if text:
            found = found.filter(Q(item_name__icontains=text) | Q(test__name__icontains=text) | Q(item_code=text))
    return render(
        request,
        "vendors/public_prices.html",
        {"institution": hospital, "hospitals": hospitals, "prices": found[:500], "q": text, "today": today},
    )
