"""The hospital's own rules (A53, A54, B33, B52): drafting, deliberation, issue, repeal, and the next version."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from audit import declaring
from audit.gates import Refusal, Refused
from audit.refusing import may, needed
from audit.steps import move
from documents import files
from policy import pathway
from policy.models import Clause, HospitalRule
from policy.models.rules import REQUIRED

BASIS = "A53"


@transaction.atomic
def draft(
    *,
    institution: Any,
    kind: str,
    title: str,
    drafted_in: str,
    by: Any,
    basis: Iterable[Clause] = (),
    upload: files.Upload | None = None,
    replaces: HospitalRule | None = None,
) -> HospitalRule:
    """A rule is begun, or the next version of one that is issued. The clauses that ask for its kind are its basis
    unless others are named."""
    texts = needed(title=title, drafted_in=drafted_in)
    if kind not in HospitalRule.Kind.values:
        raise ValidationError({"kind": _("Choose the kind of rule.")})
    rule = HospitalRule(institution=institution, kind=kind, drafted_by=by)
    may(by, pathway.KEEP, rule)
    if replaces is not None:
        _may_follow(replaces, institution)
        rule.replaces, rule.version = replaces, replaces.version + 1
    rule.title, rule.drafted_in = texts["title"][:120], texts["drafted_in"][:60]
    with declaring.step("rule.drafted", clause=BASIS):
        if upload:
            rule.file = files.store(upload, by=by, institution=institution)
        rule.save()
        rule.basis.set(list(basis) or Clause.objects.filter(code__in=REQUIRED.get(kind, ())))
    return rule


def _may_follow(former: HospitalRule, institution: Any) -> None:
    if former.institution_id != institution.pk or former.status != HospitalRule.Status.ISSUED:
        raise Refused(Refusal("rule", _("Only a rule that is issued is followed by another version."), (BASIS,)))
    if following := HospitalRule.objects.filter(replaces=former).first():
        message = _("The next version of this rule is under way already: %(rule)s.") % {"rule": following}
        raise Refused(Refusal("rule", message, (BASIS,), following.get_absolute_url(), _("To the version under way")))


@transaction.atomic
def revise(*, rule: HospitalRule, by: Any, title: str, drafted_in: str, upload: files.Upload | None) -> HospitalRule:
    """A draft is changed. What is under deliberation or issued is not."""
    rule = _held(rule)
    may(by, pathway.KEEP, rule)
    if rule.status != HospitalRule.Status.DRAFT:
        raise Refused(Refusal("rule", _("Only a draft is changed; issue another version instead."), (BASIS,)))
    texts = needed(title=title, drafted_in=drafted_in)
    with declaring.step("rule.revised", clause=BASIS):
        rule.title, rule.drafted_in = texts["title"][:120], texts["drafted_in"][:60]
        if upload:
            rule.file = files.store(upload, by=by, institution=rule.institution)
        rule.save(update_fields=["title", "drafted_in", "file"])
    return rule


@transaction.atomic
def deliberate(*, rule: HospitalRule, by: Any, meeting: str, met_on: date) -> HospitalRule:
    """The draft goes before the meeting that deliberates it; its text has to be there."""
    rule = _held(rule)
    meeting = needed(meeting=meeting)["meeting"]
    _not_later_than_today(met_on, "met_on")
    if rule.file_id is None:
        raise ValidationError({"upload": _("Add the text of the rule (PDF) first.")})
    return move(rule, pathway.DELIBERATE, by=by, clause=BASIS, meeting=meeting[:120], met_on=met_on, returned_reason="")


@transaction.atomic
def return_draft(*, rule: HospitalRule, by: Any, reason: str) -> HospitalRule:
    reason = needed(reason=reason)["reason"]
    return move(
        _held(rule), pathway.RETURN, by=by, clause=BASIS, reason=reason, returned_reason=reason[:300], meeting="",
        met_on=None,
    )  # fmt: skip


@transaction.atomic
def issue(
    *, rule: HospitalRule, by: Any, doc_no: str, issued_on: date, starts_on: date, review_by: date
) -> HospitalRule:
    """The rule is issued under its number, by somebody who did not draft it (X14). The version it replaces ends on
    the day before it takes force."""
    rule = _held(rule)
    doc_no = needed(doc_no=doc_no)["doc_no"][:60]
    _not_later_than_today(issued_on, "issued_on")
    if starts_on < issued_on:
        raise ValidationError({"starts_on": _("A rule takes force on the day it is issued or later.")})
    if review_by <= starts_on:
        raise ValidationError({"review_by": _("The next review lies after the day it takes force.")})
    if rule.met_on and issued_on < rule.met_on:
        raise ValidationError({"issued_on": _("The rule was deliberated later than this day.")})
    if HospitalRule.objects.filter(institution=rule.institution, doc_no=doc_no).exclude(pk=rule.pk).exists():
        raise ValidationError({"doc_no": _("This document number is taken by another rule.")})
    may(by, pathway.ISSUE, rule)
    if by.pk == rule.drafted_by_id:
        message = _("You drafted this rule; somebody else has to issue it.")
        raise Refused(Refusal("X14", message, (), rule.get_absolute_url(), _("To the rule")))
    former = rule.replaces and _held(rule.replaces)
    if former is not None and former.status == HospitalRule.Status.ISSUED:
        last = starts_on - timedelta(days=1)
        if former.starts_on and last < former.starts_on:
            message = _("The version before took force on %(day)s; this one takes force later than that.")
            raise ValidationError({"starts_on": message % {"day": f"{former.starts_on:%Y-%m-%d}"}})
        move(
            former, pathway.REPEAL, by=by, clause=BASIS, ends_on=last,
            ended_reason=_("Followed by %(number)s") % {"number": doc_no},
        )  # fmt: skip
    return move(
        rule, pathway.ISSUED, by=by, clause=BASIS, doc_no=doc_no, issued_on=issued_on, issued_by=by,
        starts_on=starts_on, review_by=review_by,
    )  # fmt: skip


@transaction.atomic
def repeal(*, rule: HospitalRule, by: Any, ends_on: date, reason: str) -> HospitalRule:
    """The rule ends without another in its place."""
    rule = _held(rule)
    reason = needed(reason=reason)["reason"]
    if rule.starts_on and ends_on < rule.starts_on:
        raise ValidationError({"ends_on": _("This day lies before the rule took force.")})
    return move(rule, pathway.REPEAL, by=by, clause=BASIS, reason=reason, ends_on=ends_on, ended_reason=reason[:300])


@transaction.atomic
def discard(*, rule: HospitalRule, by: Any, reason: str) -> HospitalRule:
    """A draft is dropped. It no longer stands in the way of another next version."""
    reason = needed(reason=reason)["reason"]
    rule = _held(rule)
    return move(rule, pathway.DISCARD, by=by, clause=BASIS, reason=reason, returned_reason=reason[:300], replaces=None)


@transaction.atomic
def confirm(*, rule: HospitalRule, by: Any, review_by: date) -> HospitalRule:
    """The review found the rule still right: it is reviewed again by another day."""
    rule = _held(rule)
    may(by, pathway.ISSUE, rule)
    if rule.status != HospitalRule.Status.ISSUED:
        raise Refused(Refusal("rule", _("Only a rule that is issued is reviewed."), (BASIS,)))
    if review_by <= timezone.localdate():
        raise ValidationError({"review_by": _("This day has passed.")})
    with declaring.step("rule.reviewed", clause="B52"):
        rule.review_by = review_by
        rule.save(update_fields=["review_by"])
    return rule


def _held(rule: HospitalRule) -> HospitalRule:
    return HospitalRule.objects.select_for_update(of=("self",)).select_related("institution").get(pk=rule.pk)


def _not_later_than_today(day: date, field: str) -> None:
    if day > timezone.localdate():
        raise ValidationError({field: _("This day lies in the future.")})
