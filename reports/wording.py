"""The report's sentences. Those made from figures are fixed; beside them stands what the office writes itself.

The document is Chinese by law (GB/T 9704—2012), and so are its words here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from documents.official import chinese_day
from documents.templatetags.formats import money
from reports import indicators
from reports.figures import Figures
from reports.indicators import Rate

NUMERALS = "一二三四五六七八九十"
DIFFERENCES = {
    "no_referral": "账单有、申请无",
    "billed_twice": "重复结算",
    "amount_differs": "结算金额与合同不符",
    "not_billed": "已签收、未入账单",
}


@dataclass(frozen=True)
class Section:
    """One numbered part of the body (§9): sentences from the figures, then the office's own paragraphs."""

    key: str
    heading: str
    counted: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    numeral: str = ""

    @property
    def is_empty(self) -> bool:
        return not self.counted and not self.written


HEADINGS = {
    "overview": "基本情况",
    "data": "数据概览",
    "catalog": "目录与分级执行",
    "laboratories": "第三方机构管理",
    "charges": "收费与公示",
    "rights": "患者权益",
    "supervision": "监督检查",
    "problems": "问题与整改",
    "results": "制度与成果",
    "next": "下步安排",
}
# What the office may write under, with the length it may have.
WRITTEN = ("preamble", *HEADINGS)
LONGEST = 4000


def title(figures: Figures) -> str:
    """With a line break where the long title turns, so that no word is cut."""
    return f"{figures.institution_name}关于{figures.span.label}\n肿瘤基因检测整治工作情况的报告"


def defaults(figures: Figures) -> dict[str, str]:
    """What a new report says until the office writes its own words."""
    found = sum(len(group.cases) for group in figures.findings)
    after = (
        f"对本期自查发现的{found}项问题逐例核实原因、落实责任、限期整改，整改情况在下一期报告中说明。"
        if found
        else "继续对照整治要求开展自查，发现问题及时整改。"
    )
    return {
        "preamble": f"按照整治肿瘤基因检测不规范问题工作要求，现将我院{figures.span.label}工作情况报告如下：",
        "next": after,
    }


def sections(figures: Figures, narrative: Mapping[str, str]) -> list[Section]:
    """The parts that say something, numbered; a part with neither figures nor words is left out."""
    counted = {
        "overview": (verdict(figures),),
        "data": _data(figures),
        "catalog": _catalog(figures),
        "laboratories": _laboratories(figures),
        "charges": _charges(figures),
        "rights": _rights(figures),
        "problems": _problems(figures),
    }
    found: list[Section] = []
    for key, heading in HEADINGS.items():
        section = Section(key, heading, counted.get(key, ()), paragraphs(narrative.get(key, "")))
        if not section.is_empty:
            numeral = NUMERALS[len(found)]
            found.append(Section(key, heading, section.counted, section.written, numeral))
    return found


def counted(figures: Figures) -> dict[str, tuple[str, ...]]:
    """The sentences made from figures, by part."""
    return {
        "overview": (verdict(figures),),
        "data": _data(figures),
        "catalog": _catalog(figures),
        "laboratories": _laboratories(figures),
        "charges": _charges(figures),
        "rights": _rights(figures),
        "problems": _problems(figures),
    }


