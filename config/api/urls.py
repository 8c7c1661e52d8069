"""The root of the API: every app keeps its own doors."""

from django.urls import include, path
from drf_spectacular.views import SpectacularSwaggerSplitView

# Adds its steps to the table before the addresses are made from it.
import consent.api  # noqa: F401  isort: skip
import referrals.api.urls as referrals
from audit.guards import public
from config.api.description import Description
from config.api.schema import ROOT

urlpatterns = [
    path("", include("catalog.api_urls")),
    path("", include("policy.api_urls")),
    path("", include("vendors.api_urls")),
    path("", include((referrals.urlpatterns, referrals.app_name))),
    path("", include("referrals.api.bill_urls")),
    path("", include("consent.api_urls")),
    path("", include("supervision.api_urls")),
    path("", include("reports.api_urls")),
    path("", include("accounts.api_urls")),
    path("", include("audit.api_urls")),
    path("", include("desk.api_urls")),
    # What the API can do is no secret: a vendor reads it before there is an account.
    path("schema/", public(Description.as_view()), name="api_schema"),
    path(
        "docs/",
        public(SpectacularSwaggerSplitView.as_view(url=f"{ROOT}schema/?format=json", template_name="api/docs.html")),
        name="api_docs",
    ),
]
