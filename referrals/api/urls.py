from django.urls import path

from referrals.api import views
from referrals.api.register import DOINGS

app_name = "referrals_api"

urlpatterns = [
    path("referrals/", views.Referrals.as_view(), name="list"),
    path("referrals/<str:pk>/", views.Case.as_view(), name="case"),
    path("referrals/<str:pk>/gates/", views.Gates.as_view(), name="gates"),
    path("referrals/<str:pk>/steps/", views.Steps.as_view(), name="steps"),
    *[
        path(f"referrals/<str:pk>/steps/{one.name}/", views.step_door(one).as_view(), name=one.name)
        for one in DOINGS.values()
    ],
    path("results/", views.Results.as_view(), name="results"),
    path("results/<int:pk>/pdf/", views.ResultPDF.as_view(), name="result_pdf"),
    path("patients/", views.Patients.as_view(), name="patients"),
    path("patients/<str:record_no>/", views.PatientByRecord.as_view(), name="patient"),
    path("batches/", views.Batches.as_view(), name="batches"),
    path("batches/<str:pk>/hand-over/", views.HandOver.as_view(), name="hand_over"),
    path("statement-differences/", views.Differences.as_view(), name="differences"),
]
