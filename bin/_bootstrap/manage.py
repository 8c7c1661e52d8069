"""`bin/manage …`: `manage.py …` with everything it needs, and nothing of ours on standard output."""

import signal
import subprocess
import sys

from . import PYTHON, ROOT, prepare, processes, progress
from .home import Home
from .services import Attachment

# Read-only answers that need no database.
BARE = {"help", "--help", "-h", "version", "--version", "makemessages", "compilemessages"}


def main(arguments: list[str]) -> int:
    arguments, where = take_home(arguments)
    home = Home(where)
    prepare.install(home, quiet=True)
    if not arguments or arguments[0] in BARE:
        return subprocess.call([PYTHON, "manage.py", *arguments], cwd=ROOT, env=prepare.variables(home, {}))
    attachment = Attachment(home)
    # While the command runs, Ctrl-C is its own to answer.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        attachment.attach(quiet=True)
        env = prepare.variables(home, attachment.environment, demo=demo_home(home))
        # The tool that writes migrations must not need them to be there already.
        if arguments[0] not in {"makemigrations", "check"}:
            prepare.database(home, env, demo=False, quiet=True)
        return call(arguments, env)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        attachment.release()


def demo_home(home: Home) -> bool:
    mode = home.path / "mode"
    return mode.is_file() and mode.read_text().strip() == "demo"


def call(arguments: list[str], env: dict[str, str]) -> int:
    """Standard input and output pass through untouched, so does the exit code, so do signals."""
    asked: list[int] = []
    # The caller's own folder: a FILE argument is relative to it.
    command = [PYTHON, ROOT / "manage.py", *arguments]
    child = subprocess.Popen(command, env=env, preexec_fn=processes.tied(signal.SIGTERM))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, frame: (asked.append(received), child.send_signal(received)))
    code = child.wait()
    if code < 0:
        progress.say(f"the command was ended by signal {-code}")
        return 128 - code
    return code


def take_home(arguments: list[str]) -> tuple[list[str], str | None]:
    """`--home DIR`, before the command's name only: after it, options are the command's own."""
    if arguments[:1] == ["--home"] and len(arguments) > 1:
        return arguments[2:], arguments[1]
    if arguments and arguments[0].startswith("--home="):
        return arguments[1:], arguments[0].partition("=")[2]
    return arguments, None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
