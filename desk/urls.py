from django.urls import path

from desk import styleguide, views

app_name = "desk"
urlpatterns = [
    path("", views.home, name="home"),
    path("search/", views.search, name="search"),
    path("help/", views.help_page, name="help"),
    path("health/", views.health, name="health"),
    path("styleguide/", styleguide.styleguide, name="styleguide"),
]
