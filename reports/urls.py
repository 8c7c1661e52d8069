from django.urls import path

from reports import copies, overviews, views

app_name = "reports"

urlpatterns = [
    path("", views.index, name="list"),
    path("ask/", views.ask, name="ask"),
    path("indicators/", overviews.indicators_page, name="indicators"),
    path("county/", overviews.county, name="county"),
    path("cases/", overviews.cases, name="cases"),
    path("<int:pk>/", views.detail, name="detail"),
    path("<int:pk>/progress/", views.progress, name="progress"),
    path("<int:pk>/text/", views.text, name="text"),
    path("<int:pk>/review/", views.review, name="review"),
    path("<int:pk>/sign-off/", views.sign_off, name="sign_off"),
    path("<int:pk>/submit/", views.submit, name="submit"),
    path("<int:pk>/receive/", views.receive, name="receive"),
    path("<int:pk>/return/", views.give_back, name="return"),
    path("<int:pk>/retry/", views.retry, name="retry"),
    path("<int:pk>/files/<str:name>", copies.download, name="download"),
]
