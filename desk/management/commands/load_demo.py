from django.core.management.base import BaseCommand

from desk import demo, demo_bills, demo_laboratories, demo_loans, demo_pathway


class Command(BaseCommand):
    help = "Load the demo: the invented county's two-year ledger, its bureau, and staff for every post. Idempotent."

    def handle(self, **options):
        for one in (demo, demo_pathway, demo_loans, demo_bills, demo_laboratories):
            one.load(say=lambda line: self.stderr.write(line))
