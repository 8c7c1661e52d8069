"""Seal the trail now, rather than at the next beat."""

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from audit import seal


class Command(BaseCommand):
    help = "Seal the events not sealed yet, and print the checkpoint."

    def handle(self, *args, **options):
        try:
            done = seal.seal()
        except seal.SealingStopped as stop:
            raise CommandError(_("Nothing was sealed: %(why)s") % {"why": stop}) from stop
        new = ngettext("%(count)d event sealed now.", "%(count)d events sealed now.", done.new)
        self.stdout.write(new % {"count": done.new})
        self.stdout.write(_("Size of the tree: %(size)d") % {"size": done.size})
        self.stdout.write(_("Root: %(root)s") % {"root": done.root.hex()})
        if done.note:
            self.stdout.write("\n" + done.note)
