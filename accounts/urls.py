from django.urls import path

from accounts import views

app_name = "accounts"
urlpatterns = [
    path("login/", views.login, name="login"),
    path("logout/", views.logout, name="logout"),
    path("language/", views.set_language, name="set_language"),
    path("post/", views.switch_post, name="switch_post"),
    path("link/<str:secret>/", views.set_password, name="set_password"),
    path("password/", views.change_password, name="change_password"),
    path("staff/", views.staff, name="staff"),
    path("staff/add/", views.add_staff, name="add_staff"),
    path("staff/<int:pk>/", views.person, name="person"),
    path("staff/<int:pk>/link/", views.password_link, name="password_link"),
    path("posts/<int:pk>/end/", views.end_post, name="end_post"),
]
