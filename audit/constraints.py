"""Constraints that many models share, spelled once."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db.models import CheckConstraint, Func, Q


def both_or_neither(name: str, *, also: Q | None = None, model: str = "%(class)s") -> CheckConstraint:
    """`name_at` and `name_by` are both set or both empty: nothing happens without someone who did it.

    `also` names rows that are exempt (`Q(origin="ledger")`: who acted was not always written down).
    """
    when, who = f"{name}_at__isnull", f"{name}_by__isnull"
    condition = Q(**{when: True, who: True}) | Q(**{when: False, who: False})
    return CheckConstraint(name=f"{model}_{name}_both", condition=condition | also if also else condition)


class DateRange(Func):
    """A range of days with both ends in it; an open end runs on."""

    function = "daterange"
    template = "%(function)s(%(expressions)s, '[]')"


def no_overlap(
    name: str, *fields: str, start: str = "valid_from", end: str = "valid_to", condition: Q | None = None
) -> ExclusionConstraint:
    """No two rows with equal `fields` have periods (both end days included) that share a day."""
    return ExclusionConstraint(
        name=name,
        expressions=[(DateRange(start, end), RangeOperators.OVERLAPS)]
        + [(field, RangeOperators.EQUAL) for field in fields],
        condition=condition,
    )
