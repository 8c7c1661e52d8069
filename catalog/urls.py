from django.urls import path

from catalog.views import drugs, reading

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
    path("<str:code>/", reading.indication, name="indication"),
]
