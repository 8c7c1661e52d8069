"""The lists a post works from, with true counts. A post sees the lists its permissions open."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from audit.models import Alarm
from catalog import due, evidence, overview, technical_record
from documents import together
from policy import queries as policy
from referrals import deliberating, queries
from referrals.billing import waiting
from referrals.models import (
    BlockLoan,
    MatchReview,
    MatchSample,
    OutsideReport,
    PathologyBasis,
    Referral,
    ReferralDraft,
    SpecialUse,
    StatementDifference,
    Status,
)
from reports.models import Report
from supervision.models import Alert, Finding
from vendors import postings
from vendors import waiting as vendors
from vendors.models import PriceChange

CAP = 1000
NOTICES = "notices"


@dataclass(frozen=True)
class Worklist:
    """One list: what it is called, where it is, who sees it, and what it counts (None: not counted)."""

    code: str
    label: Any
    url_name: str
    permission: str
    rows: Callable[[Any], QuerySet] | None = None
    query: str = ""
    # Whether its cases leave it by this post's own doing, so that they stand under what waits today.
    is_to_do: bool = False

    @property
    def url(self) -> str:
        return reverse(self.url_name) + self.query


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


def _waiting(code: str, label: Any, permission: str) -> Worklist:
    """One station's list: the cases that wait there, on the list of cases."""
    return Worklist(
        f"waiting_{code}",
        label,
        "referrals:list",
        permission,
        lambda user: queries.waiting(Referral.objects.visible_to(user), code),
        f"?stage={code}",
        is_to_do=code != "overdue",
    )


def _special_uses(code: str, label: Any, permission: str, status: str) -> Worklist:
    return Worklist(
        f"special_uses_{code}",
        label,
        "referrals:special_uses",
        permission,
        lambda user: SpecialUse.objects.visible_to(user).filter(status=status),
        f"?status={status}",
    )


