from django.urls import path

from desk import api

app_name = "desk_api"

urlpatterns = [
    path("worklists/", api.Worklists.as_view(), name="worklists"),
    path("search/", api.Search.as_view(), name="search"),
]
