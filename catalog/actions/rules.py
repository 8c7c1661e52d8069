"""Editions of the drug–target rules: drafted from the one in force, changed with a reason, checked by a pharmacist, put
in force by medical affairs, superseded (A31; the guiding principles change each year)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from audit import declaring
from audit.gates import Refusal, Refused
from audit.steps import move
from catalog.models import DrugTargetRule, RuleEdition
from catalog.pathway import APPROVE_RULES, CHECK_RULES, RETURN_RULES, SUPERSEDE_RULES
from catalog.queries import rule_edition_in_force
from catalog.targets.criteria import BadCriteria, read_uses

DRAFT = "catalog.draft_drug_rules"
WORDING = (
    "drugs", "indication", "line", "biomarker", "need", "need_as_written", "accepted_result", "accepted_specimen",
    "not_sufficient", "basis", "confidence", "mark", "names", "uses",
)  # fmt: skip
Status = RuleEdition.Status


def _refused(message: str) -> Refused:
    return Refused(Refusal("drug_rules", message, ("A31",)))


@transaction.atomic
def draft(*, institution: Any, number: str, title: str, by: Any, note: str = "") -> RuleEdition:
    """A draft that begins as a copy of the edition in force there."""
    if not by.may(DRAFT):
        raise PermissionDenied(DRAFT)
    number, title = number.strip(), title.strip()
    if not number or not title:
        raise ValidationError({"number" if not number else "title": _("This has to be filled in.")})
    if RuleEdition.objects.filter(institution=institution, number=number).exists():
        raise ValidationError({"number": _("An edition with this number exists already.")})
    former = rule_edition_in_force(institution, timezone.localdate())
    with declaring.step("drug_rules.drafted", clause="A31"):
        made = RuleEdition.objects.create(
            institution=institution, number=number, title=title, note=note.strip(), based_on=former, drafted_by=by
        )
        rows = former.rules.all() if former else []
        DrugTargetRule.objects.bulk_create(
            DrugTargetRule(edition=made, code=row.code, **{name: getattr(row, name) for name in WORDING})
            for row in rows
        )
    return made


@transaction.atomic
def put_rule(*, edition: RuleEdition, code: str, values: Mapping[str, Any], reason: str, by: Any) -> DrugTargetRule:
    """A row of a draft, changed or added; why is kept with the row."""
    edition = _open(edition, by)
    code, reason = code.strip().upper(), reason.strip()
    if not code:
        raise ValidationError({"code": _("This has to be filled in.")})
    if not reason:
        raise ValidationError({"reason": _("A change of the rules says why.")})
    names = [one.strip() for one in values.get("names", []) if one.strip()]
    if not names:
        raise ValidationError({"names": _("A rule names at least one drug.")})
    try:
        uses = read_uses(values.get("uses"), code)
    except BadCriteria as wrong:
        raise ValidationError({"uses": _("The criteria make no sense here: %(place)s") % {"place": wrong}}) from wrong
    needs = {one.need for one in uses}
    fields = {name: values[name] for name in WORDING if name in values} | {"names": names}
    fields["need"] = needs.pop() if len(needs) == 1 else DrugTargetRule.Need.LABEL
    row = edition.rules.filter(code=code).first() or DrugTargetRule(edition=edition, code=code)
    for name, value in fields.items():
        setattr(row, name, value)
    row.reason = reason
    row.__dict__.pop("read_uses", None)
    with declaring.step("drug_rules.changed", reason=reason, clause="A31"):
        row.save()
    return row


@transaction.atomic
def remove_rule(*, edition: RuleEdition, code: str, reason: str, by: Any) -> None:
    edition = _open(edition, by)
    if not reason.strip():
        raise ValidationError({"reason": _("A change of the rules says why.")})
    with declaring.step("drug_rules.changed", reason=reason.strip(), clause="A31"):
        edition.rules.filter(code=code).delete()


def _open(edition: RuleEdition, by: Any) -> RuleEdition:
    if not by.may(DRAFT, edition):
        raise PermissionDenied(DRAFT)
    now = RuleEdition.objects.select_for_update().get(pk=edition.pk)
    if now.status != Status.DRAFT:
        raise _refused(_("Only a draft of the drug rules is changed; draft the next edition."))
    return now


@transaction.atomic
def check(*, edition: RuleEdition, by: Any) -> RuleEdition:
    """A pharmacist has read the draft against the labels."""
    if not edition.rules.exists():
        raise _refused(_("The edition has no rule yet."))
    return move(edition, CHECK_RULES, by=by, clause="A31", checked_at=timezone.now(), checked_by=by)


@transaction.atomic
def send_back(*, edition: RuleEdition, reason: str, by: Any) -> RuleEdition:
    if not reason.strip():
        raise ValidationError({"reason": _("Sending back says why.")})
    return move(edition, RETURN_RULES, by=by, reason=reason.strip(), clause="A31", checked_at=None, checked_by=None)


@transaction.atomic
def approve(*, edition: RuleEdition, starts_on: date, by: Any) -> RuleEdition:
    """Medical affairs puts the checked edition in force; the one before it ends the day before. Never by who drafted or
    checked it."""
    if by.pk in (edition.checked_by_id, edition.drafted_by_id) and not by.is_machine:
        raise Refused(Refusal("X14", _("Who drafted or checked the rules does not put them in force."), ("A31",)))
    others = RuleEdition.objects.filter(
        institution=edition.institution, status__in=[Status.IN_FORCE, Status.SUPERSEDED]
    ).select_for_update()
    if others.filter(in_force_from__gte=starts_on).exists():
        raise _refused(_("Another edition already begins on or after that day."))
    for former in others.filter(status=Status.IN_FORCE):
        move(former, SUPERSEDE_RULES, by=by, clause="A31", in_force_to=starts_on - timedelta(days=1))
    return move(
        edition, APPROVE_RULES, by=by, clause="A31", approved_at=timezone.now(), approved_by=by, in_force_from=starts_on
    )
