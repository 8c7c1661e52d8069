from django.urls import path

from referrals.views import deliberations, requests

app_name = "referrals"

urlpatterns = [
    # The request
    path("new/", requests.new, name="new"),
    path("new/patient/", requests.patient, name="new_patient"),
    path("new/tests/", requests.tests, name="new_tests"),
    path("new/checks/", requests.checks, name="new_checks"),
    path("drafts/", requests.draft_list, name="drafts"),
    path("drafts/save/", requests.save_draft, name="save_draft"),
    path("drafts/<int:pk>/", requests.draft, name="draft"),
    path("drafts/<int:pk>/discard/", requests.discard_draft, name="discard_draft"),
    path("<int:pk>/cancel/", requests.cancel, name="cancel"),
    path("<int:pk>/supplement/", requests.supplement, name="supplement"),
    path("<int:pk>/change/", requests.change, name="change"),
    # MDT and departmental discussion
    path("mdt/", deliberations.mdt_waiting, name="mdt_waiting"),
    path("discussion/", deliberations.discussion_waiting, name="discussion_waiting"),
    path("deliberations/", deliberations.deliberations_mine, name="deliberations_mine"),
    path("<int:pk>/mdt/", deliberations.mdt, name="mdt"),
    path("<int:pk>/discussion/", deliberations.discussion, name="discussion"),
    path("deliberations/<int:pk>/", deliberations.deliberation, name="deliberation"),
    path("deliberations/<int:pk>/opinion/", deliberations.opinion, name="opinion"),
    path("deliberations/<int:pk>/conclude-mdt/", deliberations.conclude_mdt, name="mdt_conclude"),
    path("deliberations/<int:pk>/conclude-discussion/", deliberations.conclude_discussion, name="discussion_conclude"),
    path("deliberations/<int:pk>/call-off/", deliberations.call_off, name="call_off"),
    path("deliberations/<int:pk>/minutes/", deliberations.minutes_page, name="minutes"),
    path("deliberations/<int:pk>/minutes.pdf", deliberations.minutes_pdf, name="minutes_pdf"),
    path("teams/", deliberations.teams, name="teams"),
    path("teams/<int:pk>/", deliberations.team, name="team"),
]
