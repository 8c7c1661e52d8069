"""Read the whole trail again and say whether it is as it was written."""

import json
import sys
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from audit.notes import BadNote
from audit.owner import owner
from audit.verifying import Result, verify

SHOWN = 20


class Command(BaseCommand):
    help = (
        "Verify the trail: seals, signatures, declarations, and every column of every row against its events. "
        "Exits 1 naming the first bad event or row."
    )

    def add_arguments(self, parser):
        parser.add_argument("--json", action="store_true", help="print the result as JSON, and nothing else")
        parser.add_argument("--checkpoint", type=Path, metavar="FILE", help="an older checkpoint to extend")
        parser.add_argument("--public-key", type=Path, metavar="FILE", help="the public key to trust")

    def handle(self, *args, **options):
        try:
            with owner():
                result = verify(checkpoint=options["checkpoint"], public_key=options["public_key"])
        except (OSError, BadNote) as fault:
            raise CommandError(str(fault)) from fault
        if options["json"]:
            self.stdout.write(json.dumps(result.as_json(), ensure_ascii=False, indent=2))
        else:
            self.tell(result)
        if not result.ok:
            sys.exit(1)

    def tell(self, result: Result) -> None:
        write = self.stdout.write
        counts = {"events": result.events, "sealed": result.sealed, "rows": result.rows}
        write(_("Events read: %(events)d, of them sealed: %(sealed)d. Rows compared: %(rows)d.") % counts)
        if result.unsealed:
            tail = {"count": result.unsealed, "first": result.first_unsealed}
            write(_("Not sealed yet: %(count)d, from the event %(first)s on.") % tail)
        if result.unlinked:
            write(_("Rows whose identity was erased: %(count)d.") % {"count": result.unlinked})
        for warning in result.warnings:
            write(_("Note: %(what)s") % {"what": warning})
        for one in result.extends:
            sizes = {"new": one["new_size"], "old": one["old_size"], "name": one["from"]}
            write(_("Proved: the %(new)d events extend the %(old)d of %(name)s.") % sizes)
            for node in one["proof"]:
                write(f"  {node}")
        if result.ok:
            write(_("The trail is as it was written."))
        else:
            write(_("The trail is NOT as it was written. First: %(what)s") % {"what": result.problems[0].message})
            for problem in result.problems[1:SHOWN]:
                write(f"  [{problem.kind}] {problem.message}")
            if result.problem_count > SHOWN:
                write(_("… and %(count)d more.") % {"count": result.problem_count - SHOWN})
        write(_("Size of the tree: %(size)d") % {"size": result.size})
        write(_("Root: %(root)s") % {"root": result.root.hex()})
        if result.note:
            write("\n" + result.note)