def paragraphs(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def verdict(figures: Figures) -> str:
    """The one sentence a reader takes away (§0), in its fixed form."""
    catalog = figures.of_row(3)
    listed = (
        f"适应症目录（{catalog['edition']}）纳入{catalog['tumours']}个瘤种{catalog['tests']}项"
        if catalog
        else "尚无在用的适应症目录"
    )
    requests, outsourced = figures.of_row(7)["requests"], figures.of_row(11)
    told = "已报送未开展外送情况说明，" if figures.not_outsourcing else ""
    rates = "，".join(
        f"{indicators.registry()[code].name}{figures.rate(code)}" for code in ("K04", "K06", "K07", "K09")
    )
    return (
        f"截至{chinese_day(figures.span.end)}，{figures.institution_name}{told}{listed}，"
        f"本期检测申请{requests}例，院内检测{figures.of_row(10)}例，外送{outsourced}例，{rates}。"
        "外送管理办法的文号与印发日期尚未在系统登记。"
    )


def _change(now: int, before: int) -> str:
    if now == before:
        return "持平"
    return f"增加{now - before}例" if now > before else f"减少{before - now}例"


def _data(figures: Figures) -> tuple[str, ...]:
    row, before = figures.of_row(7), figures.of_row(7, "previous")
    tests = figures.of_row(10) + figures.of_row(11)
    tests_before = figures.of_row(10, "previous") + figures.of_row(11, "previous")
    year_before = figures.year_before["in_house"] + figures.year_before["outsourced"]
    unmet = [one for one in figures.indicators if one.current.missing]
    names = indicators.registry()
    said = (
        f"本期检测申请{row['requests']}例，其中初诊{row['first_visits']}例，较上期{_change(row['requests'], before['requests'])}。"
        f"完成检测{tests}例，其中院内{figures.of_row(10)}例、外送{figures.of_row(11)}例，"
        f"较上期{_change(tests, tests_before)}，较上年同期{_change(tests, year_before)}。"
    )
    if not unmet:
        return (said, "本期有病例的各项100%类指标均已达到。")
    listed = "；".join(
        f"{names[one.code].name}{one.current}，未达标{one.current.missing}例（{'、'.join(one.missing)}）"
        for one in unmet
    )
    return (said, f"100%类指标中未达标的有{len(unmet)}项：{listed}。")


def _missing(rate: Rate, none: str) -> str:
    return none if rate.is_whole else f"未达标{rate.missing}例"


def _catalog(figures: Figures) -> tuple[str, ...]:
    catalog = figures.of_row(3)
    first = (
        f"本期末在用目录为《{catalog['title']}》（{catalog['edition']}），{catalog['tumours']}个瘤种、"
        f"{catalog['indications']}条适应症、{catalog['tests']}个检测项目。"
        if catalog
        else "本期末无在用的适应症目录。"
    )
    mdt = figures.of_row(8)
    return (
        f"{first}目录内检测率{figures.rate('K03')}。",
        f"MDT讨论{mdt['discussed']}例，其中同意检测{mdt['agreed']}例、不同意检测{mdt['disagreed']}例；"
        f"初诊MDT率{figures.rate('K04')}。科室讨论{figures.of_row(9)}例；"
        f"无指南支持项目双要件率{figures.rate('K05')}。",
    )


def _laboratories(figures: Figures) -> tuple[str, ...]:
    contracts = figures.of_row(5)
    if not figures.laboratories:
        return ("本期末无有效外送合同，本期无外送。",)
    said = [
        f"本期末有合作第三方机构{contracts['laboratories']}家、有效合同{contracts['contracts']}份，"
        f"合同所列外送项目{figures.of_row(4)}项。"
    ]
    for one in figures.laboratories:
        ends = f"合同至{_said(one.contract_ends)}" if one.contract_ends else "期末无有效合同"
        papers = f"资质最早于{_said(one.credential_ends)}到期" if one.credential_ends else "期末无有效资质记录"
        lapsed = f"，其中资质、合同或项目不符仍外送{one.lapsed_shipments}例" if one.lapsed_shipments else ""
        said.append(f"{one.name}：本期外送{one.shipments}例{lapsed}；{ends}，{papers}。")
    return ("".join(said),)


def _said(iso: str) -> str:
    return chinese_day(date.fromisoformat(iso))


def _charges(figures: Figures) -> tuple[str, ...]:
    fees = figures.of_row(15)
    each = f"，次均{money(fees['per_case'])}元" if fees["per_case"] else ""
    wrong = next((len(group.cases) for group in figures.findings if group.gate == "X07"), 0)
    price = f"收费与公示价格不一致{wrong}例。" if wrong else "未发现收费与公示价格不一致。"
    return (
        f"本期由本院收费{fees['cases']}例，金额{money(fees['amount'])}元{each}。院内收费率{figures.rate('K07')}；"
        f"研究检测零收费率{figures.rate('K13')}。{price}",
    )


def _rights(figures: Figures) -> tuple[str, ...]:
    rate = figures.rate("K06")
    return (
        f"书面知情同意率{rate}，{_missing(rate, '本期采样病例均在采样前取得书面同意' if rate.denominator else '本期无采样病例')}。",
    )


def _problems(figures: Figures) -> tuple[str, ...]:
    count = sum(len(group.cases) for group in figures.findings)
    cases = len({one.number for group in figures.findings for one in group.cases})
    before = figures.of_row(19, "previous")["findings"]
    if count:
        listed = "；".join(f"{group.name}{len(group.cases)}例" for group in figures.findings)
        first = f"对照整治要求自查，本期发现问题{count}项，涉及{cases}例（上期{before}项）：{listed}。详见附件3。"
    else:
        first = "对照整治要求自查，本期未发现问题。"
    if not figures.differences:
        return (first, "第三方机构账单与本院申请核对，本期无差异。")
    kinds = {kind: sum(1 for one in figures.differences if one.kind == kind) for kind in DIFFERENCES}
    listed = "、".join(f"{DIFFERENCES[kind]}{number}笔" for kind, number in kinds.items() if number)
    return (first, f"第三方机构账单与本院申请核对，差异{len(figures.differences)}笔：{listed}。详见附件4。")
