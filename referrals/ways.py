"""The way out of a case that awaits its sending shuts and opens by itself: a suspension, a lapse, a renewal, a statement
of not outsourcing (X06, X13, X15; A25, B8, B35). Noticed once, said on the case, and told to who waits for it. Before
the fee the case goes elsewhere by the rule where it can (`referrals.actions.moving`); else it waits.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from accounts import notices
from accounts.models import Role
from accounts.queries import holders
from audit.gates import judge
from referrals.actions import moving
from referrals.choosing import SHUT_WHEN, explained, same
from referrals.gates import Case
from referrals.gates.case import load_cases
from referrals.gates.words import link
from referrals.models import Referral, Status, WayChange
from vendors.models import Laboratory, Origin

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
    """The cases whose way stands otherwise than was noticed last, and those that wait and might go elsewhere; a constant
    number of queries for each batch."""
    stood: dict[int, WayChange] = {}
    for one in WayChange.objects.filter(referral__in=awaiting()).order_by("noticed_at", "pk"):
        stood[one.referral_id] = one
    for case in load_cases(awaiting()):
        now = against(case, at)
        if differs(stood.get(case.referral.pk), now) or (now and case.referral.status in moving.MAY_MOVE):
            yield case.referral.pk


def differs(before: WayChange | None, now: list[str]) -> bool:
    return now != ([] if before is None or before.is_open else before.reasons)


@dataclass
class Noticed:
    """What became of one case: its way shut, opened, or led elsewhere. `turned`: not only the reason changed."""

    case: Referral
    row: WayChange
    turned: bool
    reasons: list[str]


def notice(pk: int, at: datetime) -> Noticed | None:
    """Write it on the case, and let the case go elsewhere where the rule finds another place; who requested is told,
    without a laboratory's name (X16). None: somebody is at work on the case, or nothing is new after all."""
    found = awaiting().select_for_update(of=("self",), skip_locked=True).filter(pk=pk).select_related("laboratory")
    case = found.first()
    if case is None:
        return None
    former, before, now = case.laboratory, last(pk), against(Case(case), at)
    is_news = differs(before, now)
    told_first = case.status == Status.AWAITING_CONSENT
    moved, considered = moving.elsewhere(case, at, now) if now and case.status in moving.MAY_MOVE else (False, [])
    if is_news:
        kept = [] if moved else considered
        row = WayChange.objects.create(
            referral=case, laboratory=former, is_open=not now, reasons=now, considered=kept, noticed_at=at
        )
    elif not moved:
        # Still shut, and nobody else may take it: only who was looked at is brought up to date.
        if before and now and not same(before.considered, considered):
            WayChange.objects.filter(pk=before.pk).update(considered=considered)
        return None
    if moved:
        row = WayChange.objects.create(
            referral=case, laboratory=case.laboratory, moved_from=former, is_open=True, noticed_at=at
        )
        if told_first:
            # Where a consent was signed, its lapse tells them.
            _tell_requester(case, MOVED)
        return Noticed(case, row, True, now)
    turned = row.is_open or before is None or before.is_open
    if turned:
        _tell_requester(case, OPENED if row.is_open else SHUT if case.status in moving.MAY_MOVE else SHUT_PAID)
    return Noticed(case, row, turned, now)


SHUT = gettext_lazy("Case %(number)s: its way out is shut for now. Medical affairs has been told and sees to it.")
SHUT_PAID = gettext_lazy(
    "Case %(number)s: its way out is shut for now; the specimen stays here. Medical affairs has been told and sees to it."
)
OPENED = gettext_lazy("Case %(number)s: its way out is open again; it goes on.")
MOVED = gettext_lazy(
    "Case %(number)s: the place of testing has changed, since its way out was shut. Tell the patient by the text of now."
)


def _tell_requester(case: Referral, text: Any) -> None:
    if case.requester:
        notices.tell([case.requester], str(text % {"number": case.number}), link("referrals:case", case.pk))


def tell_affairs(found: Iterable[Noticed]) -> None:
    """One notice for each hospital, laboratory and reason, however many cases wait or went elsewhere."""
    together: dict[tuple, list[Referral]] = defaultdict(list)
    for one in found:
        if one.turned:
            row = one.row
            together[one.case.institution_id, row.moved_from, row.laboratory, row.is_open, tuple(one.reasons)].append(
                one.case
            )
    for (institution, former, laboratory, is_open, reasons), cases in together.items():
        place = laboratory.name if laboratory else _("in-house")
        values = {"laboratory": place, "n": len(cases), "reason": " ".join(reasons)}
        if former is not None:
            said = _("%(n)s open cases went from %(former)s to %(laboratory)s: %(reason)s") % {
                **values, "former": former.name,
            }  # fmt: skip
        elif is_open:
            said = _("The way out to %(laboratory)s is open again for %(n)s open cases.") % values
        else:
            said = _("The way out to %(laboratory)s shut for %(n)s open cases: %(reason)s") % values
        at_list = f"{link('referrals:list')}?laboratory={laboratory.pk}" if laboratory else link("referrals:list")
        url = link("referrals:case", cases[0].pk) if len(cases) == 1 else at_list
        notices.tell(holders(institution, AFFAIRS), said, url)


