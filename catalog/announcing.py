"""Telling people that the catalog moved: the experts their turn, the doctors the edition they now request by."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.notices import tell
from accounts.queries import holders
from catalog.models import Edition
from documents.templatetags.formats import day

DOCTORS = "referrals.submit_referral"


def their_turn(edition: Edition, people: Iterable[Any], text: Any, but: Any = None) -> None:
    """Work on an edition has come to these people."""
    tell([one for one in people if but is None or one.pk != but.pk], f"{edition}：{text}", edition.get_absolute_url())


def approved(edition: Edition) -> None:
    """An approved edition, to the doctors and to those who made it; on the first day the doctors hear of it again."""
    said = _("%(edition)s is approved and in force from %(day)s.")
    text = said % {"edition": edition, "day": day(edition.in_force_from)}
    people = {one.pk: one for one in holders(edition.institution_id, DOCTORS, "catalog.draft_edition")}
    people |= {one.user_id: one.user for one in edition.experts.select_related("user")}
    tell(people.values(), text, edition.get_absolute_url())
    if edition.in_force_from and edition.in_force_from <= timezone.localdate():
        Edition.objects.filter(pk=edition.pk).update(announced_on=timezone.localdate())


def called_back(edition: Edition, began: Any, reason: str) -> None:
    """Whoever heard of the approval hears that it no longer stands."""
    said = _("The approval is called back; it does not begin on %(day)s. %(reason)s")
    text = said % {"day": day(began), "reason": reason}
    people = {one.pk: one for one in holders(edition.institution_id, DOCTORS, "catalog.draft_edition")}
    people |= {one.user_id: one.user for one in edition.experts.select_related("user")}
    their_turn(edition, people.values(), text)


def begins_today(edition: Edition) -> None:
    text = _("From today tests are requested by %(edition)s.") % {"edition": edition}
    tell(holders(edition.institution_id, DOCTORS), text, edition.get_absolute_url())
