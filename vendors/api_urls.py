from django.urls import path

from vendors import api

app_name = "vendors_api"

urlpatterns = [
    path("prices/", api.Prices.as_view(), name="prices"),
    path("prices/<int:pk>/publish/", api.Publish.as_view(), name="publish"),
]
