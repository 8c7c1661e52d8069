"""The register of what is done in-house, and the intake of a first-time technology (A2, A14–A17, A43, A45, A46)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.delegations import one_with
from accounts.models import Department, Post
from audit import declaring
from catalog.actions.common import reason_of, refused
from catalog.capability import REGISTRATION
from catalog.models import (
    CapabilityEquipment,
    CapabilityProduct,
    CapabilityStaff,
    GeneTest,
    InHouseCapability,
    IntakeOpinion,
    QualityRound,
    TechnologyIntake,
)
from documents import files
from documents.files import Upload

KEEP = "catalog.keep_capability"
REVIEW = "catalog.review_technology"
APPROVE = "catalog.approve_technology"
RESEARCH_ONLY = ("RUO", "科研", "研究使用", "research")


def _may(by: Any, permission: str, obj: Any = None) -> Any:
    if not by.may(permission, obj) or by.post is None or by.post.institution.is_bureau:
        raise PermissionDenied(permission)
    return by.post.institution


@transaction.atomic
def register(
    *, test: GeneTest, department: Department, by: Any, registered_on: date | None = None
) -> InHouseCapability:
    """Begin the register of a test; a plain registration that runs until now ends and stays for its days."""
    institution = _may(by, KEEP)
    today = timezone.localdate()
    starts = registered_on or today
    if department.institution_id != institution.pk:
        raise ValidationError({"department": _("This department is not one of the hospital.")})
    if starts < today:
        raise ValidationError({"registered_on": _("A test is not registered backwards: today or later.")})
    known = InHouseCapability.objects.select_for_update().filter(institution=institution, test=test)
    if known.filter(is_detailed=True).exclude(ends_on__lt=starts).exists():
        raise ValidationError({"test": _("This test is registered already.")})
    plain = known.filter(is_detailed=False).exclude(ends_on__lt=starts).first()
    established = known.exists()
    with declaring.step("capability.registered", clause="A14"):
        if plain is not None and plain.registered_on < starts:
            plain.ends_on = starts - timedelta(days=1)
            plain.save(update_fields=["ends_on"])
        elif plain is not None:
            raise ValidationError({"registered_on": _("The former registration begins that day: choose the next.")})
        return InHouseCapability.objects.create(
            institution=institution, test=test, department=department, registered_on=starts, is_detailed=True,
            is_established=established,
        )  # fmt: skip


def _period(valid_from: date, valid_to: date | None) -> None:
    if valid_to and valid_to < valid_from:
        raise ValidationError({"valid_to": _("The last day lies before the first.")})


def _kept(text: str, field: str) -> str:
    if not text.strip():
        raise ValidationError({field: _("This has to be filled in.")})
    return text.strip()


@transaction.atomic
def add_equipment(
    *, capability: InHouseCapability, name: str, serial: str, valid_from: date, by: Any, valid_to: date | None = None
) -> CapabilityEquipment:
    institution = _may(by, KEEP, capability)
    _period(valid_from, valid_to)
    with declaring.step("capability.equipment", clause="A2"):
        return CapabilityEquipment.objects.create(
            institution=institution, capability=capability, name=_kept(name, "name"), serial=_kept(serial, "serial"),
            valid_from=valid_from, valid_to=valid_to, recorded_by=by,
        )  # fmt: skip


@transaction.atomic
def name_staff(*, capability: InHouseCapability, user: Any, by: Any) -> CapabilityStaff:
    institution = _may(by, KEEP, capability)
    today = timezone.localdate()
    if not Post.objects.in_force(today).filter(user=user, institution=institution).exists():
        raise ValidationError({"user": _("This person holds no post here.")})
    if any(one.in_force(today) for one in CapabilityStaff.objects.filter(capability=capability, user=user)):
        raise ValidationError({"user": _("This person is named already.")})
    with declaring.step("capability.staff", clause="A3"):
        return CapabilityStaff.objects.create(
            institution=institution, capability=capability, user=user, valid_from=today, recorded_by=by
        )


@transaction.atomic
def add_product(
    *, capability: InHouseCapability, kind: str, name: str, basis: str, number: str, valid_from: date, by: Any,
    valid_to: date | None = None, file: Upload | None = None,
) -> CapabilityProduct:  # fmt: skip
    """Research-use-only and unregistered products are refused (A45); an own reagent needs its approval (A46)."""
    institution = _may(by, KEEP, capability)
    _period(valid_from, valid_to)
    name, number = _kept(name, "name"), number.strip().replace(" ", "")
    said = f"{name} {number}".lower()
    if not number or any(word.lower() in said for word in RESEARCH_ONLY):
        raise refused("A45", _("What is for research use only, or not registered, is not used on patients."), "A45")
    if basis == CapabilityProduct.Basis.LDT:
        if file is None:
            raise refused("A46", _("An own reagent (LDT) needs its approval document: number and file."), "A46")
    elif not REGISTRATION.fullmatch(number):
        wrong = _("This is no registration number of a medical device: 国械注准 and eleven digits, or 国械备.")
        raise ValidationError({"number": wrong})
    elif valid_to is None and "备" not in number:
        raise ValidationError({"valid_to": _("A registration has a last day.")})
    with declaring.step("capability.product", clause="A16"):
        return CapabilityProduct.objects.create(
            institution=institution, capability=capability, kind=kind, name=name, basis=basis, number=number,
            valid_from=valid_from, valid_to=valid_to, recorded_by=by,
            file=files.store(file, by=by, institution=institution) if file else None,
        )  # fmt: skip


@transaction.atomic
def record_round(
    *, capability: InHouseCapability, organiser: str, name: str, held_on: date, passed: bool, by: Any,
    correction: str = "",
) -> QualityRound:  # fmt: skip
    institution = _may(by, KEEP, capability)
    if held_on > timezone.localdate():
        raise ValidationError({"held_on": _("This round is still to be held.")})
    if QualityRound.objects.filter(capability=capability, organiser=organiser.strip(), name=name.strip()).exists():
        raise ValidationError({"name": _("This round is on record already.")})
    with declaring.step("capability.round", clause="A15"):
        return QualityRound.objects.create(
            institution=institution, capability=capability, organiser=_kept(organiser, "organiser"),
            name=_kept(name, "name"), held_on=held_on, passed=passed, correction=correction.strip(), recorded_by=by,
        )  # fmt: skip


@transaction.atomic
def approve_correction(*, quality: QualityRound, by: Any) -> QualityRound:
    """The corrective action after a failed round, by another than who recorded it (A15, X14)."""
    _may(by, APPROVE, quality)
    quality = QualityRound.objects.select_for_update().get(pk=quality.pk)
    if quality.passed or not quality.correction or quality.correction_approved_at:
        raise refused("stale", _("There is no corrective action to approve."), "A15")
    if quality.recorded_by_id in one_with(by):
        raise refused("X14", _("Somebody else has to approve it: you recorded the round."), "A15")
    with declaring.step("capability.correction_approved", clause="A15"):
        quality.correction_approved_at, quality.correction_approved_by = timezone.now(), by
        quality.save(update_fields=["correction_approved_at", "correction_approved_by"])
    return quality


@transaction.atomic
def end_part(*, part: Any, reason: str, by: Any) -> Any:
    """Equipment, a person or a product is used no more from today on."""
    _may(by, KEEP, part)
    reason, today = reason_of(reason), timezone.localdate()
    part = type(part).objects.select_for_update().get(pk=part.pk)
    if not part.in_force(today) or part.valid_from == today:
        raise refused("stale", _("This part is not in use, or only since today."), "A2")
    with declaring.step("capability.part_ended", reason=reason, clause="A2"):
        part.valid_to = today - timedelta(days=1)
        part.save(update_fields=["valid_to"])
    return part


@transaction.atomic
def propose(*, test: GeneTest, need: str, ability: str, safety: str, by: Any) -> TechnologyIntake:
    """Ask the technical committee for a test done here for the first time (A43)."""
    institution = _may(by, KEEP)
    known = TechnologyIntake.objects.filter(institution=institution, test=test)
    if known.filter(decided_at__isnull=True).exists() or known.filter(approved=True).exists():
        raise ValidationError({"test": _("The intake of this test is under way or approved already.")})
    with declaring.step("intake.proposed", clause="A43"):
        return TechnologyIntake.objects.create(
            institution=institution, test=test, need=_kept(need, "need"), ability=_kept(ability, "ability"),
            safety=_kept(safety, "safety"), proposed_by=by,
        )  # fmt: skip


def _undecided(intake: TechnologyIntake, by: Any) -> TechnologyIntake:
    intake = TechnologyIntake.objects.select_for_update().get(pk=intake.pk)
    if intake.decided_at:
        raise refused("stale", _("This intake is decided already."), "A43")
    if intake.proposed_by_id in one_with(by):
        raise refused("X14", _("You proposed this technology; others review and decide it."), "A43")
    return intake


@transaction.atomic
def give_opinion(*, intake: TechnologyIntake, agreed: bool, text: str, by: Any) -> IntakeOpinion:
    institution = _may(by, REVIEW, intake)
    intake = _undecided(intake, by)
    if intake.opinions.filter(given_by_id=by.pk).exists():
        raise refused("stale", _("You have given your opinion already."), "A43")
    with declaring.step("intake.opinion", clause="A43"):
        return IntakeOpinion.objects.create(
            intake=intake, institution=institution, agreed=agreed, text=reason_of(text), given_by=by
        )


@transaction.atomic
def decide(*, intake: TechnologyIntake, approved: bool, note: str, by: Any) -> TechnologyIntake:
    """Approved only on opinions enough in number, most of which agree; not by who proposed or reviewed it (X14)."""
    _may(by, APPROVE, intake)
    intake = _undecided(intake, by)
    opinions = list(intake.opinions.all())
    if any(one.given_by_id in one_with(by) for one in opinions):
        raise refused("X14", _("You reviewed this technology; somebody else decides."), "A43")
    least = settings.TECHNOLOGY_REVIEWERS
    if approved and (len(opinions) < least or sum(one.agreed for one in opinions) * 2 <= len(opinions)):
        said = _(
            "An approval needs the opinions of at least %(n)d members of the technical committee, most of them agreeing."
        )
        raise refused("intake", said % {"n": least}, "A43")
    with declaring.step("intake.decided", reason=note.strip()[:200], clause="A43"):
        intake.decided_at, intake.decided_by, intake.approved = timezone.now(), by, approved
        intake.decision_note = reason_of(note)
        intake.save(update_fields=["decided_at", "decided_by", "approved", "decision_note"])
    return intake
