"""The address book. Each room keeps its own addresses."""

from django.urls import include, path

PLACES = [
    ("", "desk"),
    ("accounts/", "accounts"),
    ("trail/", "audit"),
    ("policy/", "policy"),
    ("catalog/", "catalog"),
    ("files/", "documents"),
    ("vendors/", "vendors"),
    ("cases/", "referrals"),
    ("consent/", "consent"),
    ("supervision/", "supervision"),
    ("reports/", "reports"),
]
urlpatterns = []
for place, app in PLACES:
    if importlib.util.find_spec(f"{app}.urls"):
        try:
            urlpatterns.append(path(place, include(f"{app}.urls")))
        except ImportError as e:
            print("urls not ready:", app, e)
urlpatterns.append(path("api/v1/", include("config.api.urls")))
handler400 = "desk.errors.bad_request"
handler403 = "desk.errors.forbidden"
handler404 = "config.api.problems.not_found"
handler500 = "config.api.problems.server_error"
