from django.urls import path

from vendors import views
from vendors.views import admissions, contracts, outsourced, price_changes, public, publications, renewals

app_name = "vendors"
urlpatterns = [
    path("laboratories/", views.laboratories, name="laboratories"),
    path("laboratories/<int:pk>/", views.laboratory, name="laboratory"),
    path("procurements/", contracts.procurements, name="procurements"),
    path("procurements/<int:pk>/", contracts.procurement, name="procurement"),
    path("contracts/", contracts.drafts, name="contract_drafts"),
    path("contracts/drafts/<int:pk>/", contracts.draft, name="contract_draft"),
    path("contracts/<int:pk>/", contracts.contract, name="contract"),
    path("renewals/", renewals.renewals, name="renewals"),
    path("admissions/", admissions.index, name="admissions"),
    path("admissions/<int:pk>/", admissions.detail, name="admission"),
    path("outsourced/", outsourced.catalog, name="outsourced"),
    path("outsourced/catalog.xlsx", outsourced.workbook, name="outsourced_workbook"),
    path("outsourced/catalog.pdf", outsourced.paper, name="outsourced_paper"),
    path("not-outsourcing/", outsourced.statements, name="not_outsourcing"),
    path("not-outsourcing/<int:pk>/", outsourced.statement, name="not_outsourcing_statement"),
    path("prices/", views.prices, name="prices"),
    path("prices/<int:pk>/publish/", views.publish, name="publish"),
    path("prices/changes/", price_changes.price_changes, name="price_changes"),
    path("prices/changes/new/", price_changes.new_price_change, name="new_price_change"),
    path("prices/changes/<int:pk>/", price_changes.price_change, name="price_change"),
    path("prices/changes/<int:pk>/sheet.xlsx", price_changes.price_sheet_form, name="price_sheet_form"),
    path("prices/changes/<int:pk>/sheets/", price_changes.price_sheets_given, name="price_sheets"),
    path("prices/changes/<int:pk>/sheets/<int:sheet>/", price_changes.price_sheet, name="price_sheet"),
    path("price-list/", views.public_prices, name="public_prices"),
    path("price-list/<str:code>/", views.public_prices, name="public_prices"),
    path("open/<str:code>/<str:board>/", public.board, name="board"),
    path("open/<str:code>/<str:board>/poster.pdf", public.board_poster, name="board_poster"),
    path("open/<str:code>/<str:board>/screen/", public.board_screen, name="board_screen"),
    path("open/<str:code>/<str:board>/embed/", public.board_embed, name="board_embed"),
    path("open/<str:code>/<str:board>/data.json", public.board_data, name="board_data"),
    path("open/<str:code>/<str:board>/<int:number>/", public.publication, name="publication"),
    path("open/<str:code>/<str:board>/<int:number>.json", public.publication_content, name="publication_content"),
    path("publications/", publications.publications, name="publications"),
    path("publications/channel/", publications.channel, name="channel"),
    path("publications/places/", publications.places, name="places"),
    path("publications/places/<int:pk>/", publications.place, name="place"),
]
