"""Every English message of the code and templates has its Chinese: none missing, empty or fuzzy."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from . import PYTHON
from .messages import entries

LANGUAGE = "zh_Hans"
CATALOGUE = Path("locale") / LANGUAGE / "LC_MESSAGES" / "django.po"


def check(root: Path, command) -> tuple[bool, str]:
    """Collect the messages anew in a copy of the project, and compare with the catalogue."""
    with tempfile.TemporaryDirectory(prefix="mingjian-words-") as folder:
        copy = Path(folder) / "copy"
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=root, capture_output=True
        )
        names = [name for name in listed.stdout.decode().split("\0") if name]
        if listed.returncode or not names:
            names = [str(path.relative_to(root)) for path in sources(root)]
        for name in names:
            if name.startswith(("tests/", "bin/", "docs/")) or not name.endswith(
                (".py", ".html", ".txt", ".po", ".json", ".csv")
            ):
                continue
            if (root / name).is_file():
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(root / name, copy / name)
        (copy / "locale").mkdir(exist_ok=True)
        django = "import django.core.management as m; m.execute_from_command_line()"
        words = f"import os, sys; os.chdir({str(copy)!r}); sys.argv[0] = 'manage'; {django}"
        passed, said = command(PYTHON, "-c", words, "makemessages", "-l", LANGUAGE, "--no-obsolete", "--no-wrap")
        if not passed:
            return False, said
        faults = untranslated(copy / CATALOGUE)
    if not faults:
        return True, ""
    shown = "\n".join(f"no Chinese for: {fault}" for fault in faults[:60])
    return False, f"{shown}\n{len(faults)} messages in all; translate them in {CATALOGUE}"


def sources(root: Path):
    skipped = {".venv", ".git", "var", "node_modules"}
    return (path for path in root.rglob("*") if path.is_file() and not skipped & set(path.parts))


def untranslated(po: Path) -> list[str]:
    """The msgids that a compiled catalogue would not hold."""
    translated = set(entries(po))
    template = po.with_suffix(".all.po")
    # The same file with every entry filled in and no fuzzy marks holds every msgid there is.
    lines, skip = [], False
    for line in po.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        if line.startswith("msgstr"):
            lines.append(line.partition(" ")[0] + ' "x"')
            skip = True
        elif not (skip and line.startswith('"')):
            lines.append(line)
            skip = False
    template.write_text("\n".join(lines), encoding="utf-8")
    return sorted(key.replace("\0", " / ").replace("\x04", " | ") for key in set(entries(template)) - translated if key)
