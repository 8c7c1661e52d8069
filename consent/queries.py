"""Which consent stands, what has changed since, and what a withdrawal leaves to be done."""

from __future__ import annotations

from datetime import date, datetime

from django.conf import settings
from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from consent import wording
from consent.models import Consent, Disclosure, SelfPayNotice
from referrals import pathway
from referrals.gates.words import day
from referrals.models import Referral, Status
from referrals.models.referral import ENDED_EARLY
from vendors.models import Origin, Price


def standing(referral: Referral) -> Consent | None:
    """The consent that holds: the last one signed that was neither withdrawn nor lapsed."""
    return (
        referral.consents.standing()
        .select_related("price", "laboratory", "test", "told_by", "witness", "pdf", "scan")
        .order_by("-signed_at", "-pk")
        .first()
    )


def text_now(referral: Referral, at: datetime) -> tuple[wording.Text, wording.Facts]:
    """The consent's text as it has to be told and signed now. Raises Refused while a fact is missing."""
    facts = wording.gather(referral, at)
    last = referral.consents.order_by("-edition").values_list("edition", flat=True).first() or 0
    # A consent from a ledger has no number of ours; it does not use up an edition.
    numbered = referral.consents.exclude(number="").exists()
    edition = last + 1 if numbered else 1
    return wording.compose(facts, number=f"TY-{referral.number}-{edition}", edition=edition), facts


def told(referral: Referral, sha256: str) -> Disclosure | None:
    """The telling of exactly this text."""
    return (
        referral.disclosures.filter(content_sha256=sha256)
        .select_related("price", "laboratory", "test", "told_by")
        .order_by("-told_at", "-pk")
        .first()
    )


def changes(paper: Consent | Disclosure, referral: Referral, at: datetime) -> list[str]:
    """What is no longer as it was told: price, place or test. A research test has no price; a day without a published
    price changes nothing, X07 stops the charge."""
    found = []
    if not referral.is_research:
        price = price_on(referral, timezone.localdate(at))
        if price and (price.pk != paper.price_id or price.amount != paper.amount):
            found.append(price_changed(price))
    if paper.laboratory_id != referral.laboratory_id:
        found.append(_("The place of testing has changed. Please tell the patient again and have it signed anew."))
    if paper.test_id != referral.test_id:
        found.append(_("The test has changed. Please tell the patient again and have it signed anew."))
    return found


def price_changed(price: Price) -> str:
    said = _("The price changed on %(day)s. Please tell the patient again and have the consent signed anew.")
    return said % {"day": day(price.effective_from)}


def price_on(referral: Referral, on: date) -> Price | None:
    prices = Price.objects.filter(institution=referral.institution_id, test=referral.test_id)
    return prices.in_force(on).published(on).first()


def stale_consents(on: date) -> QuerySet[Consent]:
    """Live consents before sampling whose test, place or price is no longer the case's."""
    now = Price.objects.filter(institution=OuterRef("referral__institution"), test=OuterRef("referral__test"))
    price = now.in_force(on).published(on).order_by("effective_from")[:1]
    clinical = Q(referral__nature=Referral.Nature.CLINICAL)
    return (
        Consent.objects.standing()
        .filter(origin=Origin.LIVE, referral__status__in=pathway.LAPSE_CONSENT.sources)
        .annotate(
            price_now=Subquery(price.values("pk")),
            amount_now=Subquery(price.values("amount")),
            place=Coalesce("laboratory_id", 0),
            place_now=Coalesce("referral__laboratory_id", 0),
        )
        .filter(
            ~Q(test=F("referral__test"))
            | ~Q(place=F("place_now"))
            | clinical & Q(price_now__isnull=False) & (~Q(price_now=F("price_id")) | ~Q(amount_now=F("amount")))
        )
    )


def self_pay_notice_due(referral: Referral) -> Price | None:
    """The price whose notice is still to be signed, for a case with a standing consent before its charge."""
    consent = standing(referral)
    if consent is None or referral.status not in pathway.LAPSE_CONSENT.sources:
        return None
    if not wording.needs_self_pay_notice(consent.price):
        return None
    return None if referral.self_pay_notices.filter(price=consent.price_id).exists() else consent.price


def refund_due(referral: Referral) -> bool:
    """Whether a withdrawal leaves a fee to be paid back; the list of them is the cashier's (`referrals.queries`)."""
    before_result = referral.reported_at is None or referral.status == Status.VOIDED
    ended = referral.status in ENDED_EARLY and before_result
    return ended and referral.charges.filter(reversed_at__isnull=True).exists()


def testing_to_stop(referral: Referral) -> bool:
    """A specimen is at a laboratory, or on its way, for a case that was withdrawn before its result."""
    return referral.status == Status.WITHDRAWN and bool(referral.shipped_at) and referral.reported_at is None


def is_unchanged(paper: Consent | SelfPayNotice) -> bool:
    """Whether the text still has the digest it was signed with."""
    return bool(paper.content_sha256) and constant_time_compare(wording.digest(paper.content), paper.content_sha256)


def anti_forgery_code(paper: Consent | SelfPayNotice) -> str:
    """防伪码: binds number, text, time and signature under a key the database never sees. A check against tampering,
    not a certified electronic signature."""
    if isinstance(paper, Consent) and paper.carried_from is not None:
        # A step's record shows the paper that was signed to the plan, with its code.
        paper = paper.carried_from
    signature = wording.digest([{"strokes": paper.strokes, "signer": paper.signer}])
    about = (
        f"{paper._meta.label}|{paper.referral_id}|{paper.content_sha256}|{int(paper.signed_at.timestamp())}|{signature}"
    )
    code = salted_hmac("consent.paper", about, secret=settings.TRAIL_KEY, algorithm="sha256").hexdigest().upper()
    return "-".join(code[i : i + 4] for i in range(0, 16, 4))
