"""Starting child processes that cannot outlive us, and ending them."""

import ctypes
import json
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1
LOG_LIMIT = 20_000_000

_libc = ctypes.CDLL(None, use_errno=True)


def tied(number: int):
    """For Popen's preexec_fn: when this process ends, however it ends, the child gets signal `number`."""
    parent = os.getpid()

    def tie() -> None:
        # A shell that put us in the background has us ignore these, and children would inherit it.
        for ordinary in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(ordinary, signal.SIG_DFL)
        _libc.prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
        if os.getppid() != parent:  # we ended before the tie was made
            os._exit(1)

    return tie


def spawn(command: Sequence, *, log: Path, dies_by: int, stdin: bytes | None = None, **options) -> subprocess.Popen:
    """Start `command` in a session of its own, its output in `log`, tied to this process by `dies_by`:
    a kill -9 of us leaves nothing behind."""
    with log_file(log) as output:
        child = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=tied(dies_by),
            **options,
        )
    if stdin is not None:
        child.stdin.write(stdin)
        child.stdin.close()
    return child


def log_file(path: Path):
    """Open a log to append to; a large one is put aside first."""
    if path.exists() and path.stat().st_size > LOG_LIMIT:
        path.rename(path.with_suffix(".old.log"))
    file = path.open("ab")
    path.chmod(0o600)
    return file


def end(child: subprocess.Popen | None, how: int, *, patience: float) -> bool:
    """Ask the child to end with `how`; after `patience` seconds end its whole group. True when asked sufficed."""
    if child is None:
        return True
    asked = True
    if child.poll() is None:
        child.send_signal(how)
        try:
            child.wait(patience)
        except subprocess.TimeoutExpired:
            asked = False
    end_group(child.pid)
    if not asked:
        child.wait(10)
    return asked


def end_group(group: int) -> None:
    """Whatever is left of a child's session (a pool's processes, say) goes with it."""
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def started_at(pid: int) -> str:
    """The kernel's start time of a process, which tells it from a later one of the same number; "" if gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    fields = text.rpartition(")")[2].split()
    return "" if fields[0] == "Z" else fields[19]


def write_down(path: Path, children: Sequence[subprocess.Popen]) -> None:
    """Note who runs, so that `reap` can end them when we could not."""
    path.write_text(json.dumps({child.pid: started_at(child.pid) for child in children}))


def reap(path: Path, grace: float) -> None:
    """End what was written down and still runs, after it had `grace` seconds to end by itself."""
    try:
        left = {int(pid): began for pid, began in json.loads(path.read_text()).items()}
    except (OSError, ValueError):
        return
    until = time.monotonic() + grace
    while time.monotonic() < until and any(started_at(pid) == began for pid, began in left.items()):
        time.sleep(0.1)
    for pid, began in left.items():
        # A number that now means another process is not ours to end.
        if started_at(pid) in (began, ""):
            end_group(pid)
    path.unlink(missing_ok=True)


def tail(path: Path, lines: int = 15) -> str:
    try:
        with path.open("rb") as file:
            file.seek(max(path.stat().st_size - 20_000, 0))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""
