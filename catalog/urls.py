from django.urls import path

from catalog.views import authority, drugs, edition_rows, editions, papers, reading, review, sheets

app_name = "catalog"

urlpatterns = [
    path("", reading.browse, name="browse"),
    path("not-indicated/", reading.not_indicated, name="not_indicated"),
    path("drugs/", reading.drug_rules, name="drug_rules"),
    path("formulary/", drugs.formulary, name="formulary"),
    path("formulary/sheet.xlsx", drugs.formulary_sheet, name="formulary_sheet"),
    path("drug-rules/", drugs.rule_editions, name="rule_editions"),
    path("drug-rules/<int:pk>/", drugs.rule_edition, name="rule_edition"),
    path("drug-rules/<int:pk>/<str:code>/", drugs.edit_rule, name="edit_rule"),
    path("authorities/", authority.index, name="authorities"),
    path("authorities/<int:pk>/", authority.person, name="person"),
    path("editions/", editions.index, name="editions"),
    path("editions/new/", editions.start, name="new_edition"),
    path("editions/<int:pk>/", editions.detail, name="edition"),
    path("editions/<int:pk>/step/", editions.step, name="edition_step"),
    path("editions/<int:pk>/head/", editions.edit_head, name="edition_head"),
    path("editions/<int:pk>/experts/", editions.experts, name="experts"),
    path("editions/<int:pk>/history/", editions.history, name="edition_history"),
    path("editions/<int:pk>/difference/", editions.difference, name="difference"),
    path("editions/<int:pk>/effects/", editions.consequences, name="effects"),
    path("editions/<int:pk>/list.xlsx", papers.workbook, name="edition_xlsx"),
    path("editions/<int:pk>/list.pdf", papers.pdf, name="edition_pdf"),
    path("editions/<int:pk>/rows/new/", edition_rows.add, name="add_row"),
    path("editions/<int:pk>/rows/library/", edition_rows.library, name="library"),
    path("editions/<int:pk>/rows/<str:code>/", edition_rows.row, name="edition_row"),
    path("editions/<int:pk>/rows/<str:code>/change/", edition_rows.edit, name="change_row"),
    path("editions/<int:pk>/rows/<str:code>/remove/", edition_rows.remove, name="remove_row"),
    path("editions/<int:pk>/comments/", edition_rows.comments, name="comments"),
    path("editions/<int:pk>/comments/<int:comment>/", edition_rows.comment_act, name="comment"),
    path("editions/<int:pk>/review/", review.review, name="review"),
    path("editions/<int:pk>/review/sign-off/", review.sign_off, name="sign_off"),
    path("editions/<int:pk>/review/<str:code>/", review.review_row, name="review_row"),
    path("editions/<int:pk>/sheets/", sheets.give, name="sheets"),
    path("editions/<int:pk>/sheets/<int:sheet>/", sheets.preview, name="sheet"),
    path("<str:code>/", reading.indication, name="indication"),
]
