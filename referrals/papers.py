"""Papers for the patient and the archive: the requisition, what becomes of a fee, the slip of a loan of blocks.

The requisition goes with the patient: its barcode is what the cashier's window scans. The fee's paper is no receipt
(practice.md 2); it tells when a fee put off has to be paid and when a refund is given (practice.md, "what each would
miss most": the date of my refund).
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone

from documents import code128, pdf
from referrals import barcodes
from referrals.manifest import who
from referrals.models import BlockLoan, Charge, FeeDeferral, Referral
from referrals.models.referral import ENDED
from vendors import insurance
from vendors.models import Price

CSS = """
@page { margin: 14mm 15mm 16mm }
.head { display: flex; align-items: flex-start; justify-content: space-between; margin-bottom: 3mm }
.head h1 { flex: 1; margin: 2mm 0 0; text-align: center; font-size: 16pt }
.bars { width: 66mm; text-align: center; font: 9pt var(--sans) }
.bars svg { display: block; width: 66mm; height: 13mm }
th { width: 24mm; text-align: left; font-size: 9.5pt }
td { font-size: 10pt }
.rows th { width: auto }
.say { margin: 3mm 0; padding: 2mm 3mm; border: 1pt solid #000 }
.signs { display: flex; justify-content: space-between; margin-top: 9mm }
.signs span { flex: 1 }
.small { font-size: 9pt }
p { margin: 1.5mm 0 }
"""


def _made(template: str, /, **context: Any) -> pdf.Paper:
    return pdf.make(render_to_string(f"referrals/papers/{template}.html", context), css=CSS)


def requisition(referral: Referral, *, named: bool) -> pdf.Paper:
    """What is asked for, why, and what was decided so far, with the number the window and the ward scan. `named`: with
    who it is; a post that sees no identity prints it without."""
    review = referral.mdt_reviews.select_related("chair").order_by("-concluded_at").first()
    discussion = referral.discussions.select_related("chair").order_by("-held_at").first()
    specimen = barcodes.current(referral)
    price = _price_told(referral)
    return _made(
        "requisition", referral=referral, who=_who(referral, named), review=review, discussion=discussion, specimen=specimen,
        price=price, shares=insurance.shares(price) if price else None, printed=timezone.now(), consent=_consent(referral),
        charge=referral.charges.filter(reversed_at__isnull=True).order_by("-charged_at").first(),
        ended=referral.status in ENDED, bars=code128.svg(referral.number, label=referral.number),
    )  # fmt: skip


def _who(referral: Referral, named: bool) -> dict[str, Any]:
    shown = who(referral) if named else {"sex": referral.patient.get_sex_display()}
    return {"name": "", "age": None, "record_no": "—", **shown}


def _consent(referral: Referral) -> Any:
    """The consent that holds; the floor above keeps consents, so it is asked for by its relation."""
    return referral.consents.filter(withdrawn_at__isnull=True, lapsed_at__isnull=True).order_by("-signed_at").first()


def _price_told(referral: Referral) -> Price | None:
    """The price consented to; before the consent, the published one of the day."""
    consent = _consent(referral)
    if consent and consent.price:
        return consent.price
    today = timezone.localdate()
    prices = Price.objects.filter(institution_id=referral.institution_id, test_id=referral.test_id)
    return prices.in_force(today).published(today).order_by("-effective_from").first()


def owed(referral: Referral) -> FeeDeferral | None:
    """The approval on which a fee is still to come: given and not used yet, or used and not settled."""
    found = referral.deferrals.filter(withdrawn_at__isnull=True).select_related("approved_by", "charge")
    last = found.order_by("-approved_at", "-pk").first()
    charge = getattr(last, "charge", None)
    if last is None or (charge and (charge.reversed_at or not charge.is_put_off)):
        return None
    return last


def has_fee(referral: Referral) -> bool:
    """Whether there is anything to tell of a fee."""
    return not referral.is_research and (bool(referral.charges.all()) or owed(referral) is not None)


def fee(referral: Referral, *, refund_by: date | None, named: bool) -> pdf.Paper:
    """What was charged, put off, given back or is to be given back, with its days and reasons."""
    charges = list(referral.charges.select_related("price", "deferral").order_by("charged_at", "pk"))
    leave = owed(referral)
    standing = next((one for one in reversed(charges) if one.reversed_at is None), None)
    price = standing.price if standing and standing.price else _price_told(referral)
    # An entry put off and taken back gave no money back.
    back = [one for one in charges if one.reversed_at and one.kind not in Charge.DEFERRED]
    return _made(
        "fee", referral=referral, who=_who(referral, named), charges=[one for one in charges if one.kind not in Charge.DEFERRED],
        leave=leave, owed=standing.amount if standing else price and price.amount, back=back, standing=standing,
        refund_by=refund_by, shares=insurance.shares(price) if price else None, printed=timezone.now(),
        bars=code128.svg(referral.number, label=referral.number),
    )  # fmt: skip


def loan_slip(loan: BlockLoan) -> pdf.Paper:
    """The slip that is signed when blocks leave and when they come back."""
    identity = getattr(loan.patient, "identity", None)
    return _made("block_loan", loan=loan, name=identity.name if identity else "", printed=timezone.now())
