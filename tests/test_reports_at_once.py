"""Many at once: real connections, real commits."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from django.conf import settings
from django.db import connections

from accounts.models import User
from audit import declaring
from reports import actions, building, periods
from reports.models import Report, Status
from tests.factories import ReferralFactory, moment

QUARTER = periods.parse("2026Q3")


@pytest.fixture
def hospital(transactional_db):
    with declaring.acting(User.objects.machine(), step="test"):
        return ReferralFactory(sampled=moment(2026, 8, 3, 9), requested_at=moment(2026, 7, 30, 9)).institution


def test_eight_builders_at_once_make_one_report(hospital, quick_paper):
    machine = User.objects.machine()
    built, failed = [], []
    start = threading.Barrier(8)

    def build():
        try:
            start.wait()
            with declaring.acting(machine, step="test"):
                report, _new = actions.ask(institution=hospital, period=QUARTER, by=machine)
            built.append(building.build(report.pk, by=machine, wait=True))
        except Exception as fault:
            failed.append(fault)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=build) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    assert {(report.pk, report.status, report.revision) for report in built} == {(built[0].pk, Status.BUILT, 1)}
    assert len(quick_paper) == 1
    with declaring.acting(machine, step="test"):
        assert Report.objects.count() == 1


CHILD = """
import os, sys
sys.path.insert(0, {root!r})
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
import django
django.setup()
from django.db import connection
connection.settings_dict["NAME"] = {database!r}
from accounts.models import User
from reports import building, pdf
def forever(*args, **kwargs):
    print("setting", flush=True)
    import time
    time.sleep(60)
pdf.make = forever
building.build({report}, by=User.objects.machine())
"""


def test_a_worker_killed_with_signal_9_lets_go_and_the_next_finishes_once(hospital, quick_paper):
    machine = User.objects.machine()
    with declaring.acting(machine, step="test"):
        report, _new = actions.ask(institution=hospital, period=QUARTER, by=machine)
    name = connections["default"].settings_dict["NAME"]
    code = CHILD.format(root=str(settings.BASE_DIR), database=name, report=report.pk)
    worker = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert worker.stdout is not None
    assert worker.stdout.readline().strip() == "setting"
    # Alive, it holds the report alone.
    assert building.build(report.pk, by=machine).status == Status.BUILDING

    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    until = time.monotonic() + 20
    while (found := building.build(report.pk, by=machine)).status != Status.BUILT and time.monotonic() < until:
        time.sleep(0.1)

    assert (found.status, found.attempts) == (Status.BUILT, 2)
    assert len(quick_paper) == 1
