"""What medical affairs, procurement, the price officer and finance work from: laboratories, prices, bills, the catalog."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from catalog import due, evidence, overview, technical_record
from desk.worklists.item import Worklist
from referrals.billing import waiting
from referrals.models import StatementDifference
from vendors import postings
from vendors import waiting as vendors
from vendors.models import PriceChange

LABORATORIES = (
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
        "laboratories",
        _("Laboratories and contracts"),
        "vendors:laboratories",
        "vendors.view_vendors",
        also=(
            "vendors:admissions",
            "vendors:procurements",
            "vendors:contract_drafts",
            "vendors:outsourced",
            "vendors:not_outsourcing",
            "vendors:renewals",
        ),
    ),
)

MONEY = (
    Worklist("charge_window", _("Charge by scan"), "referrals:charge_lookup", "referrals.record_charge"),
    Worklist("charge_imports", _("Charges from HIS"), "referrals:charge_imports", "referrals.import_charges"),
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
    Worklist("prices", _("Prices"), "vendors:prices", "vendors.view_vendors"),
    Worklist(
        "postings",
        _("Publications to look at on site"),
        "vendors:places",
        "vendors.check_postings",
        postings.waiting,
        is_to_do=True,
    ),
    Worklist("publications", _("Publications"), "vendors:publications", "vendors.check_postings"),
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
    Worklist(
        "differences",
        _("Statement differences"),
        "supervision:differences",
        "referrals.view_statement_differences",
        lambda user: StatementDifference.objects.visible_to(user),
    ),
)

CATALOG = (
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
)
