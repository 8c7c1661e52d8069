"""The process that owns a home's embedded servers (`services.py` says for how long).

    python -m _bootstrap.keeper HOME DATABASE_URL REDIS_URL

It prints `ready`, or what went wrong, and closes its standard output.
"""

import json
import os
import signal
import sys
import time
from fcntl import LOCK_EX

from . import Stop, processes, services
from .home import Home, hold

GRACE = 10  # seconds for what a killed `bin/run` left: its children were told to end by themselves


def main(path: str, *names: str) -> int:
    home = Home(path)
    lock = hold(home.path / "keeper.lock", LOCK_EX, wait=False)
    if lock is None:
        print("other services are already running on this home")
        return 1
    asked: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda received, frame: asked.append(received))
    state = home.path / "services.json"
    servers = []
    try:
        if "DATABASE_URL" in names:
            servers.append(services.embedded_postgres(home))
        if "REDIS_URL" in names:
            servers.append(services.embedded_valkey(home))
        for server in servers:
            server.start()
        note = {"keeper": os.getpid(), "started_at": processes.started_at(os.getpid()), "servers": names}
        fresh = state.with_suffix(".new")
        fresh.write_text(json.dumps(note))
        fresh.rename(state)
    except Stop as stop:
        print(stop, flush=True)
        end(home, servers)
        return 1
    print("ready", flush=True)
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)

    using = None
    while not asked and all(server.server.poll() is None for server in servers):
        if using := hold(home.path / "in-use.lock", LOCK_EX, wait=False):
            break
        time.sleep(0.3)
    state.unlink(missing_ok=True)
    if using:
        processes.reap(home.path / "processes.json", GRACE)
    end(home, servers)
    return 0


def end(home: Home, servers: list) -> None:
    """Redis first: PostgreSQL is the last to go."""
    for server in reversed(servers):
        server.stop()
    home.leave_sockets()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
