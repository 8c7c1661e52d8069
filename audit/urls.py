from django.urls import path

from audit import views

app_name = "audit"
urlpatterns = [
    path("", views.trail, name="trail"),
    path("alarms/", views.alarms, name="alarms"),
    path("alarms/<int:pk>/", views.acknowledge, name="acknowledge"),
    path("checkpoint/", views.checkpoint, name="checkpoint"),
    path("public-key/", views.public_key, name="public_key"),
]
