"""Every address × every role, with own and with foreign objects.

Invisible is 404, forbidden is 403, not signed in goes to the sign-in page; nothing answers 500. An address with an
argument must be in OBJECTS, so a new page cannot slip past.
"""

import re
from types import SimpleNamespace

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from accounts.models import Institution, Post, Role, User
from audit.models import Alarm
from catalog import actions as catalog
from catalog.models import EvidenceSource, Indication, InHouseCapability, RequestAuthority, RuleEdition
from documents.models import StoredFile
from referrals.models import MDTTeam, Patient, Reconciliation, Referral, StatementDifference, Study
from reports import actions as reports
from reports import periods
from reports.models import Report
from supervision.models import Alert, Finding, LedgerImport
from tests import money_objects
from tests.factories import admitted
from vendors import actions as vendors
from vendors.models import Contract, Laboratory, PostingPlace, Price

pytestmark = pytest.mark.django_db

# Addresses of others' packages and of forms that only take POST are judged by their own tests.
ELSEWHERE = {"accounts:set_password"}
# Each value there has a permission of its own; who may correct none is refused (`tests/test_corrections.py`).
NARROWER = {"referrals:corrections", "referrals_api:corrections"}
DISCUSSED = (
    "draft", "discard_draft", "deliberation", "opinion", "mdt_conclude", "discussion_conclude", "call_off", "minutes",
    "minutes_pdf",
)  # fmt: skip


def addresses():
    """(name, argument names, view) of every named address."""

    def walk(resolver, namespaces):
        for entry in resolver.url_patterns:
            if isinstance(entry, URLResolver):
                yield from walk(entry, [*namespaces, entry.namespace] if entry.namespace else namespaces)
            elif isinstance(entry, URLPattern) and entry.name:
                yield ":".join([*namespaces, entry.name]), tuple(entry.pattern.regex.groupindex), entry.callback

    return [row for row in walk(get_resolver(), []) if row[0] not in ELSEWHERE]


CONTRACTS = ("vendors:contract", "vendors_api:contract_terminate")
MADE_BY_OTHERS = (
    "vendors:not_outsourcing_statement",
    "vendors_api:not_outsourcing_end",
    "catalog_api:remove_rule",
    "referrals_api:match_sample",
    "referrals_api:match_review",
    "referrals_api:match_publish",
    "accounts:notice",
    "accounts:make_token",
    "referrals:part",
    "accounts:revoke_token",
    "accounts:revoke_own_token",
    "accounts:revoke_delegation",
    "policy:unmark_day",
    "consent:pdf",
    "consent:scan",
    "consent:self_pay_pdf",
    "referrals_api:result_pdf",
    "referrals_api:hand_over",
    "referrals_api:batch",
    "referrals_api:take_out",
    "referrals_api:receive_batch",
    "referrals_api:draft",
    "referrals_api:submit_draft",
    "referrals_api:discard_draft",
    "referrals_api:deliberation",
    "referrals_api:withdraw_let_in",
    "referrals_api:end_seat",
    "referrals_api:part",
    "referrals_api:scan",
    "accounts_api:revoke_delegation",
    "accounts_api:read_notice",
    "accounts_api:revoke_token",
    "referrals:batch",
    "referrals:take_out",
    "referrals:receive_batch",
    "referrals:manifest",
    "referrals:block_loan",
    "referrals:block_loan_slip",
    *(f"referrals_api:block_loan_{act}" for act in ("decide", "lend", "return")),
    "referrals:report",
    "referrals:study",
    "policy:rule",
    "policy:rule_text",
    *(f"policy_api:rule_{act}" for act in ("revise", "deliberate", "discard", "issue", "return", "confirm", "repeal")),
    "referrals:drug_check",
    "referrals:outside_report",
    "referrals:outside_report_pdf",
    "referrals:special_use",
    "referrals:special_use_paper",
    "referrals:special_use_signed",
    "referrals:special_use_evidence",
    "referrals:match_sample",
    "referrals_api:drug_check",
    "referrals_api:approve_pathology",
    "referrals_api:review_outside_report",
    "referrals_api:special_use_opinion",
    "referrals_api:special_use_conclude",
    "referrals_api:special_use_decide",
    "referrals_api:special_use_tell",
    "referrals_api:special_use_sign",
    "referrals_api:special_use_refuse",
    "referrals_api:special_use_withdraw",
    "catalog_api:end_qualification",
    "catalog:comment",
    "catalog:intake",
    "catalog_api:intake_step",
    "catalog_api:edition_comment",
    "catalog_api:edition_sheet",
    "catalog:sheet",
    "vendors:price_sheet",
    "vendors_api:price_change_sheet",
    "catalog:source_review",
    "catalog_api:source_review_step",
)


