"""The commands under `bin/`: what they install, start, join, stop and refuse."""

import gettext
import io
import json
import re
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from _bootstrap import Stop, check_compose, check_migrations, checks, home, messages, services, supervisor, system
from config import safety

ROOT = Path(__file__).resolve().parent.parent

# The lock


@pytest.mark.parametrize("name", ["run", "test", "dev", "uv"])
def test_every_locked_package_has_hashes_and_no_lock_names_a_host(name):
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    pinned = re.findall(r"^[a-z0-9][\w.\[\]-]*==", text, re.M | re.I)
    assert pinned
    for block in re.split(r"\n(?=\S)", text.strip()):
        assert "--hash=sha256:" in block, block
    assert "://" not in text
    assert "index-url" not in text


def test_tests_run_on_the_versions_that_production_runs_on():
    def versions(name):
        text = (ROOT / "requirements" / f"{name}.txt").read_text()
        return set(re.findall(r"^([^\s=;]+)==([^\s;\\]+)", text, re.M))

    assert versions("run") <= versions("test")
    assert versions("run") <= versions("dev")


# A home


def test_keys_are_made_once_and_readable_by_nobody_else(tmp_path):
    place = home.Home(tmp_path / "h")
    place.ensure_keys()
    first = {path.name: path.read_text() for path in place.keys.iterdir()}
    place.ensure_keys()

    assert set(first) == {"secret_key", "identity_key", "trail_key"}
    assert len(first["identity_key"]) == len(first["trail_key"]) == 64
    assert first == {path.name: path.read_text() for path in place.keys.iterdir()}
    assert {path.stat().st_mode & 0o777 for path in place.keys.iterdir()} == {0o600}
    assert place.keys.stat().st_mode & 0o777 == 0o700


def test_a_home_for_real_work_never_becomes_a_demo_nor_the_other_way_round(tmp_path):
    assert home.Home(tmp_path / "demo").mode(demo=True)
    with pytest.raises(Stop, match="demo data"):
        home.Home(tmp_path / "demo").mode(demo=False)

    assert not home.Home(tmp_path / "real").mode(demo=False)
    assert not home.Home(tmp_path / "real").mode(demo=True)


def test_a_home_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(Stop, match="is a file"):
        home.Home(tmp_path / "file")


@pytest.mark.parametrize("name", ["plain", "with space", "长" * 20, "x" * 120])
def test_socket_paths_stay_short_plain_and_private(tmp_path, monkeypatch, name):
    monkeypatch.setattr(home, "IS_ROOT", False)
    monkeypatch.setattr(services, "IS_ROOT", False, raising=False)
    folder = home.Home(tmp_path / name).sockets()

    assert len(str(folder)) <= home.SOCKET_FOLDER_LIMIT
    assert set(str(folder)) <= home.PLAIN
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.rmdir()


def test_a_socket_folder_that_somebody_else_made_first_is_refused(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(Stop, match="somebody else"):
        home.private_folder(tmp_path / "link")


def test_a_copied_home_does_not_share_the_database_of_its_original(tmp_path, monkeypatch):
    monkeypatch.setattr(home, "IS_ROOT", True)
    monkeypatch.setattr(home, "SHARED", tmp_path / "shared")
    first = home.Home(tmp_path / "first")
    folder = first.services()
    second = home.Home(tmp_path / "second")
    (second.path / "services.where").write_text(f"{folder}\n")

    with pytest.raises(Stop, match="is a copy of"):
        second.services()
    first.path.rename(tmp_path / "moved")
    assert home.Home(tmp_path / "moved").services() == folder


def test_addresses_in_the_environment_win_over_the_embedded_servers(tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql:///elsewhere")
    monkeypatch.setenv("REDIS_URL", "redis://elsewhere")
    attachment = services.Attachment(home.Home(tmp_path / "h")).attach()

    assert services.wanted() == []
    assert attachment.environment == {}
    assert not (tmp_path / "h" / "services.json").exists()

    monkeypatch.delenv("REDIS_URL")
    assert services.wanted() == ["REDIS_URL"]


def test_a_taken_port_is_named(tmp_path):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Stop, match=f"port {port} is taken"):
            supervisor.main(["--port", str(port), "--home", str(tmp_path / "h")])


def test_what_stops_first_is_what_takes_requests():
    assert list(supervisor.PATIENCE) == ["web", "beat", "worker"]


def test_only_missing_libraries_are_installed(monkeypatch):
    monkeypatch.setattr(system, "loads", lambda library: "pangoft2" not in library)
    assert system.missing(system.PDF) == ["libpangoft2-1.0-0"]


# Production


SAFE = {
    "PRODUCTION": True,
    "SECRET_KEY": "k" * 20 + "3" * 30,
    "IDENTITY_KEY": "0123456789abcdef" * 4,
    "TRAIL_KEY": "fedcba9876543210" * 4,
    "DEBUG": False,
    "SESSION_COOKIE_SECURE": True,
    "CSRF_COOKIE_SECURE": True,
    "ALLOWED_HOSTS": ["mingjian.example"],
    "DEMO": False,
    "EMAIL_USE_SSL": False,
    "EMAIL_USE_TLS": False,
}


def test_production_starts_on_safe_settings():
    safety.check(SAFE)


@pytest.mark.parametrize(
    "change, named",
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY"),
        ({"SECRET_KEY": "insecure-for-tests-and-tools-only-and-much-longer"}, "SECRET_KEY"),
        ({"IDENTITY_KEY": "00" * 32}, "IDENTITY_KEY"),
        ({"TRAIL_KEY": ""}, "TRAIL_KEY"),
        ({"DEBUG": True}, "DEBUG"),
        ({"EMAIL_USE_SSL": True, "EMAIL_USE_TLS": True}, "EMAIL"),
        ({"SESSION_COOKIE_SECURE": False}, "SECURE_COOKIES"),
        ({"CSRF_COOKIE_SECURE": False}, "SECURE_COOKIES"),
        ({"ALLOWED_HOSTS": ["*"]}, "ALLOWED_HOSTS"),
        ({"DEMO": True}, "MINGJIAN_DEMO"),
    ],
)
def test_production_refuses_to_start_on_anything_unsafe(change, named):
    with pytest.raises(ImproperlyConfigured, match=named):
        safety.check({**SAFE, **change})


