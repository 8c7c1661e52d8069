"""Where the lists have to be seen, and which places wait for somebody to look (A13, B14, B25): those never looked at,
those found wrong, and those whose list has been published anew since."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from vendors.models import PostingPlace, Publication, SiteCheck


def places(user: Any) -> QuerySet[PostingPlace]:
    """The places in use, each with its last check and the number that counts now."""
    last = SiteCheck.objects.filter(posting=OuterRef("pk")).order_by("-seen_on", "-pk")
    counts = Publication.objects.filter(institution=OuterRef("institution_id"), board=OuterRef("board")).order_by(
        "-number"
    )
    return PostingPlace.objects.filter(institution_id__in=user.institution_ids, ended_on__isnull=True).annotate(
        checked_on=Subquery(last.values("seen_on")[:1]),
        checked_well=Subquery(last.values("matches")[:1]),
        checked_number=Subquery(last.values("publication__number")[:1]),
        number_now=Subquery(counts.values("number")[:1]),
        published_now=Subquery(counts.values("published_at")[:1]),
    )


def waiting(user: Any) -> QuerySet[PostingPlace]:
    """Places to go and look at: something is published, and no check has found just that in order."""
    published = Publication.objects.filter(institution=OuterRef("institution_id"), board=OuterRef("board"))
    last = SiteCheck.objects.filter(posting=OuterRef("pk")).order_by("-seen_on", "-pk")
    newest = published.order_by("-number").values("pk")[:1]
    in_order = PostingPlace.objects.annotate(
        well=Subquery(last.values("matches")[:1]), seen=Subquery(last.values("publication_id")[:1]),
        newest=Subquery(newest),
    ).filter(well=True, seen=Subquery(newest))  # fmt: skip
    return (
        PostingPlace.objects.filter(institution_id__in=user.institution_ids, ended_on__isnull=True)
        .filter(Exists(published))
        .exclude(pk__in=in_order.values("pk"))
    )
