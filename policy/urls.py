from django.urls import path

from policy.views import calendar, coverage, documents, rules

app_name = "policy"

urlpatterns = [
    path("", coverage.coverage, name="coverage"),
    path("clause/<str:code>/", coverage.clause, name="clause"),
    path("document/<str:code>/", documents.document, name="document"),
    path("register/", documents.register, name="register"),
    path("rules/", rules.rules, name="rules"),
    path("rules/new/", rules.new_rule, name="new_rule"),
    path("rules/<int:pk>/", rules.rule, name="rule"),
    path("rules/<int:pk>/text/", rules.rule_text, name="rule_text"),
    path("calendar/", calendar.show, name="calendar"),
    path("calendar/mark/", calendar.mark, name="mark_days"),
    path("calendar/<int:pk>/unmark/", calendar.unmark, name="unmark_day"),
]
