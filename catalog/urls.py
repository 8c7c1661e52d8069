from django.urls import path

from catalog import views

app_name = "catalog"

urlpatterns = [
    path("", views.browse, name="browse"),
    path("not-indicated/", views.not_indicated, name="not_indicated"),
    path("drugs/", views.drug_rules, name="drug_rules"),
    path("<str:code>/", views.indication, name="indication"),
]
