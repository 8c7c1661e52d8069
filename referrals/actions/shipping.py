"""On the road: packing specimens for one laboratory, handing them over with a manifest, receipt and rejection
(A24–A26, A28, B8–B11; what travels with a specimen: practice.md 4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from audit import declaring
from audit.gates import Act, Refusal, Refused
from audit.refusing import may, needed
from audit.steps import OUT_OF_TURN, against, move
from documents import files
from referrals import barcodes, manifest, numbering, pathway
from referrals.actions.held import hold, hold_for, not_in_future, refuse
from referrals.actions.onward import onward
from referrals.actions.specimens import fit_to_go_on
from referrals.gates import local_day
from referrals.gates.words import link
from referrals.models import Referral, Shipment, ShipmentBatch, Specimen, Status
from vendors.models import Contract, ContractItem, Laboratory

PACKED = "shipment.packed"
PERMISSION = pathway.SHIP.permission


@transaction.atomic
def pack(
    *, referrals: Iterable[Referral], laboratory: Laboratory, by: User, at: datetime | None = None
) -> ShipmentBatch:
    """Specimens of sampled cases, all allocated to this laboratory, are packed together under one number."""
    at = at or timezone.now()
    cases = [hold(one) for one in sorted(referrals, key=lambda one: one.pk)]
    if not cases:
        raise ValidationError({"referrals": _("Choose at least one specimen.")})
    institution = cases[0].institution
    batch = ShipmentBatch(institution=institution, laboratory=laboratory, packed_at=at, packed_by=by)
    refusals = []
    specimens = []
    for case in cases:
        may(by, PERMISSION, case)
        specimen = barcodes.current(case)
        if case.status not in pathway.SHIP.sources:
            refusals += [_of(case, one) for one in against(case, pathway.SHIP, at, Act(by, pathway.SHIP.name))]
        elif said := _not_to_pack(case, specimen, laboratory, institution.pk):
            refusals.append(_of(case, refuse("packing", said, case, anchor="specimen").refusals[0]))
        else:
            specimens.append(specimen)
    if refusals:
        raise Refused(refusals)
    with declaring.step(PACKED):
        batch.number = numbering.batch_number(institution, at)
        batch.save()
        for specimen in specimens:
            specimen.batch = batch  # type: ignore[union-attr]
            specimen.save(update_fields=["batch"])  # type: ignore[union-attr]
    return batch


def _not_to_pack(case: Referral, specimen: Specimen | None, laboratory: Laboratory, institution: int) -> str:
    if case.institution_id != institution:
        return _("It belongs to another hospital.")
    if case.laboratory_id != laboratory.pk:
        return _("It is allocated to another laboratory.")
    if not fit_to_go_on(specimen):
        return _("Its specimen has not been found fit yet.")
    if specimen and specimen.batch_id:
        return _("Its specimen is packed in batch %(batch)s already.") % {"batch": specimen.batch.number}  # type: ignore[union-attr]
    return ""


@transaction.atomic
def take_out(*, batch: ShipmentBatch, referral: Referral, by: User) -> None:
    """A specimen is taken out of a batch that has not left."""
    batch = _packed(batch, by)
    with declaring.step(PACKED):
        for specimen in batch.specimens.filter(referral=referral):
            specimen.batch = None
            specimen.save(update_fields=["batch"])


@transaction.atomic
def hand_over(
    *,
    batch: ShipmentBatch,
    by: User,
    carrier: str,
    waybill: str = "",
    temperature: str = "",
    leave_out: Iterable[int] = (),
    at: datetime | None = None,
) -> ShipmentBatch:
    """The batch leaves, with its manifest. Each case is asked X05, X06, X08, X13, X15 and X16; when one is refused
    nothing leaves, and the refusal names it. `leave_out` are the cases (by id) to leave behind on purpose."""
    at = at or timezone.now()
    batch = _packed(batch, by)
    carrier = needed(carrier=carrier)["carrier"]
    behind = set(leave_out)
    specimens = list(batch.specimens.select_related("referral").order_by("referral_id"))
    refusals: list[Refusal] = []
    shipped = 0
    for specimen in specimens:
        if specimen.referral_id in behind:
            with declaring.step(PACKED):
                specimen.batch = None
                specimen.save(update_fields=["batch"])
            continue
        try:
            with transaction.atomic():
                _leave(batch, specimen, by, at)
                shipped += 1
        except Refused as refused:
            refusals += [_of(specimen.referral, one) for one in refused.refusals]
    if refusals:
        raise Refused(refusals)
    if not shipped:
        raise ValidationError({"leave_out": _("No specimen is left in this batch.")})
    with declaring.step(pathway.SHIP.name):
        batch.carrier, batch.waybill, batch.temperature = carrier[:80], waybill.strip()[:60], temperature.strip()[:40]
        batch.handed_over_at, batch.handed_over_by = at, by
        batch.manifest = _keep_manifest(batch, by)
        batch.save()
    return batch


def _leave(batch: ShipmentBatch, specimen: Specimen, by: User, at: datetime) -> None:
    case = hold_for(specimen.referral, pathway.SHIP, by=by, at=at)
    if barcodes.current(case) != specimen or case.laboratory_id != batch.laboratory_id or not fit_to_go_on(specimen):
        message = _("Its specimen or its laboratory has changed since it was packed.")
        raise refuse("packing", message, case, anchor="specimen")
    move(case, pathway.SHIP, by=by, at=at, shipped_at=at, received_at=None)
    Shipment.objects.create(
        referral=case,
        laboratory=batch.laboratory,
        contract=_contract(case, batch.laboratory, at),
        shipped_at=at,
        shipped_by=by,
        batch=batch,
        specimen=specimen,
    )
    onward(case, at=at)


def _contract(case: Referral, laboratory: Laboratory, at: datetime) -> Contract:
    """The contract the specimen goes under: the one allocated while it is in force, else the one that is (X06 has
    passed, so there is one)."""
    on = local_day(at)
    items = ContractItem.objects.filter(  # type: ignore[attr-defined]
        institution_id=case.institution_id, laboratory=laboratory, test_id=case.test_id
    ).in_force(on)
    listed = [item.contract for item in items.select_related("contract").order_by("settlement_price", "pk")]
    return next((one for one in listed if one.pk == case.contract_id), listed[0])


def _keep_manifest(batch: ShipmentBatch, by: User) -> Any:
    upload = files.Upload(manifest.make(batch).content, f"{batch.number}.pdf", files.PDF)
    return files.store(upload, by=by, institution=batch.institution, holds_identity=True)


def _packed(batch: ShipmentBatch, by: User) -> ShipmentBatch:
    now = (
        ShipmentBatch.objects.select_for_update(of=("self",))
        .select_related("laboratory", "institution")
        .get(pk=batch.pk)
    )
    may(by, PERMISSION, now)
    if now.handed_over_at:
        message = _("Batch %(batch)s was handed over already; nothing was changed.") % {"batch": now.number}
        raise Refused(Refusal(OUT_OF_TURN if batch.handed_over_at else "stale", message))
    return now


def _of(case: Referral, refusal: Refusal) -> Refusal:
    """The refusal, naming its case: a batch holds many."""
    return replace(refusal, message=f"{case.number}：{refusal.message}")


# --- At the laboratory ---


@transaction.atomic
def receive(*, referral: Referral, by: User, at: datetime | None = None) -> Referral:
    """The laboratory signed for the specimen."""
    referral = hold_for(referral, pathway.RECEIVE, by=by)
    shipment = _on_the_road(referral)
    at = not_in_future(at, "at", since=shipment.shipped_at)
    move(referral, pathway.RECEIVE, by=by, at=at, received_at=at)
    shipment.received_at = at
    shipment.save(update_fields=["received_at"])
    return onward(referral, at=at)


@transaction.atomic
def receive_batch(*, batch: ShipmentBatch, by: User, at: datetime | None = None) -> int:
    """Every specimen of the batch still on the road was signed for; returns how many."""
    waiting = [
        one.referral
        for one in batch.shipments.filter(received_at__isnull=True, rejected_at__isnull=True)
        .select_related("referral")
        # In the order in which everybody holds cases.
        .order_by("referral_id")
        if one.referral.status == Status.SHIPPED
    ]
    if not batch.handed_over_at:
        message = _("Batch %(batch)s has not been handed over yet: there is nothing to receive.")
        raise Refused(Refusal(OUT_OF_TURN, message % {"batch": batch}, (), link("referrals:batch", batch.pk)))
    if not waiting:
        raise Refused(Refusal("stale", _("No specimen of this batch is on the road any more.")))
    for referral in waiting:
        receive(referral=referral, by=by, at=at)
    return len(waiting)


@transaction.atomic
def reject(*, referral: Referral, by: User, reason: str, at: datetime | None = None) -> Referral:
    """The laboratory refuses the specimen, with the reason; another one has to be taken."""
    referral = hold_for(referral, pathway.REJECT, by=by)
    reason = needed(reason=reason)["reason"]
    shipment = _on_the_road(referral)
    at = not_in_future(at, "at", since=shipment.shipped_at)
    move(referral, pathway.REJECT, by=by, at=at, reason=reason)
    shipment.rejected_at, shipment.rejection_reason = at, reason[:200]
    shipment.save(update_fields=["rejected_at", "rejection_reason"])
    return onward(referral, at=at)


def _on_the_road(referral: Referral) -> Shipment:
    shipment = referral.shipments.filter(rejected_at__isnull=True).order_by("-shipped_at", "-pk").first()
    if shipment is None:
        raise refuse("shipment", _("No shipment is recorded."), referral, anchor="shipment")
    return shipment
