"""`bin/test [pytest arguments]`: what tests need, a browser too, then pytest on throwaway services."""

import os
import subprocess

from . import PYTHON, ROOT, environment, messages, progress, system

NEEDS = {**system.PDF, **system.BROWSER}


def main(arguments: list[str]) -> int:
    environment.ensure("test")
    system.ensure(NEEDS)
    messages.compile_all()
    env = {**os.environ, **system.library_path(), "PATH": f"{PYTHON.parent}:{os.environ['PATH']}"}
    if browser := system.program("chromium-headless-shell"):
        env["MINGJIAN_BROWSER"] = browser
    progress.say(f"Ready to test after {progress.elapsed():.0f} s")
    return subprocess.call([PYTHON, "-m", "pytest", *spread(arguments), *arguments], cwd=ROOT, env=env)


def spread(arguments: list[str]) -> list[str]:
    """One worker a core, unless the caller says otherwise or wants to debug."""
    if any(word.startswith(("-n", "--numprocesses", "--pdb", "--co", "--collect-only")) for word in arguments):
        return []
    return ["-n", str(len(os.sched_getaffinity(0))), "--dist", "worksteal"]
