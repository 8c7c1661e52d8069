from django.urls import path, re_path

from referrals.api import bill_months, bills

app_name = "bills_api"

urlpatterns = [
    path("statements/", bills.Uploads.as_view(), name="uploads"),
    path("statements/<int:pk>/", bills.OneUpload.as_view(), name="upload"),
    path("statements/<int:pk>/columns/", bills.NameColumns.as_view(), name="columns"),
    re_path(
        r"^statements/(?P<pk>\d+)/(?P<step>confirm|discard|retry)/$", bills.UploadStep.as_view(), name="upload_step"
    ),
    path("reconciliations/", bill_months.Months.as_view(), name="months"),
    path("reconciliations/margins/", bill_months.Margins.as_view(), name="margins"),
    path("reconciliations/<int:pk>/", bill_months.OneMonth.as_view(), name="month"),
    path("reconciliations/<int:pk>/differences/", bill_months.Differences.as_view(), name="differences"),
    path("reconciliations/<int:pk>/settle/", bill_months.Settle.as_view(), name="settle"),
    path("reconciliations/<int:pk>/confirm/", bill_months.ConfirmSettlements.as_view(), name="confirm"),
    path("reconciliations/<int:pk>/send-back/", bill_months.SendBack.as_view(), name="send_back"),
    path("reconciliations/<int:pk>/supplement/", bill_months.Supplement.as_view(), name="supplement"),
    path("reconciliations/<int:pk>/sign/", bill_months.Sign.as_view(), name="sign"),
    path("reconciliations/<int:pk>/close/", bill_months.Close.as_view(), name="close"),
]
