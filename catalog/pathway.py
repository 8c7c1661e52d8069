"""The steps of a catalog edition."""

from django.utils.translation import gettext_lazy as _

from audit.steps import Step
from catalog.models import Edition

Status = Edition.Status

PUT_IN_FORCE = Step(
    "catalog.edition_in_force",
    {Status.DRAFT},
    Status.IN_FORCE,
    "catalog.decide_edition",
    label=_("Put the catalog edition in force"),
)
RETIRE = Step(
    "catalog.edition_retired",
    {Status.IN_FORCE},
    Status.RETIRED,
    "catalog.decide_edition",
    label=_("Retire the catalog edition"),
)
