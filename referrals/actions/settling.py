"""Differences of a month settled: one person says what becomes of them and why, another confirms it (A28, X14)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.delegations import one_with
from accounts.models import User
from audit.declaring import step
from audit.gates import Refusal, Refused
from audit.refusing import may, needed
from documents import files
from documents.files import Upload
from referrals.actions.bills import closed_refusal
from referrals.models import Reconciliation, StatementDifference

SETTLE = "referrals.settle_difference"
CONFIRM = "referrals.confirm_settlement"
Kind = StatementDifference.Kind
How = StatementDifference.Resolution

# What may become of each kind. Nothing without a referral of this hospital is ever accepted: the hospital itself
# charges for every test it sends out (A28), so such a line has no money behind it.
ALLOWED: dict[str, tuple[How, ...]] = {
    Kind.NO_REFERRAL: (How.REFUSED, How.DISPUTED, How.CREDITED),
    Kind.NOT_SENT: (How.REFUSED, How.DISPUTED, How.CREDITED),
    Kind.BILLED_TWICE: (How.REFUSED, How.DISPUTED, How.CREDITED, How.ACCEPTED),
    Kind.BEFORE_RECEIPT: (How.NEXT_BILL, How.REFUSED, How.DISPUTED, How.ACCEPTED),
    Kind.TEST_DIFFERS: (How.CONTRACT_PRICE, How.REFUSED, How.DISPUTED, How.CREDITED),
    Kind.AMOUNT_DIFFERS: (How.CONTRACT_PRICE, How.DISPUTED, How.CREDITED, How.ACCEPTED),
    Kind.NOT_IN_CONTRACT: (How.REFUSED, How.DISPUTED, How.ACCEPTED),
    Kind.RESULT_MISSING: (How.NEXT_BILL, How.REFUSED, How.DISPUTED, How.ACCEPTED),
    Kind.CHARGE_MISSING: (How.ACCEPTED, How.REFUSED, How.DISPUTED),
    Kind.NOT_BILLED: (How.NEXT_BILL, How.WRITTEN_OFF),
    Kind.SUPPLEMENT: (How.ACCEPTED, How.WRITTEN_OFF),
}
# Paying more than contract and records say asks for a paper that says why.
WITH_EVIDENCE = {
    (Kind.BILLED_TWICE, How.ACCEPTED),
    (Kind.AMOUNT_DIFFERS, How.ACCEPTED),
    (Kind.NOT_IN_CONTRACT, How.ACCEPTED),
}
# Many at once only where nothing is paid beyond the contract and nothing given up.
IN_BULK = (How.CONTRACT_PRICE, How.REFUSED, How.DISPUTED, How.NEXT_BILL)
MOST_AT_ONCE = 2000


def ways(kind: str, *, many: bool = False) -> list[How]:
    return [how for how in ALLOWED[kind] if not many or how in IN_BULK]


def held(found: Iterable[StatementDifference] | QuerySet[StatementDifference]) -> list[StatementDifference]:
    """The rows themselves, locked for this transaction, of one open month."""
    keys = [one.pk for one in found]
    if not keys:
        raise ValidationError(_("Choose at least one difference."))
    if len(keys) > MOST_AT_ONCE:
        raise ValidationError(_("At most %(n)d differences at once.") % {"n": MOST_AT_ONCE})
    rows = StatementDifference.objects.filter(pk__in=keys).select_related("reconciliation", "referral")
    locked = list(rows.order_by("pk").select_for_update(of=("self",)))
    if len(locked) != len(keys):
        raise Refused(_gone(None))
    for month in {one.reconciliation for one in locked}:
        if month is not None and month.is_closed:
            raise Refused(closed_refusal(month))
    return locked


def _gone(month: Reconciliation | None) -> Refusal:
    message = _("Somebody has dealt with one of these meanwhile; nothing was saved. Reload the page.")
    return Refusal("stale", message, (), month.get_absolute_url() if month else "", _("Reload"))


@transaction.atomic
def settle(
    *,
    differences: Iterable[StatementDifference],
    resolution: str,
    reason: str,
    by: User,
    evidence: Upload | None = None,
) -> int:
    """Say what becomes of differences of one kind, with the reason and, where more is paid, a paper. How many."""
    rows = held(differences)
    for one in rows:
        may(by, SETTLE, one)
    reason = needed(reason=reason)["reason"]
    kind = rows[0].kind
    if any(one.kind != kind for one in rows):
        raise ValidationError(_("Several are settled at once only where they are of one kind."))
    if resolution not in ways(kind, many=len(rows) > 1):
        how = How(resolution).label if resolution in How.values else resolution
        message = _("“%(how)s” is not how “%(kind)s” may be settled.")
        if len(rows) > 1 and resolution in ALLOWED[kind]:
            message = _("“%(how)s” is decided one by one, each with its own reason, not many at once (%(kind)s).")
        raise ValidationError({"resolution": message % {"how": how, "kind": Kind(kind).label}})
    if (kind, resolution) in WITH_EVIDENCE and evidence is None:
        message = _("More would be paid than the contract and the records say: add the paper that gives the ground.")
        raise ValidationError({"evidence": message})
    if resolution == How.CONTRACT_PRICE and any(one.expected_amount is None for one in rows):
        message = _("No contract in force on the day of shipping gives a price.")
        raise ValidationError({"resolution": message})
    if any(one.settled_at for one in rows):
        raise Refused(_gone(rows[0].reconciliation))
    with step("difference.settled", reason=reason, clause="A28"):
        values: dict[str, Any] = {"resolution": resolution, "reason": reason, "returned_note": ""}
        if evidence is not None:
            values["evidence"] = files.store(evidence, by=by, institution=rows[0].institution)
        mine = StatementDifference.objects.filter(pk__in=[one.pk for one in rows])
        return mine.update(settled_at=timezone.now(), settled_by=by, **values)


@transaction.atomic
def confirm(*, differences: Iterable[StatementDifference], by: User) -> int:
    """The second person agrees: neither who settled it nor who requested the test (X14). How many."""
    rows = _for_the_second(differences, by)
    with step("difference.confirmed", clause="A28"):
        mine = StatementDifference.objects.filter(pk__in=[one.pk for one in rows])
        return mine.update(confirmed_at=timezone.now(), confirmed_by=by)


@transaction.atomic
def send_back(*, differences: Iterable[StatementDifference], note: str, by: User) -> int:
    """The second person does not agree: it is open again, with the note. How many."""
    note = needed(note=note)["note"]
    rows = _for_the_second(differences, by)
    with step("difference.sent_back", reason=note, clause="A28"):
        mine = StatementDifference.objects.filter(pk__in=[one.pk for one in rows])
        return mine.update(
            settled_at=None, settled_by=None, resolution="", reason="", evidence=None, returned_note=note
        )


def _for_the_second(differences: Iterable[StatementDifference], by: User) -> list[StatementDifference]:
    rows = held(differences)
    for one in rows:
        may(by, CONFIRM, one)
    if any(one.settled_at is None or one.confirmed_at for one in rows):
        raise Refused(_gone(rows[0].reconciliation))
    me = one_with(by)
    if any(one.settled_by_id in me for one in rows):
        message = _("Who settled a difference does not confirm it: a second person has to look.")
        raise Refused(Refusal("X14", message))
    if any(one.referral and one.referral.requester_id in me for one in rows):
        message = _("One of these is a test you requested yourself: somebody else has to confirm.")
        raise Refused(Refusal("X14", message))
    return rows


@transaction.atomic
def supplement(
    *, month: Reconciliation, of: Reconciliation, sample_no: str, amount: Decimal, reason: str, by: User
) -> StatementDifference:
    """Put right in an open month what a closed month of the same laboratory left wrong: so much more (or, negative,
    less) is owed. It waits for the second person like any settlement."""
    may(by, SETTLE, month)
    texts = needed(reason=reason, sample_no=sample_no)
    if month.is_closed:
        raise Refused(closed_refusal(month))
    if of.laboratory_id != month.laboratory_id or of.institution_id != month.institution_id or not of.is_closed:
        raise ValidationError({"of": _("A supplement belongs to a closed month of the same laboratory.")})
    if not amount:
        raise ValidationError({"amount": _("Say how much more, or with a minus how much less, is owed.")})
    with step("difference.supplemented", reason=reason, clause="A28"):
        return StatementDifference.objects.create(
            kind=Kind.SUPPLEMENT,
            institution_id=month.institution_id,
            laboratory_id=month.laboratory_id,
            reconciliation=month,
            sample_no=texts["sample_no"][:40],
            billed_amount=amount,
            resolution=How.ACCEPTED,
            reason=_("Supplement to %(month)s: %(reason)s") % {"month": of.month, "reason": texts["reason"]},
            settled_at=timezone.now(),
            settled_by=by,
        )
