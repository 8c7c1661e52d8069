"""Ledger workbooks for tests: the demo's workbook cut small, altered in a few words, and written out again."""

from __future__ import annotations

import csv
import io
import random
from collections import Counter
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Self

import openpyxl

ROOT = Path(__file__).resolve().parent.parent
WORKBOOK = ROOT / "supervision" / "data" / "hospital-ledger.xlsx"
KEY = ROOT / "tests" / "data" / "hospital-ledger.key.json"
CASES, BILLS = "检测台账", "第三方账单"
Row = dict[str, Any]


@cache
def original() -> dict[str, tuple[list[str], list[tuple]]]:
    book = openpyxl.load_workbook(WORKBOOK, read_only=True)
    found = {}
    for sheet in book:
        rows = list(sheet.iter_rows(values_only=True))
        found[sheet.title] = (list(rows[0]), rows[1:])
    return found


@cache
def grades() -> dict[str, str]:
    with (ROOT / "catalog" / "data" / "indications.csv").open(encoding="utf-8-sig") as file:
        return {row["id"]: row["grade"] for row in csv.DictReader(file)}


class Book:
    """A workbook as rows by heading: `book[CASES][0]["申请时间"] = "昨天"`."""

    def __init__(self) -> None:
        self.headings = {title: list(heads) for title, (heads, _rows) in original().items()}
        self.rows: dict[str, list[Row]] = {
            title: [dict(zip(heads, row, strict=True)) for row in rows] for title, (heads, rows) in original().items()
        }

    def __getitem__(self, title: str) -> list[Row]:
        return self.rows[title]

    @property
    def cases(self) -> list[Row]:
        return self.rows[CASES]

    def cut(self, count: int, *, institution: str = "", seed: int = 1) -> Self:
        """Keep `count` cases, of one institution if named, and of bills, prices and contract items what they need."""
        cases = [row for row in self.cases if institution in ("", row["机构代码"])]
        kept = random.Random(seed).sample(cases, count)
        kept.sort(key=lambda row: row["申请时间"])
        self.rows[CASES] = kept
        numbers = {row["申请单号"] for row in kept}
        self.rows[BILLS] = [row for row in self.rows[BILLS] if row["对方样本号"] in numbers]
        tests = {row["检测项目代码"] for row in kept}
        for title in ("价格", "合同项目"):
            self.rows[title] = [row for row in self.rows[title] if row["检测项目代码"] in tests]
        return self

    def only(self, institution: str) -> Self:
        """Keep only this institution's rows, on every sheet that names one."""
        for title, rows in self.rows.items():
            if "机构代码" in self.headings[title]:
                self.rows[title] = [row for row in rows if row["机构代码"] == institution]
        contracts = {row["合同编号"] for row in self.rows["合同"]}
        self.rows["合同项目"] = [row for row in self.rows["合同项目"] if row["合同编号"] in contracts]
        return self

    def case(self, **where: Any) -> Row:
        """The first case with these values; True asks only that there is one."""
        for row in self.cases:
            if all(bool(row[name]) is value if isinstance(value, bool) else row[name] == value
                   for name, value in where.items()):  # fmt: skip
                return row
        raise LookupError(where)

    def drop_heading(self, title: str, heading: str) -> Self:
        self.headings[title].remove(heading)
        return self

    def drop_sheet(self, title: str) -> Self:
        del self.rows[title]
        return self

    def content(self) -> bytes:
        book = openpyxl.Workbook(write_only=True)
        for title, rows in self.rows.items():
            sheet = book.create_sheet(title)
            sheet.append(self.headings[title])
            for row in rows:
                sheet.append([row.get(heading) for heading in self.headings[title]])
        target = io.BytesIO()
        book.save(target)
        return target.getvalue()

    def save(self, path: Path) -> Path:
        path.write_bytes(self.content())
        return path


# An independent judge: nothing but `data/README` and plain loops.


