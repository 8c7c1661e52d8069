"""What an edition's evidence means before it takes force: on the page of effects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from catalog import effects, evidence
from catalog.diffing import Difference
from catalog.effects import Effect, Touched
from catalog.models import Indication


def of_evidence(difference: Difference, user: Any) -> Iterator[Effect]:
    """Rows that what counts as evidence here does not admit, and rows that only a consensus speaks for."""
    edition = difference.after
    lines = list(Indication.objects.filter(edition=edition).order_by("code"))
    kinds, rule = evidence.kinds_of(lines), evidence.rule_for(edition.institution_id)
    standing = {one.pk: evidence.standing_of(kinds[one.pk]) for one in lines}
    page = reverse("catalog:evidence_check", args=[edition.pk])

    def touched(found: list[Indication]) -> tuple[Touched, ...]:
        pages = [reverse("catalog:citations", args=[edition.pk, one.code]) for one in found[: effects.SHOWN]]
        return tuple(Touched(str(one), url=url) for one, url in zip(found, pages, strict=False))

    shut = [one for one in lines if not rule.admits(standing[one.pk])]
    yield Effect(
        "evidence_shut",
        _("Rows whose evidence does not count here"),
        _("X02 refuses requests for them. What counts: %(accepts)s.") % {"accepts": rule.accepts.label},
        len(shut),
        touched(shut),
        ("B2", "A22"),
        is_grave=True,
        url=page,
    )
    weak = [one for one in lines if standing[one.pk] == evidence.Standing.CONSENSUS]
    yield Effect(
        "evidence_consensus",
        _("Rows that only expert consensus speaks for"),
        _("B2 allows them; A22 asks for evidence and a departmental discussion, in the catalog and of each case."),
        len(weak),
        touched(weak),
        ("B2", "A22"),
        url=page,
    )


def register() -> None:
    effects.provider("evidence")(of_evidence)
