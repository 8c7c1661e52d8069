"""The way out of a case that awaits its sending shuts and opens by itself: a suspension, a lapse, a renewal, a statement
of not outsourcing (X06, X13, X15; A25, B8, B35). Noticed once, said on the case, and told to who waits for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from accounts import notices
from accounts.models import Role
from accounts.queries import holders
from audit.gates import judge
from referrals.choosing import SHUT_WHEN, explained
from referrals.gates import Case
from referrals.gates.case import load_cases
from referrals.gates.words import link
from referrals.models import Referral, Status, WayChange
from vendors.models import Origin

# Allocated, and not handed over yet.
BEFORE_SENDING = (
    Status.AWAITING_CONSENT, Status.CONSENTED, Status.AWAITING_APPROVAL, Status.APPROVED, Status.AWAITING_CHARGE,
    Status.AWAITING_SAMPLING, Status.CHARGED, Status.SAMPLED, Status.RECOLLECT,
)  # fmt: skip
AFFAIRS = "referrals.allocate_again"


def awaiting() -> Any:
    """The open cases with a laboratory whose specimen has not left."""
    return Referral.objects.filter(status__in=BEFORE_SENDING, origin=Origin.LIVE, laboratory__isnull=False)


def against(case: Case, at: datetime) -> list[str]:
    """What shuts the way of this case now."""
    with translation.override(settings.LANGUAGE_CODE):
        return [str(one.message) for one in (judge(code, case, at) for code in SHUT_WHEN) if one.blocks]


def last(referral: int) -> WayChange | None:
    return WayChange.objects.filter(referral_id=referral).order_by("noticed_at", "pk").last()


def changed(at: datetime) -> Iterator[int]:
    """The cases whose way stands otherwise than was noticed last; a constant number of queries for each batch."""
    stood: dict[int, WayChange] = {}
    for one in WayChange.objects.filter(referral__in=awaiting()).order_by("noticed_at", "pk"):
        stood[one.referral_id] = one
    for case in load_cases(awaiting()):
        if differs(stood.get(case.referral.pk), against(case, at)):
            yield case.referral.pk


def differs(before: WayChange | None, now: list[str]) -> bool:
    return now != ([] if before is None or before.is_open else before.reasons)


def notice(pk: int, at: datetime) -> tuple[Referral, WayChange, bool] | None:
    """Write it on the case; who requested is told, without a laboratory's name (X16). With whether it shut or opened,
    or only the reason changed. None: somebody is at work on the case, or nothing has changed after all."""
    found = awaiting().select_for_update(of=("self",), skip_locked=True).filter(pk=pk).select_related("laboratory")
    case = found.first()
    if case is None:
        return None
    before, now = last(pk), against(Case(case), at)
    if not differs(before, now):
        return None
    row = WayChange.objects.create(
        referral=case, laboratory=case.laboratory, is_open=not now, reasons=now, noticed_at=at
    )
    turned = row.is_open or before is None or before.is_open
    if turned and case.requester:
        shut = _("Case %(number)s: its way out is shut for now. Medical affairs has been told and sees to it.")
        opened = _("Case %(number)s: its way out is open again; it goes on.")
        text = (opened if row.is_open else shut) % {"number": case.number}
        notices.tell([case.requester], text, link("referrals:case", case.pk))
    return case, row, turned


def tell_affairs(found: Iterable[tuple[Referral, WayChange, bool]]) -> None:
    """One notice for each hospital, laboratory and reason, however many cases wait."""
    together: dict[tuple, list[Referral]] = defaultdict(list)
    for case, row, turned in found:
        if turned:
            together[case.institution_id, case.laboratory, row.is_open, tuple(row.reasons)].append(case)
    for (institution, laboratory, is_open, reasons), cases in together.items():
        values = {"laboratory": laboratory.name, "n": len(cases), "reason": " ".join(reasons)}
        shut = _("The way out to %(laboratory)s shut for %(n)s open cases: %(reason)s")
        opened = _("The way out to %(laboratory)s is open again for %(n)s open cases.")
        url = (
            link("referrals:case", cases[0].pk)
            if len(cases) == 1
            else f"{link('referrals:list')}?laboratory={laboratory.pk}"
        )
        notices.tell(holders(institution, AFFAIRS), (opened if is_open else shut) % values, url)


# On the page of the case


@dataclass
class Shown:
    """What the page says: to all, whether the way is shut; to those who may see laboratories, why and how it was chosen."""

    is_shut: bool
    since: datetime | None
    names: bool
    changes: list[WayChange]
    route: str = ""
    reason: str = ""
    made_at: datetime | None = None
    candidates: list[dict[str, Any]] | None = None


def may_see(user: Any, referral: Referral) -> bool:
    """Laboratories are for those who deal with them; never for who requests (A29, B23, X16)."""
    own = user.scope == Role.Scope.OWN or referral.requester_id == user.pk
    return not own and user.may("vendors.view_vendors")


def shown(case: Case, user: Any) -> Shown | None:
    """None: nothing was allocated outside, and no way ever shut."""
    changes = sorted(case.way_changes, key=lambda one: (one.noticed_at, one.pk))
    current = next((one for one in case.allocations if one.superseded_at is None), None)
    names = may_see(user, case.referral)
    outside = current is not None and current.route == Referral.Route.OUTSOURCED
    stands = changes[-1] if changes else None
    waits = case.referral.status in BEFORE_SENDING
    is_shut = bool(stands and not stands.is_open and waits)
    if not is_shut and not (names and (outside or changes)):
        return None
    made = Shown(is_shut, stands.noticed_at if stands and is_shut else None, names, changes if names else [])
    if names and outside and current is not None:
        laboratory = case.registers.laboratories.get(current.laboratory_id)
        made.route, made.reason = str(current.get_outside_route_display()), current.outside_reason
        made.made_at = current.made_at
        made.candidates = explained(current.considered, laboratory.name if laboratory else "")
    return made


def shut_words(user: Any, referral: Referral, said: list[str]) -> list[str]:
    """Why nobody may take a waiting test: by name for those who may see laboratories."""
    if not said or may_see(user, referral):
        return said
    return [_("No laboratory may take the test today. Medical affairs sees to it; the case goes on once one may.")]
