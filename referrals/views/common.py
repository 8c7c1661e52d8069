"""What the doors of a case share."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from audit.refusing import put_errors
from referrals.gates.words import link
from referrals.models import Referral

__all__ = ["back_to_case", "named", "put_errors", "who"]


def who(request: HttpRequest) -> Any:
    """The person at the page; the guard has let only people signed in come here."""
    return request.user


def back_to_case(referral: Referral) -> str:
    """The address of the case's page."""
    return link("referrals:case", referral.pk) or reverse("desk:home")


def named(user: Any, referral: Referral) -> str:
    """The patient's name for those who may read it, else nothing."""
    if not user.sees_identity:
        return ""
    known = getattr(referral.patient, "identity", None)
    return known.name if known else ""
