"""Packing, handing over and receipt of batches."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from audit.gates import Refused
from audit.guards import needs
from audit.refusing import tried
from documents import files
from referrals import cold_chain, manifest
from referrals.actions import receipts, shipping
from referrals.actions.specimens import fit_to_go_on
from referrals.forms.shipping import ArrivalForm, HandOverForm, PackForm
from referrals.models import Referral, Shipment, ShipmentBatch, Specimen, Status
from referrals.views.station import pdf
from vendors.models import Laboratory

PACK = "referrals.hand_over_specimen"
RECEIVE = "referrals.record_receipt"
RECENT = 30


def waiting(user: Any) -> list[Referral]:
    """Cases whose specimen is taken, fit and not packed, each with its specimen, by laboratory."""
    found = (
        Referral.objects.visible_to(user)
        .filter(status=Status.SAMPLED, laboratory__isnull=False)
        .select_related("laboratory", "test", "patient")
        .order_by("laboratory__code", "collected_at", "pk")[:500]
    )
    last: dict[int, Specimen] = {}
    for one in Specimen.objects.filter(referral__in=[one.pk for one in found]).order_by("pk"):
        last[one.referral_id] = one
    ready = []
    for one in found:
        specimen = last.get(one.pk)
        if fit_to_go_on(specimen) and specimen and not specimen.batch_id:
            one.specimen = specimen
            one.range = cold_chain.range_of(specimen.kind)
            one.keeps_until = cold_chain.keeps_until(specimen.kind, specimen.collected_at)
            one.keeps_no_longer = bool(one.keeps_until and one.keeps_until < timezone.now())
            ready.append(one)
    return ready


def counted(found: Any) -> Any:
    """Batches with how many specimens left in them, were signed for and were rejected."""
    return found.annotate(
        sent=Count("shipments"),
        received=Count("shipments", filter=Q(shipments__received_at__isnull=False)),
        rejected=Count("shipments", filter=Q(shipments__rejected_at__isnull=False)),
    )


@require_GET
@needs(PACK)
def batches(request: HttpRequest) -> HttpResponse:
    return _batches(request)


def _batches(request: HttpRequest, refusals: Any = (), error: str = "", status: int = 200) -> HttpResponse:
    ready = waiting(request.user)
    groups = [(laboratory, list(rows)) for laboratory, rows in groupby(ready, key=lambda one: one.laboratory)]
    known = ShipmentBatch.objects.visible_to(request.user).select_related("laboratory", "handed_over_by")
    # A batch whose specimens were all taken out again waits for nobody; its number stays used.
    packed = known.filter(handed_over_at__isnull=True).annotate(sent=Count("specimens")).filter(sent__gt=0)
    context = {
        "groups": groups,
        "packed": packed.order_by("-pk"),
        "left": counted(known.filter(handed_over_at__isnull=False)).order_by("-handed_over_at", "-pk")[:RECENT],
        "refusals": refusals,
        "error": error,
    }
    return render(request, "referrals/batches.html", context, status=status)


@require_POST
@needs(PACK)
def pack(request: HttpRequest) -> HttpResponse:
    """The ticked specimens of one laboratory become a batch."""
    ready = waiting(request.user)
    form = PackForm(request.POST, waiting=ready)
    laboratory = get_object_or_404(Laboratory, pk=request.POST.get("laboratory") or 0)
    if not form.is_valid():
        return _batches(request, error=_("Choose at least one specimen that still waits here."), status=422)
    chosen = [one for one in ready if one.pk in form.cleaned_data["cases"]]
    try:
        scanned = form.cleaned_data["scanned"] or None
        batch = shipping.pack(referrals=chosen, laboratory=laboratory, by=request.user, scanned=scanned)
    except Refused as refused:
        return _batches(request, refused.refusals, status=422)
    messages.success(request, _("Batch %(number)s is packed.") % {"number": batch.number})
    return redirect("referrals:batch", batch.pk)


@require_http_methods(["GET", "POST"])
@needs(PACK, on=ShipmentBatch)
def batch(request: HttpRequest, batch: ShipmentBatch) -> HttpResponse:
    """One batch: hand it over, or see what became of it."""
    form = HandOverForm(request.POST or None)
    behind = [int(one) for one in request.POST.getlist("leave_out") if one.isdecimal()]
    made, refusals = tried(
        form, lambda: shipping.hand_over(batch=batch, by=request.user, leave_out=behind, **form.cleaned_data)
    )
    if made:
        messages.success(request, _("Batch %(number)s has left, with its manifest.") % {"number": batch.number})
        return redirect("referrals:batch", batch.pk)
    return _batch(request, batch, form=form, refusals=refusals, behind=behind)


def _shipments(batch: ShipmentBatch) -> list[Shipment]:
    named = ("referral__patient__identity", "referral__test", "specimen")
    found = list(batch.shipments.select_related(*named).order_by("pk"))
    for one in found:
        one.batch = batch
    return found


def _batch(request: HttpRequest, batch: ShipmentBatch, **context: Any) -> HttpResponse:
    shipments = context.pop("shipments", None) or _shipments(batch)
    away = [one for one in shipments if _is_on_the_road(one)]
    shown = {
        "batch": batch,
        "counts": counted(ShipmentBatch.objects.filter(pk=batch.pk)).get(),
        "specimens": batch.specimens.select_related("referral__patient__identity", "referral__test").order_by("pk"),
        "shipments": shipments,
        "may_receive": request.user.may(RECEIVE, batch),
        "sees_identity": request.user.sees_identity,
        "arrival": ArrivalForm(on_the_road=away),
        "states": [(receipts.RECEIVED, _("Received")), *Shipment.Failure.choices],
        "form": HandOverForm(),
        **context,
    }
    return render(request, "referrals/batch.html", shown, status=422 if request.method == "POST" else 200)


def _is_on_the_road(one: Shipment) -> bool:
    return one.received_at is None and one.rejected_at is None and one.referral.status == Status.SHIPPED


@require_POST
@needs(PACK, on=ShipmentBatch)
def take_out(request: HttpRequest, batch: ShipmentBatch, referral: int) -> HttpResponse:
    case = get_object_or_404(Referral.objects.visible_to(request.user), pk=referral)
    try:
        shipping.take_out(batch=batch, referral=case, by=request.user)
    except Refused as refused:
        messages.error(request, str(refused.refusals[0]))
    return redirect("referrals:batch", batch.pk)


@require_POST
@needs(RECEIVE, on=ShipmentBatch)
def receive_batch(request: HttpRequest, batch: ShipmentBatch) -> HttpResponse:
    """How the specimens of a batch arrived: all received, or each as it was found; the rest stays on the road."""
    shipments = _shipments(batch)
    form = ArrivalForm(request.POST, on_the_road=[one for one in shipments if _is_on_the_road(one)])
    count, refusals = tried(
        form, lambda: receipts.receive_batch(batch=batch, by=request.user, states=form.states, **form.cleaned_data)
    )
    if count is None:
        return _batch(request, batch, arrival=form, arrival_refusals=refusals, shipments=shipments)
    messages.success(request, _("Receipt recorded for %(count)s specimens.") % {"count": count})
    return redirect("referrals:batch", batch.pk)


@require_GET
@needs(PACK, on=ShipmentBatch)
def manifest_pdf(request: HttpRequest, batch: ShipmentBatch) -> HttpResponse:
    """The manifest: as it travelled, or as it would travel now."""
    content = files.read(batch.manifest) if batch.manifest else manifest.make(batch).content
    return pdf(content, f"{batch.number}.pdf")
