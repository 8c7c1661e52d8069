"""Questions about cases: the list by stage, and what a row is decided by. As many queries for one row as for fifty."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Exists, Max, Min, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit.gates import Verdict
from policy import calendar
from referrals import planning
from referrals.gates import load_page
from referrals.models import Charge, Referral, Shipment, Specimen, Status
from referrals.models.referral import ENDED, ENDED_EARLY, UNDER_WAY, ReferralQuerySet
from referrals.searching import begins, cases_of
from referrals.strip import OnStrip, case_judgements
from vendors.models import Origin

PAGE = 25
CAP = 1000
QUARTER = re.compile(r"(20\d\d)Q([1-4])")

# The tabs of the list: code, word, statuses (None: all under way; (): every case).
STAGES: tuple[tuple[str, Any, tuple[Status, ...] | None], ...] = (
    ("under_way", _("Under way"), None),
    (
        "deciding",
        _("In discussion"),
        (
            Status.SUBMITTED,
            Status.AWAITING_DISCUSSION,
            Status.DISCUSSED,
            Status.AWAITING_MDT,
            Status.MORE_INFORMATION,
            Status.CHANGE_TEST,
        ),
    ),
    ("consenting", _("Awaiting consent"), (Status.MDT_AGREED, Status.AWAITING_CONSENT)),
    (
        "preparing",
        _("Awaiting charge or sampling"),
        (
            Status.CONSENTED,
            Status.AWAITING_APPROVAL,
            Status.APPROVED,
            Status.AWAITING_CHARGE,
            Status.AWAITING_SAMPLING,
            Status.CHARGED,
            Status.RECOLLECT,
        ),
    ),
    ("testing", _("Being tested"), (Status.SAMPLED, Status.SHIPPED, Status.RECEIVED)),
    ("filing", _("Awaiting filing"), (Status.REPORTED, Status.REVIEWED, Status.TOLD)),
    ("filed", _("Filed"), (Status.FILED,)),
    ("stopped", _("Ended without a test"), tuple(status for status in ENDED if status != Status.FILED)),
    ("all", pgettext_lazy("cases", "All"), ()),
)
STAGE_CODES = [code for code, _label, _statuses in STAGES]


def _last_specimen(**having: Any) -> Exists:
    """Whether the specimen taken last is so; it bears the case's own time of sampling."""
    return Exists(Specimen.objects.filter(Q(**having), referral=OuterRef("pk"), collected_at=OuterRef("collected_at")))


def _fit() -> Q:
    # A ledger tells nothing of fitness; what it holds goes on.
    return Q(_last_specimen(is_fit=True)) | Q(_last_specimen(is_fit__isnull=True, origin=Origin.LEDGER))


def refund_due() -> Q:
    """A fee that stands and is paid back: the case ended before its result, or was entered by mistake however far it
    went (A28, `vocab.md` §8 item 8); or its specimen was found unfit here, lost or refused on the way, and no other has
    been taken (`vocab.md` §9: 标本不合格全退)."""
    stands = Charge.objects.filter(referral=OuterRef("pk"), reversed_at__isnull=True)
    ended = Q(status__in=ENDED_EARLY, reported_at__isnull=True) | Q(status=Status.VOIDED, reported_at__isnull=False)
    failed = Shipment.objects.filter(
        referral=OuterRef("pk"), rejected_at__isnull=False, specimen__collected_at=OuterRef("collected_at")
    )
    failure = Q(Exists(failed)) | Q(_last_specimen(is_fit=False))
    return Q(Exists(stands)) & (ended | Q(failure, status=Status.RECOLLECT))


def to_settle() -> Q:
    """A test under way or finished whose fee was put off and is still to come (practice.md 1)."""
    put_off = Charge.objects.filter(
        referral=OuterRef("pk"), kind__in=Charge.DEFERRED, deferral__isnull=False, reversed_at__isnull=True
    )
    return Q(Exists(put_off)) & ~Q(status__in=ENDED_EARLY)


def receipt_overdue() -> Q:
    """Sent longer ago than a shipment may take, and not received (B11, settings.SHIPMENT_OVERDUE_DAYS)."""
    limit = timezone.now() - timedelta(days=settings.SHIPMENT_OVERDUE_DAYS)
    return Q(status=Status.SHIPPED, shipped_at__lt=limit)


