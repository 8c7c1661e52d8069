from django.urls import path

from supervision.views import alerts, differences, findings, imports

app_name = "supervision"

urlpatterns = [
    path("imports/", imports.index, name="imports"),
    path("imports/<int:pk>/", imports.detail, name="import"),
    path("imports/<int:pk>/progress/", imports.progress, name="import_progress"),
    path("imports/<int:pk>/confirm/", imports.confirm, name="import_confirm"),
    path("imports/<int:pk>/retry/", imports.retry, name="import_retry"),
    path("imports/<int:pk>/errors.xlsx", imports.errors, name="import_errors"),
    path("imports/<int:pk>/result.xlsx", imports.result, name="import_result"),
    path("findings/", findings.index, name="findings"),
    path("findings/export.xlsx", findings.export, name="findings_export"),
    path("findings/<int:pk>/", findings.detail, name="finding"),
    path("alerts/", alerts.index, name="alerts"),
    path("alerts/<int:pk>/", alerts.detail, name="alert"),
    path("differences/", differences.index, name="differences"),
    path("differences/export.xlsx", differences.export, name="differences_export"),
]
