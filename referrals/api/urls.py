from django.urls import path

from referrals.api import (
    batches,
    block_loans,
    charge_imports,
    charging,  # noqa: F401  its steps stand on the table
    correcting,
    drafts,
    drugs,
    labels,
    match_reviews,
    merging,
    ordering,
    others,
    special_uses,
    studies,
    teams,
    views,
)
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
    path("charges/", charge_imports.Charges.as_view(), name="charges"),
    path("charges/off-book/", charge_imports.OffBook.as_view(), name="off_book_charges"),
    path("charge-imports/", charge_imports.ChargeImports.as_view(), name="charge_imports"),
    path("charge-imports/<int:pk>/", charge_imports.OneChargeImport.as_view(), name="charge_import"),
    path("charge-imports/<int:pk>/rows/", charge_imports.ChargeImportRows.as_view(), name="charge_import_rows"),
    path("charge-imports/<int:pk>/confirm/", charge_imports.ConfirmCharges.as_view(), name="charge_import_confirm"),
    path("charge-imports/<int:pk>/discard/", charge_imports.DiscardCharges.as_view(), name="charge_import_discard"),
    path("referrals/<str:pk>/corrections/", correcting.Corrections.as_view(), name="corrections"),
    path("referrals/<str:pk>/let-ins/", correcting.LetIns.as_view(), name="let_ins"),
    path(
        "referrals/<str:pk>/let-ins/<int:grant>/withdraw/",
        correcting.WithdrawLetIn.as_view(),
        name="withdraw_let_in",
    ),
    path("referrals/<str:pk>/label/", correcting.Label.as_view(), name="label"),
    path("specimens/<str:barcode>/", correcting.Scan.as_view(), name="scan"),
    path("orderable-tests/", ordering.OrderableTests.as_view(), name="orderable"),
    path("drafts/", drafts.Drafts.as_view(), name="drafts"),
    path("drafts/<int:pk>/", drafts.OneDraft.as_view(), name="draft"),
    path("drafts/<int:pk>/submit/", drafts.Submit.as_view(), name="submit_draft"),
    path("drafts/<int:pk>/discard/", drafts.Discard.as_view(), name="discard_draft"),
    path("deliberations/", teams.Deliberations.as_view(), name="deliberations"),
    path("deliberations/<int:pk>/", teams.OneDeliberation.as_view(), name="deliberation"),
    path("mdt-teams/", teams.Teams.as_view(), name="teams"),
    path("mdt-teams/<int:pk>/", teams.Team.as_view(), name="team"),
    path("mdt-teams/<int:pk>/end/", teams.EndTeam.as_view(), name="end_team"),
    path("mdt-teams/<int:pk>/seats/", teams.Seats.as_view(), name="seats"),
    path("mdt-teams/<int:pk>/seats/<int:seat>/end/", teams.EndSeat.as_view(), name="end_seat"),
    path("studies/", studies.Studies.as_view(), name="studies"),
    path("studies/<int:pk>/", studies.OneStudy.as_view(), name="study"),
    path("studies/<int:pk>/dates/", studies.Dates.as_view(), name="study_dates"),
    path("studies/<int:pk>/ethics-approvals/", studies.EthicsApprovals.as_view(), name="ethics"),
    path("results/", others.Results.as_view(), name="results"),
    path("results/<int:pk>/pdf/", others.ResultPDF.as_view(), name="result_pdf"),
    path("patients/", others.Patients.as_view(), name="patients"),
    path("patients/<str:record_no>/", others.PatientByRecord.as_view(), name="patient"),
    path("patient-pairs/", merging.Pairs.as_view(), name="pairs"),
    path("patient-merges/", merging.Merges.as_view(), name="merges"),
    path("patient-merges/<int:pk>/part/", merging.Part.as_view(), name="part"),
    path("labels/", labels.PrintLabels.as_view(), name="print_labels"),
    path("block-loans/", block_loans.BlockLoans.as_view(), name="block_loans"),
    *[
        path(f"block-loans/<int:pk>/{name}/", door.as_view(), name=f"block_loan_{name}")
        for name, door in block_loans.LOAN_DOORS.items()
    ],
    path("batches/", batches.Batches.as_view(), name="batches"),
    path("batches/<str:pk>/", batches.Batch.as_view(), name="batch"),
    path("batches/<str:pk>/hand-over/", batches.HandOver.as_view(), name="hand_over"),
    path("batches/<str:pk>/take-out/", batches.TakeOut.as_view(), name="take_out"),
    path("batches/<str:pk>/receive/", batches.Receive.as_view(), name="receive_batch"),
    path("drug-checks/", drugs.DrugChecks.as_view(), name="drug_checks"),
    path("drug-checks/<int:pk>/", drugs.OneDrugCheck.as_view(), name="drug_check"),
    path("pathology/", drugs.PathologyBases.as_view(), name="pathology"),
    path("pathology/<int:pk>/approve/", drugs.ApprovePathology.as_view(), name="approve_pathology"),
    path("outside-reports/", drugs.OutsideReports.as_view(), name="outside_reports"),
    path("outside-reports/<int:pk>/review/", drugs.ReviewOutsideReport.as_view(), name="review_outside_report"),
    path("special-uses/", special_uses.SpecialUses.as_view(), name="special_uses"),
    *[
        path(f"special-uses/<int:pk>/{name}/", door.as_view(), name=f"special_use_{name}")
        for name, door in special_uses.USE_DOORS.items()
    ],
    path("statement-differences/", others.Differences.as_view(), name="differences"),
    path("match-samples/", match_reviews.MatchSamples.as_view(), name="match_samples"),
    path("match-samples/<int:pk>/", match_reviews.OneMatchSample.as_view(), name="match_sample"),
    path("match-samples/<int:pk>/reviews/<int:item>/", match_reviews.ReviewMatch.as_view(), name="match_review"),
    path("match-samples/<int:pk>/publish/", match_reviews.PublishMatch.as_view(), name="match_publish"),
    path("drug-monitoring/", match_reviews.MonitoringData.as_view(), name="drug_monitoring"),
]
