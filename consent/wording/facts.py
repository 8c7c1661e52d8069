"""The facts a consent is written from, frozen at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.gates import Refusal, Refused
from catalog.models import Grade
from consent.wording.plan import StepFacts, gather_steps
from referrals.gates.money import WRONG_PRICE
from referrals.gates.words import day, link, say
from referrals.models import MDTReview, Referral
from vendors.models import Laboratory, Price


@dataclass(frozen=True)
class Facts:
    """What the text speaks of. `laboratory` is None for a test done in-house, `price` for a research test."""

    referral: Referral
    on: date
    laboratory: Laboratory | None
    price: Price | None
    ethics: Any = None
    mdt_on: date | None = None
    papers: tuple[str, ...] = ()
    steps: tuple[StepFacts, ...] = ()

    @property
    def is_research(self) -> bool:
        return self.referral.is_research

    @property
    def fee(self) -> Price:
        """The price of a clinical test; a research test has none to speak of."""
        if self.price is None:
            raise ValueError("A research test has no price.")
        return self.price

    @property
    def specimen(self) -> str:
        line = self.referral.indication
        return (line and line.specimen) or self.referral.test.specimen

    @property
    def takes_tissue(self) -> bool:
        return any(word in self.specimen for word in ("组织", "蜡块", "FFPE"))

    @property
    def takes_blood(self) -> bool:
        return any(word in self.specimen for word in ("血", "ctDNA"))

    @property
    def takes_marrow(self) -> bool:
        return "骨髓" in self.specimen

    @property
    def has_guideline(self) -> bool:
        """Whether a norm or guideline supports the test for this disease (A22)."""
        line = self.referral.indication
        return line is not None and line.grade != Grade.DISCUSSION

    @property
    def looks_at_germline(self) -> bool:
        line = self.referral.indication
        return bool(line and line.germline.startswith("是"))

    @property
    def place(self) -> str:
        """Who does the test, as the patient reads it."""
        if self.laboratory:
            return self.laboratory.name
        return f"{self.referral.institution.name}{'病理科' if self.takes_tissue else '检验科'}"


def gather(referral: Referral, at: datetime) -> Facts:
    """The facts as of `at`. Raises Refused while the place of testing or a published price is missing: then there
    is nothing to tell the patient yet (B16)."""
    on = timezone.localdate(at)
    if referral.laboratory_id is None and referral.route != Referral.Route.IN_HOUSE:
        message = _("The system has not yet allocated where the test is done, so there is no consent to sign.")
        raise Refused(Refusal("X05", message, ("B16", "B17"), link("referrals:case", referral.pk), _("To the case")))
    review = referral.mdt_reviews.filter(concluded_at__lte=at).order_by("-concluded_at").first()
    agreed = review if review and review.conclusion == MDTReview.Conclusion.AGREE else None
    return Facts(
        referral=referral,
        on=on,
        laboratory=referral.laboratory,
        price=None if referral.is_research else _price(referral, on),
        ethics=_ethics(referral, on),
        mdt_on=timezone.localdate(agreed.concluded_at) if agreed else None,
        papers=tuple(
            "，".join(str(one) for one in paper if one)
            for paper in referral.evidence.order_by("pk").values_list("title", "source", "year", "level")
        ),
        steps=gather_steps(referral, on, at),
    )


def _price(referral: Referral, on: date) -> Price:
    price = Price.objects.filter(institution=referral.institution_id, test=referral.test_id).in_force(on)
    if found := price.published(on).first():
        return found
    said = _("No published price was in force on %(day)s.") % {"day": day(on)}
    clauses = ("B13", "B14", "A13", "B16")
    raise Refused(Refusal("X07", say(WRONG_PRICE, said), clauses, link("vendors:prices"), _("To the prices")))


def _ethics(referral: Referral, on: date) -> Any:
    if not referral.is_research or referral.study is None:
        return None
    approvals = referral.study.ethics_approvals.order_by("-valid_from")
    return next((one for one in approvals if one.in_force(on)), None)
