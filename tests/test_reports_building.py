"""Building: once for each institution, period and revision, whatever dies on the way; frozen ever after."""

import json
import threading
from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.utils import timezone

from accounts.models import Institution, User
from audit.gates import Refused
from referrals.models import Referral
from reports import actions, building, claims, figures, pdf, periods, status_table, tasks
from reports.compiling import figures_of
from reports.models import Report, Status
from tests.factories import moment

QUARTER = periods.parse("2026Q3")


def ask(code="LXZ", period=QUARTER):
    return actions.ask(institution=Institution.objects.get(code=code), period=period, by=User.objects.machine())


def test_a_built_report_has_its_figures_its_paper_and_both_hashes(built):
    assert built.status == Status.BUILT
    assert figures.sha256(built.figures) == built.figures_sha256
    assert built.pdf.sha256 == built.sha256
    assert built.figures["status_table"]["7"]["current"] == {"requests": 102, "first_visits": 38}
    assert all(check["left"] == check["right"] for check in built.figures["checks"])


def test_asking_again_gives_the_same_revision_while_figures_hold(built):
    again, new = ask()
    assert (again.pk, again.revision, new) == (built.pk, 1, False)


def test_changed_figures_make_a_new_revision_and_leave_the_old_as_it_was(built):
    frozen = dict(built.figures)
    case = Referral.objects.get(number="LXZ20260812003")
    case.mdt_reviews.update(concluded_at=case.collected_at - timedelta(hours=1), conclusion="agree")

    report, new = ask()
    second = building.build(report.pk, by=User.objects.machine())

    assert (second.revision, new) == (2, True)
    built.refresh_from_db()
    assert built.figures == frozen
    assert second.figures["indicators"] != frozen["indicators"]


def test_a_period_that_runs_and_a_hospital_without_cases_are_refused(county):
    with pytest.raises(Refused):
        ask(period=periods.containing(timezone.localdate(), "quarter"))
    empty = Institution.objects.create(code="NEW", name="新建医院")
    with pytest.raises(Refused):
        actions.ask(institution=empty, period=QUARTER, by=User.objects.machine())
    assert not Report.objects.exists()


def test_a_build_that_dies_leaves_nothing_and_is_done_by_the_next_sweep(county, quick_paper, monkeypatch):
    class Killed(BaseException):
        """As a kill: no handler of ours runs."""

    def die(*_args, **_kwargs):
        raise Killed

    report, _new = ask()
    with monkeypatch.context() as patch:
        patch.setattr(building, "store", die)
        with pytest.raises(Killed):
            building.build(report.pk, by=User.objects.machine())
    report.refresh_from_db()
    assert (report.status, report.pdf, report.attempts) == (Status.BUILDING, None, 1)

    tasks.build_due()

    report.refresh_from_db()
    assert (report.status, report.attempts) == (Status.BUILT, 2)


def test_three_failures_are_final_and_said_until_somebody_tries_again(county, quick_paper, monkeypatch):
    report, _new = ask()

    def fail(*_args, **_kwargs):
        raise RuntimeError("no fonts")

    with monkeypatch.context() as patch:
        patch.setattr(pdf, "make", fail)
        for _attempt in range(3):
            tasks.build_due()
    report.refresh_from_db()
    assert report.status == Status.FAILED
    assert report.error
    assert "RuntimeError" not in report.error

    actions.retry(report=report, by=User.objects.get(username="LXZ030"))
    tasks.build_due()

    report.refresh_from_db()
    assert (report.status, report.error) == (Status.BUILT, "")


def test_the_sweep_asks_for_the_last_closed_period_once(county, quick_paper):
    with time_machine.travel(moment(2026, 10, 1, 0, 5), tick=True):
        tasks.build_due()
        tasks.build_due()
    found = list(Report.objects.order_by("institution__code").values_list("institution__code", "period", "revision"))
    assert found == [("LXY", "2026Q3", 1), ("LXZ", "2026Q3", 1)]


def test_what_the_sweep_is_building_nobody_builds_beside_it(county, quick_paper):
    report, _new = ask()
    done = []

    def beside():
        try:
            with claims.held(report.pk) as mine:
                done.append(mine)
        finally:
            connections.close_all()

    with claims.held(report.pk) as mine:
        assert mine
        thread = threading.Thread(target=beside)
        thread.start()
        thread.join()
    assert done == [False]


def test_the_shell_prints_json_alone(county, quick_paper, capsys, tmp_path):
    target = tmp_path / "report.pdf"
    call_command("build_report", "LXZ", "2026Q3", "--json", f"--out={target}")
    printed = json.loads(capsys.readouterr().out)

    assert {"institution", "period", "revision", "indicators", "status_table", "checkpoint", "sha256"} <= set(printed)
    assert printed["indicators"]["K04"] == {"numerator": 34, "denominator": 35, "clauses": ["B5"]}
    assert printed["indicators"]["K13"] == {"numerator": 0, "denominator": 0, "clauses": ["A49"]}
    assert list(printed["status_table"]) == [str(number) for number in range(1, 29)]
    assert all(list(row) == ["current", "previous", "year"] for row in printed["status_table"].values())
    assert target.read_bytes().startswith(b"%PDF")

    call_command("build_report", "LXZ", "2026Q3", "--json")
    assert json.loads(capsys.readouterr().out) == printed


@pytest.mark.parametrize("words", [("NONE", "2026Q3"), ("LXZ", "2026Q7"), ("LXZ", "2199Q1")])
def test_the_shell_refuses_what_it_does_not_know_with_code_2(county, words):
    with pytest.raises(CommandError) as refused:
        call_command("build_report", *words, stdout=StringIO(), stderr=StringIO())
    assert refused.value.returncode == 2
    assert str(refused.value)


def test_zero_of_zero_prints_a_dash_in_the_table():
    assert status_table.text(13, {"numerator": 0, "denominator": 0}) == "—"
    assert status_table.text(15, {"amount": "0.00", "cases": 0, "per_case": None}) == "0.00 / —"


def test_fees_are_summed_and_a_reversed_charge_is_not_counted(built):
    before = built.figures["status_table"]["15"]["current"]
    Referral.objects.get(number="LXZ20260812003").charges.update(reversed_at=timezone.now())
    after = figures_of(built.institution, QUARTER).status_table["15"]["current"]
    assert after["cases"] == before["cases"] - 1
    assert float(after["amount"]) < float(before["amount"])


def test_figures_come_back_from_their_json_as_they_were(built):
    again = figures.Figures.from_json(built.figures).to_json()
    assert figures.sha256(again) == built.figures_sha256


def test_the_database_itself_refuses_a_second_report_of_one_revision(built):
    from django.db import IntegrityError, transaction

    copy = Report.objects.get(pk=built.pk)
    copy.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        copy.save(force_insert=True)
    assert connection.is_usable()
