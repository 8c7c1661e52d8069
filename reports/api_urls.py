from django.urls import path

from reports import api

app_name = "reports_api"

urlpatterns = [
    path("reports/", api.reports, name="reports"),
    path("reports/<int:pk>/", api.report, name="report"),
    path("indicators/", api.indicator_rates, name="indicators"),
]
