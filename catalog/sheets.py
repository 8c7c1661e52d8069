"""A sheet read into rows: the county's form of `reports.md` §6, the detailed sheet this program writes, or the
starter's own columns (`indications.csv`). Every row says everything that is wrong with it; nothing is written here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from catalog import checking, citing, grading, queries, rows
from catalog.columns import COLUMNS, GRADES
from catalog.models import Edition, GeneTest, Indication
from catalog.models.grading import CRITERIA
from catalog.papers import CODE, DETAILS, FORM, MARKS
from documents import files
from documents.spreadsheets import Row, Sheet, Workbook, as_text, open_csv, open_workbook

BLANK = {"", "—", "-", "/"}
# A county's own list seldom has these; what it does not say is taken to be this.
UNSAID = {
    "is_nucleic_acid_test": True, "germline": "否", "recommendation_confidence": "medium", "source_status": "K",
    "confidence": "medium", "evidence_class": "—", "turnaround_days": 10,
}  # fmt: skip
REVIEWED = "复核日期"
LIMITS: dict[str, int] = {
    one.name: int(one.max_length or 0) for one in Indication._meta.concrete_fields if getattr(one, "max_length", None)
}


@dataclass
class Problem:
    """What is wrong in which row and column. A doubt stops nothing."""

    row: int
    column: str
    message: str
    is_fault: bool = True

    def as_json(self) -> dict[str, Any]:
        return {"row": self.row, "column": self.column, "message": self.message, "is_fault": self.is_fault}


@dataclass
class Read:
    """What a sheet says: rows by code with the values they give, and the problems."""

    form: str = ""
    lines: list[dict[str, Any]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def faults(self) -> list[Problem]:
        return [one for one in self.problems if one.is_fault]


def read(content: bytes, edition: Edition) -> Read:
    """Read a workbook's or a CSV's rows for this draft. Raises BadUpload for what is no sheet at all."""
    book = open_workbook(content) if content.startswith((b"PK", files.OLE)) else open_csv(content)
    with book:
        try:
            kind, sheet = _sheet_of(book)
        except (KeyError, ValueError, OSError, SyntaxError, EOFError) as fault:
            raise files.BadUpload(_("The file is damaged and cannot be opened."), code="damaged") from fault
        if sheet is None:
            raise files.BadUpload(
                _("No sheet with the headings of the county's list (%(first)s …), of the detailed sheet or of the "
                  "starter library was found.") % {"first": "、".join(FORM[:3])},
                code="headings",
            )  # fmt: skip
        return _Reader(kind, edition).read(sheet)


def _sheet_of(book: Workbook) -> tuple[str, Sheet | None]:
    """The first sheet in one of the three forms; the detailed one before the county's form, which says less."""
    wanted: list[tuple[str, list[str], list[str]]] = [
        (
            "detailed",
            [name for key, name in DETAILS.items() if key in ("code", *rows.NECESSARY)],
            list(DETAILS.values()),
        ),
        ("starter", ["id", "tumor_zh", "genes_hgnc", "guideline"], list(COLUMNS)),
        ("county", list(FORM[:10]), [CODE, *FORM, MARKS, "发布机构", "年份", "文号", "周转时间（工作日）"]),
    ]
    for kind, needed, known in wanted:
        for title in book.titles:
            before = len(book.faults)
            sheet = book.sheet(title, needed, optional=[one for one in known if one not in needed])
            del book.faults[before:]
            if sheet is not None:
                return kind, sheet
    return "", None


