"""PostgreSQL and Redis for a home, shared by everything that runs on it.

A keeper process owns the two servers. Each `bin/run` or `bin/manage` holds a shared lock on `in-use.lock`
while it needs them; when nobody holds it any more, however they ended, the keeper stops the servers in
order and leaves. So a second `bin/manage` joins, the first may end before it, and a kill -9 leaves nothing.
"""

import json
import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from fcntl import LOCK_EX, LOCK_SH, LOCK_UN, flock
from pathlib import Path

from . import PYTHON, ROOT, Stop, processes, progress
from .home import Home, hold, private_folder
from .postgres import APP, OWNER, SUPERUSER, Postgres
from .valkey import Valkey

VARIABLES = ("DATABASE_URL", "REDIS_URL")


@dataclass
class Started:
    """Servers that this process started itself, for the length of a test run."""

    environment: dict[str, str] = field(default_factory=dict)
    servers: list = field(default_factory=list)

    def stop(self) -> None:
        while self.servers:
            self.servers.pop().stop()


def throwaway(folder: Path) -> Started:
    """Fast servers without a promise to keep anything; the login is a superuser, who may build and restore."""
    started = Started()
    sockets = folder / "s"
    private_folder(sockets)
    try:
        if not os.environ.get("DATABASE_URL"):
            passwords = {SUPERUSER: "throwaway", OWNER: "throwaway", APP: "throwaway"}
            postgres = Postgres(folder / "postgres", sockets, passwords, fast=True)
            started.servers.append(postgres)
            postgres.start()
            started.environment["DATABASE_URL"] = postgres.url(SUPERUSER)
        if not os.environ.get("REDIS_URL"):
            valkey = Valkey(folder / "valkey", sockets, "throwaway", fast=True)
            started.servers.append(valkey)
            valkey.start()
            started.environment["REDIS_URL"] = valkey.url()
    except BaseException:
        started.stop()
        raise
    return started


def wanted() -> list[str]:
    """The servers nobody else provides: a URL in the environment always wins."""
    return [name for name in VARIABLES if not os.environ.get(name)]


def addresses(home: Home) -> dict[str, str]:
    """The variables that lead to the embedded servers."""
    found = {}
    names = wanted()
    if "DATABASE_URL" in names:
        postgres = embedded_postgres(home)
        found |= {"DATABASE_URL": postgres.url(APP), "DATABASE_OWNER_URL": postgres.url(OWNER)}
    if "REDIS_URL" in names:
        found["REDIS_URL"] = embedded_valkey(home).url()
    return found


def embedded_postgres(home: Home) -> Postgres:
    passwords = {
        SUPERUSER: home.secret("database_superuser"),
        OWNER: home.secret("database_owner"),
        APP: home.secret("database_app"),
    }
    return Postgres(home.services() / "postgres", home.sockets(), passwords)


def embedded_valkey(home: Home) -> Valkey:
    return Valkey(home.services() / "valkey", home.sockets(), home.secret("redis"))


class Attachment:
    """Using a home's servers: `attach` starts or joins them, `release` lets go."""

    def __init__(self, home: Home):
        self.home = home
        self.state = home.path / "services.json"
        self.in_use = None
        self.environment: dict[str, str] = {}

    def attach(self, *, quiet: bool = False) -> "Attachment":
        names = wanted()
        if not names:
            return self
        # The keeper holds this lock alone while it stops: then we wait, and start anew.
        self.in_use = hold(self.home.path / "in-use.lock", LOCK_SH)
        with hold(self.home.path / "starting.lock", LOCK_EX):
            running = self.running()
            if running is None:
                self.start_keeper(names, quiet=quiet)
            elif missing := set(names) - set(running["servers"]):
                raise Stop(
                    f"what runs on {self.home.path} was started with {' and '.join(sorted(missing))} set;"
                    " set it here too, or stop that first."
                )
        self.environment = addresses(self.home)
        return self

    def running(self) -> dict | None:
        """The keeper's note, while the keeper lives."""
        if lock := hold(self.home.path / "keeper.lock", LOCK_EX, wait=False):
            lock.close()
            return None
        for _ in range(100):
            try:
                return json.loads(self.state.read_text())
            except (OSError, ValueError):
                time.sleep(0.05)
        return None

    def start_keeper(self, names: list[str], *, quiet: bool) -> None:
        label = {"DATABASE_URL": "PostgreSQL", "REDIS_URL": "Redis"}
        with progress.step("Starting " + " and ".join(label[name] for name in names), quiet=quiet):
            command = [PYTHON, "-m", "_bootstrap.keeper", str(self.home.path), *names]
            keeper = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=processes.log_file(self.home.logs / "keeper.log"),
                text=True,
                start_new_session=True,
                cwd="/",
                env={**os.environ, "PYTHONPATH": str(ROOT / "bin"), "PYTHONDONTWRITEBYTECODE": "1"},
            )
            said = keeper.stdout.read()
            if said.strip() != "ready":
                log = processes.tail(self.home.logs / "keeper.log")
                raise Stop(said.strip() or f"the services do not start: {log}")

    def alive(self) -> bool:
        """Whether the servers still run; always true of those that are not ours."""
        if self.in_use is None:
            return True
        try:
            note = json.loads(self.state.read_text())
            return processes.started_at(note["keeper"]) == note["started_at"]
        except (OSError, ValueError, KeyError):
            return False

    def release(self, *, patience: float = 90) -> None:
        """Let go; when nobody else uses the servers, see them end."""
        if self.in_use is None:
            return
        flock(self.in_use, LOCK_UN)
        self.in_use.close()
        self.in_use = None
        alone = hold(self.home.path / "in-use.lock", LOCK_EX, wait=False)
        if alone is None and self.state.exists():
            return  # somebody else goes on using them
        try:
            if alone is not None:
                try:
                    os.kill(json.loads(self.state.read_text())["keeper"], signal.SIGTERM)
                except (OSError, ValueError, KeyError):
                    pass
            until = time.monotonic() + patience
            while time.monotonic() < until:
                if gone := hold(self.home.path / "keeper.lock", LOCK_EX, wait=False):
                    gone.close()
                    return
                time.sleep(0.05)
        finally:
            if alone is not None:
                alone.close()
