"""What `bin/run`, `bin/manage`, `bin/test` and `bin/check` share. The standard library alone.

It runs on the machine's own Python, before anything is installed, so nothing here imports a package.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
# Without a search path, as under `env -i`, Python does not know where it lies itself.
INTERPRETER = getattr(sys, "_base_executable", "") or sys.executable or os.path.realpath("/proc/self/exe")
IS_ROOT = os.geteuid() == 0


class Stop(Exception):
    """What went wrong, and what to do about it: printed without a traceback, exit code 1."""


def start(main) -> None:
    """Run a command's `main(arguments)`; a Stop becomes one line."""
    # `env -i bin/run` has neither a search path nor a home; apt and uv want both.
    os.environ.setdefault("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    if "HOME" not in os.environ:
        os.environ["HOME"] = os.path.expanduser("~")  # noqa: PTH111 (reads the password file without HOME)
    os.environ.setdefault("PYTHONUTF8", "1")
    try:
        code = main(sys.argv[1:])
    except Stop as stop:
        print(f"mingjian: {stop}", file=sys.stderr)
        code = 1
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)