class _Reader:
    """Reads one sheet for one draft; what the database knows is asked once."""

    def __init__(self, kind: str, edition: Edition):
        self.kind, self.found = kind, Read(kind)
        self.symbols = queries.gene_symbols()
        self.rules = grading.rules_on(edition.institution, timezone.now())
        self.register = citing.register_of(edition.institution_id)
        self.tests = set(GeneTest.objects.values_list("code", flat=True))
        here = Indication.objects.filter(edition=edition).select_related("test").prefetch_related(citing.prefetch())
        self.here = {one.code: rows.values_of(one) for one in here}
        self.codes: dict[str, int] = {}
        self.number = 0

    def read(self, sheet: Sheet) -> Read:
        takers: dict[str, Callable[[Row], tuple[str, dict[str, Any]]]] = {
            "county": self.county, "detailed": self.detailed, "starter": self.starter,
        }  # fmt: skip
        for row in sheet.rows():
            if self.kind == "county" and not any(self.cell(row, heading) for heading in FORM[:10]):
                continue  # a remark below the list
            self.number = row.number
            code, values = takers[self.kind](row)
            self.check(code, values, row)
            self.found.lines.append({"row": row.number, "code": code, "values": values})
        if not self.found.lines:
            self.wrong("", _("The sheet has no rows."))
        return self.found

    def wrong(self, column: str, message: str, is_fault: bool = True) -> None:
        self.found.problems.append(Problem(self.number, column, message, is_fault))

    def cell(self, row: Row, heading: str) -> str:
        if heading not in row.sheet.columns:
            return ""
        value = as_text(row.raw(heading))
        return "" if value in BLANK else value

    # The three forms

    def starter(self, row: Row) -> tuple[str, dict[str, Any]]:
        """A row of `indications.csv`."""
        values = {name: as_text(row.raw(column)) for column, name in COLUMNS.items() if column in row.sheet.columns}
        code = values.pop("code", "").upper()
        return code, self.typed(values, {name: column for column, name in COLUMNS.items()})

    def detailed(self, row: Row) -> tuple[str, dict[str, Any]]:
        """A row of the detailed sheet this program writes."""
        values = {name: as_text(row.raw(head)) for name, head in DETAILS.items() if head in row.sheet.columns}
        code = values.pop("code", "").upper()
        return code, self.typed(values, DETAILS)

    def county(self, row: Row) -> tuple[str, dict[str, Any]]:
        """A row of the county's form, whose cells hold several facts each. A row whose cells read as this draft's own
        row prints changes nothing of what they do not show."""
        tumour, icd10 = self.apart(
            row, FORM[0], r"(.+?)[（(]([A-Z]\d\d.*)[）)]$", _("a tumour with its ICD-10, such as 胃癌（C16）")
        )
        genes, alteration = self.apart(
            row, FORM[3], r"(.+?)\s*[：:]\s*(.+)$", _("genes and alteration, such as EGFR：L858R")
        )
        method, _other, others = self.cell(row, FORM[4]).partition("（替代：")
        drugs, note = self.cell(row, FORM[7]), ""
        values: dict[str, Any] = {
            "tumour": tumour, "icd10": icd10, "icd10_match": _matched(icd10), "setting": self.cell(row, FORM[1]),
            "genes": genes, "alteration": alteration, "method_primary": method,
            "method_alternative": others.removesuffix("）"), "specimen": self.cell(row, FORM[5]),
            "purpose": self.cell(row, FORM[6]), "recommendation": self.cell(row, FORM[9]),
            "evidence_class": self.cell(row, FORM[10]) or "—", "grade": self.cell(row, FORM[11]),
            "mdt_on_first_visit": self.cell(row, FORM[12]), "route_hint": self.cell(row, FORM[13]),
            **self.source(row),
        }  # fmt: skip
        code = self.cell(row, CODE).upper() or self.next_code(tumour)
        former = self.here.get(code, {})
        if (
            former
            and drugs == f"{former['drugs'] or ''}{'（' + former['drug_note'] + '）' if former['drug_note'] else ''}"
        ):
            drugs, note = former["drugs"], former["drug_note"]
        values |= {"drugs": drugs, "drug_note": note}
        if days := self.cell(row, "周转时间（工作日）"):
            values["turnaround_days"] = days
        self.review_day(row)
        # What the form does not show stays as the draft has it.
        kept = {name: value for name, value in former.items() if name not in values and name != "tumour_initials"}
        if former and former["icd10"] == icd10:
            values["icd10_match"] = former["icd10_match"]
        headings = dict(zip(("tumour", "setting", "test", "genes", "method_primary", "specimen", "purpose", "drugs",
                             "guideline", "recommendation", "evidence_class", "grade", "mdt_on_first_visit",
                             "route_hint"), FORM, strict=False))  # fmt: skip
        return code, {**kept, **self.typed(values, headings)}

    def apart(self, row: Row, heading: str, pattern: str, shape: str) -> tuple[str, str]:
        text = self.cell(row, heading)
        found = re.match(pattern, text)
        if found:
            return found.group(1).strip(), found.group(2).strip()
        if text:
            self.wrong(heading, _("“%(text)s” does not read as %(shape)s.") % {"text": text, "shape": shape})
        return text, ""

    def source(self, row: Row) -> dict[str, Any]:
        """《名称》，机构，年份，文号；第二依据. Columns of their own for issuer, year and number come first."""
        text = self.cell(row, FORM[8])
        first, _semicolon, second = text.partition("；")
        title = re.match(r"《(.+?)》", first)
        name = title.group(1) if title else re.split("[，,]", first)[0]
        rest = first[title.end() :] if title else first[len(name) :]
        parts = [one.strip() for one in re.split("[，,]", rest) if one.strip()]
        year = next((one for one in parts if re.fullmatch(r"\d{4}年?", one)), "")
        others = [one for one in parts if one != year]
        if not year and (in_name := re.search(r"(20\d\d)", name)):
            year = in_name.group(1)
        return {
            "guideline": name.strip(),
            "issuer": self.cell(row, "发布机构") or (others[0] if others else ""),
            "year": self.cell(row, "年份") or year.removesuffix("年"),
            "doc_no": self.cell(row, "文号") or (others[1] if len(others) > 1 else ""),
            "second_source": second.strip(),
        }

    def review_day(self, row: Row) -> None:
        """A day of review in the future is a slip. Whatever the day: a sheet confirms nothing, an expert does."""
        if REVIEWED not in row.sheet.columns or self.cell(row, REVIEWED) in ("", "待复核"):
            return
        before = len(row.sheet.faults)
        day = row.day(REVIEWED)
        if len(row.sheet.faults) > before:
            self.wrong(REVIEWED, row.sheet.faults[-1].message)
        elif day and day > timezone.localdate():
            self.wrong(REVIEWED, _("The day of review lies in the future."))

    def next_code(self, tumour: str) -> str:
        """A code for a row that has none: the next of its tumour's series, or of the hospital's own."""
        series = [code.rpartition("-")[0] for code, one in self.here.items() if one["tumour"] == tumour and "-" in code]
        start = max(set(series), key=series.count) if series else "YN"
        taken = {code for code in [*self.here, *self.codes] if code.startswith(f"{start}-")}
        numbers = [int(code.rpartition("-")[2]) for code in taken if code.rpartition("-")[2].isdigit()]
        return f"{start}-{max(numbers, default=0) + 1:02d}"

    # What the cells mean

    def typed(self, values: dict[str, Any], headings: Mapping[str, str]) -> dict[str, Any]:
        """Text cells as a row's values: numbers, yes and no, grades; each slip a problem."""
        for name in ("year", "turnaround_days"):
            if name in values:
                values[name] = self.whole(values[name], headings.get(name, name))
        for name in ("is_nucleic_acid_test", "is_risky"):
            if name in values:
                values[name] = self.yes(values[name], headings.get(name, name), default=name == "is_nucleic_acid_test")
        if "grade" in values:
            if values["grade"] in GRADES:
                values["grade"] = str(GRADES[values["grade"]].value)
            elif values["grade"]:
                said = _("“%(value)s” is not one of: %(choices)s")
                self.wrong(
                    headings.get("grade", "分级"), said % {"value": values["grade"], "choices": "、".join(GRADES)}
                )
                values["grade"] = ""
        for name, (choices, _basis) in CRITERIA.items():
            if values.get(name):
                values[name] = self.one_of(values[name], headings.get(name, name), choices)
        for name, value in list(values.items()):
            if isinstance(value, str) and name in LIMITS and name != "grade" and len(value) > LIMITS[name]:
                said = _("longer than %(longest)d characters") % {"longest": LIMITS[name]}
                self.wrong(headings.get(name, name), said)
        return values

    def whole(self, value: Any, heading: str) -> int | None:
        text = str(value or "").strip()
        if not text:
            return None
        if not text.isdecimal() or len(text) > 4:
            self.wrong(heading, _("“%(value)s” is not a whole number") % {"value": text})
            return None
        return int(text)

    def yes(self, value: str, heading: str, *, default: bool) -> bool:
        if value not in ("是", "否", ""):
            said = _("“%(value)s” is not one of: %(choices)s")
            self.wrong(heading, said % {"value": value, "choices": "是、否"})
        return {"是": True, "否": False}.get(value, default)

    def one_of(self, value: str, heading: str, choices: Any) -> str:
        """A criterion of the grade, by its word or its value."""
        known = {str(one.label): one.value for one in choices} | {one.value: one.value for one in choices}
        if value not in known:
            said = _("“%(value)s” is not one of: %(choices)s")
            self.wrong(heading, said % {"value": value, "choices": "、".join(str(one.label) for one in choices)})
        return known.get(value, "")

    def check(self, code: str, values: dict[str, Any], row: Row) -> None:
        """The row as a whole: a code of its own, what B2 asks, and the rules the form has too."""
        if not code:
            self.wrong(CODE, _("A row has a code."))
        elif code in self.codes:
            said = _("Code %(code)s stands in row %(row)d already.")
            self.wrong(CODE, said % {"code": code, "row": self.codes[code]})
        elif not re.fullmatch(r"[A-Z0-9][A-Z0-9-]{0,15}", code):
            self.wrong(CODE, _("A code has at most 16 letters, digits and hyphens, such as LUNG-01."))
        self.codes.setdefault(code, self.number)
        for name, value in UNSAID.items():
            if values.get(name) in (None, "") and name not in ("evidence_class",):
                values[name] = self.here.get(code, {}).get(name, value)
        named = rows.labels()
        bare = [named[name] for name in rows.NECESSARY if values.get(name) in (None, "")]
        if bare:
            self.wrong("", _("A row has to say: %(fields)s.") % {"fields": "、".join(bare)})
        test = values.get("test")
        if test and test not in self.tests:
            self.wrong(
                DETAILS["test"], _("There is no test %(code)s; leave it empty to have one made.") % {"code": test}
            )
        for one in checking.problems(values, self.symbols, self.register):
            self.wrong(named.get(one.field, one.field), one.message, one.is_fault)
        for name, said in grading.problems({**self.here.get(code, {}), **values}, self.rules):
            self.wrong(DETAILS.get(name, name), said)


