"""Live cases of the demo hospital, one or two at every station, so that each post's lists show work to do.

Every one goes the same way as a real case: through the actions, by the demo staff whose step it is, past the same
gates. Patients, findings and reports are invented.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.models import User
from audit import declaring
from catalog.queries import indication_in_force
from consent import actions as consent
from consent import queries as telling
from consent.signing import Choices, Signature, Signer
from consent.wording.paying import needs_self_pay_notice
from documents import files, pdf
from documents.spreadsheets import check_table
from referrals import barcodes
from referrals.actions import (
    approving,
    charge_imports,
    charging,
    deferring,
    deliberations,
    filing,
    receipts,
    requests,
    results,
    shipping,
    specimens,
)
from referrals.models import Deliberation, MDTTeam, Referral, Specimen, Status
from referrals.models import Patient as Records
from vendors.models import Laboratory

HOSPITAL = "LXZ"
EXPERTS = ("LXZ001", "LXZ007", "LXZ010", "LXZ028", "LXZ913")
WORD = ("进展风险高，一线方案取决于结果", "费用在公示价内，患者可承受", "Ⅰ级推荐，1类证据")
STEPS = (
    "called", "opinions", "agreed", "signed", "approved", "charged", "sampled", "assessed", "shipped", "received",
    "reported", "reviewed", "told", "filed",
)  # fmt: skip


@dataclass(frozen=True)
class Patient:
    """One invented patient and what is asked for: the catalog's line, and how far the case goes."""

    name: str
    sex: str
    born: int
    line: str
    diagnosis: str
    pathology: str
    stage: str
    goes_to: str = ""
    days_ago: int = 3
    first_visit: bool | None = None
    urgent: bool = False
    ends: str = ""
    pays: str = "receipt"


CASES = (
    Patient("林晓岚", "female", 1964, "LUNG-01", "C34.1", "肺腺癌", "cT2N2M1b", days_ago=2, urgent=True),
    Patient("阿卜杜热西提·买买提依明江·吐尔逊", "male", 1957, "LUNG-03", "C34.3", "肺腺癌", "ⅣB期", "called", 2),
    Patient("陈桂香", "female", 1955, "LUNG-02", "C34.1", "肺腺癌", "cT4N3M1c", "opinions", 3),
    Patient("吴建国", "male", 1961, "BIL-01", "C22.1", "小胆管型肝内胆管癌", "ⅢB期", "opinions", 5, ends="more_information"),
    Patient("郑美玲", "female", 1970, "LUNG-03", "C34.1", "肺腺癌", "ⅣA期", "opinions", 6, ends="change_test"),
    Patient("黄国栋", "male", 1949, "LUNG-01", "C34.9", "肺腺癌", "ⅣB期", "opinions", 8, ends="disagree"),
    Patient("林秀英", "female", 1958, "LUNG-01", "C34.1", "肺腺癌", "ⅢC期", "agreed", 4),
    Patient("刘永福", "male", 1952, "BIL-01", "C22.1", "小胆管型肝内胆管癌", "Ⅳ期", "agreed", 5, urgent=True),
    Patient("张丽华", "female", 1967, "BIL-01", "C22.1", "小胆管型肝内胆管癌", "Ⅳ期", "agreed", 9, ends="refused"),
    Patient("蔡文彬", "male", 1963, "BIL-01", "C22.1", "小胆管型肝内胆管癌", "Ⅳ期", "signed", 6, False),
    Patient("许淑珍", "female", 1960, "BIL-01", "C22.1", "小胆管型肝内胆管癌", "Ⅳ期", "approved", 7, False),
    Patient("王志强", "male", 1956, "LUNG-01", "C34.1", "肺腺癌", "Ⅳ期", "signed", 2, False),
    Patient("罗金凤", "female", 1962, "LUNG-01", "C34.1", "肺腺癌", "ⅣA期", "charged", 2, False, pays="green_channel"),
    Patient("谢德明", "male", 1959, "LUNG-01", "C34.3", "肺腺癌", "ⅢB期", "sampled", 3, False),
    Patient("何玉兰", "female", 1954, "LUNG-01", "C34.1", "肺腺癌", "ⅣA期", "assessed", 4, False),
    Patient("高俊杰", "male", 1966, "BIL-01", "C22.1", "小胆管型肝内胆管癌", "Ⅳ期", "sampled", 8, False, ends="unfit"),
    Patient("孙月娥", "female", 1953, "BIL-01", "C22.1", "小胆管型肝内胆管癌", "Ⅳ期", "assessed", 6, False),
    Patient("邓海峰", "male", 1965, "BIL-01", "C22.1", "小胆管型肝内胆管癌", "ⅢB期", "assessed", 6, False),
    Patient("叶春梅", "female", 1968, "BIL-01", "C22.1", "小胆管型肝内胆管癌", "Ⅳ期", "shipped", 8, False),
    Patient("赖振声", "male", 1951, "BIL-01", "C22.1", "小胆管型肝内胆管癌", "Ⅳ期", "shipped", 8, False),
    Patient("江水仙", "female", 1957, "BIL-01", "C22.1", "小胆管型肝内胆管癌", "Ⅳ期", "received", 11, False),
    Patient("范志远", "male", 1960, "LUNG-01", "C34.1", "肺腺癌", "Ⅳ期", "reported", 6, False),
    Patient("魏素芬", "female", 1963, "LUNG-01", "C34.1", "肺腺癌", "ⅣA期", "reviewed", 7, False),
    Patient("钟立明", "male", 1958, "LUNG-01", "C34.1", "肺腺癌", "ⅣB期", "told", 8, False),
    Patient("余彩霞", "female", 1956, "BIL-01", "C22.1", "小胆管型肝内胆管癌", "Ⅳ期", "filed", 20),
    Patient("石广生", "male", 1962, "LUNG-01", "C34.1", "肺腺癌", "Ⅳ期", "charged", 3, False, ends="withdrawn"),
)  # fmt: skip


