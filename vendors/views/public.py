"""What everyone may read without a login (clauses A13, B14)."""

from django.db.models import Q
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Institution
from audit.guards import public
from vendors.models import Price


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
