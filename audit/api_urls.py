from django.urls import path

from audit import api

app_name = "audit_api"

urlpatterns = [
    path("alarms/", api.Alarms.as_view(), name="alarms"),
    path("alarms/<int:pk>/acknowledge/", api.Acknowledge.as_view(), name="acknowledge"),
]
