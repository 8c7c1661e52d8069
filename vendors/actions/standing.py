"""How an admission stands: concluded, extended, restricted, suspended, lifted, ended (A25, B8, X14).

Each change ends the span that ran and begins the next, at one moment: X06 reads the spans, so the way shuts and opens
with the change itself, and a case of a day gone by is judged as things stood then.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.delegations import one_with
from accounts.notices import tell
from accounts.queries import holders
from audit.gates import Refused
from audit.refusing import needed
from audit.steps import Step, in_turn, move
from catalog import changes
from catalog.models import GeneTest
from vendors import admission_pathway as pathway
from vendors import readiness
from vendors.actions.acting import hospital_of, reason_of, refused
from vendors.actions.admissions import KEEP, held
from vendors.models import Admission, AdmissionSpan

DECIDE, SHUT = "vendors.decide_admission", "vendors.suspend_laboratory"
Kind = AdmissionSpan.Kind
S = Admission.Status


def _not_of_the_assessment(admission: Admission, by: Any) -> None:
    """Who applied or scored does not conclude (X14), nor does anybody who stands in for them."""
    panel = admission.panel.filter(released_at__isnull=True).values_list("user_id", flat=True)
    if {admission.applied_by_id, *panel} & one_with(by):
        raise refused("X14", _("Whoever applied for the laboratory or assessed it does not decide on it."), "B8")


def _tests(admission: Admission, tests: Iterable[Any]) -> list[GeneTest]:
    """Some of the tests applied for."""
    chosen = list(tests)
    asked = set(admission.tests.values_list("pk", flat=True))
    if not chosen:
        raise ValidationError({"tests": _("Name the tests that may be sent.")})
    if foreign := [one.name for one in chosen if one.pk not in asked]:
        said = _("These tests were not applied for: %(names)s.") % {"names": "、".join(foreign)}
        raise ValidationError({"tests": said})
    return chosen


def _span(admission: Admission, kind: str, tests: Iterable[int], at: datetime, reason: str = "") -> None:
    """End what ran, of a former admission too, and begin anew."""
    _end_spans(admission, at)
    AdmissionSpan.objects.create(
        institution_id=admission.institution_id, laboratory_id=admission.laboratory_id, admission=admission, kind=kind,
        test_ids=sorted(tests), starts_at=at, reason=reason,
    )  # fmt: skip


def _end_spans(admission: Admission, at: datetime) -> None:
    mine = AdmissionSpan.objects.filter(institution_id=admission.institution_id, laboratory_id=admission.laboratory_id)
    mine.filter(ends_at__isnull=True).update(ends_at=at)


def current_span(admission: Admission) -> AdmissionSpan | None:
    return admission.spans.filter(ends_at__isnull=True).first()


def _told(admission: Admission, by: Any) -> None:
    """Those who work with the laboratory hear how it stands; waiting cases look again."""
    people = holders(admission.institution_id, KEEP, "vendors.manage_contracts", "referrals.hand_over_specimen")
    said = _("%(laboratory)s: %(status)s.")
    values = {"laboratory": admission.laboratory.name, "status": admission.get_status_display()}
    tell([one for one in people if one.pk != by.pk], said % values, admission.get_absolute_url())
    changes.announce()


@transaction.atomic
def conclude(
    *, admission: Admission, decision: str, conclusion: str, by: Any, tests: Iterable[Any] = (),
    valid_to: date | None = None,
) -> Admission:  # fmt: skip
    """Admit for all tests applied for, or for some of them, or decline. At most `ADMISSION_MONTHS` until the next."""
    hospital_of(by, DECIDE, admission)
    steps = {"admit": pathway.ADMIT, "restrict": pathway.ADMIT_PARTLY, "decline": pathway.DECLINE}
    if decision not in steps:
        raise ValidationError({"decision": _("This choice is not known.")})
    admission, step, now = held(admission), steps[decision], timezone.now()
    in_turn(admission, step, by=by)
    _not_of_the_assessment(admission, by)
    values = {"concluded_at": now, "concluded_by": by, **needed(conclusion=conclusion)}
    if step is pathway.DECLINE:
        moved = move(admission, step, by=by, clause="B8", **values)
        _told(moved, by)
        return moved
    chosen = list(admission.tests.all()) if step is pathway.ADMIT else _tests(admission, tests)
    last = _last_day(valid_to)
    if said := readiness.against_admitting(admission, chosen):
        raise Refused(said)
    _replace_former(admission, by, now)
    moved = move(admission, step, by=by, clause="A25,B8", valid_to=last, **values)
    kind = Kind.OPEN if step is pathway.ADMIT else Kind.RESTRICTED
    _span(moved, kind, [one.pk for one in chosen], now)
    _told(moved, by)
    return moved


def _last_day(valid_to: date | None) -> date:
    today = timezone.localdate()
    longest = today + timedelta(days=round(settings.ADMISSION_MONTHS * 365.25 / 12))
    last = valid_to or longest
    if not today <= last <= longest:
        said = _("Admitted from today to %(day)s at the longest: then it is assessed again.")
        raise ValidationError({"valid_to": said % {"day": longest.isoformat()}})
    return last


def _replace_former(admission: Admission, by: Any, at: datetime) -> None:
    """What a reassessment replaces ends at the moment the next begins. A suspension is lifted first, by its own step."""
    mine = Admission.objects.select_for_update().filter(
        institution_id=admission.institution_id, laboratory_id=admission.laboratory_id
    )
    former = mine.standing().first()
    if former is None:
        return
    if former.status == S.SUSPENDED:
        said = _("The laboratory is suspended: lift the suspension, or let it leave, before it is admitted anew.")
        raise refused("suspended", said, "B8", mend=former.get_absolute_url())
    move(former, pathway.REPLACE, by=by, clause="A25", ended_at=at, ended_by=by)


@transaction.atomic
def extend(*, admission: Admission, tests: Iterable[Any], reason: str, by: Any) -> Admission:
    """Further tests for an admitted laboratory, past the same checks as the first (B8)."""
    hospital_of(by, DECIDE, admission)
    admission, reason, now = held(admission), reason_of(reason, "B8"), timezone.now()
    in_turn(admission, pathway.EXTEND, by=by)
    _not_of_the_assessment(admission, by)
    span, tests = current_span(admission), list(tests)
    former = set(span.test_ids) if span else set()
    if not {one.pk for one in tests} - former:
        raise ValidationError({"tests": _("These tests may be sent already.")})
    if said := readiness.against_admitting(admission, tests):
        raise Refused(said)
    admission.tests.add(*tests)
    moved = move(admission, pathway.EXTEND, by=by, reason=reason, clause="A25,B8", last_reason=reason)
    _span(moved, Kind.OPEN, former | {one.pk for one in tests}, now, reason)
    _told(moved, by)
    return moved


@transaction.atomic
def restrict(*, admission: Admission, tests: Iterable[Any], reason: str, by: Any) -> Admission:
    """From this moment only these tests are sent there."""
    hospital_of(by, SHUT, admission)
    admission, reason = held(admission), reason_of(reason, "B8")
    in_turn(admission, pathway.RESTRICT, by=by)
    chosen, now, span = _tests(admission, tests), timezone.now(), current_span(admission)
    if wider := [one.name for one in chosen if span and one.pk not in span.test_ids]:
        said = _("A restriction does not open tests: %(names)s.") % {"names": "、".join(wider)}
        raise ValidationError({"tests": said})
    moved = move(admission, pathway.RESTRICT, by=by, reason=reason, clause="B8", last_reason=reason)
    _span(moved, Kind.RESTRICTED, [one.pk for one in chosen], now, reason)
    _told(moved, by)
    return moved


@transaction.atomic
def suspend(*, admission: Admission, reason: str, by: Any) -> Admission:
    """Nothing more leaves for it from this moment; what is there already is worked on."""
    hospital_of(by, SHUT, admission)
    admission, reason = held(admission), reason_of(reason, "B8")
    in_turn(admission, pathway.SUSPEND, by=by)
    span, now = current_span(admission), timezone.now()
    moved = move(admission, pathway.SUSPEND, by=by, reason=reason, clause="B8", last_reason=reason)
    _span(moved, Kind.SUSPENDED, span.test_ids if span else [], now, reason)
    _told(moved, by)
    return moved


@transaction.atomic
def lift(*, admission: Admission, reason: str, by: Any) -> Admission:
    """A restriction is lifted for all tests applied for; a suspension gives back what stood before it."""
    hospital_of(by, DECIDE, admission)
    admission, reason, now = held(admission), reason_of(reason, "B8"), timezone.now()
    step: Step
    if admission.status == S.SUSPENDED:
        before = admission.spans.exclude(kind=Kind.SUSPENDED).order_by("-starts_at", "-pk").first()
        partly = before is not None and before.kind == Kind.RESTRICTED
        step = pathway.RESUME_PARTLY if partly else pathway.RESUME
        kind, tests = (Kind.RESTRICTED if partly else Kind.OPEN), list(before.test_ids) if before else []
    else:
        step, kind, tests = pathway.UNRESTRICT, Kind.OPEN, list(admission.tests.values_list("pk", flat=True))
    in_turn(admission, step, by=by)
    _not_of_the_assessment(admission, by)
    opened = list(GeneTest.objects.filter(pk__in=tests))
    if said := readiness.against_admitting(admission, opened):
        raise Refused(said)
    moved = move(admission, step, by=by, reason=reason, clause="B8", last_reason=reason)
    _span(moved, kind, tests, now, reason)
    _told(moved, by)
    return moved


@transaction.atomic
def leave(*, admission: Admission, reason: str, by: Any) -> Admission:
    """The two part: nothing more is sent there."""
    hospital_of(by, DECIDE, admission)
    return _end(held(admission), pathway.LEAVE, reason_of(reason), by)


@transaction.atomic
def bar(*, admission: Admission, reason: str, by: Any, until: date | None = None) -> Admission:
    """Barred, for good or until a day: every admission of the laboratory here ends, and it may not apply."""
    hospital_of(by, DECIDE, admission)
    if until and until <= timezone.localdate():
        raise ValidationError({"until": _("A bar runs at least until tomorrow.")})
    admission, reason = held(admission), reason_of(reason, "B8")
    in_turn(admission, pathway.BAR, by=by)
    others = Admission.objects.select_for_update().filter(
        institution_id=admission.institution_id, laboratory_id=admission.laboratory_id
    )
    for other in others.filter(status__in=[*Admission.MAKING, *Admission.STANDING]).exclude(pk=admission.pk):
        _end(other, pathway.BAR, reason, by, until)
    return _end(admission, pathway.BAR, reason, by, until)


def _end(admission: Admission, step: Step, reason: str, by: Any, until: date | None = None) -> Admission:
    now = timezone.now()
    values: dict[str, Any] = {"last_reason": reason, "barred_until": until}
    if not admission.ended_at:
        values |= {"ended_at": now, "ended_by": by}
    if step is pathway.BAR and not admission.concluded_at:
        values |= {"concluded_at": now, "concluded_by": by, "conclusion": reason}
    moved = move(admission, step, by=by, reason=reason, clause="B8", **values)
    _end_spans(admission, now)
    _told(moved, by)
    return moved
