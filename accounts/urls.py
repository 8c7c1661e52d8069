from django.urls import path

from accounts import views, views_delegation, views_reminders, views_tokens

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
    path("delegations/", views_delegation.delegations, name="delegations"),
    path("posts/<int:pk>/delegate/", views_delegation.delegate, name="delegate"),
    path("delegations/<int:pk>/revoke/", views_delegation.revoke, name="revoke_delegation"),
    path("notices/", views_delegation.notice_list, name="notices"),
    path("notices/read/", views_delegation.read_all, name="read_notices"),
    path("notices/<int:pk>/", views_delegation.notice, name="notice"),
    path("reminders/", views_reminders.reminders, name="reminders"),
    path("staff/<int:pk>/email/", views_reminders.staff_email, name="staff_email"),
    path("tokens/", views_tokens.tokens, name="tokens"),
    path("tokens/own/", views_tokens.own_tokens, name="own_tokens"),
    path("tokens/own/<int:pk>/revoke/", views_tokens.revoke_own, name="revoke_own_token"),
    path("posts/<int:pk>/token/", views_tokens.make, name="make_token"),
    path("tokens/<int:pk>/revoke/", views_tokens.revoke, name="revoke_token"),
]
