from django.urls import path

from vendors import api, api_admissions, api_contracts, api_outsourced, api_prices, api_publications

app_name = "vendors_api"

urlpatterns = [
    path("laboratories/", api_admissions.Laboratories.as_view(), name="laboratories"),
    path("laboratories/<int:pk>/steps/", api_admissions.LaboratoryStep.as_view(), name="laboratory_step"),
    path("admissions/", api_admissions.Admissions.as_view(), name="admissions"),
    path("admissions/<int:pk>/", api_admissions.OneAdmission.as_view(), name="admission"),
    path("admissions/<int:pk>/steps/", api_admissions.AdmissionStep.as_view(), name="admission_step"),
    path("procurements/", api_contracts.Procurements.as_view(), name="procurements"),
    path("procurements/<int:pk>/answer/", api_contracts.AnswerSplitting.as_view(), name="procurement_answer"),
    path("contract-drafts/", api_contracts.ContractDrafts.as_view(), name="contract_drafts"),
    path("contract-drafts/<int:pk>/steps/", api_contracts.ContractStep.as_view(), name="contract_step"),
    path("contracts/<int:pk>/terminate/", api_contracts.Terminate.as_view(), name="contract_terminate"),
    path("outsourced/", api_outsourced.Outsourced.as_view(), name="outsourced"),
    path("not-outsourcing/", api_outsourced.Statements.as_view(), name="not_outsourcing"),
    path("not-outsourcing/<int:pk>/end/", api_outsourced.EndStatement.as_view(), name="not_outsourcing_end"),
    path("prices/", api.Prices.as_view(), name="prices"),
    path("prices/<int:pk>/publish/", api.Publish.as_view(), name="publish"),
    path("price-items/", api_prices.PriceItems.as_view(), name="price_items"),
    path("price-changes/", api_prices.Changes.as_view(), name="price_changes"),
    path("price-changes/<int:pk>/", api_prices.OneChange.as_view(), name="price_change"),
    path("price-changes/<int:pk>/head/", api_prices.ChangeHead.as_view(), name="price_change_head"),
    path("price-changes/<int:pk>/step/", api_prices.ChangeStep.as_view(), name="price_change_step"),
    path("price-changes/<int:pk>/items/", api_prices.ChangeItems.as_view(), name="price_change_items"),
    path("price-changes/<int:pk>/ends/", api_prices.ChangeEnds.as_view(), name="price_change_ends"),
    path("price-changes/<int:pk>/tests/", api_prices.ChangeCharges.as_view(), name="price_change_charges"),
    path("price-changes/<int:pk>/sheets/", api_prices.ChangeSheets.as_view(), name="price_change_sheets"),
    path(
        "price-changes/<int:pk>/sheets/<int:sheet>/confirm/",
        api_prices.ConfirmSheet.as_view(),
        name="price_change_sheet",
    ),
    path("publications/", api_publications.Publications.as_view(), name="publications"),
    path("complaint-channel/", api_publications.Channel.as_view(), name="channel"),
    path("posting-places/", api_publications.Places.as_view(), name="places"),
    path("posting-places/<int:pk>/checks/", api_publications.Checks.as_view(), name="place_checks"),
    path("posting-places/<int:pk>/end/", api_publications.EndPlace.as_view(), name="place_end"),
]
