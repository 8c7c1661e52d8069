from django.urls import path

from referrals import views

app_name = "referrals"

urlpatterns = [
    path("", views.index, name="list"),
    path("<int:pk>/", views.case, name="case"),
    path("<int:pk>/let-in/", views.let_in, name="let_in"),
    path("<int:pk>/let-in/<int:grant>/withdraw/", views.withdraw, name="withdraw_let_in"),
]
