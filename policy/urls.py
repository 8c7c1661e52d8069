from django.urls import path

from policy import views

app_name = "policy"

urlpatterns = [
    path("", views.coverage, name="coverage"),
    path("clause/<str:code>/", views.clause, name="clause"),
    path("document/<str:code>/", views.document, name="document"),
]
