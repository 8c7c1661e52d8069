from django.urls import path

from consent import api

app_name = "consent_api"

urlpatterns = [
    path("referrals/<str:pk>/consent/", api.ConsentText.as_view(), name="text"),
    path("referrals/<str:pk>/self-pay-notice/", api.SelfPayText.as_view(), name="self_pay_text"),
]
