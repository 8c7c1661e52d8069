from django.urls import path

from referrals.api import others, views
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
    path("results/", others.Results.as_view(), name="results"),
    path("results/<int:pk>/pdf/", others.ResultPDF.as_view(), name="result_pdf"),
    path("patients/", others.Patients.as_view(), name="patients"),
    path("patients/<str:record_no>/", others.PatientByRecord.as_view(), name="patient"),
    path("batches/", others.Batches.as_view(), name="batches"),
    path("batches/<str:pk>/hand-over/", others.HandOver.as_view(), name="hand_over"),
    path("statement-differences/", others.Differences.as_view(), name="differences"),
]