COMPOSE = (ROOT / "docker-compose.yml").read_text()


def test_the_compose_file_is_sound():
    assert check_compose.faults(COMPOSE) == []


@pytest.mark.parametrize(
    "before, after, fault",
    [
        ("  proxy:\n", "  front:\n", "no service proxy"),
        ("redis:7-bookworm", "redis:latest", "names no version"),
        ("    image: redis:7-bookworm\n", "    image: redis:7\n    ports: ['6379:6379']\n", "open to the network"),
    ],
)
def test_a_careless_compose_file_is_found(before, after, fault):
    assert any(fault in found for found in check_compose.faults(COMPOSE.replace(before, after)))


def test_every_secret_of_the_compose_file_is_made_by_the_script(tmp_path):
    import subprocess

    import yaml

    script = ["sh", str(ROOT / "ops" / "make-secrets.sh"), str(tmp_path / "s")]
    subprocess.run(script, check=True, capture_output=True)
    first = {path.name: path.read_text() for path in (tmp_path / "s").iterdir()}
    assert set(first) == set(yaml.safe_load(COMPOSE)["secrets"])
    assert len(first["identity_key"]) == 64

    subprocess.run(script, check=True, capture_output=True)
    assert first == {path.name: path.read_text() for path in (tmp_path / "s").iterdir()}


# Checks


def test_messages_compile_as_gettext_reads_them(tmp_path):
    folder = tmp_path / "locale" / "zh_Hans" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "django.po").write_text(
        '#, fuzzy\nmsgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\nPlural-Forms: nplurals=1; plural=0;\\n"\n\n'
        'msgid "Case"\nmsgstr "病例"\n\nmsgctxt "verb"\nmsgid "Case"\nmsgstr "立案"\n\n'
        'msgid "%(n)s row"\nmsgid_plural "%(n)s rows"\nmsgstr[0] "%(n)s"\n" 行"\n\n'
        '#, fuzzy\nmsgid "Old"\nmsgstr "旧"\n\nmsgid "Empty"\nmsgstr ""\n'
    )
    (written,) = messages.compile_all(tmp_path)
    chinese = gettext.GNUTranslations(io.BytesIO(written.read_bytes()))

    assert chinese.gettext("Case") == "病例"
    assert chinese.pgettext("verb", "Case") == "立案"
    assert chinese.ngettext("%(n)s row", "%(n)s rows", 2) == "%(n)s 行"
    assert chinese.gettext("Old") == "Old"
    assert chinese.gettext("Empty") == "Empty"
    assert messages.compile_all(tmp_path) == []


def test_a_migration_that_cannot_be_undone_is_found(tmp_path):
    folder = tmp_path / "app" / "migrations"
    folder.mkdir(parents=True)
    (folder / "0001_initial.py").write_text("x = [migrations.RunPython(fill), migrations.RunSQL('a', 'b')]")
    (folder / "0003_late.py").write_text("x = [migrations.RunSQL('a')]")

    found = " ".join(check_migrations.faults(tmp_path, ["app"]))

    assert "RunPython without reverse_code" in found
    assert found.count("RunSQL") == 1
    assert "gaps" in found


def test_an_unknown_check_is_named():
    with pytest.raises(Stop, match="no such check: nonsense"):
        checks.main(["nonsense"])


def test_the_list_of_vulnerabilities_out_of_reach_is_a_warning_not_a_failure(monkeypatch):
    monkeypatch.setattr(checks, "tool", lambda *words: (False, "Trace\nConnectionError: no route"))
    passed, said = checks.audit()
    assert passed
    assert said.startswith("WARNING")

    monkeypatch.setattr(checks, "tool", lambda *words: (False, "Found 1 known vulnerability in 1 package\nx 1.0 PYSEC"))
    assert checks.audit()[0] is False


def test_compose_and_the_embedded_servers_keep_patients_names_out_of_their_logs():
    from _bootstrap import postgres

    assert postgres.SETTINGS["log_min_error_statement"] == "panic"
    assert postgres.SETTINGS["log_error_verbosity"] == "terse"
    assert "log_min_error_statement=panic" in COMPOSE
    assert json.dumps(postgres.SETTINGS["listen_addresses"]) == '""'
