"""Fixtures for everybody. Those of one subject live in `tests/fixtures/SUBJECT.py` and are found here."""

from pathlib import Path

import pytest
from hypothesis import settings

from tests import database

pytest_plugins = [
    f"tests.fixtures.{path.stem}"
    for path in sorted((Path(__file__).parent / "fixtures").glob("*.py"))
    if path.stem != "__init__"
]


# The same examples every time, so that a red run is red again. `--hypothesis-profile=long` looks for new ones all night.
settings.register_profile("ci", derandomize=True, max_examples=100, stateful_step_count=20)
settings.register_profile("long", max_examples=8000, stateful_step_count=60, print_blob=True)
settings.load_profile("ci")


@pytest.fixture(scope="session")
def django_db_setup(request, django_test_environment, django_db_blocker, django_db_modify_db_settings):
    """The test database: built as the owner, used as the application's role (`tests/database.py`)."""
    from django.db import connection
    from django.test import TransactionTestCase

    worker = getattr(request.config, "workerinput", {}).get("workerid", "")
    with django_db_blocker.unblock():
        name = connection.settings_dict["NAME"]
        database.build_or_clone(connection, worker=worker, verbosity=request.config.option.verbose)
        connection.close()

    def put_back(self):
        if connection.in_atomic_block:
            connection.rollback()
        database.restore(connection.settings_dict)

    ordinary, TransactionTestCase._fixture_teardown = TransactionTestCase._fixture_teardown, put_back
    yield
    TransactionTestCase._fixture_teardown = ordinary
    with django_db_blocker.unblock():
        connection.close()
        test_name, settings = connection.settings_dict["NAME"], {**connection.settings_dict}
        connection.settings_dict["NAME"] = name
        database.close()
        copy, original = database.made_here(test_name)
        # Another worker may still copy the original; it ends with the server, or with the next run's.
        for one in (test_name, copy) if worker else (test_name, copy, original):
            database.drop(settings, one)
        database.close()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """The system's headless Chromium; as root it has no sandbox of its own."""
    import os
    import shutil

    found = os.environ.get("MINGJIAN_BROWSER") or shutil.which("chromium-headless-shell")
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {**browser_type_launch_args, "executable_path": found, "args": arguments}
