"""The shell's door to the ledger import. Standard output carries the result alone, standard error the rest."""

import json
import sys
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from accounts.models import Institution
from documents.files import BadUpload
from supervision import actions
from supervision.ledger.reading import LedgerRefused
from supervision.ledger.running import Outcome
from supervision.models import ImportProgress

MOST_ERRORS = 500


class Command(BaseCommand):
    help = "Import a hospital's referral ledger from a workbook, judge its history and match the statements."

    def add_arguments(self, parser):
        parser.add_argument("file", metavar="FILE.xlsx")
        parser.add_argument("--dry-run", action="store_true", help="look everything through and write nothing")
        parser.add_argument("--json", action="store_true", help="print the findings as JSON, alone")
        parser.add_argument("--institution", metavar="CODE", help="take only this institution's rows")

    def handle(self, file, dry_run=False, institution=None, **options):
        path = Path(file)
        if not path.is_file():
            raise CommandError(_("There is no file %(path)s.") % {"path": path}, returncode=2)
        place = None
        if institution:
            place = Institution.objects.filter(code=institution).first()
            if place is None:
                raise CommandError(_("There is no institution %(code)s here.") % {"code": institution}, returncode=2)
        try:
            outcome = actions.import_file(
                path=path, institution=place, dry_run=dry_run, report=self.progress, said=self.say
            )
        except BadUpload as bad:
            raise CommandError(" ".join(bad.messages), returncode=2) from None
        except LedgerRefused as refused:
            self.errors(refused)
        self.tell(outcome, dry_run)
        if options["json"]:
            self.stdout.write(json.dumps(outcome.key(), ensure_ascii=False, sort_keys=False))
        else:
            self.summary(outcome)

    def say(self, line: str) -> None:
        self.stderr.write(line, style_func=str)

    def progress(self, phase: str, done: int, total: int) -> None:
        label = ImportProgress.Phase(phase).label
        counted = f" {done:,} / {total:,}" if total else ""
        if sys.stderr.isatty():
            self.stderr.write(f"\r\033[K{label}{counted}", style_func=str, ending="")
        elif not done or done == total:
            self.say(f"{label}{counted}")

    def errors(self, refused: LedgerRefused) -> None:
        self.end_line()
        for fault in refused.faults[:MOST_ERRORS]:
            self.say(str(fault))
        count = len(refused.faults)
        raise CommandError(
            _("%(count)d errors in the workbook; nothing was recorded.") % {"count": count}, returncode=2
        )

    def tell(self, outcome: Outcome, dry_run: bool) -> None:
        """What cannot be judged, what was skipped or not read, and whether anything was recorded."""
        self.end_line()
        for note in outcome.notes:
            self.say(note)
        for sheet, count in outcome.skipped.items():
            self.say(
                _("Sheet “%(sheet)s”: %(count)d rows of other institutions were left out.")
                % {"sheet": sheet, "count": count}
            )
        unknown: dict[tuple[str, str], int] = {}
        for one in outcome.not_judged:
            key = (one["gate"], one["missing"])
            unknown[key] = unknown.get(key, 0) + one["count"]
        if unknown:
            self.say(_("What cannot be judged, because the ledger does not say it:"))
        for (gate, missing), count in unknown.items():
            self.say(_("  %(gate)s, %(count)d cases: %(missing)s") % {"gate": gate, "count": count, "missing": missing})
        if dry_run:
            self.say(_("Checked only; nothing was recorded."))
        elif outcome.nothing_new:
            self.say(_("Everything in this workbook is recorded already; nothing was changed."))

    def summary(self, outcome: Outcome) -> None:
        line = _("%(rows)d cases and %(lines)d statement lines.") % {
            "rows": outcome.rows,
            "lines": outcome.statement_lines,
        }
        self.stdout.write(line)
        for gate, numbers in outcome.gates.items():
            self.stdout.write(f"{gate}: {'、'.join(numbers)}")
        for kind, numbers in outcome.statement.items():
            self.stdout.write(f"{kind}: {'、'.join(numbers) or '—'}")

    def end_line(self) -> None:
        if sys.stderr.isatty():
            self.stderr.write("\r\033[K", style_func=str, ending="")
