"""Drafts of requests: what is typed is kept as typed, right or wrong, readable by the one who types it alone."""

from __future__ import annotations

import json
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.models import User
from audit import declaring
from audit.gates import Refusal, Refused
from referrals import identity
from referrals.models import Referral, ReferralDraft

COLUMN = "referral_draft"
# Which window typed it: two windows on one draft do not overwrite each other.
WINDOW = "_window"
KEPT = 200


def read(draft: ReferralDraft) -> dict[str, Any]:
    """What was typed, field by field."""
    return json.loads(identity.decrypt(draft.typed, patient=draft.pk, column=COLUMN) or "{}")


@transaction.atomic
def save(
    *, by: User, typed: dict[str, Any], window: str = "", draft: ReferralDraft | None = None, version: int = 0
) -> tuple[ReferralDraft, bool]:
    """Keep what is typed: (the draft, whether it had to become a copy of its own).

    When another window has saved the draft since `version`, what this window holds becomes a draft of its own, and
    both stand. A draft already submitted is left alone.
    """
    if not by.may("referrals.submit_referral") or by.post is None:
        raise PermissionDenied("referrals.submit_referral")
    with declaring.step("draft.saved"):
        known = draft and ReferralDraft.objects.select_for_update().filter(pk=draft.pk, owner=by).first()
        apart = bool(draft) and (
            known is None or known.referral_id is not None or _other_window(known, version, window)
        )
        if known is None or apart:
            known = ReferralDraft.objects.create(institution=by.post.institution, owner=by)
            _only_so_many(by)
        _write(known, {**typed, WINDOW: window})
    return known, apart


def _other_window(draft: ReferralDraft, version: int, window: str) -> bool:
    return draft.version != version and read(draft).get(WINDOW) != window


def _write(draft: ReferralDraft, typed: dict[str, Any]) -> None:
    text = json.dumps(typed, ensure_ascii=False)
    draft.typed = identity.encrypt(text, patient=draft.pk, column=COLUMN)
    draft.version += 1
    draft.save(update_fields=["typed", "version", "saved_at"])


def _only_so_many(by: User) -> None:
    """A person keeps at most `KEPT` open drafts; the oldest go."""
    mine = ReferralDraft.objects.filter(owner=by, referral__isnull=True).order_by("-saved_at", "-pk")
    ReferralDraft.objects.filter(pk__in=list(mine.values_list("pk", flat=True)[KEPT:])).delete()


@transaction.atomic
def discard(*, draft: ReferralDraft, by: User) -> None:
    if draft.owner_id != by.pk:
        raise PermissionDenied("referrals.submit_referral")
    with declaring.step("draft.discarded"):
        ReferralDraft.objects.filter(pk=draft.pk, owner=by, referral__isnull=True).delete()


def claim(draft: ReferralDraft, by: User) -> ReferralDraft:
    """Lock the draft a request is made from; a draft makes one request and no second."""
    known = (
        ReferralDraft.objects.select_for_update(of=("self",))
        .filter(pk=draft.pk, owner=by)
        .select_related("referral")
        .first()
    )
    if known is None:
        raise Refused(Refusal("stale", _("This draft is gone: it was discarded in another window.")))
    if known.referral_id:
        message = _("This draft has been submitted already, as request %(number)s.")
        raise Refused(
            Refusal(
                "stale",
                message % {"number": known.referral.number},
                mend=known.referral.get_absolute_url() if hasattr(known.referral, "get_absolute_url") else "",
            )
        )
    return known


def end(draft: ReferralDraft, referral: Referral, *, version: int, window: str) -> None:
    """The draft became a request: what was typed is erased. If another window has typed on, that stays a draft."""
    if version and _other_window(draft, version, window):
        return
    ReferralDraft.objects.filter(pk=draft.pk).update(typed=None, referral=referral, version=F("version") + 1)