def naive_gates(book: Book) -> dict[str, list[str]]:
    found: dict[str, set[str]] = {}
    for row in book.cases:
        for code in naive_case(book, row):
            found.setdefault(code, set()).add(row["申请单号"])
    return {code: sorted(found[code]) for code in sorted(found)}


def naive_case(book: Book, row: Row) -> list[str]:
    sampled, charged, shipped = row["采样时间"], row["收费时间"], row["外送时间"]
    consented, mdt, research = row["知情同意时间"], row["MDT讨论时间"], row["检测性质"] == "研究"
    grade = grades().get(row["适应症编号"] or "")
    broken = []
    needs_mdt = row["是否初诊恶性肿瘤"] == "是" or grade == "需MDT"
    agreed = mdt is not None and row["MDT结论"] == "同意检测"
    if sampled and needs_mdt and not (agreed and mdt <= sampled):
        broken.append("X01")
    if not row["适应症编号"]:
        broken.append("X02")
    discussed = row["科室讨论时间"]
    if sampled and grade == "需科室讨论" and not (row["循证证据篇数"] and discussed and discussed <= sampled):
        broken.append("X03")
    acts = [at for at in (charged, sampled, shipped) if at]
    if (acts and (not consented or consented > min(acts))) or (
        acts and row["签署人"] != "本人" and not row["非本人签署原因"]
    ):
        broken.append("X05")
    if shipped and not (naive_papers(book, row, shipped) and naive_prices(book, row, shipped)):
        broken.append("X06")
    if charged and not research and not naive_published(book, row, charged):
        broken.append("X07")
    if shipped and not research and not (charged and charged <= shipped):
        broken.append("X08")
    if charged and research:
        broken.append("X09")
    if row["归档时间"] and "否" in (row["同意书已归档"], row["检查单已归档"], row["结果已归档"]):
        broken.append("X11")
    if row["申请医师工号"] in (row["MDT主持人工号"], row["审批人工号"]):
        broken.append("X14")
    return broken


def within(first: datetime, last: datetime | None, at: datetime) -> bool:
    return first.date() <= at.date() and (last is None or at.date() <= last.date())


def naive_papers(book: Book, row: Row, at: datetime) -> bool:
    kinds = {
        paper["证照种类"]
        for paper in book["资质证照"]
        if paper["第三方代码"] == row["第三方代码"] and within(paper["有效期起"], paper["有效期止"], at)
    }
    return {"医疗机构执业许可证", "临床基因扩增检验实验室技术审核合格证", "生物安全实验室备案"} <= kinds


def naive_prices(book: Book, row: Row, at: datetime) -> list[Any]:
    """Settlement prices of the contracts in force that list the test."""
    contracts = {
        one["合同编号"]
        for one in book["合同"]
        if one["机构代码"] == row["机构代码"]
        and one["第三方代码"] == row["第三方代码"]
        and within(one["生效日期"], one["终止日期"], at)
    }
    return [
        item["结算价（元）"]
        for item in book["合同项目"]
        if item["合同编号"] in contracts and item["检测项目代码"] == row["检测项目代码"]
    ]


def naive_published(book: Book, row: Row, at: datetime) -> bool:
    return any(
        price["机构代码"] == row["机构代码"]
        and price["检测项目代码"] == row["检测项目代码"]
        and within(price["执行日期"], price["停用日期"], at)
        and price["公示日期"] is not None
        and price["公示日期"].date() <= at.date()
        and price["价格（元）"] == row["收费金额（元）"]
        for price in book["价格"]
    )


def naive_statement(book: Book) -> dict[str, list[str]]:
    cases = {row["申请单号"]: row for row in book.cases}
    times = Counter(line["对方样本号"] for line in book[BILLS])
    no_referral = {number for number in times if number not in cases}
    differs = set()
    for line in book[BILLS]:
        row = cases.get(line["对方样本号"])
        prices = naive_prices(book, row, row["外送时间"]) if row and row["外送时间"] else []
        if prices and line["结算金额（元）"] not in prices:
            differs.add(line["对方样本号"])
    return {
        "no_referral": sorted(no_referral),
        "billed_twice": sorted(number for number, count in times.items() if count > 1),
        "amount_differs": sorted(differs),
        "not_billed": sorted(n for n, row in cases.items() if row["第三方签收时间"] and n not in times),
    }


