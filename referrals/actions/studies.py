"""The register of studies whose tests no patient pays for (A47–A49)."""

from __future__ import annotations

from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Institution, User
from audit import declaring
from audit.refusing import may, needed
from referrals.models import EthicsApproval, Study

PERMISSION = "referrals.manage_studies"


@transaction.atomic
def register_study(
    *, institution: Institution, number: str, title: str, by: User, hospital_approved_on: date | None = None
) -> Study:
    study = Study(institution=institution, hospital_approved_on=hospital_approved_on)
    may(by, PERMISSION, study)
    texts = needed(number=number, title=title)
    if Study.objects.filter(institution=institution, number=texts["number"]).exists():
        raise ValidationError({"number": _("A study with this number is registered already.")})
    study.number, study.title = texts["number"], texts["title"]
    with declaring.step("study.registered", clause="A48"):
        study.save()
    return study


@transaction.atomic
def register_ethics_approval(
    *,
    study: Study,
    number: str,
    valid_from: date,
    valid_to: date,
    by: User,
    protocol_version: str = "",
    covers_site: bool = True,
) -> EthicsApproval:
    """An approval with its first and last day; a renewal is another row, and the former ones stay."""
    may(by, PERMISSION, study)
    if valid_to < valid_from:
        raise ValidationError({"valid_to": _("The last day lies before the first.")})
    with declaring.step("study.ethics_approved", clause="A48"):
        return EthicsApproval.objects.create(
            study=study,
            number=needed(number=number)["number"],
            protocol_version=protocol_version.strip(),
            covers_site=covers_site,
            valid_from=valid_from,
            valid_to=valid_to,
        )


@transaction.atomic
def set_study_dates(*, study: Study, by: User, hospital_approved_on: date | None, ended_on: date | None) -> Study:
    may(by, PERMISSION, study)
    with declaring.step("study.dated", clause="A48"):
        study.hospital_approved_on, study.ended_on = hospital_approved_on, ended_on
        study.save(update_fields=["hospital_approved_on", "ended_on"])
    return study