# Pages of a draft and of its rows; acts that only take POST and papers of an edition besides.
EDITION_PAGES = (
    "edition", "edition_step", "edition_head", "experts", "edition_history", "difference", "effects", "edition_xlsx",
    "edition_pdf", "add_row", "library", "edition_row", "change_row", "remove_row", "comments", "review", "sign_off",
    "review_row", "sheets", "evidence_check", "citations",
)  # fmt: skip


EDITION_DOORS = (
    "edition", "edition_head", "edition_step", "edition_rows", "edition_library", "edition_experts", "edition_comments",
    "edition_confirmations", "edition_sign_offs", "edition_sheets", "edition_difference", "edition_effects",
    "edition_evidence",
)  # fmt: skip


def catalog_editions():
    """For each address of an edition a draft of LXZ and one of LXY, with a row of it."""
    pair = []
    for code in ("LXZ", "LXY"):
        hospital = Institution.objects.get(code=code)
        drafter = User.objects.filter(posts__institution=hospital, posts__role_id="R10").first()
        edition = catalog.start_draft(
            by=drafter.act_as(drafter.posts.get(role_id="R10")), source="starter", codes=["LUNG-01"]
        )
        pair.append(SimpleNamespace(pk=edition.pk, code="LUNG-01"))
    return {f"catalog:{name}": pair for name in EDITION_PAGES} | {f"catalog_api:{name}": pair for name in EDITION_DOORS}


def price_changes():
    """For each address of a price change a draft of LXZ and one of LXY."""
    pair = []
    for code in ("LXZ", "LXY"):
        hospital = Institution.objects.get(code=code)
        drafter = User.objects.filter(posts__institution=hospital, posts__role_id="R11").first()
        pair.append(
            vendors.draft_change(
                institution=hospital, title="病理类", basis="文件", effective_from=timezone.localdate(),
                by=drafter.act_as(drafter.posts.get(role_id="R11")),
            )
        )  # fmt: skip
    pages = ("price_change", "price_sheet_form", "price_sheets")
    doors = ("price_change", "head", "step", "items", "ends", "charges", "sheets")
    named = [f"vendors_api:{'price_change' if one == 'price_change' else f'price_change_{one}'}" for one in doors]
    return {**{f"vendors:{name}": pair for name in pages}, **dict.fromkeys(named, pair)}


def evidence_sources():
    """A source of LXZ's own register and one of LXY's."""
    pair = [
        EvidenceSource.objects.create(
            institution=Institution.objects.get(code=code), title=f"某肿瘤诊疗指南（{code}）", issuer="某学会", year=2025,
            kind="guideline", system_id="words", registered_by=User.objects.machine(),
        )
        for code in ("LXZ", "LXY")
    ]  # fmt: skip
    return dict.fromkeys(("catalog:source", "catalog_api:source", "catalog_api:supersede"), pair)


def posting_places():
    pair = [
        PostingPlace.objects.create(institution=Institution.objects.get(code=code), board="prices", name="大厅一侧")
        for code in ("LXZ", "LXY")
    ]
    return dict.fromkeys(["vendors:place", "vendors_api:place_checks", "vendors_api:place_end"], pair)


