"""`manage.py build_report LXZ 2026Q3 [--out FILE.pdf] [--json]`: the report of a closed period, from the shell."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.models import Institution, User
from audit import declaring
from audit.gates import Refused
from documents import files
from reports import actions, building, periods
from reports.models import Report


class Command(BaseCommand):
    help = "Build an institution's report on a closed period, or give the one there is when its figures still hold."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("institution", help="code of the hospital, e.g. LXZ")
        parser.add_argument("period", help="2026Q3, 2026-07, 2026H1 or 2026")
        parser.add_argument("--out", type=Path, help="write the PDF here")
        parser.add_argument("--json", action="store_true", help="print the figures as JSON, and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        machine = User.objects.machine()
        report = self.asked(machine, options["institution"], options["period"])
        if report.is_unbuilt:
            self.say(_("%(report)s: building revision %(n)s.") % {"report": report, "n": report.revision})
            try:
                report = building.build(report.pk, by=machine, wait=True)
            except Exception as fault:
                raise CommandError(_("Building failed: %(why)s") % {"why": fault}) from fault
        else:
            self.say(
                _("%(report)s: the figures are still those of revision %(n)s.")
                % {"report": report, "n": report.revision}
            )
        if report.is_unbuilt:
            raise CommandError(_("Building failed: %(why)s") % {"why": report.error})
        with declaring.acting(machine, step="report.read"):
            report = Report.objects.select_related("institution", "pdf").get(pk=report.pk)
            if options["out"]:
                self.write(report, options["out"])
            if options["json"]:
                json.dump(actions.summary(report), sys.stdout, ensure_ascii=False, indent=1)
                sys.stdout.write("\n")

    def asked(self, machine: User, code: str, period: str) -> Report:
        try:
            span = periods.parse(period)
        except periods.NotAPeriod as fault:
            raise CommandError(str(fault), returncode=2) from None
        with declaring.acting(machine, step="report.asked"):
            institution = Institution.objects.filter(code=code, kind=Institution.Kind.HOSPITAL).first()
            if institution is None:
                known = "、".join(
                    Institution.objects.filter(kind=Institution.Kind.HOSPITAL).values_list("code", flat=True)
                )
                raise CommandError(
                    _("No hospital has the code %(code)s; there are: %(known)s.")
                    % {"code": code, "known": known or "—"},
                    returncode=2,
                )
            try:
                report = actions.ask(institution=institution, period=span, by=machine)[0]
            except Refused as refused:
                raise CommandError("; ".join(refused.messages), returncode=2) from None
            return report

    def write(self, report: Report, target: Path) -> None:
        """Beside the target first, so that nobody reads half a file."""
        content = files.read(report.pdf)  # type: ignore[arg-type]
        part = target.with_name(target.name + ".part")
        try:
            part.write_bytes(content)
            part.replace(target)
        except OSError as fault:
            raise CommandError(
                _("Cannot write %(file)s: %(why)s.") % {"file": target, "why": fault.strerror}, returncode=2
            ) from None
        self.say(f"{target}  SHA-256 {report.sha256}")

    def say(self, line: str) -> None:
        self.stderr.write(line)