def load(*, say: Callable[[str], None] = lambda line: None) -> None:
    """Load what is missing; a second call changes nothing."""
    with declaring.acting(User.objects.machine(), step="demo.looked_up"):
        mine = Records.objects.filter(institution__code=HOSPITAL, record_no__startswith="YS")
        known = set(mine.values_list("record_no", flat=True))
    rows = [(f"YS{place:05}", one) for place, one in enumerate(CASES, start=1)]
    due = [(number, one) for number, one in rows if number not in known]
    if not due:
        return
    say(f"办理演示申请{len(due)}例……")
    on_the_road = []
    for number, one in due:
        walk = Walk(one, number)
        with declaring.acting(User.objects.machine(), step="demo.loaded"):
            walk.go()
        if one.goes_to == "shipped":
            on_the_road.append(walk.case)
    if on_the_road:
        _leave_together(on_the_road)
    _charges_of_his()
    say("演示申请已办理")


def _charges_of_his() -> None:
    """A day's file of HIS, looked through and not confirmed yet: one fee due, one charged off the books."""
    cashier = staff("LXZ905", "R12")
    with declaring.acting(cashier, step="demo.loaded", institutions=cashier.institution_ids):
        due = Referral.objects.filter(institution__code=HOSPITAL, status=Status.AWAITING_CHARGE).order_by("pk").first()
        price = charging.price_today(due) if due else None
        if due is None or price is None:
            return
        rows = [
            ("申请号", "病案号", "结算号", "项目编码", "金额", "类别"),
            (due.number, "", "JS8800001", price.item_code, price.amount, "门诊"),
            ("", "ZY778812", "JS8800002", price.item_code, price.amount, "门诊"),
            ("", "ZY778813", "JS8800003", "110200001", "15.00", "门诊"),
        ]
        table = "\n".join(",".join(str(cell) for cell in row) for row in rows).encode()
        charge_imports.give_in(upload=check_table(table, name="HIS收费明细.csv"), by=cashier)
    charge_imports.work_next()


def _leave_together(cases: list[Referral]) -> None:
    """One batch of several specimens, on the road."""
    carrier = staff("LXZ029", "R08")
    with declaring.acting(carrier, step="demo.loaded"):
        batch = shipping.pack(referrals=cases, laboratory=_laboratory(cases[0]), by=carrier)
        shipping.hand_over(
            batch=batch, by=carrier, carrier="顺丰医药冷链", waybill="SF1411220000137", **_at_hand_over(batch, "07")
        )


def _at_hand_over(batch: Any, number: str) -> dict[str, Any]:
    """What is scanned and read as a box leaves."""
    codes = [barcodes.code_of(one) for one in batch.specimens.select_related("referral")]
    mild = Decimal("19.6") if batch.celsius_low is None else (batch.celsius_low + batch.celsius_high) / 2
    return {
        "scanned": codes, "courier": "丁志远", "courier_no": f"SF0{number}381", "seal_no": f"FQ2026{number}15",
        "logger_no": f"T-{number}", "celsius": mild,
    }  # fmt: skip


def _laboratory(case: Referral) -> Laboratory:
    return Laboratory.objects.get(pk=case.laboratory_id or 0)


