"""The rules X01–X16 of the policy, one file a theme; importing this registers all but X05, which consent judges."""

from referrals.gates import discussing, drugs, filing, money, outsourcing, requesting
from referrals.gates.case import Case, Registers, brought, latest, load_cases, load_page, local_day, rule

__all__ = [
    "Case",
    "Registers",
    "brought",
    "discussing",
    "drugs",
    "filing",
    "latest",
    "load_cases",
    "load_page",
    "local_day",
    "money",
    "outsourcing",
    "requesting",
    "rule",
]
