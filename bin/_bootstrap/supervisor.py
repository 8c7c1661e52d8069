"""`bin/run`: everything at once, watched, and stopped in order."""

import argparse
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from fcntl import LOCK_EX
from pathlib import Path

from . import PYTHON, ROOT, Stop, prepare, processes, progress
from .home import Home, hold
from .services import Attachment

PATIENCE = {"web": 30, "beat": 10, "worker": 60}  # seconds to end in; the order is the order of ending
# When we are killed nobody is left to wait for work under way: it is handed out again at the next start.
DIES_BY = {"web": signal.SIGQUIT, "worker": signal.SIGQUIT, "beat": signal.SIGTERM}
RESTARTS = 5  # within a minute, before giving up


@dataclass
class Part:
    """One process of the application: restarted when it falls, unless it keeps falling."""

    name: str
    command: list[str]
    log: Path
    child: subprocess.Popen | None = None
    starts: list[float] = field(default_factory=list)

    def start(self, env: dict[str, str]) -> None:
        self.starts = [moment for moment in self.starts if time.monotonic() - moment < 60]
        self.starts.append(time.monotonic())
        self.child = processes.spawn(self.command, log=self.log, dies_by=DIES_BY[self.name], env=env, cwd=ROOT)


def parts(home: Home, port: int) -> list[Part]:
    """Web, worker and beat; the order is that of starting."""
    python, memory = str(PYTHON), ["--worker-tmp-dir", "/dev/shm"] if os.access("/dev/shm", os.W_OK) else []
    celery = [python, "-m", "celery", "-A", "config"]
    web = [python, "-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread"]
    web += ["--workers", "2", "--threads", "4", "--timeout", "120", "--graceful-timeout", "20", *memory]
    web += ["--no-control-socket"]
    worker = [*celery, "worker", "--concurrency", "2", "--loglevel", "INFO", "--without-gossip", "--without-mingle"]
    beat = [*celery, "beat", "--loglevel", "INFO", "--schedule", str(home.path / "beat" / "schedule"), "--pidfile="]
    return [
        Part("web", web, home.logs / "web.log"),
        Part("worker", worker, home.logs / "worker.log"),
        Part("beat", beat, home.logs / "beat.log"),
    ]


