from django.urls import path

from consent import views

app_name = "consent"

urlpatterns = [
    path("<int:pk>/", views.start, name="start"),
    path("<int:pk>/told/", views.disclose, name="disclose"),
    path("<int:pk>/sign/", views.sign, name="sign"),
    path("<int:pk>/refuse/", views.refuse, name="refuse"),
    path("<int:pk>/withdraw/", views.withdraw, name="withdraw"),
    path("<int:pk>/self-pay/", views.self_pay, name="self_pay"),
    path("<int:pk>/paper/", views.on_paper, name="paper"),
    path("<int:pk>/blank/", views.blank, name="blank"),
    path("<int:pk>/done/", views.done, name="done"),
    path("papers/<int:pk>/", views.signed_paper, name="pdf"),
    path("papers/<int:pk>/scan/", views.scan, name="scan"),
    path("self-pay-papers/<int:pk>/", views.self_pay_paper, name="self_pay_pdf"),
]
