"""What a reviewer looks for in a migration, read from its source."""

import ast
from collections.abc import Iterable
from pathlib import Path


def faults(root: Path, apps: Iterable[str]) -> list[str]:
    """Numbers without gaps or twins, and every RunPython and RunSQL can be undone (or says noop)."""
    found = []
    for app in apps:
        files = sorted((root / app / "migrations").glob("[0-9]*.py"))
        numbers = [int(path.name[:4]) for path in files]
        if numbers != list(range(1, len(files) + 1)):
            found.append(f"{app}: migrations must be numbered 0001, 0002, … without gaps or twins")
        for path in files:
            found += [f"{path.relative_to(root)}: {fault}" for fault in one(ast.parse(path.read_text()))]
    return found


def one(tree: ast.Module) -> Iterable[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        words = {word.arg for word in node.keywords}
        if name == "RunPython" and len(node.args) < 2 and "reverse_code" not in words:
            yield f"line {node.lineno}: RunPython without reverse_code"
        if name == "RunSQL" and len(node.args) < 2 and "reverse_sql" not in words:
            yield f"line {node.lineno}: RunSQL without reverse_sql"
