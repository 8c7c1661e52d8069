"""Printing labels: for every specimen that waits to be taken, or for one case."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from audit.guards import needs
from audit.refusing import tried
from documents.paging import address, newest_first
from referrals import queries
from referrals.actions import labelling
from referrals.forms.labels import LabelsForm
from referrals.models import LabelPrint, Referral
from referrals.views.station import pdf

PAGE = 50


@require_http_methods(["GET", "POST"])
@needs(labelling.PERMISSION)
def labels(request: HttpRequest) -> HttpResponse:
    """The specimens that wait to be taken; the ticked ones are printed together."""
    waiting = queries.waiting(Referral.objects.visible_to(request.user), "sampling")
    rows, older, newer = newest_first(_named(waiting), "requested_at", request.GET, size=PAGE)
    return _page(request, rows, older=older, newer=newer)


@require_http_methods(["GET", "POST"])
@needs(labelling.PERMISSION, on=Referral)
def label(request: HttpRequest, referral: Referral) -> HttpResponse:
    """The label of one case: of the specimen to be taken, else of the last one."""
    return _page(request, list(_named(Referral.objects.filter(pk=referral.pk))), case=referral)


def _named(found: Any) -> Any:
    return found.select_related("test", "patient__identity", "institution").prefetch_related("specimens")


def _page(request: HttpRequest, rows: list[Referral], **context: Any) -> HttpResponse:
    user: Any = request.user
    form = LabelsForm(request.POST or None)
    ticked = [int(one) for one in request.POST.getlist("cases") if one.isdecimal()]
    chosen = [one for one in rows if one.pk in ticked]

    def take() -> Any:
        if request.POST and not chosen:
            raise ValidationError(_("Choose at least one specimen that still waits here."))
        return labelling.print_labels(referrals=chosen, by=user, **form.asked)

    made, refusals = tried(form, take)
    if made:
        return pdf(made.content, f"labels-{timezone.localtime():%Y%m%d-%H%M}.pdf")
    listed: list[dict[str, Any]] = []
    for one in rows:
        code, kind = labelling.due(one) or ("", "")
        listed.append({"case": one, "barcode": code, "kind": kind or one.test.specimen.split("；")[0]})
    counted = LabelPrint.objects.filter(barcode__in=[one["barcode"] for one in listed if one["barcode"]])
    prints = dict(counted.values_list("barcode").annotate(n=Count("pk")).order_by())
    for row in listed:
        row["prints"] = prints.get(row["barcode"], 0)
    older, newer = context.pop("older", ""), context.pop("newer", "")
    shown = {
        "rows": listed,
        "form": form,
        "refusals": refusals,
        "ticked": ticked,
        "sees_identity": user.sees_identity,
        "older_url": address(request, after=older) if older else "",
        "newer_url": address(request, before=newer) if newer else "",
        **context,
    }
    return render(request, "referrals/labels.html", shown, status=422 if request.method == "POST" else 200)
