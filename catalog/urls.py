from django.urls import path

from catalog.views import reading

app_name = "catalog"

urlpatterns = [
    path("", reading.browse, name="browse"),
    path("not-indicated/", reading.not_indicated, name="not_indicated"),
    path("drugs/", reading.drug_rules, name="drug_rules"),
    path("<str:code>/", reading.indication, name="indication"),
]
