"""What may be corrected on a case, as data: which value, by whom, in which states, and where to go instead.

An ordinary mistake is mended while the old value stays in view. What would change the question a rule has answered
(the test, its nature, the study, the laboratory, a price) is no ordinary mistake and has ways of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Role, User
from documents.templatetags.formats import NONE, masked
from referrals import barcodes
from referrals.gates.words import link
from referrals.models import Correction, Identity, Patient, Referral, Result, Status
from vendors.models import Origin

REQUEST = "referrals.correct_referral"
# Medical affairs, who void wrong entries, mend any of them.
OFFICE = "referrals.void_referral"
SHUT = {Status.DRAFT, Status.CANCELLED, Status.VOIDED}
OPEN = frozenset(set(Status) - SHUT)
YES, NO = "yes", "no"
YES_NO = [(YES, pgettext_lazy("answer", "Yes")), (NO, pgettext_lazy("answer", "No"))]
NOT_OPEN = _("A draft, a cancelled request and a voided entry are not corrected.")


@dataclass(frozen=True)
class Correctable:
    """One value. `of` is the record it stands on; `permissions` are alternatives; outside `statuses` it is refused with
    `closed`, which says where to go."""

    name: str
    label: Any
    of: str = "referral"
    permissions: tuple[str, ...] = (REQUEST,)
    statuses: frozenset = OPEN
    closed: Any = NOT_OPEN
    kind: str = "text"  # text, area, choice, yes_no, number, staff (a person, by staff number)
    longest: int = 200
    least: int = 0
    most: int = 0
    required: bool = True
    choices: tuple = ()
    hidden: bool = False  # identity: only masked in view

    @property
    def column(self) -> str:
        return self.name.rpartition(".")[2]

    def row(self, referral: Referral) -> Any:
        """The record the value stands on: the one in force; None when there is none yet."""
        return ROWS[self.of](referral)

    def value(self, row: Any) -> str:
        """As stored, in text."""
        value = getattr(row, self.column)
        if value is None:
            return ""
        if isinstance(value, bool):
            return YES if value else NO
        return value.username if isinstance(value, User) else str(value)

    def shown(self, text: str) -> str:
        """In words for people."""
        if not text:
            return NONE
        if self.kind == "staff":
            known = User.objects.filter(username=text).first()
            return f"{known.name}（{text}）" if known else text
        options = YES_NO if self.kind == "yes_no" else self.choices
        return str(dict(options).get(text, text))

    def may(self, user: User, referral: Referral) -> bool:
        if self.hidden and not user.sees_identity:
            return False
        if not any(user.may(one, referral) for one in self.permissions):
            return False
        # A doctor corrects their own requests; who was only let in to see one does not.
        return user.scope != Role.Scope.OWN or user.is_machine or referral.requester_id in user.stands_for


def _current(referral: Referral) -> Result | None:
    return referral.results.filter(superseded_by__isnull=True).order_by("-pk").first()


def _unnamed(rows: Any, field: str) -> Any:
    """The last record of a ledger that does not say who."""
    return rows.filter(origin=Origin.LEDGER, **{f"{field}__isnull": True}).order_by("pk").last()


def _left_out(field: str) -> Callable[[Referral], Any]:
    """The case itself, where its ledger left this empty."""
    return lambda one: one if one.origin == Origin.LEDGER and getattr(one, field) is None else None


ROWS: dict[str, Callable[[Referral], Any]] = {
    "referral": lambda referral: referral,
    "requester": _left_out("requester"),
    "papers": _left_out("evidence_count"),
    "mdt": lambda referral: _unnamed(referral.mdt_reviews, "chair"),
    "approval": lambda referral: _unnamed(referral.approvals, "decided_by"),
    "patient": lambda referral: referral.patient,
    "identity": lambda referral: Identity.objects.filter(pk=referral.patient_id).first(),
    "specimen": barcodes.current,
    "charge": lambda referral: referral.charges.filter(reversed_at__isnull=True).order_by("-charged_at", "-pk").first(),
    "result": _current,
}
AS_REPORTED = _(
    "The report has been reviewed: what it says is changed by a corrected report, which is reviewed and told anew."
)
SPECIMEN = ("referrals.collect_specimen", "referrals.assess_specimen", OFFICE)
RESULT = ("referrals.record_result", OFFICE)

FIELDS: tuple[Correctable, ...] = (
    Correctable("diagnosis_code", _("Diagnosis (ICD-10)"), longest=20),
    Correctable("pathology", _("Histological type"), longest=120, required=False),
    Correctable("stage", _("Stage of the tumour"), longest=40, required=False),
    Correctable("first_visit", _("First visit for a malignancy"), kind="yes_no"),
    Correctable("first_visit_reason", _("Why a first visit, or why not")),
    Correctable("necessity", _("What the result will change in the treatment"), kind="area", longest=1000),
    Correctable("patient.sex", _("Sex"), "patient", kind="choice", choices=tuple(Patient.Sex.choices)),
    Correctable("patient.birth_year", _("Year of birth"), "patient", kind="number", least=1900, most=2100),
    Correctable("identity.name", _("Patient's name"), "identity", longest=60, hidden=True),
    Correctable("identity.id_number", _("ID number"), "identity", longest=30, hidden=True),
    Correctable("specimen.kind", _("Kind of specimen"), "specimen", SPECIMEN, longest=60),
    Correctable(
        "specimen.tumour_cell_percent", _("Tumour cells (%)"), "specimen", ("referrals.assess_specimen", OFFICE),
        kind="number", most=100, required=False,
    ),
    Correctable(
        "charge.receipt_no", _("Receipt or settlement number"), "charge", ("referrals.record_charge", OFFICE), longest=60
    ),
    Correctable("result.report_no", _("Report number"), "result", RESULT, longest=60),
    Correctable(
        "result.outcome", _("Result"), "result", RESULT, frozenset({Status.REPORTED}), AS_REPORTED, "choice",
        choices=tuple(Result.Outcome.choices),
    ),
    Correctable(
        "result.findings", _("Main findings"), "result", RESULT, frozenset({Status.REPORTED}), AS_REPORTED, "area",
        longest=500, required=False,
    ),
    # What a ledger may leave out and a rule asks for (X03, X14): filled in once, never changed.
    Correctable("requester", _("Requesting doctor"), "requester", (OFFICE,), kind="staff", longest=40),
    Correctable("mdt.chair", _("Chair of the MDT"), "mdt", (OFFICE,), kind="staff", longest=40),
    Correctable(
        "approval.decided_by", _("Approver of the outsourcing"), "approval", (OFFICE,), kind="staff", longest=40
    ),
    Correctable("evidence_count", _("Papers of evidence"), "papers", (OFFICE,), kind="number", most=200),
)  # fmt: skip
BY_NAME = {field.name: field for field in FIELDS}

# What is not mended here, and where it is: (what, sentence, name of the page).
ELSEWHERE = (
    (_("Test, indication, nature or study"), _(
        "Another test is another question to the rules: before sampling cancel the request and make a new one; when "
        "the MDT advised another test, change it there."
    ), "referrals:cancel"),
    (_("Clinical or research, after sampling"), _(
        "After sampling the nature of a test is not changed: what was taken as research is never charged (clause A49)."
    ), ""),
    (_("Laboratory, contract or price"), _(
        "They follow from the catalog, the contracts and the published prices; nobody types them into a case."
    ), ""),
    (_("Amount charged"), _("Refund the fee and charge it again."), "referrals:charge"),
    (_("The patient"), _(
        "A request on another patient's record is voided by medical affairs and made anew; two records of one patient "
        "are merged."
    ), ""),
)  # fmt: skip
# What other acts keep as corrections, in words.
OTHER_LABELS = {
    "indication": _("Test (on the MDT's advice)"),
    "supplement": _("Information added for the MDT"),
}


def may_correct(referral: Referral, user: User) -> bool:
    """Whether this person may correct anything of the case as it stands."""
    return any(field.may(user, referral) for field in FIELDS if referral.status in field.statuses)


@dataclass(frozen=True)
class Choice:
    """A value on the page of corrections: what stands, and whether this person may correct it now."""

    field: Correctable
    shown: str
    why_not: Any = ""


def choices(referral: Referral, user: User) -> list[Choice]:
    """The values this person may correct, with what stands; those shut in this state say why."""
    found = []
    for field in FIELDS:
        row = field.row(referral) if field.may(user, referral) else None
        if row is None:
            continue
        why_not = "" if referral.status in field.statuses else (NOT_OPEN if referral.status in SHUT else field.closed)
        found.append(Choice(field, in_view(field, row), why_not))
    return found


def in_view(field: Correctable, row: Any) -> str:
    if field.name == "identity.id_number":
        return _now("on record") if row.id_number is not None else NONE
    return masked(row.name) if field.hidden else field.shown(field.value(row))


def elsewhere(referral: Referral) -> list[tuple[Any, Any, str]]:
    return [(what, why, link(page, referral.pk) if page else "") for what, why, page in ELSEWHERE]


@dataclass(frozen=True)
class Shown:
    """One correction as the case page shows it."""

    label: Any
    before: str
    after: str
    reason: str
    at: Any
    who: str
    case: str = ""


def corrections(referral: Referral) -> list[Shown]:
    """The corrections of a case, oldest first, with those of the patient made on their other cases here."""
    found = (
        Correction.objects.filter(referral=referral)
        | Correction.objects.filter(referral__patient_id=referral.patient_id, field__startswith="patient.")
        | Correction.objects.filter(referral__patient_id=referral.patient_id, field__startswith="identity.")
    )
    rows = found.select_related("corrected_by", "referral").order_by("corrected_at", "pk")
    return [_shown(one, referral) for one in rows]


def _shown(one: Correction, referral: Referral) -> Shown:
    field = BY_NAME.get(one.field)
    label = field.label if field else OTHER_LABELS.get(one.field, one.field)
    words = field.shown if field else (lambda text: text or NONE)
    other = "" if one.referral_id == referral.pk else one.referral.number
    return Shown(label, words(one.before), words(one.after), one.reason, one.corrected_at, one.corrected_by.name, other)
