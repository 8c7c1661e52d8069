"""What the doors of a case share."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.http import HttpRequest
from django.urls import reverse

from referrals.gates.words import link
from referrals.models import Referral


def who(request: HttpRequest) -> Any:
    """The person at the page; the guard has let only people signed in come here."""
    return request.user


def back_to_case(referral: Referral) -> str:
    """The address of the case's page."""
    return link("referrals:case", referral.pk) or reverse("desk:home")


def put_errors(wrong: ValidationError, *into: forms.Form) -> None:
    """Each error of an action at the form and field that bears its name, the rest at the top of the first form."""
    errors = wrong.message_dict if hasattr(wrong, "error_dict") else {NON_FIELD_ERRORS: wrong.messages}
    for name, said in errors.items():
        form = next((one for one in into if name in one.fields), None)
        if form is not None:
            form.add_error(name, said)
        else:
            into[0].add_error(None, said)


def named(user: Any, referral: Referral) -> str:
    """The patient's name for those who may read it, else nothing."""
    if not user.sees_identity:
        return ""
    known = getattr(referral.patient, "identity", None)
    return known.name if known else ""
