from django.urls import path

from reports import api, api_steps

app_name = "reports_api"

urlpatterns = [
    path("reports/", api_steps.Reports.as_view(), name="reports"),
    path("reports/<int:pk>/", api.OneReport.as_view(), name="report"),
    path("reports/<int:pk>/text/", api_steps.Text.as_view(), name="text"),
    *[
        path(f"reports/<int:pk>/{name}/", door.as_view(), name=name.replace("-", "_"))
        for name, door in api_steps.STEPS.items()
    ],
    path("indicators/", api.Indicators.as_view(), name="indicators"),
]
