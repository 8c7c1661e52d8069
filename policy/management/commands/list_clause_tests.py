"""Draw from the tests which of them name a clause, for the page of each clause."""

from __future__ import annotations

import ast
import json
import re
from collections import defaultdict
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from policy.coverage import DATA, GATES

CLAUSE = re.compile(r"(?<![A-Za-z0-9])[AB][1-9]\d?(?![0-9A-Za-z])")
GATE = re.compile(r"(?<![A-Za-z0-9])[Xx](?:0[1-9]|1[0-6])(?![0-9])")
TARGET = DATA / "clause_tests.json"


def found(folder: Path) -> dict[str, list[str]]:
    """Clause → `file::function` of the tests whose words name it, or a gate that cites it."""
    known = {row["id"] for row in json.loads((DATA / "clauses.json").read_text("utf-8"))}
    named: dict[str, set[str]] = defaultdict(set)
    for path in sorted(folder.glob("test_*.py")):
        source = path.read_text("utf-8")
        for node in ast.walk(ast.parse(source)):
            if not isinstance(node, ast.FunctionDef) or not node.name.startswith("test_"):
                continue
            text = ast.get_source_segment(source, node) or ""
            text = "\n".join([*(ast.get_source_segment(source, one) or "" for one in node.decorator_list), text])
            codes = set(CLAUSE.findall(text)) & known
            for gate in {one.upper() for one in GATE.findall(text)}:
                codes |= set(GATES[gate].clauses) if gate in GATES else set()
            for code in codes:
                named[code].add(f"{path.name}::{node.name}")
    order = sorted(named, key=lambda code: (code[0], int(code[1:])))
    return {code: sorted(named[code]) for code in order}


class Command(BaseCommand):
    help = "Write policy/data/clause_tests.json from the tests; --check only compares."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="fail when the list is not the tests' own")

    def handle(self, *args: object, check: bool, **options: object) -> None:
        drawn = json.dumps(found(Path(settings.BASE_DIR) / "tests"), ensure_ascii=False, indent=1) + "\n"
        if check:
            if not TARGET.exists() or TARGET.read_text("utf-8") != drawn:
                self.stderr.write("policy/data/clause_tests.json is old: run manage.py list_clause_tests")
                raise SystemExit(1)
            return
        TARGET.write_text(drawn, "utf-8")
