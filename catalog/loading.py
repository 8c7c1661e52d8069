"""Putting the starter catalog, the tests not indicated and the drug–target rules into the database.

The starter edition has one hundred indications and serves as the basis by which imported history is judged.
Once it is in force its list is never edited: other data need another edition number. Everything else is
written only where it differs, so that loading twice leaves no trace.
"""

import csv
import json
from datetime import date
from pathlib import Path
from typing import Any

from django.db import transaction

from accounts.models import User
from catalog import citing, gene_names
from catalog.actions import put_in_force, rules
from catalog.columns import COLUMNS, GRADES
from catalog.models import (
    Citation,
    DrugTargetRule,
    Edition,
    EvidenceSource,
    Gene,
    GeneTest,
    Indication,
    LevelSystem,
    NotIndicated,
    RuleEdition,
)
from catalog.naming import initials, test_name
from policy.loading import put

DATA = Path(__file__).parent / "data"

STARTER = "2023-1"
# The county plan asks for the list by 20 October 2023 (clause B33); the starter stands in from that day.
STARTER_FROM = date(2023, 10, 20)
# The rules are read for live orders only; the first edition stands from the start of the county plan.
RULES_FROM = date(2023, 7, 12)

NEEDS = [
    ("病理必须", DrugTargetRule.Need.PATHOLOGY),
    ("必须", DrugTargetRule.Need.TEST),
    ("无需", DrugTargetRule.Need.NONE),
]


@transaction.atomic
def load() -> dict[str, int]:
    """Load the starter catalog from `catalog/data/`; returns how many rows were written of each kind."""
    rows = read("indications.csv")
    written = {"genes": _load_genes(), "tests": _load_tests(rows), "indications": 0}
    written["sources"] = _load_sources()
    edition, _made = Edition.objects.get_or_create(
        institution=None,
        number=STARTER,
        defaults={
            "title": "肿瘤基因检测适应症及对应检测项目起始目录",
            "note": "由公开指南与规范整理的起始目录，供本机构目录印发前使用，并作为导入历史台账的判定依据。",
        },
    )
    if edition.status == Edition.Status.DRAFT:
        tests = {test.code: test for test in GeneTest.objects.all()}
        Indication.objects.bulk_create(
            Indication(edition=edition, test=tests[f"GT-{row['id']}"], **indication(row)) for row in rows
        )
        written["indications"] = len(rows)
        put_in_force(edition=edition, starts_on=STARTER_FROM, basis_for_history=True, by=User.objects.machine())
    written["citations"] = _cite(edition)
    written["not_indicated"] = _load_not_indicated()
    written["drug_rules"] = _load_drug_rules()
    return written