class Supervisor:
    def __init__(self, home: Home, port: int, *, demo: bool):
        self.home, self.port, self.demo = home, port, demo
        self.address = f"http://127.0.0.1:{port}/"
        self.asked: list[int] = []
        self.parts: list[Part] = []
        self.attachment = Attachment(home)
        self.note = home.path / "processes.json"

    def run(self) -> int:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.stop_was_asked)
        try:
            processes.reap(self.note, grace=0)
            self.attachment.attach()
            env = prepare.variables(self.home, self.attachment.environment, demo=self.demo)
            prepare.database(self.home, env, demo=self.demo, quiet=False)
            prepare.static_files(self.home, env, quiet=False)
            with progress.step("Starting web server, worker and beat"):
                self.start(env)
                self.wait_for_health()
            progress.say(f"\nMingjian is ready after {progress.elapsed():.0f} s:  {self.address}\n")
            asked = ["demo_logins"] if self.demo else ["first_administrator", "--base-url", self.address]
            welcome = prepare.answer(env, *asked)
            if welcome:
                print(welcome, flush=True)
            progress.say("\nCtrl-C stops everything.")
            return self.watch(env)
        except KeyboardInterrupt:
            return 0
        finally:
            self.stop()

    def stop_was_asked(self, number: int, frame) -> None:
        """The first time breaks off whatever is under way; later ones only shorten the wait."""
        self.asked.append(number)
        if len(self.asked) == 1:
            raise KeyboardInterrupt

    def start(self, env: dict[str, str]) -> None:
        self.parts = parts(self.home, self.port)
        for part in self.parts:
            part.start(env)
        self.write_down()

    def write_down(self) -> None:
        processes.write_down(self.note, [part.child for part in self.parts])

    def wait_for_health(self, patience: float = 90) -> None:
        until = time.monotonic() + patience
        said = "no answer"
        # Straight to the loopback address, whatever proxy the environment names.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        while time.monotonic() < until:
            for part in self.parts:
                if part.child.poll() is not None:
                    raise Stop(f"{part.name} does not start; its log ends:\n{processes.tail(part.log)}")
            try:
                with opener.open(f"{self.address}health/", timeout=5) as answer:
                    if answer.status == 200:
                        return
            except urllib.error.HTTPError as error:
                said = f"{error.code} {error.read(500).decode(errors='replace')}"
            except OSError as error:
                said = str(error)
            time.sleep(0.1)
        web = self.home.logs / "web.log"
        raise Stop(f"the web server does not become healthy ({said}); {web} ends:\n{processes.tail(web)}")

    def watch(self, env: dict[str, str]) -> int:
        """Until told to stop. A part that falls is started again; the servers falling ends it all."""
        while True:
            time.sleep(0.3)
            if not self.attachment.alive():
                progress.say(f"PostgreSQL or Redis has stopped; see {self.home.logs} and {self.home.services()}")
                return 1
            for part in self.parts:
                if part.child.poll() is None:
                    continue
                if len(part.starts) > RESTARTS:
                    progress.say(f"{part.name} keeps falling; its log ends:\n{processes.tail(part.log)}")
                    return 1
                progress.say(f"{part.name} ended with code {part.child.returncode}; starting it again")
                processes.end_group(part.child.pid)
                part.start(env)
                self.write_down()

    def stop(self) -> None:
        """Web, beat, worker, then Redis and PostgreSQL. A second Ctrl-C does not wait for work under way."""
        if not self.asked:
            self.asked.append(0)
        running = {part.name: part for part in self.parts}
        if running:
            progress.say("\nStopping")
        for name in ("web", "beat", "worker"):
            if part := running.get(name):
                with progress.step(name):
                    self.end(part)
        self.note.unlink(missing_ok=True)
        with progress.step("Redis and PostgreSQL", quiet=not running):
            self.attachment.release()

    def end(self, part: Part) -> None:
        if part.child is None:
            return
        until = time.monotonic() + PATIENCE[part.name]
        if part.child.poll() is None:
            part.child.send_signal(signal.SIGTERM)
        while part.child.poll() is None and time.monotonic() < until and len(self.asked) < 2:
            time.sleep(0.05)
        processes.end(part.child, signal.SIGKILL, patience=5)


def free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="bin/run", description="Start Mingjian with everything it needs; Ctrl-C stops it."
    )
    parser.add_argument("--port", type=int, default=8000, help="the web server's port on this machine (8000)")
    parser.add_argument("--home", help="the folder of its data (MINGJIAN_HOME, else ./var)")
    parser.add_argument("--no-demo", action="store_true", help="start empty, for real work")
    chosen = parser.parse_args(arguments)
    if not 0 < chosen.port < 65536:
        raise Stop(f"{chosen.port} is not a port")
    home = Home(chosen.home)
    lock = hold(home.path / "run.lock", LOCK_EX, wait=False)
    if lock is None:
        says = (home.path / "run.lock").read_text().strip()
        raise Stop(f"already running on {home.path} ({says}); stop that first, or choose another --home.")
    if not free(chosen.port):
        raise Stop(f"port {chosen.port} is taken; choose another with --port.")
    lock.truncate(0)
    lock.write(f"process {os.getpid()}, http://127.0.0.1:{chosen.port}/")
    lock.flush()
    demo = home.mode(demo=not chosen.no_demo)
    if not demo and not chosen.no_demo:
        progress.say(f"{home.path} was started with --no-demo and stays without demo data.")
    progress.say(f"Mingjian on {home.path}")
    prepare.install(home, quiet=False)
    return Supervisor(home, chosen.port, demo=demo).run()