# On the page of the case


# Who mends what shuts a way: the posts that hold one of these.
MENDED_BY = {
    "X06": ("vendors.keep_laboratories", "vendors.manage_contracts", "vendors.decide_admission"),
    "X13": ("vendors.keep_laboratories",),
    "X15": ("vendors.state_not_outsourcing",),
}


@dataclass
class Shown:
    """What the page says: to all, whether the way is shut; to those who may see laboratories, why and how it was chosen."""

    is_shut: bool
    since: datetime | None
    names: bool
    changes: list[WayChange]
    # Shut after the fee: the case stays with its laboratory until it opens or the fee is refunded.
    is_paid: bool = False
    mended_by: str = ""
    route: str = ""
    reason: str = ""
    made_at: datetime | None = None
    candidates: list[dict[str, Any]] | None = None
    laboratories: dict[int, Laboratory] = field(default_factory=dict)

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The changes in words."""
        return [self._line(one) for one in self.changes]

    def _line(self, one: WayChange) -> dict[str, Any]:
        if one.moved_from_id:
            named = {"former": self._name(one.moved_from_id), "laboratory": self._name(one.laboratory_id)}
            return {"at": one.noticed_at, "kind": "passed", "word": _("Elsewhere"),
                    "text": _("from %(former)s to %(laboratory)s, by the rule of allocation") % named}  # fmt: skip
        word = pgettext("laboratory", "Open") if one.is_open else pgettext("laboratory", "Shut")
        text = self._name(one.laboratory_id) if one.is_open else " ".join(one.reasons)
        return {"at": one.noticed_at, "kind": "passed" if one.is_open else "blocked", "word": word, "text": text}

    def _name(self, laboratory: int | None) -> str:
        known = self.laboratories.get(laboratory) if laboratory else None
        return known.name if known else _("in-house")


def requests_it(user: Any, referral: Referral) -> bool:
    return user.scope == Role.Scope.OWN or referral.requester_id == user.pk


def names_hidden(user: Any, referral: Referral) -> bool:
    return referral.shipped_at is None and requests_it(user, referral)


def may_see(user: Any, referral: Referral) -> bool:
    """Laboratories are for those who deal with them; never for who requests (A29, B23, X16)."""
    return not requests_it(user, referral) and user.may("vendors.view_vendors")


def nameless(said: Iterable[Any], referral: Referral, user: Any) -> list[Any]:
    """Judgements or refusals of gates, for this user: who requests reads no laboratory's name before the specimen has left (X16). The
    consent tells the patient the name (A11); what the requester works with on the way does not."""
    said = list(said)
    if not names_hidden(user, referral) or referral.laboratory is None:
        return said
    name, instead = referral.laboratory.name, _("the laboratory allocated")
    return [
        replace(
            one,
            message=str(one.message).replace(name, instead),
            facts=tuple((label, str(value).replace(name, instead), *rest) for label, value, *rest in one.facts),
        )
        for one in said
    ]


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
    made.laboratories = case.registers.laboratories if names else {}
    if names and outside and current is not None:
        laboratory = case.registers.laboratories.get(current.laboratory_id)
        made.route, made.reason = str(current.get_outside_route_display()), current.outside_reason
        made.made_at = current.made_at
        made.candidates = explained(current.considered, laboratory.name if laboratory else "")
    if is_shut:
        made.is_paid = case.referral.status not in moving.MAY_MOVE
        made.mended_by = _menders(case) if names else ""
        if names and stands and stands.considered:
            made.made_at, made.candidates = stands.noticed_at, explained(stands.considered, "")
    return made


def _menders(case: Case) -> str:
    """The posts that can open the way again."""
    at = timezone.now()
    blocking = [code for code in SHUT_WHEN if judge(code, case, at).blocks]
    wanted = {permission for code in blocking for permission in MENDED_BY[code]}
    roles = Role.objects.order_by("code").values_list("name", "permissions") if wanted else []
    return "、".join(name for name, held in roles if wanted & set(held))


def shut_words(user: Any, referral: Referral, said: list[str]) -> list[str]:
    """Why nobody may take a waiting test: by name for those who may see laboratories."""
    if not said or may_see(user, referral):
        return said
    return [_("No laboratory may take the test today. Medical affairs sees to it; the case goes on once one may.")]
