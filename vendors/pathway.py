"""The chart of a price change (调价单): drafted, put up, checked by a second person, published (A13, B13, B14; X14).

draft → put up → checked → published        put up, checked → draft (returned)        draft → dropped
"""

from __future__ import annotations

from django.utils.translation import pgettext_lazy

from audit.steps import Step
from vendors.models import PriceChange

S = PriceChange.Status
DRAFT = "vendors.draft_prices"
CHECK = "vendors.check_prices"
PUBLISH = "vendors.publish_prices"

PUT_UP = Step("prices.put_up", {S.DRAFT}, S.PUT_UP, DRAFT, label=pgettext_lazy("step", "Price change put up"))
RETURN = Step(
    "prices.returned", {S.PUT_UP, S.CHECKED}, S.DRAFT, CHECK, label=pgettext_lazy("step", "Price change returned")
)
CHECKED = Step("prices.checked", {S.PUT_UP}, S.CHECKED, CHECK, label=pgettext_lazy("step", "Price change checked"))
PUBLISHED = Step(
    "prices.published", {S.CHECKED}, S.PUBLISHED, PUBLISH, label=pgettext_lazy("step", "Price change published")
)
DROP = Step("prices.dropped", {S.DRAFT}, S.DROPPED, DRAFT, label=pgettext_lazy("step", "Price change dropped"))
