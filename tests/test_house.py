"""The house tests itself: rules that hold for every room, present and to come (`docs/adr/0001-the-house.md`)."""

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver

from audit.exempt import EXEMPT
from audit.gates import GATES
from audit.steps import STEPS, unregistered
from referrals import pathway

ROOT = Path(settings.BASE_DIR)
ROOMS = ["audit", "documents", "policy", "accounts", "catalog", "vendors", "referrals", "consent", "supervision"]
ROOMS += ["reports", "desk"]


def sources(*, tests: bool = False):
    """Every Python file of the rooms, as (path, parsed)."""
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path, ast.parse(path.read_text())


def our_models():
    """The models of the rooms, without those that tests make up."""
    found = [model for room in ROOMS for model in apps.get_app_config(room).get_models()]
    return [model for model in found if not model.__module__.startswith("tests")]


def views(resolver=None, prefix=""):
    """Every address with its view."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            yield from views(entry, prefix + str(entry.pattern))
        elif isinstance(entry, URLPattern):
            yield prefix + str(entry.pattern), entry.callback


def test_every_address_names_a_permission_or_is_declared_public():
    unguarded = [
        address
        for address, view in views()
        if not getattr(view, "public", False)
        and not getattr(view, "permission", "")
        and not getattr(getattr(view, "cls", None), "permission", "")
        and not getattr(getattr(view, "cls", None), "public", False)
    ]

    assert unguarded == []


def test_every_permission_a_view_a_door_a_step_or_an_action_asks_is_carried_by_some_role():
    from accounts.roles import FILE

    carried = set(re.findall(r'"([a-z]+\.[a-z_]+)"', FILE.read_text()))
    asked = {view.permission for _address, view in views() if getattr(view, "permission", None)}
    doors = [view.cls for _address, view in views() if getattr(view, "cls", None)]
    asked |= {door.permission for door in doors if getattr(door, "permission", None)}
    asked |= {permission for door in doors for permission in getattr(door, "permissions", {}).values()}
    asked |= {step.permission for step in STEPS.values() if step.permission}
    asked |= {
        given.value
        for _path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in ("may", "needs")
        for given in node.args
        if isinstance(given, ast.Constant) and re.fullmatch(r"[a-z]+\.[a-z_]+", str(given.value))
    }

    # The machine's own belong to no post.
    assert asked - carried <= {pathway.SYSTEM}
    assert pathway.SYSTEM not in carried


def test_nobody_assigns_a_status():
    assigned = []
    for path, tree in sources():
        if path == ROOT / "audit" / "steps.py":
            continue
        for node in ast.walk(tree):
            targets = node.targets if isinstance(node, ast.Assign) else []
            assigned += [
                f"{path.relative_to(ROOT)}:{node.lineno}"
                for target in targets
                if isinstance(target, ast.Attribute) and target.attr == "status"
            ]

    assert assigned == []


def test_the_models_have_their_migrations():
    """In a process of its own: tests define models that no migration knows."""
    asked = [sys.executable, "manage.py", "makemigrations", "--check", "--dry-run", "--skip-checks"]
    answered = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True)

    assert answered.returncode == 0, answered.stdout + answered.stderr


def test_every_step_lists_only_gates_that_someone_judges():
    assert unregistered() == []


def test_the_sixteen_gates_are_all_registered():
    assert sorted(code for code in GATES if re.fullmatch(r"X\d\d", code)) == [f"X{n:02d}" for n in range(1, 17)]


@pytest.mark.django_db
def test_every_clause_a_gate_cites_exists():
    from policy.models import Clause

    cited = {clause for gate in GATES.values() for clause in gate.clauses if re.fullmatch(r"[AB]\d+", clause)}

    assert cited <= set(Clause.objects.values_list("code", flat=True))


def test_beat_calls_tasks_that_exist():
    from config.celery import app

    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        module, name = entry["task"].rsplit(".", 1)
        assert hasattr(importlib.import_module(module), name), entry["task"]
        assert entry["task"] in app.tasks


@pytest.mark.django_db
def test_the_trail_watches_every_table_of_ours_but_a_short_list_with_reasons():
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " WHERE t.tgname = 'audit_row' AND t.tgenabled <> 'D'"
        )
        watched = {name for (name,) in cursor.fetchall()}
    ours = {model._meta.db_table for model in our_models()}

    assert ours - watched == {table for table in ours if table in EXEMPT}
    assert all(reason.strip() for reason in EXEMPT.values())
    assert len(EXEMPT) <= 6


@pytest.mark.django_db
def test_rows_of_an_institution_stand_behind_the_second_wall():
    """Row level security is on for every table that says whose its rows are."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relrowsecurity")
        walled = {name for (name,) in cursor.fetchall()}
    declared = {model._meta.db_table for model in our_models() if hasattr(model, "Walls")}

    assert declared <= walled
    assert {"referrals_referral", "referrals_identity", "referrals_patient", "consent_consent"} <= declared


def test_only_accounts_knows_guardian():
    knowing = [
        str(path.relative_to(ROOT))
        for path, tree in sources()
        for node in ast.walk(tree)
        if (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "guardian")
        or (isinstance(node, ast.Import) and any(name.name.split(".")[0] == "guardian" for name in node.names))
    ]

    assert set(knowing) <= {"accounts/grants.py"}


def test_the_trail_names_nothing_of_the_hospital():
    words = re.compile(r"\b(referral|patient|consent|specimen|laborator|doctor|hospital)", re.IGNORECASE)
    naming = [
        f"{path.relative_to(ROOT)}: {node.id}"
        for path, tree in sources()
        if path.parts[len(ROOT.parts)] == "audit"
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and words.search(node.id)
    ]

    assert naming == []


def test_no_room_is_a_heap():
    """Some 300 lines a file is a sign to look again; at 400 it is a rule."""
    large = [
        f"{path.relative_to(ROOT)}: {len(path.read_text().splitlines())}"
        for path, _tree in sources()
        if len(path.read_text().splitlines()) > 400
    ]

    assert large == []


def test_no_word_to_translate_hides_in_an_f_string():
    """xgettext doesn't look there: the word never comes to the catalogue, and stays English on the page."""
    words = {"_", "gettext", "pgettext", "ngettext", "gettext_lazy", "pgettext_lazy"}
    hidden = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") in words
    ]

    assert hidden == []


def test_every_word_shown_is_translated():
    """The Simplified Chinese catalogue is complete: nothing missing, nothing fuzzy."""
    import polib

    catalogue = polib.pofile(str(ROOT / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"))

    assert [entry.msgid for entry in catalogue.untranslated_entries()] == []
    assert [entry.msgid for entry in catalogue.fuzzy_entries()] == []