@pytest.fixture
def objects(county):
    """For an address's argument: an object of LXZ, and one of LXY where the rows belong to an institution."""
    machine = User.objects.machine()
    for code in ("LXZ", "LXY"):
        reports.ask(institution=Institution.objects.get(code=code), period=periods.last_closed(), by=machine)

    def one(model, **where):
        return model.objects.filter(**where).order_by("pk").first()

    admissions = {
        code: admitted(Institution.objects.get(code=code), Laboratory.objects.get(code="L01"))
        for code in ("LXZ", "LXY")
    }
    mine, theirs = {"institution__code": "LXZ"}, {"institution__code": "LXY"}
    return {
        "accounts:staff_email": [one(User, posts__institution__code="LXZ"), one(User, posts__institution__code="LXY")],
        "accounts_api:staff_email": [
            one(User, posts__institution__code="LXZ"),
            one(User, posts__institution__code="LXY"),
        ],
        "accounts:person": [one(User, posts__institution__code="LXZ"), one(User, posts__institution__code="LXY")],
        "accounts:password_link": [
            one(User, posts__institution__code="LXZ"),
            one(User, posts__institution__code="LXY"),
        ],
        **evidence_sources(),
        "accounts:delegate": [one(Post, **mine), one(Post, **theirs)],
        "accounts:end_post": [one(Post, **mine), one(Post, **theirs)],
        "audit": [one(Alarm), None],
        "documents": [one(StoredFile, **mine), one(StoredFile, **theirs)],
        "referrals:team": [one(MDTTeam, **mine), one(MDTTeam, **theirs)],
        # Nobody has typed a draft or called a discussion in the demo: their own tests open these.
        **{f"referrals:{name}": [None, None] for name in DISCUSSED},
        "referrals": [one(Referral, **mine), one(Referral, **theirs)],
        "reports_api": [one(Report, **mine), one(Report, **theirs)],
        "supervision:finding": [one(Finding, **mine), one(Finding, **theirs)],
        "reports": [one(Report, **mine), one(Report, **theirs)],
        "bills": [one(Reconciliation, **mine), one(Reconciliation, **theirs)],
        "bills_api": [one(Reconciliation, **mine), one(Reconciliation, **theirs)],
        **{
            f"bills:{name}": [one(StatementDifference, **mine), one(StatementDifference, **theirs)]
            for name in ("difference", "evidence")
        },
        "supervision": [one(LedgerImport), None],
        "supervision:alert": [one(Alert, **mine), one(Alert, **theirs)],
        **{
            f"supervision_api:{name}": [one(Alert, **mine), one(Alert, **theirs)]
            for name in ("alert", "alert_explain", "alert_review")
        },
        "vendors:laboratory": [one(Laboratory), None],
        **{
            name: [admissions["LXZ"], admissions["LXY"]]
            for name in ("vendors:admission", "vendors_api:admission", "vendors_api:admission_step")
        },
        **{name: [one(Contract, **mine), one(Contract, **theirs)] for name in CONTRACTS},
        "vendors:publish": [one(Price, **mine), one(Price, **theirs)],
        **price_changes(),
        **posting_places(),
        **money_objects.made(),
        "catalog:capability": [one(InHouseCapability, **mine), one(InHouseCapability, **theirs)],
        "catalog_api:capability_step": [one(InHouseCapability, **mine), one(InHouseCapability, **theirs)],
        "catalog:person": [one(User, posts__institution__code="LXZ"), one(User, posts__institution__code="LXY")],
        "catalog_api:authority_step": [one(RequestAuthority, **mine), one(RequestAuthority, **theirs)],
        "catalog:rule_edition": [one(RuleEdition), None],
        "catalog:edit_rule": [None, None],
        **catalog_editions(),
        "catalog_api": [one(Indication), None],
        **{f"catalog_api:{name}": [one(RuleEdition), None] for name in ("rule_edition", "rule_step", "put_rule")},
        "vendors_api": [one(Laboratory), None],
        "consent": [one(Referral, **mine), one(Referral, **theirs)],
        "consent_api": [one(Referral, **mine), one(Referral, **theirs)],
        "referrals_api": [one(Referral, **mine), one(Referral, **theirs)],
        "referrals_api:patient": [one(Patient, **mine), one(Patient, **theirs)],
        "supervision_api:finding": [one(Finding, **mine), one(Finding, **theirs)],
        "supervision_api": [one(LedgerImport), None],
        **{
            f"referrals_api:{name}": [one(MDTTeam, **mine), one(MDTTeam, **theirs)]
            for name in ("team", "end_team", "seats")
        },
        **{
            f"referrals_api:{name}": [one(Study, **mine), one(Study, **theirs)]
            for name in ("study", "study_dates", "ethics")
        },
        "accounts_api:end_post": [one(Post, **mine), one(Post, **theirs)],
        "audit_api": [one(Alarm), None],
        "vendors_api:publish": [one(Price, **mine), one(Price, **theirs)],
        # Nobody has filed a result, packed a batch, signed or made a key here: their own tests open these.
        **{name: [None, None] for name in MADE_BY_OTHERS},
        "catalog": [one(Indication), None],
    }


def argument(objects, name, names, foreign=False):
    """The keyword arguments for an address, or None when there is no such object here."""
    if not names:
        return {}
    fixed = {
        "desk:blank_form": {"code": "requisition"},
        "policy:clause": {"code": "B5"},
        "policy:document": {"code": "B"},
        "policy_api:clause": {"code": "B5"},
        "policy_api:statement": {"code": "B42"},
        "policy_api:dates": {"code": "L01"},
        "policy_api:supersede": {"code": "L01"},
        "policy_api:year": {"year": 2026},
        "vendors:public_prices": {"code": "LXZ"},
        **{
            f"vendors:{name}": {"code": "LXZ", "board": "prices"}
            for name in ("board", "board_poster", "board_screen", "board_embed", "board_data")
        },
        **{
            f"vendors:{name}": {"code": "LXZ", "board": "prices", "number": 1}
            for name in ("publication", "publication_content")
        },
    }
    if name in fixed:
        return None if foreign else fixed[name]
    pair = objects.get(name) or objects.get(name.split(":")[0])
    assert pair, f"{name} takes {names}: say in OBJECTS what to try it with"
    found = pair[1 if foreign else 0]
    if found is None:
        return None
    values = {"pk": found.pk, "number": getattr(found, "number", ""), "code": getattr(found, "code", "")}
    values["record_no"] = getattr(found, "record_no", "")
    return {key: values[key] for key in names if key in values} if set(names) <= set(values) else None


