from django.urls import path

from vendors import views

app_name = "vendors"
urlpatterns = [
    path("laboratories/", views.laboratories, name="laboratories"),
    path("laboratories/<int:pk>/", views.laboratory, name="laboratory"),
    path("prices/", views.prices, name="prices"),
    path("prices/<int:pk>/publish/", views.publish, name="publish"),
    path("price-list/", views.public_prices, name="public_prices"),
    path("price-list/<str:code>/", views.public_prices, name="public_prices"),
]
