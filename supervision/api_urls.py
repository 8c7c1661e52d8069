from django.urls import path

from supervision import api

app_name = "supervision_api"

urlpatterns = [
    path("findings/", api.Findings.as_view(), name="findings"),
    path("findings/<int:pk>/", api.OneFinding.as_view(), name="finding"),
    path("ledger-imports/", api.Imports.as_view(), name="imports"),
    path("ledger-imports/<int:pk>/", api.OneImport.as_view(), name="import"),
    path("ledger-imports/<int:pk>/confirm/", api.Confirm.as_view(), name="import_confirm"),
    path("ledger-imports/<int:pk>/retry/", api.Retry.as_view(), name="import_retry"),
]