WORKLISTS = (
    Worklist(
        "under_way",
        _("Cases under way"),
        "referrals:list",
        "referrals.view_referral",
        lambda user: Referral.objects.visible_to(user).under_way(),
    ),
    Worklist(
        "drafts",
        _("My drafts"),
        "referrals:drafts",
        "referrals.submit_referral",
        lambda user: ReferralDraft.objects.visible_to(user).filter(referral__isnull=True),
        is_to_do=True,
    ),
    Worklist(
        "opinions",
        _("Awaiting my opinion"),
        "referrals:deliberations_mine",
        "referrals.give_opinion",
        deliberating.waiting_for,
        is_to_do=True,
    ),
    Worklist(
        "mdt",
        _("Awaiting MDT"),
        "referrals:mdt_waiting",
        "referrals.call_mdt",
        lambda user: Referral.objects.visible_to(user).filter(status=Status.AWAITING_MDT),
        is_to_do=True,
    ),
    Worklist(
        "discussion",
        _("Awaiting departmental discussion"),
        "referrals:discussion_waiting",
        "referrals.call_discussion",
        lambda user: Referral.objects.visible_to(user).filter(status=Status.AWAITING_DISCUSSION),
        is_to_do=True,
    ),
    *(_waiting(*one[:3]) for one in queries.WAITING),
    Worklist("batches", _("Batches of specimens"), "referrals:batches", "referrals.hand_over_specimen"),
    Worklist("labels", _("Specimen labels"), "referrals:labels", "referrals.collect_specimen"),
    Worklist(
        "block_loans_overdue",
        _("Loans of blocks overdue"),
        "referrals:block_loans",
        "referrals.keep_block_loans",
        lambda user: BlockLoan.objects.visible_to(user).overdue(),
        "?show=overdue",
    ),
    Worklist(
        "block_loans_to_approve",
        _("Loans of blocks to approve"),
        "referrals:block_loans",
        "referrals.approve_block_loan",
        lambda user: BlockLoan.objects.visible_to(user).filter(status="requested"),
        "?show=requested",
    ),
    Worklist("block_loans", _("Loans of blocks and slides"), "referrals:block_loans", "referrals.view_block_loans"),
    Worklist("studies", _("Studies"), "referrals:studies", "referrals.manage_studies"),
    Worklist("drug_checks", _("Drug checks"), "referrals:drug_checks", "referrals.view_drug_work"),
    Worklist(
        "outside_reports",
        _("Outside reports to review"),
        "referrals:outside_reports",
        "referrals.review_outside_report",
        lambda user: OutsideReport.objects.visible_to(user).filter(reviewed_at__isnull=True),
        "?waiting=1",
    ),
    Worklist(
        "clinical_diagnoses",
        _("Clinical diagnoses to approve"),
        "referrals:pathology_bases",
        "referrals.approve_clinical_diagnosis",
        lambda user: PathologyBasis.objects.visible_to(user).filter(kind="clinical", approved_at__isnull=True),
        "?waiting=1",
    ),
    _special_uses("opinion", _("Special uses: opinions"), "referrals.give_special_use_opinion", "requested"),
    _special_uses("approval", _("Special uses to approve"), "referrals.approve_special_use", "discussed"),
    _special_uses("consent", _("Special uses to be consented to"), "referrals.request_special_use", "approved"),
    Worklist(
        "match_reviews",
        _("Review of drug and result"),
        "referrals:match_samples",
        "referrals.review_match",
        lambda user: MatchReview.objects.filter(
            sample__in=MatchSample.objects.visible_to(user), reviewed_at__isnull=True
        ).exclude(prescription__prescribed_by=user.pk),
    ),
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
    Worklist(
        "differences",
        _("Statement differences"),
        "supervision:differences",
        "referrals.view_statement_differences",
        lambda user: StatementDifference.objects.visible_to(user),
    ),
    Worklist(
        "bills_missing",
        _("Statements not given in"),
        "bills:months",
        "referrals.give_in_statement",
        waiting.missing,
        "?show=missing",
        is_to_do=True,
    ),
    Worklist(
        "bills_to_settle",
        _("Differences to settle"),
        "bills:months",
        "referrals.settle_difference",
        waiting.to_settle,
        "?show=differences",
        is_to_do=True,
    ),
    Worklist(
        "bills_to_confirm",
        _("Settlements to confirm"),
        "bills:months",
        "referrals.confirm_settlement",
        waiting.to_confirm,
        "?show=second",
        is_to_do=True,
    ),
    Worklist(
        "bills_to_sign",
        _("Months to sign for finance"),
        "bills:months",
        "referrals.sign_month",
        waiting.to_sign,
        "?show=sign",
        is_to_do=True,
    ),
    Worklist(
        "bills_to_close",
        _("Months to countersign"),
        "bills:months",
        "referrals.countersign_month",
        waiting.to_countersign,
        "?show=countersign",
        is_to_do=True,
    ),
    Worklist("bills", _("Monthly reconciliation"), "bills:months", "referrals.view_statement_differences"),
    Worklist("county", _("County overview"), "reports:county", "reports.view_county"),
    Worklist("reports", _("Reports"), "reports:list", "reports.view_report", _reports_waiting),
    Worklist("indicators", _("Indicators"), "reports:indicators", "reports.view_indicators"),
    Worklist("imports", _("Ledger import"), "supervision:imports", "supervision.import_ledger"),
    Worklist("laboratories", _("Laboratories and contracts"), "vendors:laboratories", "vendors.view_vendors"),
    Worklist("prices", _("Prices"), "vendors:prices", "vendors.view_vendors"),
    Worklist(
        "catalog_drafts",
        _("Catalog editions to go on with"),
        "catalog:editions",
        "catalog.draft_edition",
        overview.waiting_for,
        is_to_do=True,
    ),
    Worklist(
        "catalog_reviews",
        _("Catalog editions to review"),
        "catalog:editions",
        "catalog.review_edition",
        overview.waiting_for,
        is_to_do=True,
    ),
    Worklist(
        "catalog_approvals",
        _("Catalog editions to approve"),
        "catalog:editions",
        "catalog.decide_edition",
        overview.waiting_for,
        is_to_do=True,
    ),
    Worklist(
        "source_reviews",
        _("Rows to review under a newer edition"),
        "catalog:source_reviews",
        "catalog.review_source",
        evidence.reviews_waiting,
        is_to_do=True,
    ),
    Worklist(
        "in_house_lapsing",
        _("In-house tests with a registration about to lapse"),
        "catalog:capabilities",
        "catalog.keep_capability",
        due.lapsing_items,
    ),
    Worklist(
        "authorities_lapsing",
        _("Request authorities about to lapse"),
        "catalog:authorities",
        "catalog.keep_authority",
        technical_record.lapsing,
        "?show=lapsing",
    ),
    Worklist("authorities", _("Request authority"), "catalog:authorities", "catalog.view_authority"),
    Worklist("catalog", _("Indication catalog"), "catalog:browse", "catalog.view_catalog"),
    Worklist(
        "admissions_to_assess",
        _("Laboratories for me to assess"),
        "vendors:admissions",
        "vendors.score_admission",
        vendors.to_assess,
        "?show=mine",
        is_to_do=True,
    ),
    Worklist(
        "admissions_to_conclude",
        _("Assessments of laboratories to conclude"),
        "vendors:admissions",
        "vendors.decide_admission",
        vendors.to_conclude,
        "?status=assessing",
        is_to_do=True,
    ),
    Worklist(
        "contracts_drafted",
        _("Contracts being drafted"),
        "vendors:contract_drafts",
        "vendors.manage_contracts",
        vendors.contracts("draft"),
        "?status=draft",
        is_to_do=True,
    ),
    Worklist(
        "contracts_to_check",
        _("Contracts to check"),
        "vendors:contract_drafts",
        "vendors.check_contracts",
        vendors.contracts("review"),
        "?status=review",
        is_to_do=True,
    ),
    Worklist(
        "contracts_to_sign",
        _("Contracts to sign"),
        "vendors:contract_drafts",
        "vendors.sign_contracts",
        vendors.contracts("checked"),
        "?status=checked",
        is_to_do=True,
    ),
    Worklist(
        "prices_to_check",
        _("Price changes to check"),
        "vendors:price_changes",
        "vendors.check_prices",
        lambda user: PriceChange.objects.visible_to(user).filter(status="put_up").exclude(drafted_by=user.pk),
        "?status=put_up",
        is_to_do=True,
    ),
    Worklist(
        "prices_to_publish",
        _("Price changes to publish"),
        "vendors:price_changes",
        "vendors.publish_prices",
        lambda user: PriceChange.objects.visible_to(user).filter(status="checked"),
        "?status=checked",
        is_to_do=True,
    ),
    Worklist(
        "postings",
        _("Publications to look at on site"),
        "vendors:places",
        "vendors.check_postings",
        postings.waiting,
        is_to_do=True,
    ),
    Worklist("publications", _("Publications"), "vendors:publications", "vendors.check_postings"),
    Worklist("rules", _("Rules to review"), "policy:rules", "policy.issue_rules", policy.reviews_due),
    Worklist("policy", _("Clauses and their evidence"), "policy:coverage", "policy.view_policy"),
    Worklist("calendar", _("Calendar of working days"), "policy:calendar", "policy.keep_calendar"),
    Worklist("teams", _("MDT teams"), "referrals:teams", "referrals.manage_mdt_teams"),
    Worklist("patients", _("Two records of one patient"), "referrals:patients", "referrals.merge_patients"),
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


def of(user) -> list[Worklist]:
    """The lists that the user's current post opens, in the order people look for them."""
    return [worklist for worklist in WORKLISTS if user.may(worklist.permission)]


def counts(user, lists: Iterable[Worklist]) -> dict[str, int]:
    """How many rows wait in each list that is counted, and how many notices are unread (`NOTICES`), by code: true
    numbers up to `CAP` + 1, all in one query."""
    found = {item.code: item.rows(user) for item in lists if item.rows}
    return together.counts({**found, NOTICES: user.notices.unread()}, cap=CAP)


def shown(item: Worklist, counted: dict[str, int]) -> str | None:
    """The number beside a list, in words for people; None for a list that is not counted."""
    return together.capped(counted[item.code], CAP) if item.code in counted else None
