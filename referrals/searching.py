"""The search box: a referral number, a record number, a name, pinyin initials, or a scan."""

from __future__ import annotations

import re

from django.db.models import Q, QuerySet

from referrals import barcodes
from referrals.models import Referral, Specimen

SHOWN = 50


def referrals(user, text: str) -> QuerySet[Referral]:
    """The cases `text` may mean, newest first, among those the user may see; at most `SHOWN` + 1.

    Names and initials are only searched for people who may read identities.
    """
    text = re.sub(r"\s+", "", text)
    visible = Referral.objects.visible_to(user)
    if not text:
        return visible.none()
    wanted = Q(number__istartswith=text)
    if barcodes.is_whole(text):
        # A scan of a specimen's label.
        wanted |= Q(pk__in=Specimen.objects.filter(barcode=barcodes.clean(text)).values("referral"))
    if user.sees_identity:
        wanted |= Q(patient__record_no__iexact=text)
        if re.fullmatch(r"[A-Za-z]+", text):
            wanted |= Q(patient__identity__name_initials__startswith=text.lower())
        elif not text.isascii():
            grams = [text] if len(text) <= 2 else [text[i : i + 2] for i in range(len(text) - 1)]
            wanted |= Q(patient__identity__name_grams__contains=grams, patient__identity__name__contains=text)
    related = ["patient", "patient__identity"] if user.sees_identity else ["patient"]
    return (
        visible.filter(wanted)
        .select_related(*related, "test", "department", "requester", "institution")
        .order_by("-requested_at", "-id")[: SHOWN + 1]
    )
