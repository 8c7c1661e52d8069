"""The containers' health check: exits 0 when the part named on the command line works."""

import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

BEAT_WRITES = 600  # seconds; beat writes its schedule down every three minutes


def web() -> bool:
    """The site answers under its own name, database and Redis included."""
    host = os.environ["ALLOWED_HOSTS"].split(",")[0]
    request = urllib.request.Request("http://127.0.0.1:8000/health/", headers={"Host": host})
    with urllib.request.urlopen(request, timeout=8) as answer:
        return answer.status == 200


def worker() -> bool:
    """This container's own worker answers a ping."""
    name = f"celery@{os.uname().nodename}"
    command = ["sh", "/app/ops/entrypoint.sh", "celery", "inspect", "ping", "--timeout", "15", "--destination", name]
    return subprocess.run(command, stdout=subprocess.DEVNULL).returncode == 0


def beat() -> bool:
    """The schedule was written lately."""
    files = list(Path(os.environ["MINGJIAN_HOME"], "beat").glob("schedule*"))
    return any(time.time() - path.stat().st_mtime < BEAT_WRITES for path in files)


if __name__ == "__main__":
    sys.exit(0 if {"web": web, "worker": worker, "beat": beat}[sys.argv[1]]() else 1)
