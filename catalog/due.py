"""What falls due in the catalog: reviews of rows, registrations of what an in-house test stands on, authorities and
certificates of people. Told by worklist, under the bell and by e-mail (`accounts/reminding.py`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import reminding
from accounts.queries import holders
from accounts.reminding import Due
from catalog.models import (
    CapabilityEquipment,
    CapabilityProduct,
    InHouseCapability,
    Qualification,
    RequestAuthority,
    SourceReview,
)

KEEP_CAPABILITY, KEEP_AUTHORITY = "catalog.keep_capability", "catalog.keep_authority"
AHEAD = timedelta(days=90)
# What lapsed longer ago nobody waits for.
LATE = timedelta(days=30)


def reviews(until: date) -> Iterator[Due]:
    """Rows that wait for their review under a newer edition: their owner."""
    found = SourceReview.objects.open().filter(due_on__lte=until)
    for one in found.select_related("indication", "newer", "owner"):
        said = _("Review of catalog row %(row)s under %(newer)s; it closes after %(day)s.")
        values = {"row": one.indication, "newer": one.newer, "day": f"{one.closes_on:%Y-%m-%d}"}
        yield Due(f"review:{one.pk}", one.due_on, said % values, [one.owner], one.get_absolute_url())


def lapsing_parts(model: Any, until: date, institutions: Iterable[int] | None = None) -> QuerySet:
    """Parts of items still open whose last day comes by then, and nothing of the kind follows them."""
    today = timezone.localdate()
    found = model.objects.filter(valid_to__lte=until, valid_to__gte=today - LATE, capability__ends_on__isnull=True)
    return found if institutions is None else found.filter(institution__in=list(institutions))


def parts(until: date) -> Iterator[Due]:
    """Registrations of reagents and platforms, and calibrations: whoever keeps the items (A16, A45)."""
    people: dict[int, list[Any]] = {}
    for model in (CapabilityProduct, CapabilityEquipment):
        for one in lapsing_parts(model, until).select_related("capability__test"):
            here = people.setdefault(one.institution_id, list(holders(one.institution_id, KEEP_CAPABILITY)))
            said = _("%(part)s of the in-house test %(test)s lapses; the test closes then.")
            values = {"part": one, "test": one.capability.test}
            page = reverse("catalog:capability", args=[one.capability_id])
            yield Due(f"{model._meta.model_name}:{one.pk}", one.valid_to, said % values, here, page)


def people(until: date) -> Iterator[Due]:
    """Certificates and request authorities (A3, A42): the person, and whoever keeps them."""
    keepers: dict[int, list[Any]] = {}
    since = timezone.localdate() - LATE
    kinds: list[tuple[Any, str, Any]] = [
        (Qualification, "valid_to", _("The certificate “%(what)s” of %(name)s lapses.")),
        (RequestAuthority, "ends_on", _("The request authority “%(what)s” of %(name)s ends; it is renewed on a passed training.")),
    ]  # fmt: skip
    for model, field, said in kinds:
        found = model.objects.filter(**{f"{field}__lte": until, f"{field}__gte": since}).select_related("user")
        for one in found:
            later = Q(**{f"{field}__isnull": True}) | Q(**{f"{field}__gt": getattr(one, field)})
            same = {"kind": one.kind} if hasattr(one, "kind") else {}
            if model.objects.filter(later, user=one.user_id, institution=one.institution_id, **same).exists():
                continue
            here = keepers.setdefault(one.institution_id, list(holders(one.institution_id, KEEP_AUTHORITY)))
            what = one.get_kind_display() if same else one.get_grade_display()
            values = {"what": what, "name": one.user.name}
            told = {person.pk: person for person in [one.user, *here]}.values()
            page = reverse("catalog:person", args=[one.user_id])
            yield Due(f"{model._meta.model_name}:{one.pk}", getattr(one, field), said % values, told, page)


def lapsing_items(user: Any) -> QuerySet:
    """The in-house items here with a registration or calibration that lapses within 90 days, or lately did."""
    until = timezone.localdate() + AHEAD
    asked = Q(pk__in=[])
    for model in (CapabilityProduct, CapabilityEquipment):
        asked |= Q(pk__in=lapsing_parts(model, until, user.institution_ids).order_by().values("capability"))
    return InHouseCapability.objects.filter(asked)


def register_all() -> None:
    reminding.register(
        "catalog.review", gettext_lazy("Reviews of catalog rows"), reviews, leads=(10, 3), in_working_days=True
    )
    reminding.register("catalog.in_house", gettext_lazy("Registrations of in-house tests"), parts, leads=(90, 30, 7))
    reminding.register("catalog.people", gettext_lazy("Certificates and request authorities"), people, leads=(30, 7))
