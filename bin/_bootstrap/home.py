"""A home: the folder that holds one installation's data, keys, logs and files."""

import contextlib
import fcntl
import hashlib
import os
import secrets
import stat
import string
from pathlib import Path

from . import IS_ROOT, ROOT, Stop

KEYS = {"secret_key": 48, "identity_key": 32, "trail_key": 32}
PASSWORDS = ("database_superuser", "database_owner", "database_app", "redis")
SHARED = Path("/var/lib/mingjian")  # where root's services keep their files: an unprivileged user reaches it
SOCKET_FOLDER_LIMIT = 80  # a socket's path must stay below 108 bytes
PLAIN = set(string.ascii_letters + string.digits + "/._-")


class Home:
    def __init__(self, path: str | os.PathLike | None = None):
        chosen = path or os.environ.get("MINGJIAN_HOME") or ROOT / "var"
        self.path = Path(chosen).expanduser().absolute()
        self.keys = self.path / "keys"
        self.logs = self.path / "logs"
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self.path.chmod(0o711 if IS_ROOT else 0o700)
            for folder in (self.keys, self.logs, self.path / "beat", self.path / "files"):
                folder.mkdir(exist_ok=True)
                folder.chmod(0o700)
        except PermissionError:
            raise Stop(f"{self.path} belongs to another user: choose another --home, or run as that user.") from None
        except (FileExistsError, NotADirectoryError):
            raise Stop(f"{self.path} is a file: --home names a folder.") from None

    def ensure_keys(self) -> None:
        """Each key is made once, readable by this user alone. Losing them loses what they protect."""
        for name, size in KEYS.items():
            self.secret(name, size)

    def secret(self, name: str, size: int = 24) -> str:
        path = self.keys / name
        if not path.exists():
            fresh = self.keys / f".{name}.new"
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(secrets.token_hex(size))
                file.flush()
                os.fsync(file.fileno())
            fresh.rename(path)
        return path.read_text().strip()

    def services(self) -> Path:
        """The folder of the embedded services' files.

        As root these are under /var/lib/mingjian, because PostgreSQL refuses root and its unprivileged
        user may not pass the parents of the checkout; `services.where` in the home says where.
        """
        if not IS_ROOT:
            folder = self.path / "services"
            folder.mkdir(exist_ok=True)
            folder.chmod(0o700)
            return folder
        pointer = self.path / "services.where"
        # Never a name that a removed home may have used: its keys are gone, its data must not be met again.
        folder = Path(pointer.read_text().strip()) if pointer.is_file() else SHARED / secrets.token_hex(6)
        folder.mkdir(parents=True, exist_ok=True)
        for place in (folder.parent, folder):
            place.chmod(0o711)
        owner = folder / "home"
        if owner.is_file() and owner.read_text() != str(self.path):
            other = Path(owner.read_text())
            if (other / "services.where").is_file() and not other.samefile(self.path):
                raise Stop(
                    f"{self.path} is a copy of {other}: both would write to the database in {folder}. "
                    f"Remove {pointer} to start this one empty."
                )
        owner.write_text(str(self.path))
        pointer.write_text(f"{folder}\n")
        return folder

    def sockets(self) -> Path:
        """The folder of the sockets: only its user may enter, and its path is short and plain."""
        folder = self.services() / "s"
        if len(os.fsencode(folder)) > SOCKET_FOLDER_LIMIT or not set(str(folder)) <= PLAIN:
            folder = Path(f"/tmp/mingjian-{os.geteuid()}-{digest(self.path)}")
        private_folder(folder)
        return folder

    def leave_sockets(self) -> None:
        """A socket folder outside the home goes when the servers have gone."""
        folder = self.sockets()
        if not folder.is_relative_to(self.services()):
            with contextlib.suppress(OSError):
                folder.rmdir()

    def mode(self, *, demo: bool) -> bool:
        """Whether this home holds demo data; the first `bin/run` decides, for good."""
        path = self.path / "mode"
        before = path.read_text().strip() if path.is_file() else ""
        if before == "demo" and not demo:
            raise Stop(f"{self.path} holds demo data and demo logins. Choose another --home for real work.")
        if not before:
            path.write_text("demo" if demo else "real")
            return demo
        return before == "demo"


def private_folder(folder: Path) -> None:
    """Mode 0700 and ours; a folder somebody else put there first is refused."""
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    allowed = {os.geteuid(), *([65534, unprivileged()["user"]] if IS_ROOT else [])}
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in allowed:
        raise Stop(f"{folder} belongs to somebody else; it must be removed before Mingjian can start.")
    folder.chmod(0o700)


def digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def unprivileged() -> dict:
    """The user the services run as: `nobody` under root, ourselves otherwise. Arguments for Popen."""
    if not IS_ROOT:
        return {}
    import pwd

    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def hold(path: Path, how: int, *, wait: bool = True):
    """An open, locked file, or None when somebody else holds it and `wait` is false."""
    file = path.open("a+")
    try:
        fcntl.flock(file, how | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        file.close()
        return None
    return file
