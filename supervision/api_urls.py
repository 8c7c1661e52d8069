from django.urls import path

from supervision import api, api_alerts

app_name = "supervision_api"

urlpatterns = [
    path("findings/", api.Findings.as_view(), name="findings"),
    path("findings/<int:pk>/", api.OneFinding.as_view(), name="finding"),
    path("alerts/", api_alerts.Alerts.as_view(), name="alerts"),
    path("alerts/<int:pk>/", api_alerts.OneAlert.as_view(), name="alert"),
    path("alerts/<int:pk>/explain/", api_alerts.Explain.as_view(), name="alert_explain"),
    path("alerts/<int:pk>/review/", api_alerts.Review.as_view(), name="alert_review"),
    path("ledger-imports/", api.Imports.as_view(), name="imports"),
    path("ledger-imports/<int:pk>/", api.OneImport.as_view(), name="import"),
    path("ledger-imports/<int:pk>/confirm/", api.Confirm.as_view(), name="import_confirm"),
    path("ledger-imports/<int:pk>/retry/", api.Retry.as_view(), name="import_retry"),
]
