from django.urls import path

from supervision import api

app_name = "supervision_api"

urlpatterns = [path("findings/", api.Findings.as_view(), name="findings")]