# The lists a post works from: code, word, the permission that opens it, and which cases wait there.
WAITING: tuple[tuple[str, Any, str, Callable[[], Q]], ...] = (
    (
        "allocation", _("Awaiting a laboratory"), "referrals.allocate_again",
        lambda: Q(status__in=[Status.SUBMITTED, Status.DISCUSSED, Status.MDT_AGREED]),
    ),
    (
        "asked_back", _("Asked back to the doctor"), "referrals.submit_referral",
        lambda: Q(status__in=[Status.MORE_INFORMATION, Status.CHANGE_TEST]),
    ),
    ("next_step", _("Planned step due"), "referrals.submit_referral", lambda: planning.due()),
    ("consent", _("Awaiting disclosure and consent"), "consent.record_consent", lambda: Q(status=Status.AWAITING_CONSENT)),
    (
        "approval", _("Awaiting approval of outsourcing"), "referrals.approve_outsourcing",
        lambda: Q(status=Status.AWAITING_APPROVAL),
    ),
    ("renewal", _("Consents to renew"), "consent.record_consent", lambda: renewal_due()),
    ("charge", _("Awaiting charge"), "referrals.record_charge", lambda: Q(status=Status.AWAITING_CHARGE)),
    ("refund", _("Refunds due"), "referrals.record_charge", lambda: refund_due()),
    ("settle", _("Arrears and green channel to settle"), "referrals.record_charge", lambda: to_settle()),
    (
        "sampling", _("Awaiting sampling"), "referrals.collect_specimen",
        lambda: Q(status__in=[Status.CHARGED, Status.AWAITING_SAMPLING, Status.RECOLLECT]),
    ),
    (
        "assessment", _("Awaiting assessment of the specimen"), "referrals.assess_specimen",
        lambda: Q(_last_specimen(is_fit__isnull=True, origin=Origin.LIVE), status=Status.SAMPLED),
    ),
    (
        "shipping", _("Awaiting sending"), "referrals.hand_over_specimen",
        lambda: Q(_fit(), status=Status.SAMPLED, laboratory__isnull=False),
    ),
    ("receipt", _("Awaiting receipt"), "referrals.record_receipt", lambda: Q(status=Status.SHIPPED)),
    ("receipt_overdue", _("Receipt overdue"), "referrals.record_receipt", lambda: receipt_overdue()),
    (
        "result", _("Awaiting the report"), "referrals.record_result",
        lambda: Q(status=Status.RECEIVED) | Q(_fit(), status=Status.SAMPLED, laboratory__isnull=True),
    ),
    ("review", _("Awaiting review of the report"), "referrals.review_result", lambda: Q(status=Status.REPORTED)),
    ("telling", _("Awaiting that the patient is told"), "referrals.tell_patient", lambda: Q(status=Status.REVIEWED)),
    ("record", _("Awaiting filing"), "referrals.file_record", lambda: Q(status=Status.TOLD)),
    (
        "overdue", _("Overdue"), "referrals.view_referral",
        lambda: Q(status__in=UNDER_WAY, requested_at__lt=overdue_before()),
    ),
)  # fmt: skip
WAITING_CODES = [code for code, *_rest in WAITING]


def waiting(found: ReferralQuerySet, code: str) -> ReferralQuerySet:
    """The cases of one worklist."""
    asked = next(cases for name, _label, _permission, cases in WAITING if name == code)
    return found.filter(asked())


def renewal_due() -> Q:
    """Cases whose consent lapsed, or whose patient was told a price that has ended: to be told anew (B16, B17)."""
    lapsed = Referral.objects.filter(consents__lapsed_at__isnull=False)
    told = Referral.objects.filter(disclosures__price__effective_to__lt=timezone.localdate())
    again = Q(pk__in=lapsed.order_by().values("pk")) | Q(pk__in=told.order_by().values("pk"))
    return Q(again, status=Status.AWAITING_CONSENT)


def overdue_before() -> datetime:
    """Requested before this moment, a case under way is overdue."""
    day = calendar.load().before(timezone.localdate(), settings.OVERDUE_WORKING_DAYS)
    return datetime(day.year, day.month, day.day, tzinfo=timezone.get_default_timezone())


