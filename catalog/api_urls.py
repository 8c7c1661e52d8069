from django.urls import path

from catalog import api, api_formulary

app_name = "catalog_api"

urlpatterns = [
    path("catalog/indications/", api.Indications.as_view(), name="indications"),
    path("catalog/indications/<str:code>/", api.OneIndication.as_view(), name="indication"),
    path("catalog/tests/", api.Tests.as_view(), name="tests"),
    path("formulary/", api_formulary.Formulary.as_view(), name="formulary"),
]
