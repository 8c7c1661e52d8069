"""Load the policy register and the starter catalog. Loading twice changes nothing."""

from typing import Any

from django.core.management.base import BaseCommand

import catalog.loading
import policy.loading
from accounts.models import User
from audit.declaring import acting


class Command(BaseCommand):
    help = "Loads policy documents, clauses and the starter catalog; safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        with acting(User.objects.machine(), step="policy.loaded"):
            written = policy.loading.load()
        written |= catalog.loading.load()
        self.stdout.write(", ".join(f"{kind}: {count}" for kind, count in written.items()))
