"""What an edition of the catalog does to requests that are not at their end (`docs/adr/0005-editions-of-the-catalog.md`).

X02 is asked when a request is submitted or its test is changed, and at no later step: a case that was let in goes on
by the edition frozen on it. What is not submitted yet, or has to be submitted again, meets the new edition.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from catalog import effects, rows
from catalog.diffing import Difference
from catalog.effects import Effect, Touched
from referrals.models import Referral, ReferralDraft, Status

# These meet X02 once more before they go on.
TO_SUBMIT = (Status.DRAFT, Status.CHANGE_TEST)


@effects.provider("referrals")
def open_requests(difference: Difference, user: Any) -> Iterator[Effect]:
    """Requests that will be refused, requests whose row reads otherwise, and the cases that go on by the former list."""
    place = difference.after.institution_id
    gone = {row.code for row in difference.removed}
    otherwise = {row.code for row in difference.changed if row.changes(*rows.GRAVE)}
    live = Referral.objects.under_way().filter(institution=place, indication__isnull=False)
    again = live.filter(status__in=TO_SUBMIT)
    refused = again.filter(indication__code__in=gone)
    yield Effect(
        "refused",
        _("Requests sent back for another test that name a row taken out"),
        _("X02 refuses them when they are submitted again: another row has to be chosen, or the request dropped."),
        refused.count(),
        tuple(_of_cases(refused, user)),
        ("B2", "B3"),
        is_grave=True,
    )
    chosen_again = again.filter(indication__code__in=otherwise)
    yield Effect(
        "chosen_again",
        _("Requests sent back for another test whose row reads otherwise"),
        _("The doctor chooses the row anew; its grade then decides on discussion and MDT."),
        chosen_again.count(),
        tuple(_of_cases(chosen_again, user)),
        ("A23", "B3"),
    )
    drafts = ReferralDraft.objects.filter(institution=place, referral__isnull=True).count()
    yield Effect(
        "drafts",
        _("Requests being written and not submitted"),
        _("What a draft says is its author's alone. On submission X02 asks for a row of the new edition; a row taken out is "
          "refused, one that stays is chosen once more."),
        drafts,
        (),
        ("B3",),
    )  # fmt: skip
    going_on = live.exclude(status__in=TO_SUBMIT).filter(reported_at__isnull=True)
    removed_on = going_on.filter(indication__code__in=gone)
    yield Effect(
        "going_on",
        _("Cases under way on a row taken out"),
        _("They were submitted under the former edition and are finished by it. Where the test should not be done any "
          "more, medical affairs cancels the case with the reason."),
        removed_on.count(),
        tuple(_of_cases(removed_on, user)),
        ("B3",),
    )  # fmt: skip
    changed_on = going_on.filter(indication__code__in=otherwise)
    yield Effect(
        "going_on_changed",
        _("Cases under way on a row that is graded or based otherwise"),
        _("They keep the grade and the basis of the edition they were submitted under."),
        changed_on.count(),
        tuple(_of_cases(changed_on, user)),
        ("B3",),
    )


def _of_cases(found: Any, user: Any) -> list[Touched]:
    """The first of them, with a link to those the reader may open."""
    mine = set(Referral.objects.visible_to(user).filter(pk__in=found.values("pk")).values_list("pk", flat=True))
    shown = found.select_related("indication").order_by("-pk")[: effects.SHOWN]
    return [
        Touched(
            one.number,
            f"{one.indication.code} {one.get_status_display()}",
            reverse("referrals:case", args=[one.pk]) if one.pk in mine and user.may("referrals.view_referral") else "",
        )
        for one in shown
    ]