def _matched(icd10: str) -> str:
    """C18—C20、C48（…）as the system compares it: C18-C20;C48."""
    plain = re.sub(r"[（(].*?[）)]", "", icd10.upper())
    parts = [re.sub(r"\s*[—–－]\s*", "-", one).strip() for one in re.split("[、，,；;]", plain)]
    return ";".join(re.sub("[^A-Z0-9.-]", "", one) for one in parts if one)


def changes(read_lines: list[dict[str, Any]], edition: Edition) -> tuple[list[dict[str, Any]], int]:
    """What the sheet would change in the draft as it stands: rows added or changed, and how many stay as they are.
    Rows of the draft that the sheet does not name stay."""
    lines = Indication.objects.filter(edition=edition).select_related("test").prefetch_related(citing.prefetch())
    here = {one.code: one for one in lines}
    found, same = [], 0
    for line in read_lines:
        former = here.get(line["code"])
        if former is None:
            found.append({**line, "kind": "added", "before": {}, "after": line["values"]})
            continue
        now = rows.values_of(former)
        given = {
            name: value for name, value in line["values"].items() if name in now and not (name == "test" and not value)
        }
        before, after = rows.difference(now, now | given)
        if after:
            found.append({**line, "kind": "changed", "before": before, "after": after})
        else:
            same += 1
    return found, same
