"""At the laboratory: what arrived, in what state and at what temperature; what is lost, damaged or refused, and who has
to know (B11; `vocab.md` §7 and §9: a failed specimen is paid back)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import notices
from accounts.models import User
from audit.gates import Refusal, Refused
from audit.refusing import needed
from audit.steps import OUT_OF_TURN, move
from referrals import pathway
from referrals.actions import failing
from referrals.actions.held import hold_for, not_in_future, refuse
from referrals.actions.onward import onward
from referrals.gates.words import link
from referrals.models import Referral, Shipment, ShipmentBatch

RECEIVED = "received"
STATES = (RECEIVED, *Shipment.Failure.values)


@transaction.atomic
def receive(*, referral: Referral, by: User, at: datetime | None = None, celsius: Decimal | None = None) -> Referral:
    """The laboratory signed for the specimen, with what its box read on arrival where that is known."""
    referral = hold_for(referral, pathway.RECEIVE, by=by)
    shipment = _on_the_road(referral)
    at = not_in_future(at, "at", since=shipment.shipped_at)
    move(referral, pathway.RECEIVE, by=by, at=at, received_at=at)
    shipment.received_at, shipment.celsius = at, celsius
    shipment.save(update_fields=["received_at", "celsius"])
    if shipment.is_too_warm_or_cold:
        _tell_of_temperature(referral, shipment)
    return onward(referral, at=at)


@transaction.atomic
def receive_batch(
    *,
    batch: ShipmentBatch,
    by: User,
    at: datetime | None = None,
    celsius: Decimal | None = None,
    states: Mapping[int, tuple[str, str]] | None = None,
) -> int:
    """What the laboratory found in the box; returns how many it signed for. `states` says by case (id) whether its
    specimen was received, or missing, damaged or refused and why; those it does not name stay on the road. Without it,
    every one still on the road was received."""
    if not batch.handed_over_at:
        message = _("Batch %(batch)s has not been handed over yet: there is nothing to receive.")
        raise Refused(Refusal(OUT_OF_TURN, message % {"batch": batch}, (), link("referrals:batch", batch.pk)))
    # In the order in which everybody holds cases.
    found = batch.shipments.on_the_road().select_related("referral").order_by("referral_id")
    waiting = {one.referral_id: one.referral for one in found}
    if not waiting:
        raise Refused(Refusal("stale", _("No specimen of this batch is on the road any more.")))
    if states is None:
        states = dict.fromkeys(waiting, (RECEIVED, ""))
    _checked(states)
    received = 0
    for key in sorted(states):
        state, reason = states[key]
        if key not in waiting:
            raise Refused(Refusal("stale", _("One of these specimens is not on the road any more. Reload the page.")))
        if state == RECEIVED:
            receive(referral=waiting[key], by=by, at=at, celsius=celsius)
            received += 1
        else:
            reject(referral=waiting[key], by=by, at=at, celsius=celsius, failure=state, reason=reason)
    return received


def _checked(states: Mapping[int, tuple[str, str]]) -> None:
    if not states:
        raise ValidationError({"states": _("Say of at least one specimen how it arrived.")})
    if any(state not in STATES for state, _reason in states.values()):
        raise ValidationError({"states": _("A specimen is received, missing, damaged or refused.")})
    if any(state != RECEIVED and not reason.strip() for state, reason in states.values()):
        raise ValidationError({"states": _("Give the reason for each specimen that was not received.")})


@transaction.atomic
def reject(
    *,
    referral: Referral,
    by: User,
    reason: str,
    failure: str = Shipment.Failure.REFUSED,
    at: datetime | None = None,
    celsius: Decimal | None = None,
) -> Referral:
    """The specimen goes no further: lost, damaged, or refused by the laboratory, with the reason. Another one has to be
    taken, or the request is ended; until then its fee stands on the list of refunds due (`queries.refund_due`)."""
    referral = hold_for(referral, pathway.REJECT, by=by)
    reason = needed(reason=reason)["reason"]
    if failure not in Shipment.Failure.values:
        raise ValidationError({"failure": _("Say what went wrong: missing, damaged or refused.")})
    shipment = _on_the_road(referral)
    at = not_in_future(at, "at", since=shipment.received_at or shipment.shipped_at)
    move(referral, pathway.REJECT, by=by, at=at, reason=reason)
    shipment.rejected_at, shipment.rejection_reason, shipment.failure = at, reason[:200], failure
    if celsius is not None:
        shipment.celsius = celsius
    shipment.save(update_fields=["rejected_at", "rejection_reason", "failure", "celsius"])
    referral = onward(referral, at=at)
    _tell_of_failure(referral, shipment)
    return referral


def _on_the_road(referral: Referral) -> Shipment:
    found = referral.shipments.filter(rejected_at__isnull=True).select_related("batch", "laboratory", "shipped_by")
    shipment = found.order_by("-shipped_at", "-pk").first()
    if shipment is None:
        raise refuse("shipment", _("No shipment is recorded."), referral, anchor="shipment")
    return shipment


def _tell_of_failure(referral: Referral, shipment: Shipment) -> None:
    """Who asked and who sent decide what comes next; the cashier has the fee on the list of refunds due."""
    said = {
        "case": referral.number,
        "what": shipment.get_failure_display(),
        "laboratory": shipment.laboratory.name,
        "reason": shipment.rejection_reason,
    }
    text = _("%(case)s: specimen — %(what)s (%(laboratory)s: %(reason)s). Take another one, or end the request.")
    people = [referral.requester, shipment.shipped_by]
    notices.tell(people, text % said, link("referrals:case", referral.pk))
    failing.tell_cashiers(referral, shipment.get_failure_display())


def _tell_of_temperature(referral: Referral, shipment: Shipment) -> None:
    batch = shipment.batch
    text = _(
        "%(case)s: arrived at %(reading)s ℃, outside %(low)s–%(high)s ℃. Ask the laboratory whether it can be tested."
    )
    said = {
        "case": referral.number,
        "reading": f"{shipment.celsius:.1f}",
        "low": f"{batch.celsius_low:g}",  # type: ignore[union-attr]
        "high": f"{batch.celsius_high:g}",  # type: ignore[union-attr]
    }
    people = [referral.requester, shipment.shipped_by]
    notices.tell(people, text % said, link("referrals:case", referral.pk))
