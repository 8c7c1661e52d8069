from django.core.management.base import BaseCommand

import catalog.loading
import policy.loading
from accounts import roles
from accounts.models import User
from audit import declaring


class Command(BaseCommand):
    help = "Bring reference data in line with its files: roles, policy documents and clauses, the starter catalog."

    def handle(self, verbosity=1, **options):
        # The machine's own account comes first: it declares all that follows.
        with declaring.acting(User(pk=0), step="reference.loaded"):
            machine = User.objects.machine()
        with declaring.acting(machine, step="reference.loaded"):
            roles.load()
            policy.loading.load()
            catalog.loading.load()
