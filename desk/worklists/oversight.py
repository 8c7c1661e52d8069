"""What supervision, the bureau and the administration of the hospital work from."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from audit.models import Alarm
from desk.worklists.item import Worklist
from policy import queries as policy
from reports.models import Report
from supervision.models import Alert, Finding


def _reports_waiting(user) -> QuerySet:
    """What this post can take further: built for medical affairs, reviewed for the leader, submitted for the bureau."""
    mine = {
        "reports.review_report": ["built", "returned"],
        "reports.sign_off_report": ["reviewed"],
        "reports.submit_report": ["signed_off"],
        "reports.receive_report": ["submitted"],
    }
    states = [state for permission, listed in mine.items() if user.may(permission) for state in listed]
    return Report.objects.visible_to(user).filter(status__in=states)


SUPERVISION = (
    Worklist(
        "alerts",
        _("Alerts on laboratories' bills"),
        "supervision:alerts",
        "supervision.view_alerts",
        lambda user: Alert.objects.visible_to(user).open(),
    ),
    Worklist(
        "findings",
        _("Findings of self-inspection"),
        "supervision:findings",
        "supervision.view_findings",
        lambda user: Finding.objects.visible_to(user).open(),
    ),
    Worklist("county", _("County overview"), "reports:county", "reports.view_county"),
    Worklist("reports", _("Reports"), "reports:list", "reports.view_report", _reports_waiting),
    Worklist("indicators", _("Indicators"), "reports:indicators", "reports.view_indicators"),
    Worklist("rules", _("Rules to review"), "policy:rules", "policy.issue_rules", policy.reviews_due),
    Worklist("policy", _("Clauses and their evidence"), "policy:coverage", "policy.view_policy"),
)

HOUSE = (
    Worklist("imports", _("Ledger import"), "supervision:imports", "supervision.import_ledger"),
    Worklist("calendar", _("Calendar of working days"), "policy:calendar", "policy.keep_calendar"),
    Worklist("staff", _("Staff and posts"), "accounts:staff", "accounts.view_staff"),
    Worklist(
        "alarms",
        _("Alarms of the trail"),
        "audit:alarms",
        "audit.view_trail",
        lambda user: Alarm.objects.filter(acknowledged_at__isnull=True),
    ),
    Worklist("trail", _("The trail"), "audit:trail", "audit.view_trail"),
)
