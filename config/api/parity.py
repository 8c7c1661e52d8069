"""What the browser can do, the API can: each address a page posts to, with its door here.

`tests/test_api_parity.py` walks the addresses and fails when a page that takes a POST is in none of the two tables:
whoever adds one either adds its door, over the same action, or says here why there is none.
"""

from __future__ import annotations

STEP = "referrals_api:{}".format

# Address of the page -> the doors that call the same actions.
COUNTERPARTS: dict[str, tuple[str, ...]] = {
    # People
    "accounts:add_staff": ("accounts_api:staff",),
    "accounts:end_post": ("accounts_api:end_post",),
    "accounts:delegate": ("accounts_api:delegations",),
    "accounts:revoke_delegation": ("accounts_api:revoke_delegation",),
    "accounts:read_notices": ("accounts_api:read_notices", "accounts_api:read_notice"),
    "accounts:reminders": ("accounts_api:own_email",),
    "accounts:staff_email": ("accounts_api:staff_email",),
    "accounts:revoke_token": ("accounts_api:revoke_token",),
    "accounts:revoke_own_token": ("accounts_api:revoke_token",),
    # The trail
    "audit:acknowledge": ("audit_api:acknowledge",),
    # The register of policy
    "policy:clause": ("policy_api:statement",),
    "policy:document": ("policy_api:dates", "policy_api:supersede"),
    "policy:register": ("policy_api:documents",),
    "policy:new_rule": ("policy_api:rules",),
    "policy:rule": tuple(
        f"policy_api:rule_{act}" for act in ("revise", "deliberate", "discard", "issue", "return", "confirm", "repeal")
    ),
    # The calendar of working days
    "policy:mark_days": ("policy_api:days",),
    "policy:unmark_day": ("policy_api:unmark",),
    # Laboratories and their admission
    "vendors:laboratories": ("vendors_api:laboratories",),
    "vendors:laboratory": ("vendors_api:laboratory_step",),
    "vendors:admissions": ("vendors_api:admissions",),
    "vendors:admission": ("vendors_api:admission_step",),
    "vendors:procurements": ("vendors_api:procurements",),
    "vendors:procurement": ("vendors_api:procurement_answer",),
    "vendors:contract_drafts": ("vendors_api:contract_drafts",),
    "vendors:contract_draft": ("vendors_api:contract_step",),
    "vendors:contract": ("vendors_api:contract_terminate",),
    # Prices
    "vendors:publish": ("vendors_api:publish",),
    "vendors:publications": ("vendors_api:publications",),
    "vendors:channel": ("vendors_api:channel",),
    "vendors:places": ("vendors_api:places",),
    "vendors:place": ("vendors_api:place_checks", "vendors_api:place_end"),
    "vendors:new_price_change": ("vendors_api:price_changes",),
    "vendors:price_change": (
        "vendors_api:price_change_head",
        "vendors_api:price_change_step",
        "vendors_api:price_change_items",
        "vendors_api:price_change_ends",
        "vendors_api:price_change_charges",
    ),
    "vendors:price_sheets": ("vendors_api:price_change_sheets",),
    "vendors:price_sheet": ("vendors_api:price_change_sheet",),
    # The request
    "referrals:new": ("referrals_api:list", "referrals_api:drafts"),
    "referrals:new_tests": ("catalog_api:indications",),
    "referrals:save_draft": ("referrals_api:drafts", "referrals_api:draft"),
    "referrals:draft": ("referrals_api:draft", "referrals_api:submit_draft"),
    "referrals:discard_draft": ("referrals_api:discard_draft",),
    "referrals:cancel": (STEP("request.cancelled"),),
    "referrals:plan": (STEP("plan.continued"), STEP("plan.dropped")),
    "referrals:supplement": (STEP("request.supplemented"),),
    "referrals:change": (STEP("request.changed"), "catalog_api:indications"),
    "referrals:let_in": ("referrals_api:let_ins",),
    "referrals:withdraw_let_in": ("referrals_api:withdraw_let_in",),
    "referrals:onward": (STEP("case.taken_up"),),
    "referrals:void": (STEP("entry.voided"),),
    # Discussion and MDT
    "referrals:mdt": (STEP("mdt.called"),),
    "referrals:discussion": (STEP("discussion.called"),),
    "referrals:opinion": (STEP("mdt.opinion"), STEP("discussion.opinion")),
    "referrals:mdt_conclude": (
        STEP("mdt.agreed"),
        STEP("mdt.disagreed"),
        STEP("mdt.more_information"),
        STEP("mdt.change_test"),
    ),
    "referrals:discussion_conclude": (STEP("discussion.concluded"), STEP("discussion.disagreed")),
    "referrals:call_off": (STEP("mdt.called_off"), STEP("discussion.called_off")),
    "referrals:teams": ("referrals_api:teams",),
    "referrals:team": (
        "referrals_api:team",
        "referrals_api:end_team",
        "referrals_api:seats",
        "referrals_api:end_seat",
    ),
    # Consent
    "consent:disclose": (STEP("consent.disclosed"),),
    "consent:sign": (STEP("consent.signed"),),
    "consent:paper": (STEP("consent.signed"),),
    "consent:refuse": (STEP("consent.refused"),),
    "consent:withdraw": (STEP("consent.withdrawn"),),
    "consent:self_pay": (STEP("self_pay.signed"),),
    # Approval, fee, specimen, the road, the result, the record
    "referrals:approve": (STEP("outsourcing.approved"), STEP("outsourcing.disapproved")),
    "referrals:charge": (STEP("charge.made"), STEP("charge.reversed"), STEP("charge.settled")),
    "referrals:charge_imports": ("referrals_api:charge_imports", "referrals_api:charges"),
    "referrals:charge_import": ("referrals_api:charge_import_confirm", "referrals_api:charge_import_discard"),
    "referrals:put_off": (STEP("deferral.approved"), STEP("deferral.withdrawn")),
    "referrals:specimen": (
        STEP("specimen.collected"),
        STEP("specimen.assessed"),
        STEP("specimen.unfit"),
        STEP("specimen.labelled"),
    ),
    "referrals:pack": ("referrals_api:batches", STEP("shipment.packed")),
    "referrals:batch": ("referrals_api:hand_over", STEP("shipment.handed_over")),
    "referrals:take_out": ("referrals_api:take_out",),
    "referrals:receive_batch": ("referrals_api:receive_batch",),
    "referrals:receive": (STEP("shipment.received"),),
    "referrals:reject": (STEP("shipment.rejected"),),
    "referrals:result": (STEP("result.returned"),),
    "referrals:correct": (STEP("result.corrected"),),
    "referrals:review": (STEP("result.reviewed"),),
    "referrals:tell": (STEP("patient.told"),),
    "referrals:file": (STEP("record.filed"),),
    "referrals:drug": (STEP("drug.prescribed"),),
    # Corrections, two records of one patient, studies
    "referrals:corrections": ("referrals_api:corrections",),
    "referrals:merge": ("referrals_api:merges",),
    "referrals:part": ("referrals_api:part",),
    "referrals:studies": ("referrals_api:studies",),
    "referrals:study": ("referrals_api:study_dates", "referrals_api:ethics"),
    # Laboratories' bills
    "bills:uploads": ("bills_api:uploads",),
    "bills:upload": ("bills_api:columns",),
    "bills:upload_act": ("bills_api:upload_step",),
    "bills:work": ("bills_api:settle", "bills_api:confirm", "bills_api:send_back"),
    "bills:difference": ("bills_api:settle", "bills_api:confirm", "bills_api:send_back"),
    "bills:supplement": ("bills_api:supplement",),
    "bills:sign": ("bills_api:sign",),
    "bills:close": ("bills_api:close",),
    # Ledgers
    "supervision:alert": ("supervision_api:alert_explain", "supervision_api:alert_review"),
    "supervision:imports": ("supervision_api:imports",),
    "supervision:import_confirm": ("supervision_api:import_confirm",),
    "supervision:import_retry": ("supervision_api:import_retry",),
    # Reports
    "reports:ask": ("reports_api:reports",),
    "reports:text": ("reports_api:text",),
    "reports:review": ("reports_api:review",),
    "reports:sign_off": ("reports_api:sign_off",),
    "reports:submit": ("reports_api:submit",),
    "reports:receive": ("reports_api:receive",),
    "reports:return": ("reports_api:return",),
    "reports:retry": ("reports_api:retry",),
    # Drugs and their targets
    "catalog:rule_editions": ("catalog_api:rule_editions",),
    "catalog:rule_edition": ("catalog_api:rule_step",),
    "catalog:edit_rule": ("catalog_api:put_rule", "catalog_api:remove_rule"),
    "referrals:match_samples": ("referrals_api:match_samples", "referrals_api:drug_monitoring"),
    "referrals:match_sample": ("referrals_api:match_review", "referrals_api:match_publish"),
    "catalog:formulary": ("catalog_api:formulary",),
    "referrals:drug_checks": ("referrals_api:drug_checks",),
    "referrals:pathology_bases": ("referrals_api:pathology", "referrals_api:approve_pathology"),
    "referrals:outside_reports": ("referrals_api:outside_reports",),
    "referrals:outside_report": ("referrals_api:review_outside_report",),
    "referrals:special_uses": ("referrals_api:special_uses",),
    "referrals:special_use": (
        "referrals_api:special_use_opinion",
        "referrals_api:special_use_conclude",
        "referrals_api:special_use_decide",
        "referrals_api:special_use_tell",
        "referrals_api:special_use_sign",
        "referrals_api:special_use_refuse",
        "referrals_api:special_use_withdraw",
    ),
    # Who may request, who is qualified
    "catalog:person": (
        "catalog_api:authorities",
        "catalog_api:authority_step",
        "catalog_api:trainings",
        "catalog_api:qualifications",
        "catalog_api:end_qualification",
    ),
    "catalog:grades": ("catalog_api:grade_rules",),
    # What is done in-house
    "catalog:capabilities": ("catalog_api:capabilities",),
    "catalog:capability": ("catalog_api:capability_step",),
    "catalog:intakes": ("catalog_api:intakes",),
    "catalog:intake": ("catalog_api:intake_step",),
    # Sources of evidence
    "catalog:new_source": ("catalog_api:sources", "catalog_api:supersede"),
    "catalog:source": ("catalog_api:source",),
    "catalog:source_review": ("catalog_api:source_review_step",),
    "catalog:evidence_rule": ("catalog_api:evidence_rule",),
    "catalog:citations": ("catalog_api:edition_rows",),
    "catalog:evidence_check": ("catalog_api:edition_evidence",),
    # Editions of the catalog
    "catalog:new_edition": ("catalog_api:editions",),
    "catalog:edition_step": ("catalog_api:edition_step",),
    "catalog:edition_head": ("catalog_api:edition_head",),
    "catalog:experts": ("catalog_api:edition_experts",),
    "catalog:add_row": ("catalog_api:edition_rows",),
    "catalog:change_row": ("catalog_api:edition_rows",),
    "catalog:remove_row": ("catalog_api:edition_rows",),
    "catalog:library": ("catalog_api:edition_library",),
    "catalog:comment": ("catalog_api:edition_comment",),
    "catalog:sheets": ("catalog_api:edition_sheets",),
    "catalog:sheet": ("catalog_api:edition_sheet",),
    "catalog:review_row": ("catalog_api:edition_comments", "catalog_api:edition_confirmations"),
    "catalog:sign_off": (
        "catalog_api:edition_sign_offs",
        "catalog_api:edition_confirmations",
        "catalog_api:edition_comments",
    ),
}

# Address of the page -> why a program has no such door.
ONLY_IN_A_BROWSER: dict[str, str] = {
    "accounts:login": "A person signs in; a program shows its token.",
    "accounts:logout": "A token is ended, not signed out (accounts_api:revoke_token).",
    "accounts:set_language": "A cookie of the browser; the API answers in the house's language.",
    "accounts:switch_post": "A token acts in the one post it was made for; another post is another token.",
    "accounts:set_password": "The one-time link is opened by the person it is for; nobody else knows the password.",
    "accounts:change_password": "A password is the person's; an account of a program has none.",
    "accounts:password_link": "The secret is shown to a person once, who hands it over; it passes through no program.",
    "accounts:make_token": "A token that could make tokens would outlive its own last day: a person makes each.",
    "referrals:new_patient": "Writes nothing: draws who is on record while one types; GET /patients/{record_no}/ says it.",
    "referrals:new_checks": "Writes nothing: says ahead, while one types, what submitting says in the same words.",
}
