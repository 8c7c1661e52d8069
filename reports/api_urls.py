from django.urls import path

from reports import api

app_name = "reports_api"

urlpatterns = [
    path("reports/", api.Reports.as_view(), name="reports"),
    path("reports/<int:pk>/", api.OneReport.as_view(), name="report"),
    path("indicators/", api.Indicators.as_view(), name="indicators"),
]
