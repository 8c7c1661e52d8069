"""What posts of the clinic work from: cases, specimens, drugs that stand on a result."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from desk.worklists.item import Worklist, special_uses, waiting
from referrals import deliberating, queries
from referrals.models import (
    BlockLoan,
    MatchReview,
    MatchSample,
    OutsideReport,
    PathologyBasis,
    Referral,
    ReferralDraft,
    Status,
)

CASES = (
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
    *(waiting(*one[:3]) for one in queries.WAITING),
    Worklist("studies", _("Studies"), "referrals:studies", "referrals.manage_studies"),
    Worklist("teams", _("MDT teams"), "referrals:teams", "referrals.manage_mdt_teams"),
    Worklist("patients", _("Two records of one patient"), "referrals:patients", "referrals.merge_patients"),
)

SPECIMENS = (
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
)

DRUGS = (
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
    special_uses("opinion", _("Special uses: opinions"), "referrals.give_special_use_opinion", "requested"),
    special_uses("approval", _("Special uses to approve"), "referrals.approve_special_use", "discussed"),
    special_uses("consent", _("Special uses to be consented to"), "referrals.request_special_use", "approved"),
    Worklist(
        "match_reviews",
        _("Review of drug and result"),
        "referrals:match_samples",
        "referrals.review_match",
        lambda user: MatchReview.objects.filter(
            sample__in=MatchSample.objects.visible_to(user), reviewed_at__isnull=True
        ).exclude(prescription__prescribed_by=user.pk),
    ),
)
