"""The virtual environment, filled from a lock with hashes; skipped when the lock has not changed."""

import fcntl
import hashlib
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from . import INTERPRETER, IS_ROOT, PYTHON, ROOT, VENV, Stop, progress

LOCKS = ROOT / "requirements"


@contextmanager
def alone():
    """One bootstrap at a time works on a checkout's environment; a second waits."""
    try:
        VENV.mkdir(exist_ok=True)
        lock = (VENV / "bootstrap.lock").open("w")
    except PermissionError:
        raise Stop(f"{VENV} belongs to another user: run as that user, or use a checkout of your own.") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress.say("  … another start is installing into this checkout; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def site_packages() -> Path:
    return next((VENV / "lib").glob("python3.*/site-packages"))


def ensure(name: str, *, quiet: bool = False) -> None:
    """Everything `requirements/NAME.txt` locks is installed in `.venv`."""
    lock = LOCKS / f"{name}.txt"
    wanted = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()
    stamp = VENV / "locks" / name
    if is_sound() and stamp.is_file() and stamp.read_text() == wanted:
        return
    with alone():
        if not is_sound():
            create(quiet=quiet)
        install(lock, quiet=quiet)
        stamp.parent.mkdir(exist_ok=True)
        stamp.write_text(wanted)


def is_sound() -> bool:
    """The environment exists and its Python still runs (the machine's may have been replaced)."""
    if not (VENV / "pyvenv.cfg").is_file() or not PYTHON.exists():
        return False
    check = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    return subprocess.run([PYTHON, "-c", check], capture_output=True).returncode == 0


def create(*, quiet: bool) -> None:
    if subprocess.run([INTERPRETER, "-c", "import venv, ensurepip"], capture_output=True).returncode:
        if not IS_ROOT:
            raise Stop("python3-venv is missing: ask an administrator for `apt-get install python3-venv`.")
        from . import system

        system.apt_install(["python3-venv"], quiet=quiet)
    locks = VENV / "locks"
    for stamp in locks.glob("*") if locks.is_dir() else ():
        stamp.unlink()
    progress.run("Making the Python environment", [INTERPRETER, "-m", "venv", VENV], quiet=quiet)


def install(lock: Path, *, quiet: bool) -> None:
    """With uv, ten times faster; with pip where uv cannot be had or cannot reach the packages."""
    pip = [PYTHON, "-m", "pip", "--disable-pip-version-check", "install", "--require-hashes", "-r"]
    uv = VENV / "bin" / "uv"
    label = f"Installing the packages of requirements/{lock.name}"
    if (
        not (VENV / "locks" / "uv").is_file()
        and subprocess.run([*pip, LOCKS / "uv.txt", "-q"], capture_output=True).returncode == 0
    ):
        (VENV / "locks").mkdir(exist_ok=True)
        (VENV / "locks" / "uv").touch()
    if uv.exists():
        command = [uv, "pip", "install", "--python", PYTHON, "--require-hashes", "--no-progress", "-r", lock]
        try:
            progress.run(label, [*command, "--index-strategy", "unsafe-best-match"], env=uv_settings(), quiet=quiet)
            return
        except Stop:
            progress.say("    uv could not; trying pip")
    progress.run(label, [*pip, lock], quiet=quiet, hint="The packages come from PyPI or the index your pip is set to.")


def uv_settings() -> dict[str, str]:
    """uv reads no pip settings, so the site's own index and certificates are handed over."""
    env = {**os.environ, "UV_PYTHON_DOWNLOADS": "never", "VIRTUAL_ENV": str(VENV)}
    if Path("/etc/ssl/certs/ca-certificates.crt").is_file():
        # The machine's own authorities, as pip trusts them: a hospital's network may have one.
        env["UV_SYSTEM_CERTS"] = "true"
    cache = Path(env.get("XDG_CACHE_HOME") or Path(env["HOME"]) / ".cache")
    if "UV_CACHE_DIR" not in env and not os.access(cache if cache.exists() else cache.parent, os.W_OK):
        env["UV_CACHE_DIR"] = str(VENV / "cache")
    listed = subprocess.run(
        [PYTHON, "-m", "pip", "config", "list"], capture_output=True, text=True, errors="replace"
    ).stdout
    names = {
        "index-url": "UV_INDEX_URL",
        "extra-index-url": "UV_EXTRA_INDEX_URL",
        "find-links": "UV_FIND_LINKS",
        "cert": "SSL_CERT_FILE",
    }
    for line in listed.splitlines():
        key, _, value = line.partition("=")
        name = names.get(key.rpartition(".")[2])
        if name and name not in os.environ:
            words = value.strip().strip("'\"").replace("\\n", " ").split()
            env[name] = (", " if name == "UV_FIND_LINKS" else " ").join(words).replace(", ", ",")
    return env