@pytest.fixture
def signed_in(county):
    """A client signed in as a person of LXZ (or the bureau) who works in one post of the role."""

    def sign_in(role: str) -> Client | None:
        post = (
            Post.objects.filter(role_id=role, institution__code__in=["LXZ", "LXW"]).order_by("-user__is_demo").first()
        )
        if post is None:
            return None
        client = Client(raise_request_exception=True)
        client.force_login(post.user, backend="django.contrib.auth.backends.ModelBackend")
        session = client.session
        session["post"] = post.pk
        session.save()
        return client

    return sign_in


# Words that are the same in Chinese pages: units, standards, file types, the product's own codes.
ALLOWED = re.compile(
    r"MDT|NGS|PCR|ARMS|FISH|IHC|DNA|RNA|XLSX|PDF|CSV|JSON|ICD|QR|UTC|ctDNA|FFPE|EQA|HIS|OA|GCP|CSCO|NCCN|"
    r"SHA|Merkle|Ed25519|Mingjian|English|Enter|Esc|Tab|Ctrl|Shift|API"
)


def english(html: str) -> list[str]:
    """Three English words in a row are a sentence that nobody translated."""
    text = re.sub(r"<(script|style|code|title|pre)\b.*?</\1>|<!--.*?-->|<[^>]+>", "\n", html, flags=re.S)
    found = re.findall(r"[A-Za-z][A-Za-z']+(?: [A-Za-z'&;]+){2,}", text)
    return [sentence for sentence in found if not ALLOWED.search(sentence)]


@pytest.fixture
def no_ink(monkeypatch):
    """Papers are made elsewhere in earnest; here it is asked who may have them. What they say is kept."""
    from documents import pdf

    said = []

    def make(html, **_how):
        said.append(html)
        return pdf.Paper(b"%PDF-1.7\n", 1)

    monkeypatch.setattr(pdf, "make", make)
    return said


@pytest.mark.parametrize("role", [f"R{n:02d}" for n in range(1, 26)])
def test_each_role_opens_what_its_permissions_open_and_nothing_else_in_chinese(role, objects, signed_in, no_ink):
    client = signed_in(role)
    if client is None:
        pytest.skip("nobody holds this role in the demo county")
    permissions = Role.objects.get(code=role).permissions
    wrong, untranslated = [], []
    for name, names, view in addresses():
        arguments = argument(objects, name, names)
        # What anybody reads is the same for each role.
        if arguments is None or (getattr(view, "public", False) and role != "R01"):
            continue
        answer = client.get(reverse(name, kwargs=arguments))
        permission = getattr(view, "permission", None) or getattr(getattr(view, "cls", None), "permission", None)
        if answer.status_code >= 500:
            wrong.append((name, answer.status_code))
        elif permission and permission not in permissions and answer.status_code not in (403, 404, 405):
            wrong.append((name, permission, answer.status_code))
        elif permission in permissions and answer.status_code == 403 and name not in NARROWER:
            wrong.append((name, permission, 403))
        is_page = "text/html" in answer.headers.get("Content-Type", "") and not name.startswith("api")
        if is_page and answer.status_code == 200 and name != "desk:styleguide":
            untranslated += [(name, said) for said in english(answer.content.decode())]

    assert wrong == []
    assert untranslated == []
    assert [said for html in no_ink for said in english(html)] == []


@pytest.mark.parametrize("role", ["R01", "R10", "R17", "R19", "R23"])
def test_objects_of_another_hospital_do_not_exist(role, objects, signed_in):
    client = signed_in(role)
    seen = []
    for name, names, _view in addresses():
        arguments = argument(objects, name, names, foreign=True) if names else None
        if not arguments:
            continue
        for method in (client.get, client.post):
            answer = method(reverse(name, kwargs=arguments))
            if answer.status_code not in (403, 404, 405):
                seen.append((name, method.__name__, answer.status_code))

    assert seen == []


def test_without_signing_in_only_public_pages_open(objects):
    client = Client()
    opened = []
    for name, names, view in addresses():
        arguments = argument(objects, name, names)
        if arguments is None or getattr(view, "public", False):
            continue
        answer = client.get(reverse(name, kwargs=arguments))
        redirected = answer.status_code == 302 and reverse("accounts:login") in answer.headers["Location"]
        if not redirected and answer.status_code not in (401, 403, 405):
            opened.append((name, answer.status_code))

    assert opened == []
