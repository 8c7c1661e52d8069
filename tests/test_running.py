"""`bin/run` and `bin/manage` as a person uses them: real processes, on a home with an awkward name."""

import http.client
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
import redis

from _bootstrap.home import Home

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.slow
OURS = ("DATABASE_", "REDIS_", "MINGJIAN_", "DJANGO_", "SECRET_", "PYTEST_")


@pytest.fixture
def place(tmp_path):
    """A home whose path has spaces and Chinese and is longer than a socket's may be."""
    folder = tmp_path / "a home 家" / ("deep-" * 12) / ("deeper-" * 6)
    folder.mkdir(parents=True)
    yield folder
    if (folder / "services.where").is_file():
        shutil.rmtree((folder / "services.where").read_text().strip(), ignore_errors=True)


def surroundings() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(OURS)}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Run:
    """One `bin/run --no-demo`, its output in a file."""

    def __init__(self, place: Path, port: int):
        self.port, self.log = port, place.parent / f"run-{time.monotonic()}.log"
        command = [sys.executable, ROOT / "bin" / "run", "--no-demo", "--port", str(port), "--home", place]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, env=surroundings(), stdout=log, stderr=log, start_new_session=True)

    def said(self) -> str:
        return self.log.read_text()

    def wait_until_ready(self) -> "Run":
        until = time.monotonic() + 240
        while "Ctrl-C stops everything." not in self.said():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < until, self.said()
            time.sleep(0.1)
        return self

    def health(self) -> int:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        line.request("GET", "/health/")
        return line.getresponse().status


def manage(place: Path, *arguments: str, **options) -> subprocess.CompletedProcess:
    command = [sys.executable, ROOT / "bin" / "manage", "--home", place, *arguments]
    return subprocess.run(command, env=surroundings(), capture_output=True, text=True, timeout=240, **options)


def services_folder(place: Path) -> Path:
    pointer = place / "services.where"
    return Path(pointer.read_text().strip()) if pointer.is_file() else place / "services"


def left(place: Path) -> list[str]:
    """Processes that have to do with this home."""
    marks = [os.fsencode(place), os.fsencode(services_folder(place))]
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            about = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
            about += os.fsencode((folder / "cwd").readlink())
        except OSError:
            continue
        if any(mark in about for mark in marks) and int(folder.name) != os.getpid():
            found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return found


def nothing_left(place: Path, patience: float = 30) -> bool:
    until = time.monotonic() + patience
    while remaining := left(place):
        if time.monotonic() > until:
            print("\n".join(remaining))
            return False
        time.sleep(0.2)
    return True


REMEMBER = "from django.core.cache import cache; cache.set('kept', 'yes', None)"
RECALL = "from django.core.cache import cache; print(cache.get('kept'))"
COUNT = "from audit.models import Event; print(Event.objects.count())"


def test_a_home_through_a_second_start_a_join_a_kill_and_a_ctrl_c(place):
    port = free_port()
    first = Run(place, port).wait_until_ready()
    assert first.health() == 200
    assert "/accounts/link/" in first.said()  # the first administrator's one-time link

    # Two on one home: the second says so in one line and harms nothing.
    second = Run(place, free_port())
    assert second.process.wait(60) == 1
    assert second.said().count("\n") == 1
    assert "already running" in second.said()

    # Nobody else gets in.
    sockets = Home(place).sockets()
    assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(host=str(sockets), user="mingjian_app", dbname="mingjian")
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(unix_socket_path=str(sockets / "valkey")).ping()

    # bin/manage joins what runs, answers on standard output alone, and leaves it running.
    told = manage(place, "shell", "-v0", "-c", REMEMBER + "; print('{}')")
    assert (told.returncode, told.stdout) == (0, "{}\n"), told.stderr
    events = manage(place, "shell", "-v0", "-c", COUNT).stdout
    assert first.health() == 200

    # kill -9: nothing left behind, nothing lost, and the next start is quick.
    first.process.kill()
    first.process.wait()
    assert nothing_left(place)
    again = Run(place, port)
    began = time.monotonic()
    again.wait_until_ready()
    assert time.monotonic() - began < 60
    assert "Migrating" not in again.said()
    assert manage(place, "shell", "-v0", "-c", RECALL).stdout == "yes\n"
    assert int(manage(place, "shell", "-v0", "-c", COUNT).stdout) >= int(events)

    # Ctrl-C: in order, all of it.
    again.process.send_signal(signal.SIGINT)
    assert again.process.wait(90) == 0
    stopped = [line.split()[1] for line in again.said().partition("Stopping")[2].splitlines() if "✓" in line]
    assert stopped == ["web", "beat", "worker", "Redis"]
    assert nothing_left(place, patience=5)


def test_manage_starts_what_it_needs_and_stops_it_again(place):
    answer = manage(
        place, "shell", "-v0", "-c", "import sys; print(sys.stdin.read().upper()); sys.exit(7)", input="a b"
    )

    assert answer.returncode == 7, answer.stderr
    assert answer.stdout == "A B\n"
    assert nothing_left(place, patience=5)
    assert not (place / "mode").exists()  # no demo data, nor the wish for it

    unknown = manage(place, "no_such_command")
    assert unknown.returncode == 1
    assert unknown.stdout == ""
    assert "no_such_command" in unknown.stderr
