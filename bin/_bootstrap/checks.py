"""`bin/check [NAME …]`: each check prints one line, and its output when it fails; all run, then 1 if any failed."""

import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from . import IS_ROOT, PYTHON, ROOT, Stop, check_compose, check_messages, check_migrations, environment, system

Answer = tuple[bool, str]  # passed, what to print

APPS = (
    *("audit", "documents", "policy", "accounts", "catalog", "vendors", "referrals", "consent", "supervision"),
    *("reports", "desk"),
)


def command(*words: object, env: dict[str, str] | None = None) -> Answer:
    done = subprocess.run(
        [str(word) for word in words],
        cwd=ROOT,
        env={**surroundings(), **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    return done.returncode == 0, done.stdout.strip()


def surroundings() -> dict[str, str]:
    """No database and no service: checks read the code alone."""
    cleared = {
        name: value for name, value in os.environ.items() if not name.startswith(("MINGJIAN_", "DATABASE_", "REDIS_"))
    }
    return {
        **cleared,
        **system.library_path(),
        "DATABASE_URL": "postgresql://nobody@/none?host=/nonexistent",
        "PATH": f"{PYTHON.parent}:{os.environ['PATH']}",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }


def tool(module: str, *words: object) -> Answer:
    return command(PYTHON, "-m", module, *words)


def lint() -> Answer:
    return tool("ruff", "check", "--quiet", "--output-format", "concise", ".")


def format_() -> Answer:
    return tool("ruff", "format", "--check", ".")


def types() -> Answer:
    return tool("mypy", "--no-error-summary")


def imports() -> Answer:
    start = "from importlinter.cli import lint_imports_command as run; run()"
    return command(PYTHON, "-c", start, "--no-logo")


def templates() -> Answer:
    return tool("djhtml", "--check", "--tabwidth", "2", "templates")


def migrations() -> Answer:
    passed, said = command(PYTHON, "-W", "ignore", "manage.py", "makemigrations", "--check", "--dry-run")
    faults = check_migrations.faults(ROOT, APPS)
    return passed and not faults, "\n".join([*faults, *([] if passed else [said])])


def deployment() -> Answer:
    """Django's own deployment checks, under settings as production has them."""
    env = {
        "MINGJIAN_PRODUCTION": "1",
        "SECRET_KEY": secrets.token_hex(40),
        "IDENTITY_KEY": secrets.token_hex(32),
        "TRAIL_KEY": secrets.token_hex(32),
        "ALLOWED_HOSTS": "mingjian.example",
        "HSTS_INCLUDE_SUBDOMAINS": "1",
        "HSTS_PRELOAD": "1",
    }
    return command(PYTHON, "manage.py", "check", "--deploy", "--fail-level", "ERROR", env=env)


def messages() -> Answer:
    system.ensure(system.WORDS, quiet=True)
    return check_messages.check(ROOT, command)


def audit() -> Answer:
    """Known vulnerabilities of what we lock; where their list cannot be reached, a warning."""
    passed, said = tool(
        "pip_audit", "-r", "requirements/run.txt", "--disable-pip", "--require-hashes",
        "--progress-spinner", "off", "--timeout", "20",
    )  # fmt: skip
    if not passed and not ("Found" in said and "known vulnerabilit" in said):
        reason = said.splitlines()[-1] if said else "no answer"
        return True, f"WARNING: not audited, the list of vulnerabilities could not be read: {reason[:300]}"
    return passed, "" if passed else said


def compose() -> Answer:
    if not shutil.which("docker-compose") and IS_ROOT and shutil.which("apt-get"):
        try:
            system.apt_install(["docker-compose"], quiet=True)
        except Stop:
            pass
    return check_compose.check(ROOT, command, PYTHON)


CHECKS: dict[str, Callable[[], Answer]] = {
    "lint": lint,
    "format": format_,
    "types": types,
    "imports": imports,
    "templates": templates,
    "migrations": migrations,
    "deployment": deployment,
    "messages": messages,
    "compose": compose,
    "audit": audit,
}


def main(arguments: list[str]) -> int:
    if unknown := set(arguments) - set(CHECKS):
        raise Stop(f"no such check: {' '.join(sorted(unknown))}. There are: {' '.join(CHECKS)}")
    environment.ensure("dev")
    system.ensure(system.PDF)
    chosen = arguments or list(CHECKS)

    def judged(name: str) -> tuple[str, bool, str, float]:
        began = time.monotonic()
        try:
            passed, said = CHECKS[name]()
        except Stop as stop:
            passed, said = False, str(stop)
        return name, passed, said, time.monotonic() - began

    failed = []
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        # Types take the longest: begin with them.
        for name, passed, said, seconds in pool.map(judged, sorted(chosen, key=lambda name: name != "types")):
            print(f"{name:<12}{'ok' if passed else 'FAILED'}  {seconds:.1f} s", flush=True)
            if said and (not passed or "WARNING" in said):
                print("    " + said.replace("\n", "\n    "), flush=True)
            if not passed:
                failed.append(name)
    if failed:
        print(f"{len(failed)} of {len(chosen)} checks failed: {' '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0
