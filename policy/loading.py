"""Putting the register of policy documents and the clauses into the database.

Loading twice changes nothing: a row is written only where it differs, so the trail shows only true changes.
"""

import json
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Model

from policy.models import Clause, PolicyDocument

DATA = Path(__file__).parent / "data"
M = TypeVar("M", bound=Model)
# What people of the county check or enter themselves (`policy.actions.register`).
KEPT_HERE = {"doc_no", "issued_on", "in_force_from", "in_force_to", "dates_verified", "supersedes"}
CLAUSE_FIELDS = {
    "section": "section",
    "quote_zh": "quote",
    "meaning_en": "meaning",
    "actor": "actor",
    "system": "system",
    "record": "record",
    "deadline": "deadline",
    "indicator": "indicator",
    "tag": "tag",
}


@transaction.atomic
def load() -> dict[str, int]:
    """Load documents and clauses from `policy/data/`; returns how many rows were written of each."""
    written = {"documents": 0, "clauses": 0}
    documents = {document.code: document for document in PolicyDocument.objects.all()}
    for order, row in enumerate(read("documents.json")):
        text_file = row.pop("text_file")
        values = row | {
            "order": order,
            "supersedes": documents.get(row["supersedes"]),
            "text": (DATA / text_file).read_text("utf-8").strip() if text_file else "",
        }
        values |= {key: _day(values[key]) for key in ("issued_on", "in_force_from", "in_force_to")}
        known = documents.get(row["code"])
        if known is not None and known.kept_here:
            values = {key: value for key, value in values.items() if key not in KEPT_HERE}
        document, changed = put(known or PolicyDocument(), values)
        documents[document.code] = document
        written["documents"] += changed
    clauses = {clause.code: clause for clause in Clause.objects.all()}
    for order, row in enumerate(read("clauses.json")):
        values = {field: row[key] for key, field in CLAUSE_FIELDS.items()}
        values |= {"code": row["id"], "order": order, "document": documents[row["id"][0]]}
        _clause, changed = put(clauses.get(row["id"]) or Clause(), values)
        written["clauses"] += changed
    return written


def read(name: str) -> list[dict[str, Any]]:
    return json.loads((DATA / name).read_text("utf-8"))


def put(row: M, values: dict[str, Any]) -> tuple[M, bool]:
    """Give the row these values and save it, unless it has them already."""
    names = [name for name, value in values.items() if getattr(row, name, None) != value]
    if row.pk and not names:
        return row, False
    for name in names:
        setattr(row, name, values[name])
    row.save(update_fields=names if row.pk else None)
    return row, True


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
