"""What the database knows already of the things a ledger names by code."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from accounts.models import Department, Institution, User
from catalog.models import GeneTest, Indication
from supervision.ledger.columns import CASES, PEOPLE
from supervision.ledger.reading import Ledger
from vendors.models import Contract, Laboratory


@dataclass
class Known:
    institutions: dict[str, Institution] = field(default_factory=dict)
    departments: dict[tuple[str, str], Department] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    laboratories: dict[str, Laboratory] = field(default_factory=dict)
    contracts: dict[tuple[str, str], Contract] = field(default_factory=dict)
    tests: dict[str, int] = field(default_factory=dict)
    indications: dict[str, int] = field(default_factory=dict)

    @classmethod
    def load(cls, ledger: Ledger) -> Known:
        """One query a kind; only users the ledger names."""
        named = {line["username"] for line in ledger[PEOPLE]} | set(ledger.outsiders)
        for line in ledger[CASES]:
            named.update((line["requester"], line["mdt_chair"], line["approver"]))
        departments = Department.objects.select_related("institution")
        contracts = Contract.objects.select_related("institution", "laboratory")
        return cls(
            institutions={one.code: one for one in Institution.objects.all()},
            departments={(one.institution.code, one.name): one for one in departments},
            users=User.objects.in_bulk([name for name in named if name], field_name="username"),
            laboratories={one.code: one for one in Laboratory.objects.all()},
            contracts={(one.institution.code, one.number): one for one in contracts},
            tests=dict(GeneTest.objects.values_list("code", "pk")),
            indications=basis_of_history(),
        )

    def pk(self, kind: str, key: Any) -> int | None:
        """The id of what is named by `key`, None for an empty name."""
        if not key:
            return None
        found = getattr(self, kind)[key]
        return found if isinstance(found, int) else found.pk


def basis_of_history() -> dict[str, int]:
    """Indications of the county's edition by which history is judged, code → id (B2, B3)."""
    rows = Indication.objects.filter(edition__institution__isnull=True, edition__basis_for_history=True)
    return dict(rows.order_by("edition__in_force_from", "edition_id").values_list("code", "pk"))