def read(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8-sig", newline="") as handle:
        return list(csv.DictReader(handle))


def indication(row: dict[str, str]) -> dict[str, Any]:
    """A line of the file as the fields of an Indication."""
    fields: dict[str, Any] = {field: row[column].strip() for column, field in COLUMNS.items()}
    return fields | {
        "grade": GRADES[row["grade"]],
        "year": int(row["year"]),
        "turnaround_days": int(row["tat_days"]),
        "is_nucleic_acid_test": row["nucleic_acid_test"] == "是",
        "tumour_initials": initials(row["tumor_zh"])[:60],
    }


def _load_tests(rows: list[dict[str, str]]) -> int:
    have = {test.code: test for test in GeneTest.objects.all()}
    written = 0
    for row in rows:
        code = f"GT-{row['id']}"
        name = test_name(row["genes_hgnc"], row["alteration_zh"], row["method_primary"])
        _test, changed = put(
            have.get(code) or GeneTest(),
            {
                "code": code,
                "name": name,
                "genes": row["genes_hgnc"],
                "method": row["method_primary"],
                "specimen": row["specimen"],
                "initials": initials(name)[:80],
            },
        )
        written += changed
    return written


def _load_genes() -> int:
    have = {one.symbol: one for one in Gene.objects.all()}
    written = 0
    for one in gene_names.genes():
        values = {
            "symbol": one.symbol,
            "hgnc_id": one.hgnc_id,
            "former": list(one.former),
            "customary": list(one.customary),
            "keys": Gene.keys_of(one.symbol, one.former, one.customary),
        }
        written += put(have.get(one.symbol) or Gene(), values)[1]
    return written


def _load_sources() -> int:
    """The systems of levels, and the county's library of sources that the starter names. A source registered keeps what
    it says."""
    written = 0
    systems = {one.code: one for one in LevelSystem.objects.all()}
    for row in json.loads((DATA / "level_systems.json").read_text(encoding="utf-8")):
        one = systems.get(row["code"])
        if one is None:
            LevelSystem.objects.create(**row)
        written += 1 if one is None else put(one, row)[1]
    known = set(EvidenceSource.objects.filter(institution=None).values_list("title", flat=True))
    machine = User.objects.machine()
    new = [
        EvidenceSource(registered_by=machine, system_id=row.pop("system"), **row)
        for row in json.loads((DATA / "sources.json").read_text(encoding="utf-8"))
        if row["title"] not in known
    ]
    return written + len(EvidenceSource.objects.bulk_create(new))


def _cite(edition: Edition) -> int:
    """The starter's rows cite the sources they name; rows that do already are left."""
    register = citing.register_of(None)
    bare = Indication.objects.filter(edition=edition, citations__isnull=True)
    made = []
    for line in bare:
        named = {name: getattr(line, name) for name in citing.NAMING}
        for rank, one in enumerate(citing.drawn(named, register)):
            made.append(
                Citation(
                    indication=line, source=one.source, rank=rank, recommendation=one.recommendation,
                    evidence_class=one.evidence_class, place=one.place, unsettled=one.unsettled,
                )
            )  # fmt: skip
    return len(Citation.objects.bulk_create(made))


def _load_not_indicated() -> int:
    words = json.loads((DATA / "not_indicated_words.json").read_text(encoding="utf-8"))
    have = {one.code: one for one in NotIndicated.objects.all()}
    written = 0
    for row in read("not_indicated.csv"):
        values = {
            "code": row["id"],
            "item": row["item_zh"],
            "why": row["why"],
            "handling": row["handling"],
            "message": _answer(row["message_zh"]),
            "basis": row["basis"],
            "confidence": row["confidence"],
            "keywords": words[row["id"]],
        }
        written += put(have.get(row["id"]) or NotIndicated(), values)[1]
    return written


def _load_drug_rules() -> int:
    """The first edition of the drug rules: the rows as written, with their reviewed criteria. In force it stays as it
    is: other data need another edition."""
    data = json.loads((DATA / "drug_rules.json").read_text(encoding="utf-8"))
    edition, _made = RuleEdition.objects.get_or_create(
        institution=None, number=data["edition"], defaults={"title": data["title"], "note": data["note"]}
    )
    if edition.status != RuleEdition.Status.DRAFT:
        return 0
    put(edition, {"title": data["title"], "note": data["note"]})
    have = {rule.code: rule for rule in edition.rules.all()}
    written = 0
    for row in read("drug_target_gate.csv"):
        criteria = data["rules"][row["id"]]
        values = {
            "edition": edition,
            "code": row["id"],
            "drugs": row["drug_zh"],
            "indication": _known(row["indication_zh"]),
            "line": _known(row["line_or_setting"]),
            "biomarker": _known(row["required_biomarker"]),
            "need": need(row["test_required"]),
            "need_as_written": row["test_required"],
            "accepted_result": _known(row["accepted_result"]),
            "accepted_specimen": _known(row["accepted_specimen"]),
            "not_sufficient": _known(row["not_sufficient"]),
            "basis": row["basis"],
            "confidence": row["confidence"],
            "mark": data["marks"].get(row["id"], ""),
            "names": criteria["names"],
            "uses": criteria["uses"],
        }
        written += put(have.get(row["id"]) or DrugTargetRule(), values)[1]
    machine = User.objects.machine()
    rules.check(edition=edition, by=machine)
    rules.approve(edition=edition, by=machine, starts_on=RULES_FROM)
    return written


def need(text: str) -> str:
    """必须…, 无需…, 病理必须；基因为推荐, or anything else: as each drug's label says."""
    return next((need for start, need in NEEDS if text.startswith(start)), DrugTargetRule.Need.LABEL)


def _known(text: str) -> str:
    return "" if text.strip() == "—" else text.strip()


def _answer(text: str) -> str:
    """The sentence itself; a reference to another row (同N01) stays a reference."""
    return _known(text).strip("「」")
