"""The address book. Each room keeps its own addresses."""

from django.urls import include, path

urlpatterns = [
    path("", include("desk.urls")),
    path("accounts/", include("accounts.urls")),
    path("trail/", include("audit.urls")),
    path("policy/", include("policy.urls")),
    path("catalog/", include("catalog.urls")),
    path("files/", include("documents.urls")),
    path("vendors/", include("vendors.urls")),
    path("cases/", include("referrals.urls")),
    path("bills/", include("referrals.bill_urls")),
    path("consent/", include("consent.urls")),
    path("supervision/", include("supervision.urls")),
    path("reports/", include("reports.urls")),
    path("api/v1/", include("config.api.urls")),
]

handler400 = "desk.errors.bad_request"
handler403 = "desk.errors.forbidden"
handler404 = "config.api.problems.not_found"
handler500 = "config.api.problems.server_error"
