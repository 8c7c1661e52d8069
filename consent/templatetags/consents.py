"""What the case page shows of the consent; the page includes `consent/_case_panel.html` and knows no more."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django import template
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from consent import queries, strokes
from consent.models import Consent, ConsentRefusal
from documents.templatetags.formats import moment, money
from referrals import pathway
from referrals.models import Referral
from vendors.models import Origin

register = template.Library()


@dataclass(frozen=True)
class Entry:
    """One edition on the panel, with the chip that says whether it holds."""

    consent: Consent
    kind: str
    label: str
    rows: list[tuple[str, Any]]
    drawn: SafeString
    unchanged: bool


@dataclass(frozen=True)
class Panel:
    entries: list[Entry] = field(default_factory=list)
    refusals: list[ConsentRefusal] = field(default_factory=list)
    notices: list[Any] = field(default_factory=list)
    told: Any = None
    changed: list[str] = field(default_factory=list)
    self_pay_due: Any = None
    refund_due: bool = False
    testing_to_stop: bool = False
    actions: list[tuple[str, str, bool]] = field(default_factory=list)
    sees_identity: bool = False


@register.simple_tag(takes_context=True)
def consent_panel(context: template.Context, referral: Referral) -> Panel:
    user: Any = context["request"].user
    now = timezone.now()
    sees = user.sees_identity
    consents = list(
        referral.consents.select_related("told_by", "laboratory", "price", "witness").order_by("-signed_at", "-pk")
    )
    standing = next((one for one in consents if not one.withdrawn_at and not one.lapsed_at), None)
    may_lapse = referral.status in pathway.LAPSE_CONSENT.sources
    return Panel(
        entries=[_entry(one, referral, sees) for one in consents],
        refusals=list(referral.consent_refusals.select_related("recorded_by")),
        notices=list(referral.self_pay_notices.select_related("told_by")),
        told=None if consents else referral.disclosures.select_related("told_by").last(),
        changed=queries.changes(standing, referral, now) if standing and standing.number and may_lapse else [],
        self_pay_due=queries.self_pay_notice_due(referral),
        refund_due=queries.refund_due(referral),
        testing_to_stop=queries.testing_to_stop(referral),
        actions=_actions(user, referral),
        sees_identity=sees,
    )


def _entry(consent: Consent, referral: Referral, sees: bool) -> Entry:
    kind, label = "done", _("Holds")
    if consent.withdrawn_at:
        kind, label = "blocked", _("Withdrawn")
    elif consent.lapsed_at:
        kind, label = "waiting", _("Lapsed")
    where = consent.laboratory.name if consent.laboratory else _("In-house")
    rows = [
        (_("Signed at"), f"{moment(consent.signed_at)} {consent.get_signer_display()} {consent.relation}".strip()),
        (_("Told by"), f"{consent.told_by.name} {moment(consent.disclosed_at)}" if consent.told_by else None),
        (_("Place of testing"), where if consent.origin == Origin.LIVE else None),
        (_("Price told"), money(consent.amount) if consent.amount is not None else None),
        (_("Reason"), consent.reason),
        (_("Way of signing"), consent.get_method_display() if consent.content_sha256 else None),
        (_("Witness"), consent.witness.name if consent.witness else None),
        (
            _("Withdrawn at"),
            f"{moment(consent.withdrawn_at)} {consent.withdrawal_reason}" if kind == "blocked" else None,
        ),
        (_("Lapsed at"), f"{moment(consent.lapsed_at)} {consent.lapse_reason}" if consent.lapsed_at else None),
    ]
    drawn = strokes.svg(consent.strokes, label=_("Signature")) if sees else SafeString("")
    return Entry(consent, kind, label, [row for row in rows if row[1]], drawn, queries.is_unchanged(consent))


def _actions(user: Any, referral: Referral) -> list[tuple[str, str, bool]]:
    """(label, address, main) of what this post may do with the consent now."""
    found = []
    if user.may("consent.record_consent", referral):
        if referral.status in pathway.CONSENT.sources:
            found.append((_("Disclosure and consent"), reverse("consent:start", args=[referral.pk]), True))
            found.append((_("The patient refuses"), reverse("consent:refuse", args=[referral.pk]), False))
        elif queries.self_pay_notice_due(referral):
            found.append((_("Self-pay notice"), reverse("consent:self_pay", args=[referral.pk]), True))
    withdrawable = referral.status in pathway.WITHDRAW_CONSENT.sources
    if withdrawable and user.may("consent.record_withdrawal", referral):
        found.append((_("Withdraw the consent"), reverse("consent:withdraw", args=[referral.pk]), False))
    return found