def staff(username: str, role: str) -> User:
    user = User.objects.get(username=username)
    return user.act_as(next(post for post in user.posts_now if post.role_id == role))


def drawn() -> list:
    """Strokes as the tablet sends them."""
    return [
        [[110 + 130 * s + 12 * i, 120 + 45 * (i % 2) + 50 * (s % 2), 20 * (s * 10 + i)] for i in range(7)]
        for s in range(3)
    ]  # fmt: skip


def working_hours(days_ago: int) -> Iterator[datetime]:
    """Moments of working days up to now, some two hours apart, as steps are taken."""
    now = timezone.now()
    moment = timezone.localtime(now).replace(hour=8, minute=37, second=0, microsecond=0) - timedelta(days=days_ago)
    while True:
        moment += timedelta(minutes=113)
        if moment.hour >= 18:
            moment = moment.replace(hour=8, minute=42) + timedelta(days=1)
        if moment >= now - timedelta(minutes=30):
            break
        yield moment
    while True:
        now = timezone.now()
        yield now


class Walk:
    """One case on its way, each step by whose step it is."""

    def __init__(self, patient: Patient, record_no: str):
        self.patient, self.record_no = patient, record_no
        self.times = working_hours(patient.days_ago)
        # A request graded MDT needs an associate chief physician (A23).
        self.doctor = staff("LXZ002" if patient.line == "BIL-01" else "LXZ003", "R01")
        self.case = Referral()
        self.table = Deliberation()

    def at(self) -> datetime:
        return next(self.times)

    def go(self) -> None:
        self.request()
        if self.patient.goes_to:
            steps = STEPS if self.case.status == Status.AWAITING_MDT else STEPS[STEPS.index("signed") :]
            for step in steps[: steps.index(self.patient.goes_to) + 1]:
                if step == "shipped" and self.patient.goes_to == "shipped":
                    break
                getattr(self, step)()
                self.case.refresh_from_db()
        if self.patient.ends:
            getattr(self, self.patient.ends)()

    def request(self) -> None:
        one = self.patient
        self.case = requests.submit(
            by=self.doctor,
            patient=requests.NewPatient(self.record_no, one.name, one.sex, one.born),
            diagnosis_code=one.diagnosis,
            indication=indication_in_force(one.line, self.team().institution, timezone.now()),
            pathology=one.pathology,
            stage=one.stage,
            first_visit=one.first_visit,
            first_visit_reason="" if one.first_visit is None else "外院已确诊并完成一线治疗，本次为进展后再评估",
            necessity="检测结果决定本线是否选用相应靶向药物",
            is_urgent=one.urgent,
            at=self.at(),
        )

    def team(self) -> MDTTeam:
        return MDTTeam.objects.get(institution__code=HOSPITAL)

    def held(self) -> Specimen:
        return self.case.specimens.latest("pk")

    # Deliberation

    def called(self) -> None:
        self.table = deliberations.call_mdt(
            referral=self.case, team=self.team(), by=staff("LXZ031", "R03"), at=self.at()
        )

    def opinions(self) -> None:
        risk, cost, evidence = WORD
        for place, expert in enumerate(EXPERTS):
            stance = (
                "disagree" if self.patient.ends == "disagree" or (place == 2 and not self.patient.ends) else "agree"
            )
            deliberations.give_opinion(
                deliberation=self.table, by=staff(expert, "R04"), stance=stance, risk=risk, cost=cost,
                evidence=evidence, note="一般情况差，建议先行化疗" if stance == "disagree" else "", at=self.at(),
            )  # fmt: skip

    def _conclude(self, conclusion: str, code: str, advice: str) -> None:
        table = Deliberation.objects.get(pk=self.table.pk)
        deliberations.conclude_mdt(
            deliberation=table, by=staff("LXZ001", "R04"), conclusion=conclusion, reason_code=code, advice=advice,
            at=self.at(),
        )  # fmt: skip

    def agreed(self) -> None:
        self._conclude("agree", "A1", "检出敏感突变者首选相应靶向药物")

    def more_information(self) -> None:
        self._conclude("more_information", "M2", "请补充胸腹部增强CT后再议")

    def change_test(self) -> None:
        self._conclude("change_test", "C4", "建议先做EGFR检测，阴性再议")

    def disagree(self) -> None:
        self._conclude("disagree", "D2", "疾病进展快，先行化疗，进展后再议")

    # Consent and money

    def _text(self) -> str:
        text, _facts = telling.text_now(self.case, timezone.now())
        return text.sha256

    def signed(self) -> None:
        consent.disclose(referral=self.case, by=self.doctor, shown=self._text(), at=self.at())
        self.case.refresh_from_db()
        given: dict[str, Any] = {
            "by": self.doctor,
            "signer": Signer(kind="patient", name=self.patient.name),
            "signature": Signature(strokes=drawn()),
        }
        choices = Choices(privacy=True, germline="not_know", leftover="return")
        made = consent.record_consent(referral=self.case, shown=self._text(), choices=choices, at=self.at(), **given)
        self.case.refresh_from_db()
        if needs_self_pay_notice(made.price):
            notice = consent.self_pay_text(self.case, timezone.now())
            consent.sign_self_pay_notice(referral=self.case, shown=notice.sha256, at=self.at(), **given)

    def approved(self) -> None:
        if self.case.status == Status.AWAITING_APPROVAL:
            approving.approve(referral=self.case, by=staff("LXZ030", "R10"), at=self.at())

    def charged(self) -> None:
        number, by = f"JS{timezone.localdate():%Y%m%d}{self.record_no[-3:]}", staff("LXZ905", "R12")
        if self.patient.pays == "receipt":
            charging.charge(referral=self.case, by=by, kind="receipt", receipt_no=number, at=self.at())
            return
        deferring.put_off(
            referral=self.case, by=staff("LXZ030", "R10"), kind=self.patient.pays, document=f"LS{number[2:]}",
            basis="急诊入院，家属正在筹款", at=self.at(),
        )  # fmt: skip
        charging.charge(referral=self.case, by=by, kind=self.patient.pays, at=self.at())

    # Specimen and road

    def sampled(self) -> None:
        code = barcodes.next_barcode(self.case)
        specimens.collect(
            referral=self.case, by=staff("LXZ902", "R07"), barcode=code, kind="FFPE组织", at=self.at()
        )  # fmt: skip

    def assessed(self) -> None:
        by = staff("LXZ028", "R05")
        specimens.assess(referral=self.case, by=by, is_fit=True, tumour_cell_percent=35, at=self.at())

    def unfit(self) -> None:
        by = staff("LXZ028", "R05")
        specimens.assess(
            referral=self.case, by=by, is_fit=False, tumour_cell_percent=8, reason="肿瘤细胞比例不足", at=self.at()
        )

    def shipped(self) -> None:
        if self.case.laboratory_id is None:
            return
        by = staff("LXZ029", "R08")
        batch = shipping.pack(referrals=[self.case], laboratory=_laboratory(self.case), by=by, at=self.at())
        shipping.hand_over(batch=batch, by=by, carrier="顺丰医药冷链", at=self.at(), **_at_hand_over(batch, "03"))

    def received(self) -> None:
        if self.case.laboratory_id:
            receipts.receive(referral=self.case, by=staff("LXZ029", "R08"), at=self.at())

    # Result and record

    def reported(self) -> None:
        outside = self.case.laboratory_id is not None
        at = self.at()
        results.record_result(
            referral=self.case,
            by=staff("LXZ029", "R08") if outside else staff("LXZ028", "R05"),
            barcode=self.held().barcode,
            reported_at=at,
            outcome="positive",
            report_no=f"BG{self.record_no[-5:]}",
            signed_out_by="检验所签发人" if outside else "郑生佳",
            findings="检出FGFR2::BICC1融合" if outside else "EGFR p.L858R，丰度31%",
            alterations=[{"gene": "FGFR2", "variant": "FGFR2::BICC1 融合"}]
            if outside
            else [{"gene": "EGFR", "variant": "p.L858R"}],
            pdf=self._report(),
            at=at,
        )

    def _report(self) -> files.Upload:
        paper = pdf.make(
            f"<html lang='zh-CN'><title>演示报告</title><body><h1>分子病理检测报告（演示）</h1><p>{self.case.number}</p></body></html>"
        )
        return files.check(paper.content, kinds=(files.PDF,), name="报告.pdf")

    def reviewed(self) -> None:
        results.review(referral=self.case, by=staff("LXZ901", "R02"), note="与病理及临床相符", at=self.at())

    def told(self) -> None:
        results.tell(referral=self.case, by=self.doctor, at=self.at())

    def filed(self) -> None:
        filing.file_record(referral=self.case, by=staff("LXZ907", "R15"), at=self.at())

    # Ways out

    def refused(self) -> None:
        consent.refuse(referral=self.case, by=self.doctor, reason="患者本人不愿检测", at=self.at())

    def withdrawn(self) -> None:
        consent.withdraw(referral=self.case, by=self.doctor, reason="患者改变主意", at=self.at())
