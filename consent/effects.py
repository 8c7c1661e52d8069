"""What an edition of the catalog does to consents (A10, A11, B15, B17)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils.translation import gettext as _

from catalog import effects
from catalog.diffing import Difference
from catalog.effects import Effect, Touched
from consent.models import Consent, Disclosure
from referrals import pathway
from referrals.models import Referral, Status
from vendors import price_effects
from vendors.pricing import Plan

# What the patient was told that a row says: the basis and its strength, the test, what it is for.
TOLD = ("guideline", "issuer", "year", "recommendation", "evidence_class", "purpose", "genes", "alteration", "drugs")


@effects.provider("consent")
def papers(difference: Difference, user: Any) -> Iterator[Effect]:
    """Consents not yet used whose text states what the new edition says otherwise, or no longer lists.

    A change of the list by itself lapses no consent: it lapses when test, place or price is another (B17), and the
    case keeps its row. But what was only told, and is not signed, is told anew by the row chosen then.
    """
    touched = {row.code for row in difference.removed} | {row.code for row in difference.changed if row.changes(*TOLD)}
    place = difference.after.institution_id
    cases = Referral.objects.under_way().filter(
        institution=place, indication__code__in=touched, collected_at__isnull=True
    )
    signed = cases.filter(Exists(Consent.objects.standing().filter(referral=OuterRef("pk"))))
    told = cases.filter(consented_at__isnull=True).filter(Exists(Disclosure.objects.filter(referral=OuterRef("pk"))))
    yield Effect(
        "told",
        _("Patients told and not yet signed, by a text that rests on a changed row"),
        _("The text stays that of the edition the case was submitted under. If its test is changed, it lapses and the patient "
          "is told anew."),
        told.count(),
        _of(told, user),
        ("A10", "B15"),
        is_grave=True,
    )  # fmt: skip
    yield Effect(
        "signed",
        _("Consents signed and not yet used, whose basis reads otherwise in this edition"),
        _("They stay valid for the test, place and price they name and lapse when one of these changes. Where the new edition "
          "takes the indication away, the doctor tells the patient before the sample is taken."),
        signed.count(),
        _of(signed, user),
        ("A11", "B17"),
        is_grave=True,
    )  # fmt: skip


@price_effects.provider("consent")
def papers_at_a_price(plan: Plan, user: Any) -> Iterator[Effect]:
    """Consents not yet used at a price that changes: they lapse on the day of the switch (B16, B17)."""
    tests = [turn.test.pk for turn in plan.touched if turn.before is not None]
    cases = Referral.objects.under_way().filter(
        institution=plan.change.institution_id, test__in=tests, study__isnull=True
    )
    signed = cases.filter(
        Exists(Consent.objects.standing().filter(referral=OuterRef("pk"))), status__in=pathway.LAPSE_CONSENT.sources
    )
    told = cases.filter(status=Status.AWAITING_CONSENT).filter(
        Exists(Disclosure.objects.filter(referral=OuterRef("pk"), price__isnull=False))
    )
    yield Effect(
        "told_price",
        _("Patients told and not yet signed, at a price that changes"),
        _("Their telling lapses on the day of the switch: the doctor tells them the new price before they sign."),
        told.count(),
        _of(told, user),
        ("A10", "B16"),
        is_grave=True,
    )
    yield Effect(
        "signed_price",
        _("Consents signed and not yet used, at a price that changes"),
        _("They lapse on the day of the switch, the doctor hears of it, and the case waits for a new consent under “Consents "
          "to renew”."),
        signed.count(),
        _of(signed, user),
        ("B16", "B17"),
        is_grave=True,
    )  # fmt: skip


def _of(found: Any, user: Any) -> tuple[Touched, ...]:
    mine = set(Referral.objects.visible_to(user).filter(pk__in=found.values("pk")).values_list("pk", flat=True))
    shown = found.select_related("indication").order_by("-pk")[: effects.SHOWN]
    may = user.may("referrals.view_referral")
    return tuple(
        Touched(
            one.number,
            f"{one.indication.code} {one.get_status_display()}",
            reverse("referrals:case", args=[one.pk]) if may and one.pk in mine else "",
        )
        for one in shown
    )
