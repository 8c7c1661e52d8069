"""The search box: a referral number, a record number, a name, pinyin initials, or a scan.

Each way of meaning a case is asked apart, by the columns of its own index, and the answers are joined: one question with
"or" between tables would read every case. Beginnings are asked as ranges, since behind row level security PostgreSQL
uses an index for comparisons alone, not for LIKE.
"""

from __future__ import annotations

import re
from typing import Any

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from referrals import barcodes
from referrals.models import Identity, Patient, Referral, Specimen
from referrals.models.referral import ReferralQuerySet

SHOWN = 50
# Sorts after every character a number or a name's initials may hold.
LAST = "\U0010ffff"


def begins(column: str, text: str) -> dict[str, str]:
    """A filter for values that begin with `text`, as a range the column's index serves."""
    return {f"{column}__gte": text, f"{column}__lt": text + LAST}


def cases_of(text: str) -> str:
    """How referral numbers are written: in capitals."""
    return text.upper()


def record_numbers(text: str) -> list[str]:
    """The ways a record number may be written that was typed as `text`."""
    return list(dict.fromkeys([text, text.upper(), text.lower()]))


def referrals(user: Any, text: str) -> QuerySet[Referral]:
    """The cases `text` may mean, newest first, among those the user may see; at most `SHOWN` + 1.

    Names and initials are only searched for people who may read identities.
    """
    text = re.sub(r"\s+", "", text)
    visible = Referral.objects.visible_to(user)
    if not text:
        return visible.none()
    related = ["patient", "patient__identity"] if user.sees_identity else ["patient"]
    meant = [found.order_by().values("pk") for found in _ways(user, text)]
    first, *others = meant
    return (
        visible.filter(pk__in=first.union(*others) if others else first)
        .select_related(*related, "test", "department", "requester", "institution")
        .order_by("-requested_at", "-id")[: SHOWN + 1]
    )


def _ways(user: Any, text: str) -> list[ReferralQuerySet]:
    """Every way in which `text` may mean a case of the user's institutions."""
    here = {"institution_id__in": user.institution_ids}
    cases = Referral.objects.filter(**here)
    ways = [cases.filter(**begins("number", cases_of(text)))]
    if barcodes.is_whole(text):
        # A scan of a specimen's label.
        ways.append(cases.filter(pk__in=Specimen.objects.filter(barcode=barcodes.clean(text)).values("referral")))
    if not user.sees_identity:
        return ways
    patients = Patient.objects.filter(**here, record_no__in=record_numbers(text))
    ways.append(cases.filter(patient__in=patients.values("pk")))
    if re.fullmatch(r"[A-Za-z]+", text):
        named = Identity.objects.filter(**here, **begins("name_initials", text.lower()))
        ways.append(cases.filter(patient__in=named.values("pk")))
    elif not text.isascii():
        grams = [text] if len(text) <= 2 else [text[i : i + 2] for i in range(len(text) - 1)]
        # `referrals_named` asks the index of name parts inside the wall (migration 0007).
        named_so = RawSQL("SELECT referrals_named(%s::text[], %s)", [grams, text])
        ways.append(cases.filter(patient__in=named_so))
    return ways
