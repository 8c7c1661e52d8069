"""Prices as the staff keep them."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.models import Institution
from audit.guards import needs
from documents.paging import address, keyset
from vendors import actions, queries
from vendors.models import Price


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
