from django.urls import path

from desk import helping, styleguide, views

app_name = "desk"
urlpatterns = [
    path("", views.home, name="home"),
    path("search/", views.search, name="search"),
    path("help/", views.help_page, name="help"),
    path("help/first-hour/", helping.first_hour_page, name="first_hour"),
    path("help/downtime/", helping.downtime, name="downtime"),
    path("help/downtime/<slug:code>.pdf", helping.blank_form, name="blank_form"),
    path("health/", views.health, name="health"),
    path("styleguide/", styleguide.styleguide, name="styleguide"),
]
