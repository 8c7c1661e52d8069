"""Loaded by pytest before Django's settings: throwaway services, a throwaway home, loopback only.

With DATABASE_URL and REDIS_URL both set nothing is started. Otherwise PostgreSQL and Valkey start in a
folder of their own and end with the run. Workers of pytest-xdist inherit the controller's through the
environment.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
_afterwards = []


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config, parser, args):
    # Playwright's synchronous door runs an event loop in the test's thread; Django would refuse to query.
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    # The tests' login builds the tables and steps down by itself.
    os.environ.pop("DATABASE_OWNER_URL", None)
    for name in ("MINGJIAN_PRODUCTION", "MINGJIAN_DEMO", "DEBUG", "MINGJIAN_KEYS", "STATIC_MANIFEST"):
        os.environ.pop(name, None)
    if WORKER:
        join()
    elif not early_config.known_args_namespace.version:
        begin()
    return (yield)


def begin() -> None:
    """The controller's part: one folder for the run, and the services nobody else provides."""
    folder = Path(tempfile.mkdtemp(prefix="mingjian-"))
    folder.chmod(0o755)
    _afterwards.append(lambda: shutil.rmtree(folder, ignore_errors=True))
    os.environ["MINGJIAN_TEST_RUN"] = str(folder)
    os.environ["MINGJIAN_HOME"] = str(folder / "home")
    (folder / "home" / "static").mkdir(parents=True)
    if str(ROOT / "bin") not in sys.path:
        sys.path.append(str(ROOT / "bin"))
    try:
        from _bootstrap import fonts, services
    except ImportError:
        return
    os.environ.update(fonts.configure(folder))
    if os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"):
        return
    started = services.throwaway(folder)
    _afterwards.append(started.stop)
    os.environ.update(started.environment)
    os.environ["MINGJIAN_TEST_REDIS"] = started.environment.get("REDIS_URL", "")


def join() -> None:
    """A worker's part: its own home, and its own numbered database of the throwaway Valkey."""
    home = Path(os.environ["MINGJIAN_TEST_RUN"]) / WORKER
    (home / "static").mkdir(parents=True, exist_ok=True)
    os.environ["MINGJIAN_HOME"] = str(home)
    if url := os.environ.get("MINGJIAN_TEST_REDIS"):
        os.environ["REDIS_URL"] = url.replace("db=0", f"db={int(WORKER.removeprefix('gw')) + 1}")


def pytest_unconfigure(config):
    while _afterwards:
        _afterwards.pop()()
