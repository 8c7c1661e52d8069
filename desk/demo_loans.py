"""Loans of blocks in the demo hospital: one asked for, one lent, one back and complete, and one that the patient wishes
for a test elsewhere, which the discipline office sees. Through the actions, each by the post whose act it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from accounts.models import User
from audit import declaring
from desk.demo_pathway import HOSPITAL, staff
from referrals.actions import block_loans
from referrals.models import BlockLoan, Patient

DOCTOR, KEEPER, CHIEF = ("LXZ001", "R01"), ("LXZ028", "R05"), ("LXZ919", "R02")
ELSEWHERE = "省肿瘤医院病理科"
# Purpose, borrower, block, slides, why, and how far it goes.
LOANS = (
    ("consultation", "family", "B2026-0815-A1", 2, "腺癌分型有疑问，送上级医院病理会诊", "returned"),
    ("consultation", "family", "B2026-0931-B2", 4, "家属要求上级医院病理会诊", "lent"),
    ("consultation", "patient", "B2026-1002-A3", 1, "转诊前病理会诊", "requested"),
    ("test_elsewhere", "patient", "B2026-0978-A1", 10, "患者本人要求在外院另行检测", "requested"),
)


def load(*, say: Callable[[str], None] = lambda line: None) -> None:
    """Load what is missing; a second call changes nothing."""
    with declaring.acting(User.objects.machine(), step="demo.looked_up"):
        if BlockLoan.objects.filter(institution__code=HOSPITAL).exists():
            return
        found = Patient.objects.filter(institution__code=HOSPITAL, record_no__startswith="YS").order_by("record_no")
        patients = list(found[: len(LOANS)])
    for patient, one in zip(patients, LOANS, strict=False):
        _walk(patient, *one)
    say("演示蜡块借阅已办理")


@contextmanager
def _as(who: tuple[str, str]) -> Iterator[User]:
    by = staff(*who)
    with declaring.acting(by, step="demo.loaded"):
        yield by


def _walk(patient: Patient, purpose: str, borrower: str, block: str, slides: int, reason: str, goes_to: str) -> None:
    destination = ELSEWHERE if purpose == "consultation" else "辛医学检验实验室"
    with _as(DOCTOR) as by:
        loan = block_loans.request(
            patient=patient, by=by, purpose=purpose, borrower=borrower, destination=destination, reason=reason,
            blocks=block, block_count=1, slide_count=slides,
        )  # fmt: skip
    if goes_to == "requested":
        return
    with _as(CHIEF) as by:
        loan = block_loans.decide(
            loan=loan, by=by, approve=True, note="同一病例另存蜡块2块，余组织满足诊疗需要", remains_enough=True
        )
    with _as(KEEPER) as by:
        loan = block_loans.lend(
            loan=loan, by=by, borrower_name="（演示）家属", borrower_paper="002X", has_undertaking=True
        )
        if goes_to == "returned":
            block_loans.take_back(loan=loan, by=by, state="complete", blocks_back=1, slides_back=slides)
