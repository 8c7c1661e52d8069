"""What must be true before the application runs: installed, keyed, migrated, filled."""

import hashlib
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from . import PYTHON, ROOT, environment, fonts, messages, progress, system
from .home import Home

APPS = ("audit", "documents", "policy", "accounts", "catalog", "vendors", "referrals", "consent", "supervision")
ROOMS = (*APPS, "reports", "desk", "config")
SOURCES = {".py", ".sql", ".json", ".csv", ".xlsx", ".txt"}


def install(home: Home, *, quiet: bool) -> None:
    """Packages, system libraries, compiled messages, keys."""
    environment.ensure("run", quiet=quiet)
    system.ensure(system.PDF, quiet=quiet)
    messages.compile_all()
    home.ensure_keys()


def variables(home: Home, services: dict[str, str], *, demo: bool = False) -> dict[str, str]:
    """The environment of every process of the application."""
    found = {
        **os.environ,
        **services,
        **system.library_path(),
        **fonts.configure(home.path),
        "MINGJIAN_HOME": str(home.path),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PATH": f"{PYTHON.parent}:{os.environ['PATH']}",
        "PYTHONUNBUFFERED": "1",
    }
    if demo:
        found["MINGJIAN_DEMO"] = "1"
    return found


def fingerprint(folders: Iterable[Path], *extra: str) -> str:
    """Changes when any source or data file in the folders does."""
    digest = hashlib.sha256("\0".join(extra).encode())
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            wanted = path.suffix in SOURCES or folder.name == "static"
            if wanted and path.is_file() and "__pycache__" not in path.parts:
                digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    digest.update((ROOT / "requirements" / "run.txt").read_bytes())
    return digest.hexdigest()


class Once:
    """Work that is skipped while its inputs are what they were; the note of it lies beside its result."""

    def __init__(self, note: Path | None, mark: str):
        self.note, self.mark = note, mark

    def __bool__(self) -> bool:
        return self.note is None or not self.note.is_file() or self.note.read_text() != self.mark

    def done(self) -> None:
        if self.note is not None:
            self.note.write_text(self.mark)


def database(home: Home, env: dict[str, str], *, demo: bool, quiet: bool) -> None:
    """Migrate and load what the code refers to; with `demo`, the demo staff and their ledger too.

    A database of somebody else's is asked every time; the embedded one only when the code has changed.
    """
    embedded = not os.environ.get("DATABASE_URL")
    mark = fingerprint(ROOT / room for room in ROOMS)
    folder = home.services() if embedded else None
    migrate = Once(folder and folder / "migrated", mark)
    if migrate:
        manage("Migrating the database", "migrate", env=env, quiet=quiet)
        manage("Loading reference data", "load_reference", env=env, quiet=quiet)
        migrate.done()
    load = Once(folder and folder / "demo", mark)
    if demo and load:
        manage("Loading demo data", "load_demo", env=env, quiet=quiet)
        load.done()


def static_files(home: Home, env: dict[str, str], *, quiet: bool) -> None:
    collect = Once(home.path / "static.collected", fingerprint([ROOT / "static"]))
    if collect or not (home.path / "static").is_dir():
        manage("Collecting static files", "collectstatic", "--noinput", "--clear", env=env, quiet=quiet)
        collect.done()


def manage(label: str, *arguments: str, env: dict[str, str], quiet: bool) -> None:
    progress.run(label, [PYTHON, "manage.py", *arguments], env=env, cwd=ROOT, quiet=quiet)


def answer(env: dict[str, str], *arguments: str) -> str:
    """What a command of ours prints for a person."""
    done = subprocess.run(
        [PYTHON, "manage.py", *arguments], env=env, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False
    )
    return done.stdout.strip()