def in_stage(found: ReferralQuerySet, stage: str) -> ReferralQuerySet:
    if stage in WAITING_CODES:
        return waiting(found, stage)
    statuses = next(statuses for code, _label, statuses in STAGES if code == stage)
    if statuses is None:
        return found.under_way()
    return found.filter(status__in=statuses) if statuses else found


def count_capped(found: QuerySet) -> int:
    """The number of rows, but no more than `CAP` + 1: a list of a hundred thousand costs no more than one of a
    thousand."""
    return found.order_by().values("pk")[: CAP + 1].count()


def filtered(found: ReferralQuerySet, asked: dict[str, Any]) -> ReferralQuerySet:
    """By number, hospital, department, doctor, nature, laboratory, quarter and findings, as a checked form says."""
    plain = {
        "institution": "institution__code",
        "department": "department_id",
        "nature": "nature",
        "laboratory": "laboratory_id",
    }
    found = found.filter(**{column: asked[name] for name, column in plain.items() if asked.get(name)})
    if number := asked.get("q"):
        found = found.filter(**begins("number", cases_of(number)))
    if doctor := asked.get("doctor"):
        found = found.filter(Q(requester__username__iexact=doctor) | Q(requester__name__contains=doctor))
    if quarter := asked.get("quarter"):
        since, until = quarter
        found = found.filter(requested_at__gte=since, requested_at__lt=until)
    if findings := asked.get("findings"):
        # The floor above keeps findings; they are asked for by the name of their relation.
        finding: Any = Referral._meta.get_field("findings").related_model
        broken = Exists(finding._default_manager.filter(referral=OuterRef("pk"), status="open"))
        found = found.filter(broken if findings == "yes" else ~broken)
    return found


def quarter_span(code: str) -> tuple[datetime, datetime] | None:
    """From when until before when a quarter such as 2026Q3 runs, in the hospital's zone."""
    if not (parts := QUARTER.fullmatch(code.strip().upper())):
        return None
    year, month = int(parts[1]), int(parts[2]) * 3 - 2
    zone = timezone.get_default_timezone()
    return datetime(year, month, 1, tzinfo=zone), datetime(year + month // 10, (month + 2) % 12 + 1, 1, tzinfo=zone)


def quarters(found: QuerySet[Referral]) -> list[str]:
    """The quarters in which these cases were requested, newest first."""
    ends = found.order_by().aggregate(first=Min("requested_at"), last=Max("requested_at"))
    if ends["first"] is None:
        return []
    first, last = (timezone.localtime(ends[end]) for end in ("first", "last"))
    low, high = (at.year * 4 + (at.month - 1) // 3 for at in (first, last))
    return [f"{number // 4}Q{number % 4 + 1}" for number in range(high, low - 1, -1)]


@dataclass(frozen=True)
class Row:
    """A case in a list, with what a person decides by."""

    referral: Referral
    blocked: tuple[OnStrip, ...]
    findings: int
    days: int | None

    @property
    def age(self) -> int | None:
        born = self.referral.patient.birth_year
        return timezone.localdate().year - born if born else None

    @property
    def is_under_way(self) -> bool:
        return self.referral.status not in ENDED


def rows(referrals: Iterable[Referral]) -> list[Row]:
    """The rows of one page. What is missing comes from the gates, not from the status."""
    page = list(referrals)
    waiting = [one for one in page if one.status not in ENDED]
    blocked = {
        case.referral.pk: tuple(
            one
            for one in case_judgements(case)
            if one.verdict == Verdict.REFUSES and not one.ahead and one.step and _still_asked(one, case.referral)
        )
        for case in load_page(waiting)
    }
    finding: Any = Referral._meta.get_field("findings").related_model
    counted = finding._default_manager.filter(referral__in=[one.pk for one in page], status="open").order_by()
    found = dict(counted.values_list("referral").annotate(n=Count("pk")))
    today, known = timezone.localdate(), calendar.load()
    return [
        Row(
            one,
            blocked.get(one.pk, ()),
            found.get(one.pk, 0),
            known.between(timezone.localdate(one.requested_at), today) if one.pk in blocked else None,
        )
        for one in page
    ]


def _still_asked(judgement: OnStrip, referral: Referral) -> bool:
    """Whether the step that refuses is the one the case waits for; an old refusal is a finding, not a task."""
    return bool(judgement.step and referral.status in judgement.step.sources)
