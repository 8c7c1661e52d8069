"""Addresses of the monthly reconciliation."""

from django.urls import path

from referrals.views import bill_differences, bill_months, bill_uploads

app_name = "bills"

urlpatterns = [
    path("", bill_months.months, name="months"),
    path("months/<int:pk>/", bill_months.month, name="month"),
    path("months/<int:pk>/work/", bill_months.work, name="work"),
    path("months/<int:pk>/supplement/", bill_months.supplement, name="supplement"),
    path("months/<int:pk>/sign/", bill_months.sign, name="sign"),
    path("months/<int:pk>/close/", bill_months.close, name="close"),
    path("months/<int:pk>/sheet.pdf", bill_months.month_sheet, name="sheet"),
    path("months/<int:pk>/lines/", bill_months.month_lines, name="lines"),
    path("months/<int:pk>/lines.xlsx", bill_months.month_book, name="book"),
    path("differences/<int:pk>/", bill_differences.difference, name="difference"),
    path("differences/<int:pk>/evidence.pdf", bill_differences.evidence, name="evidence"),
    path("margin/", bill_months.margin, name="margin"),
    path("uploads/", bill_uploads.uploads, name="uploads"),
    path("uploads/<int:pk>/", bill_uploads.upload, name="upload"),
    path("uploads/<int:pk>/progress/", bill_uploads.progress, name="progress"),
    path("uploads/<int:pk>/act/", bill_uploads.upload_act, name="upload_act"),
    path("uploads/<int:pk>/errors.xlsx", bill_uploads.upload_errors, name="errors"),
]
