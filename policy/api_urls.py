from django.urls import path

from policy import api, api_calendar

app_name = "policy_api"

urlpatterns = [
    path("policy/clauses/", api.Clauses.as_view(), name="clauses"),
    path("policy/clauses/<str:code>/", api.OneClause.as_view(), name="clause"),
    path("policy/clauses/<str:code>/statement/", api.Statement.as_view(), name="statement"),
    path("policy/documents/", api.Documents.as_view(), name="documents"),
    path("policy/documents/<str:code>/dates/", api.Dates.as_view(), name="dates"),
    path("policy/documents/<str:code>/supersede/", api.Supersede.as_view(), name="supersede"),
    path("policy/rules/", api.Rules.as_view(), name="rules"),
    *[path(f"policy/rules/<int:pk>/{name}/", api.act_door(name).as_view(), name=f"rule_{name}") for name in api.ACTS],
    path("calendar/days/", api_calendar.Days.as_view(), name="days"),
    path("calendar/unmark/", api_calendar.Unmark.as_view(), name="unmark"),
    path("calendar/<int:year>/", api_calendar.Year.as_view(), name="year"),
]
