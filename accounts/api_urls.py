from django.urls import path

from accounts import api, api_reminders

app_name = "accounts_api"

urlpatterns = [
    path("me/", api.Me.as_view(), name="me"),
    path("staff/", api.Staff.as_view(), name="staff"),
    path("posts/<int:pk>/end/", api.EndPost.as_view(), name="end_post"),
    path("delegations/", api.Delegations.as_view(), name="delegations"),
    path("delegations/<int:pk>/revoke/", api.RevokeDelegation.as_view(), name="revoke_delegation"),
    path("notices/", api.Notices.as_view(), name="notices"),
    path("notices/read/", api.ReadAllNotices.as_view(), name="read_notices"),
    path("notices/<int:pk>/read/", api.ReadNotice.as_view(), name="read_notice"),
    path("me/email/", api_reminders.OwnEmail.as_view(), name="own_email"),
    path("staff/<int:pk>/email/", api_reminders.StaffEmail.as_view(), name="staff_email"),
    path("reminders/", api_reminders.Reminders.as_view(), name="reminders"),
    path("tokens/", api.Tokens.as_view(), name="tokens"),
    path("tokens/<int:pk>/revoke/", api.RevokeToken.as_view(), name="revoke_token"),
]
