"""What a person sees while it works: one line a step, with seconds, and what the step is doing now."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence

from . import Stop

_began = time.monotonic()


def write(text: str) -> None:
    """Print to the terminal; a terminal that has gone away is no reason to stop."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        pass


def say(text: str) -> None:
    write(f"{text}\n")


def elapsed() -> float:
    return time.monotonic() - _began


class step:
    """`with step("Installing packages") as now: now("django")`: a line that ends in ok and seconds.

    `quiet` steps print only when they take longer than `patience` seconds or fail: `bin/manage` is mostly
    asked for its own answer.
    """

    def __init__(self, label: str, *, quiet: bool = False, patience: float = 1.0):
        self.label, self.quiet, self.patience = label, quiet, patience
        self.terminal = sys.stderr.isatty()
        self.detail, self.shown = "", False

    def __enter__(self) -> Callable[[str], None]:
        self.began = self.told = time.monotonic()
        self.over = threading.Event()
        if not self.quiet:
            self.show()
        self.ticker = threading.Thread(target=self.tick, daemon=True)
        self.ticker.start()
        return self.now

    def now(self, detail: str) -> None:
        self.detail = " ".join(detail.split())[:70]

    def show(self) -> None:
        self.shown = True
        if self.terminal:
            seconds = int(time.monotonic() - self.began)
            write(f"\r\033[K  … {self.label}{f' {seconds} s' if seconds else ''}  {self.detail}")

    def tick(self) -> None:
        """A terminal sees each change; a log file a line every ten seconds."""
        while not self.over.wait(0.2 if self.terminal else 1):
            passed = time.monotonic() - self.began
            if self.quiet and passed < self.patience:
                continue
            if self.terminal:
                self.show()
            elif time.monotonic() - self.told > 10:
                self.told, self.shown = time.monotonic(), True
                say(f"  … {self.label}: {passed:.0f} s  {self.detail}")

    def __exit__(self, kind, error, trace) -> None:
        self.over.set()
        self.ticker.join()
        if self.shown or kind:
            mark = "✗" if kind else "✓"
            clear = "\r\033[K" if self.terminal else ""
            say(f"{clear}  {mark} {self.label}  {time.monotonic() - self.began:.1f} s")


def run(label: str, command: Sequence, *, quiet: bool = False, env=None, cwd=None, hint: str = "") -> None:
    """A step that is one command: its newest line is shown beside the label, all of it if it fails."""
    lines: list[str] = []
    with step(label, quiet=quiet) as now:
        child = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=env,
            cwd=cwd,
        )
        try:
            for line in child.stdout:
                lines.append(line)
                if line.strip():
                    now(line)
            code = child.wait()
        except BaseException:
            child.kill()
            child.wait()
            raise
        if code:
            write("\n" + "".join(lines[-60:]))
            raise Stop(f"{label}: failed with code {code}." + (f" {hint}" if hint else ""))
