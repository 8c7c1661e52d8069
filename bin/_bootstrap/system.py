"""System libraries and programs from Debian's packages, and only those that are missing.

As root they are installed. As anybody else they are downloaded and unpacked beside the environment, and
found there through LD_LIBRARY_PATH: no root at any point.
"""

import os
import shutil
import subprocess
import sysconfig
from collections.abc import Iterable
from pathlib import Path

from . import IS_ROOT, PYTHON, VENV, Stop, progress

UNPACKED = VENV / "system"

# What is looked for → the package that brings it. WeasyPrint loads exactly these three.
PDF = {
    "libpango-1.0.so.0": "libpango-1.0-0",
    "libpangoft2-1.0.so.0": "libpangoft2-1.0-0",
    "libharfbuzz-subset.so.0": "libharfbuzz-subset0",
}
BROWSER = {"libatomic.so.1": "libatomic1", "chromium-headless-shell": "chromium-headless-shell"}
WORDS = {"xgettext": "gettext"}


def library_path() -> dict[str, str]:
    """LD_LIBRARY_PATH for what was unpacked, and nothing when nothing was."""
    if not UNPACKED.is_dir():
        return {}
    triplet = sysconfig.get_config_var("MULTIARCH") or f"{os.uname().machine}-linux-gnu"
    folders = [f"{UNPACKED}/{place}/{triplet}" for place in ("usr/lib", "lib")] + [f"{UNPACKED}/usr/lib"]
    # Some packages keep private libraries one folder deeper (libpulse does).
    deeper = {str(found.parent) for found in (UNPACKED / "usr/lib" / triplet).glob("*/lib*.so*")}
    folders += sorted(deeper)
    before = os.environ.get("LD_LIBRARY_PATH", "")
    found = [folder for folder in folders if Path(folder).is_dir() and folder not in before.split(":")]
    if not found:
        return {}
    return {"LD_LIBRARY_PATH": ":".join([*found, *filter(None, [before])])}


def program(name: str) -> str | None:
    """Where a program is: the machine's own, or the unpacked one."""
    if found := shutil.which(name):
        return found
    # The browser's own start script points into /usr, so take what it would start.
    browser = UNPACKED / "usr/lib/chromium" / name
    if browser.is_file():
        return str(browser)
    unpacked = UNPACKED / "usr/bin" / name
    return str(unpacked) if unpacked.is_file() else None


def loads(library: str) -> bool:
    check = f"import ctypes; ctypes.CDLL({library!r})"
    env = {**os.environ, **library_path()}
    return subprocess.run([PYTHON, "-c", check], capture_output=True, env=env).returncode == 0


def missing(wanted: dict[str, str]) -> list[str]:
    absent = (name for name in wanted if not (loads(name) if ".so" in name else program(name)))
    return [wanted[name] for name in absent]


def ensure(wanted: dict[str, str], *, quiet: bool = False) -> None:
    """Every library and program named is there; else a Stop names the packages."""
    stamp = VENV / "locks" / ("system-" + "-".join(sorted(set(wanted.values()))))
    # A library seen once stays; loading three of them again would cost a tenth of a second each start.
    if stamp.is_file() and all(program(name) for name in wanted if ".so" not in name):
        return
    if packages := missing(wanted):
        if not shutil.which("apt-get"):
            raise Stop(f"install these first, with the means of your system: {' '.join(packages)}")
        (apt_install if IS_ROOT else unpack)(packages, quiet=quiet)
    if still := missing(wanted):
        raise Stop(f"these could not be installed: {' '.join(still)}. Try `apt-get install {' '.join(still)}`.")
    stamp.touch()


def apt_install(packages: Iterable[str], *, quiet: bool = False) -> None:
    packages = list(packages)
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120", *packages]
    label = f"Installing {' '.join(packages)}"
    if subprocess.run([*install, "--simulate"], capture_output=True, env=env).returncode:
        progress.run("Reading Debian's package lists", ["apt-get", "update"], env=env, quiet=quiet)
    try:
        progress.run(label, install, env=env, quiet=quiet)
    except Stop:
        # The lists may be older than the archive.
        progress.run("Reading Debian's package lists", ["apt-get", "update"], env=env, quiet=quiet)
        progress.run(label, install, env=env, quiet=quiet)


def unpack(packages: Iterable[str], *, quiet: bool = False) -> None:
    """Download the packages and what they need, and unpack them into `UNPACKED`, as any user."""
    packages = list(packages)
    state, debs = VENV / "apt", VENV / "apt" / "debs"
    for folder in (state / "lists/partial", state / "cache/archives/partial", debs, UNPACKED):
        folder.mkdir(parents=True, exist_ok=True)
    apt = [
        "apt-get",
        *("-o", f"Dir::State={state}", "-o", "Dir::State::status=/var/lib/dpkg/status"),
        *("-o", f"Dir::Cache={state / 'cache'}", "-o", "Debug::NoLocking=1", "-o", "APT::Sandbox::User="),
    ]
    hint = f"Or ask an administrator for `apt-get install {' '.join(packages)}`."
    progress.run("Reading Debian's package lists", [*apt, "update"], quiet=quiet, hint=hint)
    planned = subprocess.run(
        [*apt, "--simulate", "install", "--no-install-recommends", *packages], capture_output=True, text=True
    )
    names = [line.split()[1] for line in planned.stdout.splitlines() if line.startswith("Inst ")]
    if planned.returncode or not names:
        raise Stop(f"Debian's packages do not offer {' '.join(packages)}. {planned.stderr.strip()} {hint}")
    label = f"Downloading {' '.join(packages)} ({len(names)} packages)"
    progress.run(label, [*apt, "download", *names], cwd=debs, quiet=quiet, hint=hint)
    with progress.step(f"Unpacking {len(names)} packages", quiet=quiet) as now:
        for deb in sorted(debs.glob("*.deb")):
            now(deb.name)
            subprocess.run(["dpkg", "-x", deb, UNPACKED], check=True)
            deb.unlink()
