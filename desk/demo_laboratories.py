"""Laboratories of the demo hospital on their way: one applies with a foreign payee, one is under assessment, one is
restricted, one admitted with its purchase and a contract under legal check. What they hold lapses in 7, 30 and 90 days.
Everything is invented and goes through the same actions as real papers, each by the post whose act it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from html import escape
from typing import Any

from django.utils import timezone

from accounts.models import User
from audit import declaring
from catalog.models import GeneTest
from desk.demo_pathway import HOSPITAL, staff
from documents import files, pdf
from vendors import checks, contracting
from vendors.actions import admissions, laboratories, procurements, standing
from vendors.models import Admission, Laboratory

AFFAIRS, BUYER, LAWYER, LEADER = ("LXZ030", "R10"), ("LXZ906", "R13"), ("LXZ918", "R14"), ("LXZ910", "R23")
PANEL = (("LXZ028", "R05"), ("LXZ901", "R02"), ("LXZ903", "R09"), ("LXZ905", "R12"))
VISITORS = ("LXZ028", "LXZ901")
GROUNDS = (
    "分子病理分区与质控记录齐全", "报告内容满足临床用药需要", "检测范围覆盖院内用药目录", "报价与开票、收款主体一致",
)  # fmt: skip
# The words legal found in the contract's text so far; the other clauses are still to be looked for.
TICKED = 12


@dataclass(frozen=True)
class Invented:
    """One laboratory and how far it has come: applied, assessing, admitted, restricted."""

    code: str
    name: str
    uscc: str
    licence_no: str
    tests: tuple[str, ...]
    goes_to: str
    kind: str = "laboratory"
    payee: str = ""
    # Days from today on which the licence, the technical audit and the biosafety filing lapse.
    lapses: tuple[int, int, int] = (700, 640, 580)


INVENTED = (
    Invented(
        "L04", "丁医学检验实验室", "91350100MA3XYF0X1P", "PDY000044350100D15101A",
        ("GT-LUNG-14", "GT-LUNG-12", "GT-OVA-02", "GT-BIL-01"), "admitted", lapses=(88, 27, 6),
    ),
    Invented(
        "L05", "戊病理诊断中心", "91350200MA3YUF0A2P", "PDY000055350200D15101B", ("GT-GLI-02", "GT-HEM-16"),
        "restricted", kind="pathology", lapses=(540, 25, 400),
    ),
    Invented("L06", "己医学检验实验室", "91350500MA31WF0C5F", "PDY000066350500D15101C", ("GT-LUNG-07", "GT-PANT-01"), "assessing"),
    Invented(
        "L07", "庚医学检验实验室", "91350600MA32QF0D7F", "PDY000077350600D15101D", ("GT-BRE-02",), "applied",
        payee="庚基因科技有限公司",
    ),
)  # fmt: skip


def load(*, say: Callable[[str], None] = lambda line: None) -> None:
    """Load what is missing; a second call changes nothing."""
    with declaring.acting(User.objects.machine(), step="demo.looked_up"):
        known = set(Laboratory.objects.values_list("code", flat=True))
    due = [one for one in INVENTED if one.code not in known]
    if not due:
        return
    say(f"办理演示机构准入{len(due)}家……")
    for one in due:
        _walk(one)
    say("演示机构准入已办理")


@contextmanager
def _as(who: tuple[str, str]) -> Iterator[User]:
    """Somebody in their post, who is named in the trail."""
    by = staff(*who)
    with declaring.acting(by, step="demo.loaded"):
        yield by


def _on(days: int) -> date:
    return timezone.localdate() + timedelta(days=days)


@cache
def _paper(title: str, *lines: str) -> files.Upload:
    body = "".join(f"<p>{escape(line)}</p>" for line in ("（演示，内容均为虚构）", *lines))
    made = pdf.make(f"<html lang='zh-CN'><title>{title}</title><body><h1>{title}</h1>{body}</body></html>")
    return files.check(made.content, kinds=(files.PDF,), name=f"{title}.pdf")


def _walk(one: Invented) -> None:
    with _as(AFFAIRS) as by:
        laboratory = laboratories.register(
            code=one.code, name=one.name, uscc=one.uscc, kind=one.kind, licence_no=one.licence_no,
            subjects=["molecular", "pathology"], foreign_controlled=False, in_mainland=True, by=by,
        )  # fmt: skip
        tests = list(GeneTest.objects.filter(code__in=one.tests))
        names = dict.fromkeys(["licence_holder", "contract_party", "invoice_issuer"], one.name)
        admission = admissions.apply(
            laboratory=laboratory, tests=tests, route="third_party", payee=one.payee or one.name,
            route_reason="本院与医联体成员单位均未开展，委托第三方机构检测", by=by, **names,
        )  # fmt: skip
        _papers(admission, one, by)
    if one.goes_to == "applied":
        return
    _gathered(admission)
    if one.goes_to == "assessing":
        _half_scored(admission)
        return
    _scored(admission, PANEL[:3], (92, 88, 90))
    with _as(LEADER) as by:
        standing.conclude(admission=admission, decision="admit", conclusion="十八项核查符合要求，同意准入。", by=by)
    with _as(AFFAIRS) as by:
        for test in tests:
            laboratories.record_round(
                laboratory=laboratory, test=test, organiser="国家卫生健康委临床检验中心", name="第一次", passed=True,
                held_on=_on(-120), valid_to=_on(60), file=_paper("室间质评结果报告"), by=by,
            )  # fmt: skip
        if one.goes_to == "restricted":
            reason = "淋巴瘤FISH项目报告两次超期，整改前暂不外送"
            standing.restrict(admission=admission, tests=tests[:1], reason=reason, by=by)
    if one.goes_to == "admitted":
        _bought(laboratory, tests)


def _papers(admission: Admission, one: Invented, by: User) -> None:
    """All eighteen findings; of an application just come in the first six."""
    lapses = dict(zip(("Q01", "Q03", "Q11"), one.lapses, strict=True))
    codes = list(checks.all_checks())
    for code in codes[:6] if one.goes_to == "applied" else codes:
        check = checks.all_checks()[code]
        number = "国械注准20183400507" if code == "Q08" else f"{one.code}-{code}-2026"
        given: dict[str, Any] = {"verdict": "met", "number": number, "valid_from": _on(-300)}
        if code == "Q07":
            given = {"verdict": "na", "note": "未取得，仅供参考"}
        elif code == "Q14" and one.goes_to == "assessing":
            given = {"verdict": "rectify", "note": "等级保护三级备案办理中，限期补交", "valid_to": _on(60)}
        elif "file" in check.needs or "valid_to" in check.needs:
            given |= {"valid_to": _on(lapses.get(code, 500)), "file": _paper(check.title)}
        admissions.record_paper(admission=admission, check=code, by=by, **given)


def _gathered(admission: Admission) -> None:
    """Panel, visit, assessment opened."""
    with _as(AFFAIRS) as by:
        size = len(PANEL) if admission.laboratory.code == "L06" else 3
        for username, _role in PANEL[:size]:
            admissions.name_member(admission=admission, user=User.objects.get(username=username), by=by)
        admissions.record_visit(
            admission=admission, visited_on=_on(-9), place="机构检测场所（演示地址）", passed=True, by=by,
            visitors=list(User.objects.filter(username__in=VISITORS)), file=_paper("现场考察记录"),
            findings="分区与气流合规，质控记录齐全；抽查10份报告，签发人均为执业医师。",
        )  # fmt: skip
        admissions.open_assessment(admission=admission, by=by)


def _scored(admission: Admission, panel: tuple[tuple[str, str], ...], marks: tuple[int, ...]) -> None:
    for who, mark, grounds in zip(panel, marks, GROUNDS, strict=False):
        with _as(who) as by:
            admissions.declare_interest(admission=admission, is_tied=False, interest="", by=by)
            admissions.score(admission=admission, score=mark, opinion=grounds, by=by)


def _half_scored(admission: Admission) -> None:
    """One has scored, one has a tie, one declared only, one is still to declare."""
    _scored(admission, PANEL[:1], (86,))
    with _as(PANEL[1]) as by:
        admissions.declare_interest(admission=admission, is_tied=True, interest="近两年在该机构兼职讲课", by=by)
    with _as(PANEL[2]) as by:
        admissions.declare_interest(admission=admission, is_tied=False, interest="", by=by)


def _bought(laboratory: Laboratory, tests: list[GeneTest]) -> None:
    """The purchase, and its contract half checked by legal."""
    prefix = f"{HOSPITAL}-{timezone.localdate():%Y}"
    with _as(BUYER) as by:
        bought = procurements.record_procurement(
            laboratory=laboratory, number=f"{prefix}-CG-04", subject="肿瘤基因检测外送服务", method="consultation",
            notice="福建省政府采购网 示例公告", noticed_on=_on(-40), award_no=f"{prefix}-CJ-04", awarded_on=_on(-12),
            budget=Decimal(600000), amount=Decimal(486000), file=_paper("竞争性磋商文件"), by=by,
            bids=[f"{laboratory.name}｜486000元", "辛医学检验实验室｜512000元", "壬医学检验实验室｜530000元"],
        )  # fmt: skip
        clauses = [f"{row['title']}：{row['look_at']}。" for row in contracting.clauses().values()]
        draft = procurements.draft_contract(
            laboratory=laboratory, number=f"{prefix}-HT-04", party=laboratory.name, invoice_issuer=laboratory.name,
            payee=laboratory.name, valid_from=_on(0), valid_to=_on(364), procurement=bought,
            file=_paper("委托检测服务合同", *clauses), by=by,
        )  # fmt: skip
        for place, test in enumerate(tests):
            price = Decimal(1500 + 200 * place)
            procurements.put_item(draft=draft, test=test, settlement_price=price, turnaround_days=7 + place, by=by)
        procurements.submit(draft=draft, by=by)
    with _as(LAWYER) as by:
        for place, (code, row) in enumerate(list(contracting.clauses().items())[:TICKED]):
            procurements.tick(draft=draft, clause=code, page=1 + place // 4, quote=row["look_at"], by=by)
