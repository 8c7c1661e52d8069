"""Which admissions and contracts wait for whom (A25, A26, B8, B9)."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from vendors.models import Admission, ContractDraft, PanelMember


def to_assess(user: Any) -> QuerySet[Admission]:
    """Where this person sits in the panel and has still to declare, or to score what is open."""
    seats = PanelMember.objects.filter(user_id=user.pk, released_at__isnull=True)
    silent = Q(status__in=Admission.MAKING, pk__in=seats.filter(is_tied__isnull=True).values("admission"))
    unscored = seats.filter(is_tied=False, score__isnull=True).values("admission")
    return Admission.objects.visible_to(user).filter(silent | Q(status=Admission.Status.ASSESSING, pk__in=unscored))


def to_conclude(user: Any) -> QuerySet[Admission]:
    """Under assessment, to be concluded by who neither applied nor scored."""
    return Admission.objects.visible_to(user).filter(status=Admission.Status.ASSESSING)


def contracts(status: str) -> Any:
    """The contracts at one station, as a worklist asks for them."""
    return lambda user: ContractDraft.objects.visible_to(user).filter(status=status)