# Breaking things at random.


def spoil(book: Book, seed: int) -> Book:
    """Alter most rows in one of the ways in which hospitals break the rules, or nearly."""
    chance = random.Random(seed)
    for row in book.cases:
        for ruin in chance.sample(RUINS, 2):
            ruin(row, chance)
    for price in chance.sample(book["价格"], 30):
        chance.choice(PRICE_RUINS)(price)
    for paper in chance.sample(book["资质证照"], 3):
        paper["有效期止"] = paper["有效期起"] + timedelta(days=chance.randint(800, 1500))
    for contract in chance.sample(book["合同"], 3):
        contract["终止日期"] = contract["生效日期"] + timedelta(days=chance.randint(60, 300))
    book.rows["合同项目"] = chance.sample(book["合同项目"], len(book["合同项目"]) * 9 // 10)
    spoil_bills(book, chance)
    return book


def spoil_bills(book: Book, chance: random.Random) -> None:
    lines = book[BILLS]
    for line in chance.sample(lines, min(8, len(lines))):
        line["结算金额（元）"] += 100
    lines += [dict(line) for line in chance.sample(lines, min(5, len(lines)))]
    lines += [{**line, "对方样本号": f"L09-{n}"} for n, line in enumerate(chance.sample(lines, 4))]
    book.rows[BILLS] = chance.sample(lines, len(lines) - 6)


def shift(name: str, onto: str) -> Any:
    """Move one time onto, just before or just after another."""

    def ruin(row: Row, chance: random.Random) -> None:
        if row[name] and row[onto]:
            row[name] = row[onto] + timedelta(minutes=chance.choice([-1, 0, 1, 5000]))

    return ruin


def blank(*names: str) -> Any:
    def ruin(row: Row, chance: random.Random) -> None:
        for name in names:
            row[name] = None

    return ruin


def put(name: str, value: Any, when: str) -> Any:
    def ruin(row: Row, chance: random.Random) -> None:
        if row[when]:
            row[name] = row.get(value, value)

    return ruin


RUINS = [
    blank("MDT讨论时间", "MDT结论", "MDT主持人工号"),
    blank("适应症编号"),
    blank("科室讨论时间"),
    blank("知情同意时间", "签署人", "非本人签署原因"),
    blank("收费时间", "收费金额（元）", "票据号"),
    blank("非本人签署原因"),
    shift("MDT讨论时间", "采样时间"),
    shift("科室讨论时间", "采样时间"),
    shift("知情同意时间", "收费时间"),
    shift("知情同意时间", "采样时间"),
    shift("收费时间", "外送时间"),
    put("MDT结论", "不同意检测", "MDT讨论时间"),
    put("循证证据篇数", 0, "申请单号"),
    put("循证证据篇数", 2, "申请单号"),
    put("签署人", "监护人", "知情同意时间"),
    put("收费金额（元）", 1, "收费时间"),
    put("检测性质", "研究", "申请单号"),
    put("同意书已归档", "否", "归档时间"),
    put("结果已归档", "否", "归档时间"),
    put("MDT主持人工号", "申请医师工号", "MDT讨论时间"),
    put("审批人工号", "申请医师工号", "外送审批时间"),
    put("是否初诊恶性肿瘤", "是", "申请单号"),
]  # fmt: skip


def _never_published(price: Row) -> None:
    price["公示日期"] = None


def _published_late(price: Row) -> None:
    price["公示日期"] = price["执行日期"] + timedelta(days=200)


def _ended_early(price: Row) -> None:
    price["停用日期"] = price["执行日期"] + timedelta(days=90)


PRICE_RUINS = [_never_published, _published_late, _ended_early]
