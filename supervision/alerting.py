"""Alerts raised by the matching of laboratories' bills, their explanation and the discipline office's opinion
(A28, B29, B31)."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import notices
from accounts.delegations import one_with
from accounts.models import Post, User
from audit.declaring import step
from audit.gates import Refusal, Refused
from audit.refusing import may, needed
from referrals.gates.words import link
from referrals.matching import OFF_BOOK
from referrals.models import StatementDifference
from supervision.models import Alert

VIEW = "supervision.view_alerts"
EXPLAIN = "supervision.explain_alert"
REVIEW = "supervision.review_alert"


def raise_alerts(institutions: list[int]) -> int:
    """An alert for each line that went round the hospital's own way and has none yet; the office is told. How many."""
    found = StatementDifference.objects.filter(institution__in=institutions, kind__in=OFF_BOOK, line__isnull=False)
    known = set(Alert.objects.filter(institution__in=institutions).values_list("kind", "line_id"))
    made = Alert.objects.bulk_create(
        (
            Alert(
                kind=one.kind,
                institution_id=one.institution_id,
                laboratory_id=one.laboratory_id,
                line=one.line,
                month=one.line.statement.month,
                sample_no=one.sample_no,
                test=one.line.test_name or one.line.test_code,
                amount=one.line.amount,
                received_on=one.line.received_on,
                referral_id=one.referral_id,
            )
            for one in found.select_related("line__statement").order_by("pk")
            if one.line is not None and (one.kind, one.line_id) not in known
        ),
        batch_size=2000,
    )
    by_place: dict[int, int] = {}
    for one in made:
        by_place[one.institution_id] = by_place.get(one.institution_id, 0) + 1
    for place, n in by_place.items():
        _tell(place, n)
    return len(made)


def _tell(institution: int, n: int) -> None:
    """The discipline office of the hospital, one line however many."""
    today = timezone.localdate()
    posts = Post.objects.in_force(today).filter(institution=institution, role__permissions__contains=[REVIEW])
    text = _("%(n)d lines of a laboratory's bill belong to no test this hospital sent: alerts to look at.") % {"n": n}
    notices.tell([post.user for post in posts.select_related("user")], text, link("supervision:alerts"))


@transaction.atomic
def explain(*, alert: Alert, explanation: str, by: User) -> Alert:
    """An office says what lies behind the line; until the opinion is given it may say so again."""
    may(by, EXPLAIN, alert)
    text = needed(explanation=explanation)["explanation"]
    with step("alert.explained", reason=text[:200], clause="B29"):
        values = {"explanation": text, "explained_at": timezone.now(), "explained_by": by}
        if not Alert.objects.filter(pk=alert.pk).open().update(**values):
            raise Refused(_judged(alert))
    alert.refresh_from_db()
    return alert


@transaction.atomic
def review(*, alert: Alert, outcome: str, opinion: str, by: User) -> Alert:
    """The discipline office gives its opinion; whoever explained the line does not judge it (X14)."""
    may(by, REVIEW, alert)
    text = needed(opinion=opinion)["opinion"]
    if outcome not in Alert.Outcome.values:
        raise ValidationError({"outcome": _("Say whether it is substantiated.")})
    alert = Alert.objects.select_for_update(of=("self",)).select_related("referral").get(pk=alert.pk)
    if alert.reviewed_at:
        raise Refused(_judged(alert))
    me = one_with(by)
    if alert.explained_by_id in me or (alert.referral and alert.referral.requester_id in me):
        raise Refused(Refusal("X14", _("Who explained an alert, or requested the test, does not judge it.")))
    with step("alert.reviewed", reason=text[:200], clause="B29,B31"):
        Alert.objects.filter(pk=alert.pk).update(
            outcome=outcome, opinion=text, reviewed_at=timezone.now(), reviewed_by=by
        )
    alert.refresh_from_db()
    return alert


def _judged(alert: Alert) -> Refusal:
    message = _("The discipline office has given its opinion on this alert already.")
    return Refusal("stale", message, ("B29",), alert.get_absolute_url(), _("Reload"))
