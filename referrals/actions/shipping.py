"""On the road: packing specimens for one laboratory and handing them over, each one scanned, with a manifest
(A24–A26, A28, B8–B11; what travels with a specimen: practice.md 4). Receipt: `referrals.actions.receipts`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
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
from documents.templatetags.formats import moment
from referrals import barcodes, cold_chain, manifest, numbering, pathway
from referrals.actions.held import hold, hold_for, refuse
from referrals.actions.onward import onward
from referrals.actions.scanning import against_the_box
from referrals.actions.specimens import fit_to_go_on
from referrals.gates import local_day
from referrals.gates.words import link
from referrals.models import Referral, Shipment, ShipmentBatch, Specimen
from vendors.models import Contract, ContractItem, Laboratory

PACKED = "shipment.packed"
PERMISSION = pathway.SHIP.permission


@transaction.atomic
def pack(
    *,
    referrals: Iterable[Referral],
    laboratory: Laboratory,
    by: User,
    scanned: Iterable[str] | None = None,
    at: datetime | None = None,
) -> ShipmentBatch:
    """Specimens of sampled cases, all allocated to this laboratory, are packed together under one number; what bears
    no common temperature is not. `scanned` are the codes read as each went into the box: they have to be those of
    these specimens, no more and no fewer. Without it this is a list to pack by, and the hand-over scans (B11)."""
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
        elif late := _too_old(specimen, at):
            refusals.append(late)
        elif specimen:
            specimens.append(specimen)
    if not refusals and scanned is not None:
        refusals += against_the_box(specimens, scanned)
        batch.scanned_at_packing = True
    refusals += _keep_range(batch, specimens)
    if refusals:
        raise Refused(refusals)
    with declaring.step(PACKED):
        batch.number = numbering.batch_number(institution, at)
        batch.save()
        for specimen in specimens:
            specimen.batch = batch
            specimen.save(update_fields=["batch"])
    return batch


def _keep_range(batch: ShipmentBatch, specimens: Iterable[Specimen]) -> list[Refusal]:
    """The batch bears what all of its specimens do (`vocab.md` §7); a refusal when they cannot share a box."""
    held = list(specimens)
    try:
        found = cold_chain.common(one.kind for one in held)
    except ValueError:
        listed = "；".join(f"{barcodes.code_of(one)} {one.kind} {cold_chain.range_of(one.kind)}" for one in held)
        message = _("These specimens need different temperatures and cannot share a box: %(specimens)s.")
        return [Refusal("cold_chain", message % {"specimens": listed}, ("B11",), link("referrals:batches"))]
    batch.celsius_low, batch.celsius_high = (found.low, found.high) if found else (None, None)
    return []


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


def _too_old(specimen: Specimen | None, at: datetime) -> Refusal | None:
    """What no longer keeps is refused on arrival anyway (`vocab.md` §7): it is not sent, and another is taken."""
    last = cold_chain.keeps_until(specimen.kind, specimen.collected_at) if specimen else None
    if specimen is None or last is None or at <= last:
        return None
    message = _("%(kind)s taken at %(taken)s could leave until %(last)s. Find it unfit and have another taken.") % {
        "kind": specimen.kind,
        "taken": moment(specimen.collected_at),
        "last": moment(last),
    }
    case = specimen.referral
    return _of(
        case, Refusal("keeps_until", message, ("B11",), link("referrals:specimen", case.pk), _("To the specimen"))
    )


@transaction.atomic
def take_out(*, batch: ShipmentBatch, referral: Referral, by: User) -> None:
    """A specimen is taken out of a batch that has not left."""
    batch = _packed(batch, by)
    with declaring.step(PACKED):
        for specimen in batch.specimens.filter(referral=referral):
            specimen.batch = None
            specimen.save(update_fields=["batch"])
        _keep_range(batch, batch.specimens.all())
        batch.save(update_fields=["celsius_low", "celsius_high"])


@transaction.atomic
def hand_over(
    *,
    batch: ShipmentBatch,
    by: User,
    carrier: str,
    courier: str,
    celsius: Decimal | None,
    scanned: Iterable[str] = (),
    unscanned_reason: str = "",
    courier_no: str = "",
    seal_no: str = "",
    logger_no: str = "",
    waybill: str = "",
    temperature: str = "",
    leave_out: Iterable[int] = (),
    at: datetime | None = None,
) -> ShipmentBatch:
    """The batch leaves, with its manifest. Each case is asked X05, X06, X08, X13, X15 and X16; when one is refused
    nothing leaves, and the refusal names it. `leave_out` are the cases (by id) to leave behind on purpose.

    `scanned` are the codes read at this moment: nothing leaves while one of the batch is missing from them, or one is
    among them that is not of the batch. `unscanned_reason` (the scanner is out of order) lets what could not be read
    go by hand, on record; a wrong code stays wrong. `celsius` is the logger's reading, within what the specimens bear
    (B11, `vocab.md` §7)."""
    at = at or timezone.now()
    batch = _packed(batch, by)
    texts = needed(carrier=carrier, courier=courier)
    if celsius is None:
        raise ValidationError({"celsius": _("Read the temperature from the logger and enter it.")})
    behind = set(leave_out)
    specimens = list(batch.specimens.select_related("referral").order_by("referral_id"))
    leaving = [one for one in specimens if one.referral_id not in behind]
    if not leaving:
        raise ValidationError({"leave_out": _("No specimen is left in this batch.")})
    reason = unscanned_reason.strip()[:200]
    codes = {barcodes.clean(one) for one in scanned}
    refusals = [*against_the_box(leaving, codes, by_hand=bool(reason)), *_keep_range(batch, leaving)]
    refusals += [late for one in leaving if (late := _too_old(one, at))]
    if batch.is_outside(celsius):
        message = _(
            "The box is at %(reading)s ℃; its specimens need %(range)s. Bring it into range, then hand it over."
        )
        shown = {"reading": f"{celsius:.1f}", "range": f"{batch.celsius_low:g}–{batch.celsius_high:g} ℃"}
        refusals.append(Refusal("cold_chain", message % shown, ("B11",)))
    with declaring.step(PACKED):
        for specimen in specimens:
            if specimen.referral_id in behind:
                specimen.batch = None
                specimen.save(update_fields=["batch"])
    for specimen in leaving:
        read = barcodes.code_of(specimen) in codes
        try:
            with transaction.atomic():
                _leave(batch, specimen, by, at, "" if read else reason)
        except Refused as refused:
            refusals += [_of(specimen.referral, one) for one in refused.refusals]
    if refusals:
        raise Refused(refusals)
    with declaring.step(pathway.SHIP.name, reason=reason):
        batch.carrier, batch.courier = texts["carrier"][:80], texts["courier"][:60]
        batch.courier_no, batch.seal_no = courier_no.strip()[:40], seal_no.strip()[:40]
        batch.logger_no, batch.celsius = logger_no.strip()[:40], celsius
        batch.waybill, batch.temperature = waybill.strip()[:60], temperature.strip()[:40]
        # Kept only where something did go unread.
        unread = any(barcodes.code_of(one) not in codes for one in leaving)
        batch.unscanned_reason = reason if unread else ""
        batch.handed_over_at, batch.handed_over_by = at, by
        batch.manifest = _keep_manifest(batch, by)
        batch.save()
    return batch


def _leave(batch: ShipmentBatch, specimen: Specimen, by: User, at: datetime, unscanned_reason: str) -> None:
    case = hold_for(specimen.referral, pathway.SHIP, by=by, at=at)
    if barcodes.current(case) != specimen or case.laboratory_id != batch.laboratory_id or not fit_to_go_on(specimen):
        message = _("Its specimen or its laboratory has changed since it was packed.")
        raise refuse("packing", message, case, anchor="specimen")
    move(case, pathway.SHIP, by=by, at=at, shipped_at=at, received_at=None)
    allocated = case.allocations.filter(superseded_at__isnull=True, laboratory=batch.laboratory).first()
    Shipment.objects.create(
        referral=case,
        outside_route=allocated.outside_route if allocated else "",
        outside_reason=allocated.outside_reason if allocated else "",
        laboratory=batch.laboratory,
        contract=_contract(case, batch.laboratory, at),
        shipped_at=at,
        shipped_by=by,
        batch=batch,
        specimen=specimen,
        scanned=not unscanned_reason,
        unscanned_reason=unscanned_reason,
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
